import { testDatabase } from '../test/support/database.ts';
import { inTurns, series, type Contender, type Sample } from './measure.ts';
import { startPart, type Part } from './part.ts';
import { ratio, type Comparison, type Figure, type Findings } from './report.ts';
import type { Bench } from './run.ts';

const concurrencies = [1, 16, 64] as const;
/** Events a second while a follower's lag is measured. */
const followedPerSecond = 200;
const atLeast = { 1: 1.3, 16: 6, 64: 12 } as const;

/** Appends of one event of 500 bytes to new streams: our store, Emmett's PostgreSQL store, and inserts of many rows without any store. */
export const appendBenchmark = async ({ quick, rounds, stores, say }: Bench): Promise<Findings> => {
  const durationMs = quick ? 1_000 : 4_000;
  await using held = new AsyncDisposableStack();
  const database = async () => held.adopt(await testDatabase(), ({ drop }) => drop());
  const part = async (program: string, options: unknown): Promise<Part> =>
    held.adopt(await startPart(new URL(`parts/${program}.ts`, import.meta.url), options), ({ end }) => end());

  const [ours, emmetts, raws] = [await database(), await database(), await database()];
  const emmett = await part('append-emmett', { url: emmetts.ownerUrl });
  const raw = await part('append-raw', { url: raws.ownerUrl, rows: 64, connections: 2 });
  const measured = [{ name: 'ours', part: await part('append-store', { url: ours.runtimeUrl }) }];
  const bare: { readonly name: string; readonly adapter: string; readonly part: Part }[] = [];
  for (const url of stores) {
    const name = url.replace(/:.*$/, ` ${measured.length}`);
    measured.push({ name, part: await part('append-store', { url }) });
    if (/^(esdb|kdb|kurrentdb)/.test(url))
      bare.push({ name: `the bare client of ${name}`, adapter: name, part: await part('append-bare-eventstoredb', { url }) });
  }

  const figures: Figure[] = [];
  const comparisons: Comparison[] = [];
  for (const concurrency of concurrencies) {
    say(`${concurrency} at once`);
    const contenders: Contender[] = [
      ...measured.map(({ name, part: { ask } }) => ({ name, round: () => ask<Sample>('round', { concurrency, durationMs }) })),
      ...bare.map(({ name, part: { ask } }) => ({ name, round: () => ask<Sample>('round', { concurrency, durationMs }) })),
      { name: 'emmett', round: () => emmett.ask<Sample>('round', { concurrency, durationMs }) },
      ...(concurrency === 64 ? [{ name: 'raw', round: () => raw.ask<Sample>('round', { durationMs }) }] : []),
    ];
    const results = await inTurns(contenders, rounds, say);
    for (const { name } of contenders) {
      const title = name === 'raw' ? 'raw inserts of 64 rows, 2 connections' : `${name}, ${concurrency} at once`;
      figures.push({ name: title, unit: '/s', values: series(results, name, 'rate') });
      if (name !== 'raw') {
        figures.push({ name: `${title}, p50`, unit: ' ms', values: series(results, name, 'p50Ms') });
        figures.push({ name: `${title}, p99`, unit: ' ms', values: series(results, name, 'p99Ms') });
      }
      figures.push({ name: `${title}, the appending process's CPU`, unit: ' µs each', values: series(results, name, 'cpuMicros') });
    }
    for (const { name } of measured) {
      const target = name === 'ours' ? { atLeast: atLeast[concurrency] } : undefined;
      comparisons.push(
        ratio(`appends, ${concurrency} at once: ${name} against Emmett`, series(results, name, 'rate'), series(results, 'emmett', 'rate'), target),
      );
    }
    for (const { name, adapter } of bare)
      comparisons.push(
        ratio(`appends, ${concurrency} at once: ${adapter} against ${name}`, series(results, adapter, 'rate'), series(results, name, 'rate'), {
          atLeast: 0.9,
        }),
      );
    if (concurrency === 64)
      comparisons.push(
        ratio('appends, 64 at once: ours against raw inserts', series(results, 'ours', 'rate'), series(results, 'raw', 'rate'), { atLeast: 0.6 }),
      );
  }
  if (stores.length > 0) {
    const followed = await followers({ measured, bare, rounds, lagMs: quick ? 2_000 : 5_000, say });
    figures.push(...followed.figures);
    comparisons.push(...followed.comparisons);
  }
  return {
    figures,
    comparisons,
    notes: [
      'Each contender is one process with a database of its own on the same server; every commit waits for the disk.',
      "Emmett's store runs with its defaults (a pool of 10 connections); it gets the same data and the same metadata.",
      'The raw inserts do less than a store: no check of revisions, no order of positions between the connections, no answer per append, no notification.',
    ],
  };
};

type Named = { readonly name: string; readonly part: Part };

/** How fast followers catch up with what was just appended, and how far behind they are at a steady rate. */
const followers = async (options: {
  readonly measured: readonly Named[];
  readonly bare: readonly (Named & { readonly adapter: string })[];
  readonly rounds: number;
  readonly lagMs: number;
  readonly say: (line: string) => void;
}): Promise<Pick<Findings, 'figures' | 'comparisons'>> => {
  const { measured, bare, rounds, lagMs, say } = options;
  say('catching up');
  const caughtUp = await inTurns(
    [...measured, ...bare].map(({ name, part: { ask } }) => ({ name, round: () => ask<Sample>('catchUp') })),
    rounds,
    say,
  );
  say(`followed at ${followedPerSecond} a second`);
  const lags = await inTurns(
    measured.map(({ name, part: { ask } }) => ({ name, round: () => ask<Sample>('lag', { perSecond: followedPerSecond, durationMs: lagMs }) })),
    rounds,
    say,
  );
  return {
    figures: [
      ...[...measured, ...bare].map(({ name }): Figure => ({
        name: `${name}, catching up`,
        unit: ' events/s',
        values: series(caughtUp, name, 'rate'),
      })),
      ...measured.flatMap(({ name }): Figure[] => [
        { name: `${name}, sent → followed at ${followedPerSecond}/s, p50`, unit: ' ms', values: series(lags, name, 'p50Ms') },
        { name: `${name}, sent → followed at ${followedPerSecond}/s, p99`, unit: ' ms', values: series(lags, name, 'p99Ms') },
      ]),
    ],
    comparisons: bare.map(({ name, adapter }) =>
      ratio(`catching up: ${adapter} against ${name}`, series(caughtUp, adapter, 'rate'), series(caughtUp, name, 'rate'), { atLeast: 0.8 }),
    ),
  };
};
