import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openOperations } from '../../src/cli/open-operations.ts';
import { openStore } from '../../src/cli/open-store.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { LogOperations } from '../../src/eventstore/log-operations.ts';
import { moveLog } from '../../src/operations/move-log.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { eventStoreDbName, startEventStoreDb, type EventStoreDbUnderTest } from '../support/eventstoredb-under-test.ts';
import { appendTo, newEvent } from '../support/stand.ts';
import { contentsOf, openLogs, type Log } from './two-logs.ts';

// From PostgreSQL to EventStoreDB and on to another PostgreSQL. A server that the environment names must hold no events yet.

/** How many events are moved: `COPY_EVENTS=100000 npm test -- --test-timeout=1800000 test/operations/round-trip.test.ts` for a long log. */
const wanted = Number(process.env['COPY_EVENTS'] ?? 2_000);

const opened = openLogs(2);
let server: EventStoreDbUnderTest;
let between: { readonly store: EventStore; readonly operations: LogOperations };
before(async () => {
  server = await startEventStoreDb();
  between = {
    store: openStore(server.url, { name: 'test', logger: silent, metrics: createMetrics('test') }),
    operations: openOperations(server.url, { logger: silent }),
  };
});
after(async () => {
  await Promise.all([between.store.close(), between.operations.end()]);
  await server.close();
});

type Side = Pick<Log, 'store' | 'operations'>;
const move = (source: Side, target: Side) =>
  moveLog({
    source: source.store,
    target: target.store,
    sourceOperations: source.operations,
    targetOperations: target.operations,
    signal: AbortSignal.timeout(900_000),
  });

/** Fills a log with streams that grow at the same time. */
const fill = async (store: EventStore): Promise<void> => {
  let left = wanted;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (left > 0) {
        const stream = `order-${randomUUID()}`;
        for (let size = 1; size <= 4 && left > 0; size += 1) {
          const events = Array.from({ length: Math.min(size, left) }, (_, index) =>
            newEvent('Filled', { size, index, text: 'Zürich \u0000 \u2028 📱 ,\n', deep: [null, 1.5, -0.25, {}] }, size),
          );
          left -= events.length;
          await appendTo(store, stream, ...events);
        }
      }
    }),
  );
};

test(`a log of ${wanted} events is the same after a move to ${eventStoreDbName} and back`, { timeout: 1_800_000 }, async (t) => {
  const [first, last] = opened() as [Log, Log];
  if ((await between.store.head()) !== between.store.start) return t.skip('the server holds events already');
  await fill(first.store);
  const contents = await contentsOf(first.store);
  assert.equal(contents.length, wanted);
  const there = await move(first, between);
  assert.ok(there.kind === 'moved', JSON.stringify(there));
  assert.deepEqual(await contentsOf(between.store), contents);
  const back = await move(between, last);
  assert.ok(back.kind === 'moved', JSON.stringify(back));
  assert.deepEqual(await contentsOf(last.store), contents);

  const { predecessors, generation } = await last.store.identity();
  const head = await last.store.head();
  assert.equal(generation, 3);
  assert.deepEqual(
    predecessors.map(({ id, here }) => [id, here]),
    [
      [(await between.store.identity()).id, head],
      [(await first.store.identity()).id, head],
    ],
  );
});

test(`${eventStoreDbName}: a log that is still written to is not closed where the server knows no users`, { timeout: 60_000 }, async (t) => {
  if (!server.url.includes('tls=false')) return t.skip('this server knows users');
  await between.operations.reopen();
  const written = new AbortController();
  const writing = (async () => {
    while (!written.signal.aborted) await appendTo(between.store, `busy-${randomUUID()}`, newEvent('Written', {}));
  })();
  const closing = await between.operations.close();
  written.abort();
  await writing;
  assert.ok(closing.kind === 'open' && /stop everything that writes/.test(closing.because));
  assert.equal((await between.store.identity()).closed, false);
});
