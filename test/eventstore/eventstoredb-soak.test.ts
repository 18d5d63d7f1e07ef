import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { OutcomeUnknown, StoreUnavailable, type AppendResult, type Logged } from '../../src/eventstore/event-store.ts';
import { startEventStoreDb } from '../support/eventstoredb/server.ts';
import { eventually } from '../support/role-process.ts';
import { newEvent } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

const lastsMs = Number(process.env['TEST_SOAK_SECONDS'] ?? 20) * 1_000;

test(`under load with the server cut off, stalled, silent, stopped and started anew for ${lastsMs / 1_000} s: every acknowledged append is there once, and followers are exact`, async () => {
  const server = await startEventStoreDb();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const writers = [storeAt(server.url), storeAt(server.url)];
  const readers = [storeAt(server.url), storeAt(server.url)];
  await writers[0]!.identity();

  const stop = new AbortController();
  const followed = readers.map(() => [] as Logged[]);
  const following = readers.map(async (reader, index) => {
    for await (const { events } of reader.subscribe({ after: reader.start, signal: stop.signal })) followed[index]!.push(...events);
  });

  const acknowledged: string[] = [];
  let running = true;
  const appending = Array.from({ length: 12 }, async (_, index) => {
    const store = writers[index % writers.length]!;
    for (let revision = -1; running; revision += 1) {
      const event = newEvent('Counted', revision + 1);
      const { kind } = await untilSettled(() =>
        store.append(`soak-${index}`, [event], revision < 0 ? 'none' : revision, { deadline: performance.now() + 1_000 }),
      );
      assert.equal(kind, 'appended', 'nobody else writes to this stream');
      acknowledged.push(event.id);
    }
  });

  const faults: readonly (() => unknown)[] = [
    () => server.faults.reset(),
    () => server.faults.stall(),
    () => server.faults.loseAnswers(3),
    () => server.faults.notReady(),
    () => server.faults.refuse(),
    () => server.faults.swallowAnswers(2),
    () => server.faults.silence('subscriptions'),
    () => server.stop(500).then(() => server.start()),
    async () => {
      server.kill();
      await wait(200);
      await server.start();
    },
  ];
  const until = performance.now() + lastsMs;
  for (let turn = 0; performance.now() < until; turn += 1) {
    const before = acknowledged.length;
    await faults[turn % faults.length]!();
    await wait(400);
    server.faults.none();
    await eventually('appends are acknowledged again', () => acknowledged.length > before + 20);
  }
  running = false;
  await Promise.all(appending);

  await eventually('the followers have everything', () => followed.every((events) => events.length >= acknowledged.length));
  stop.abort();
  await Promise.all(following);
  for (const events of followed) {
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length, 'nothing twice');
    assert.deepEqual(events.map(({ id }) => id).toSorted(), acknowledged.toSorted(), 'everything that was acknowledged, and nothing else');
    assert.ok(
      events.every(({ position }, index) => index === 0 || position > events[index - 1]!.position),
      'in order',
    );
    const next = new Map<string, number>();
    for (const { stream, revision } of events) {
      assert.equal(revision, next.get(stream) ?? 0);
      next.set(stream, revision + 1);
    }
  }
  for (const store of readers) assert.ok(store.openCalls() <= 1, 'reads and subscriptions leave no call');
  for (const store of writers) assert.ok(store.openCalls() <= 1, 'a writer has one call');
  await Promise.all([...writers, ...readers].map((store) => store.close()));
  assert.deepEqual(unhandled, []);
  process.off('unhandledRejection', note);
  server.close();
});

/** Sends the same append until it has a clear outcome, as the port asks. */
const untilSettled = async (append: () => Promise<AppendResult>): Promise<AppendResult> => {
  for (;;) {
    try {
      return await append();
    } catch (error) {
      if (!(error instanceof OutcomeUnknown) && !(error instanceof StoreUnavailable)) throw error;
    }
  }
};
