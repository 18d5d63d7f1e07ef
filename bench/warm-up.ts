import { median, type Contender } from './measure.ts';

/** A rate that rose by less is one that rises no longer. */
const noise = 0.03;
/** So many rounds are compared with as many before them. */
const window = 3;
const maxRounds = 12;

/**
 * Runs contenders in turns until the rate of none of them rises any more: V8 goes on compiling what is called often for a long time on a
 * slow machine, and whoever is measured meanwhile is measured half compiled.
 */
export const warmUp = async (contenders: readonly Contender[], say: (line: string) => void): Promise<void> => {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const rises = (values: readonly number[]): boolean =>
    values.length < 2 * window || median(values.slice(-window)) > median(values.slice(-2 * window, -window)) * (1 + noise);
  let rounds = 0;
  while (rounds < maxRounds && [...rates.values()].some(rises)) {
    for (const { name, round } of contenders) rates.get(name)!.push((await round())['rate']!);
    rounds += 1;
  }
  for (const [name, values] of rates)
    say(`  warmed up in ${rounds} rounds  ${name}  ${values.map((rate) => Math.round(rate).toLocaleString('en')).join(' ')}`);
};
