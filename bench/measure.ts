/** What one round measured, by name: `rate`, `p50Ms`, … */
export type Sample = Readonly<Record<string, number>>;

/** Something that is measured in turns with its peers. */
export type Contender = { readonly name: string; readonly round: () => Promise<Sample> };

/** The samples of each contender, one per round. */
export type Rounds = ReadonlyMap<string, readonly Sample[]>;

/**
 * Measures contenders in turns, A B A B …: what drifts on the machine meanwhile drifts for all of them. A round that comes first
 * is not counted: programs are still being compiled and caches filled.
 */
export const inTurns = async (contenders: readonly Contender[], rounds: number, say: (line: string) => void = () => {}): Promise<Rounds> => {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, round: measure } of contenders) {
      const sample = await measure();
      if (round > 0) samples.get(name)!.push(sample);
      say(`  ${round === 0 ? 'warm-up' : `round ${round}`}  ${name}  ${text(sample)}`);
    }
  }
  return samples;
};

/** One measure of one contender, round by round. */
export const series = (rounds: Rounds, name: string, measure: string): readonly number[] => {
  const values = rounds.get(name)?.map((sample) => sample[measure]!);
  if (!values || values.length === 0 || values.some((value) => value === undefined || Number.isNaN(value)))
    throw new Error(`${name} has no ${measure} in every round`);
  return values;
};

/** The middle value; between two middle ones their mean. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value that a share of all values is at most, interpolated. */
export const quantile = (values: readonly number[] | Float64Array, share: number): number => {
  const sorted = Float64Array.from(values).toSorted();
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
};

/** How many operations `workers` complete in a time when each begins the next as soon as its last has ended; with their latencies. */
export const saturate = async (workers: number, durationMs: number, operation: () => Promise<void>): Promise<Sample> => {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const until = begun + durationMs;
  const work = async (): Promise<void> => {
    for (let now = performance.now(); now < until;) {
      const started = now;
      await operation();
      now = performance.now();
      if (now <= until) latencies.push(now - started);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const { user, system } = process.cpuUsage(cpu);
  return {
    rate: latencies.length / (durationMs / 1_000),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMicros: (user + system) / latencies.length,
  };
};

/** Milliseconds of the machine's monotonic clock, the same in all processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const text = (sample: Sample): string =>
  Object.entries(sample)
    .map(([name, value]) => `${name} ${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)}`)
    .join('  ');
