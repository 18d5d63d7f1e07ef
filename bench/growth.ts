import { testDatabase } from '../test/support/database.ts';
import { fillLog } from './history.ts';
import { inTurns, series, type Sample } from './measure.ts';
import { startPart } from './part.ts';
import { ratio, type Findings } from './report.ts';
import type { Bench } from './run.ts';

const small = 100_000;

/** What an append costs in a long log, against a short one: both on the same server, appended to in turns. */
export const growthBenchmark = async ({ quick, rounds, events: wanted, say }: Bench): Promise<Findings> => {
  const large = quick ? Math.min(wanted, 500_000) : wanted;
  const durationMs = quick ? 1_000 : 4_000;
  await using held = new AsyncDisposableStack();
  const appender = async (events: number) => {
    const database = held.adopt(await testDatabase(), ({ drop }) => drop());
    const begun = performance.now();
    await fillLog(database.ownerUrl, events);
    say(`a log of ${events.toLocaleString('en')} events, after ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
    return held.adopt(await startPart(new URL('parts/append-store.ts', import.meta.url), { url: database.runtimeUrl }), ({ end }) => end());
  };
  const logs = { large: await appender(large), small: await appender(small) };
  const titles = { large: `in a log of ${large.toLocaleString('en')} events`, small: `in a log of ${small.toLocaleString('en')}` };

  const figures: Findings['figures'][number][] = [];
  const comparisons: Findings['comparisons'][number][] = [];
  for (const concurrency of [1, 64]) {
    say(`${concurrency} at once`);
    const round = (log: keyof typeof logs) => ({ name: log, round: () => logs[log].ask<Sample>('round', { concurrency, durationMs }) });
    const results = await inTurns([round('large'), round('small')], rounds, say);
    for (const log of ['large', 'small'] as const) {
      figures.push(
        { name: `append ${titles[log]}, ${concurrency} at once`, unit: '/s', values: series(results, log, 'rate') },
        { name: `append ${titles[log]}, ${concurrency} at once, p50`, unit: ' ms', values: series(results, log, 'p50Ms') },
        { name: `append ${titles[log]}, ${concurrency} at once, p99`, unit: ' ms', values: series(results, log, 'p99Ms') },
      );
    }
    comparisons.push(
      ratio(
        `p50 of an append, ${concurrency} at once: ${titles.large} against ${titles.small}`,
        series(results, 'large', 'p50Ms'),
        series(results, 'small', 'p50Ms'),
        { atMost: 1.15 },
      ),
    );
  }
  return {
    figures,
    comparisons,
    notes: [
      'Single events of 500 bytes to new streams with random names, as orders have. The logs were filled by PostgreSQL itself and their indexes built afterwards: an index that grew by appends has fuller pages to split.',
    ],
  };
};
