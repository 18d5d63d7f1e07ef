import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { openOperations } from '../../src/cli/open-operations.ts';
import { openStore } from '../../src/cli/open-store.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { moveLog } from '../../src/operations/move-log.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { startEventStoreDb as startOwn } from '../support/eventstoredb/server.ts';
import { eventStoreDbName, startEventStoreDb } from '../support/eventstoredb-under-test.ts';
import { appendTo, newEvent } from '../support/stand.ts';
import { contentsOf, openLogs, type Log } from './two-logs.ts';

// From PostgreSQL to EventStoreDB and on to another PostgreSQL.

/** How many events are moved: `COPY_EVENTS=100000 npm test -- --test-timeout=1800000 test/operations/round-trip.test.ts` for a long log. */
const wanted = Number(process.env['COPY_EVENTS'] ?? 2_000);

const opened = openLogs(2);
const storeOn = (url: string): EventStore => openStore(url, { name: 'test', logger: silent, metrics: createMetrics('test') });

/** The server that the environment names, if it is insecure and holds no events yet; otherwise one of this file's own. */
const emptyServer = async (): Promise<{ readonly name: string; readonly url: string; readonly close: () => unknown }> => {
  const named = await startEventStoreDb();
  const store = storeOn(named.url);
  const isEmpty = (await store.head()) === store.start;
  await store.close();
  if (isEmpty && named.url.includes('tls=false')) return { name: eventStoreDbName, ...named };
  await named.close();
  return { name: 'EventStoreDB', ...(await startOwn()) };
};
const server = await emptyServer();
const between = { store: storeOn(server.url), operations: openOperations(server.url, { logger: silent }) };
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

test(`a log of ${wanted} events is the same after a move to ${server.name} and back`, { timeout: 1_800_000 }, async () => {
  const [first, last] = opened() as [Log, Log];
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

test(`${server.name}: a log that is still written to is not closed where the server knows no users`, { timeout: 60_000 }, async () => {
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
