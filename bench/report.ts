import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { describeMachine, type Machine } from './machine.ts';
import { median } from './measure.ts';

/** One thing that was measured, a value per round. */
export type Figure = { readonly name: string; readonly unit: string; readonly values: readonly number[] };

/** Two figures of one run beside each other, or one beside a limit. */
export type Comparison = {
  readonly what: string;
  /** Round by round; for a limit, the measured values themselves. */
  readonly values: readonly number[];
  readonly unit: '×' | ' ms' | ' events' | '/s';
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
};

/** What a benchmark found. */
export type Findings = { readonly figures: readonly Figure[]; readonly comparisons: readonly Comparison[]; readonly notes: readonly string[] };

/** How ours relates to a peer, from the rounds that were measured next to each other. */
export const ratio = (what: string, ours: readonly number[], peer: readonly number[], target?: Comparison['target']): Comparison => ({
  what,
  values: ours.map((value, round) => value / peer[round]!),
  unit: '×',
  ...(target ? { target } : {}),
});

/** Shows what was found and writes it to bench/results, as JSON and as Markdown. Answers whether every target was met. */
export const report = async (
  benchmark: string,
  { figures, comparisons, notes }: Findings,
  run: { readonly quick: boolean; readonly databaseUrl: string; readonly rabbitmqUrl?: string; readonly loadBefore: number },
): Promise<boolean> => {
  const machine = await describeMachine(run.databaseUrl, run.rabbitmqUrl);
  const circumstances = [
    ...(run.quick ? ['Measured with --quick: rounds too short and data too small to quote.'] : []),
    ...(run.loadBefore > 0.7 ? [`Not a quiet machine: its load average was ${run.loadBefore.toFixed(1)} when the run began.`] : []),
  ];
  const measured = figures.map(({ name, unit, values }) => [name, `${number(median(values))}${unit}`, range(values)]);
  const judged = comparisons.map(({ what, values, unit, target }) => [
    what,
    number(median(values)) + unit,
    range(values),
    targetText(target),
    verdict(values, target),
  ]);

  console.log(`\n${benchmark}\n`);
  table(['measured', 'median', 'range'], measured);
  console.log('');
  table(['compared', 'median', 'range', 'target', ''], judged);
  for (const note of [...circumstances, ...notes]) console.log(`\n- ${note}`);

  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const name = `${benchmark}${run.quick ? '.quick' : ''}`;
  const result = {
    benchmark,
    machine,
    circumstances,
    figures: figures.map((figure) => ({ ...figure, median: median(figure.values) })),
    comparisons: comparisons.map((comparison) => ({
      ...comparison,
      median: median(comparison.values),
      met: met(comparison.values, comparison.target),
    })),
    notes,
  };
  await writeFile(
    new URL(`${name}.json`, folder),
    `${JSON.stringify(result, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 2)}\n`,
  );
  await writeFile(new URL(`${name}.md`, folder), markdown(benchmark, machine, circumstances, measured, judged, notes));
  return comparisons.every(({ values, target }) => met(values, target) !== false);
};

/** The machine's load average before a benchmark begins. */
export const currentLoad = (): number => loadavg()[0]!;

const met = (values: readonly number[], target: Comparison['target']): boolean | undefined => {
  if (!target) return undefined;
  return 'atLeast' in target ? median(values) >= target.atLeast : median(values) <= target.atMost;
};

const verdict = (values: readonly number[], target: Comparison['target']): string => {
  const reached = met(values, target);
  return reached === undefined ? '' : reached ? 'met' : 'MISSED';
};

const targetText = (target: Comparison['target']): string => (!target ? '' : 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`);

const number = (value: number): string => (Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString());

const range = (values: readonly number[]): string => (values.length < 2 ? '' : `${number(Math.min(...values))} – ${number(Math.max(...values))}`);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): void => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [head, ...rows])
    console.log(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('   ')}`);
};

const markdown = (
  benchmark: string,
  machine: Machine,
  circumstances: readonly string[],
  measured: readonly (readonly string[])[],
  judged: readonly (readonly string[])[],
  notes: readonly string[],
): string => {
  const rows = (head: readonly string[], body: readonly (readonly string[])[]): string =>
    [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const { cpu, cores, memoryGiB, node, postgresql, durability, rabbitmq, date } = machine;
  const on = `${date}; ${cpu}, ${cores} cores, ${memoryGiB} GiB; Node ${node}, PostgreSQL ${postgresql} (${durability})${rabbitmq ? `, RabbitMQ ${rabbitmq}` : ''}.`;
  return (
    [
      `# ${benchmark}`,
      ...circumstances.map((line) => `**${line}**`),
      on,
      rows(['compared', 'median', 'range', 'target', ''], judged),
      rows(['measured', 'median', 'range'], measured),
      notes.map((note) => `- ${note}`).join('\n'),
    ].join('\n\n') + '\n'
  );
};
