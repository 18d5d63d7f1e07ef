import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'node:test';
import type { AppendResult, EventStore, Expected, Logged, NewEvent, Position } from '../../src/eventstore/event-store.ts';
import { newEvent, type Adapter } from './contract.ts';

/** One step of an appender: how many events, sent how, with which trouble before it. */
type Step = {
  readonly stream: number;
  readonly events: number;
  readonly send: 'once' | 'twice' | 'again through another';
  readonly trouble: 'none' | 'cut';
};

const step: fc.Arbitrary<Step> = fc.record({
  stream: fc.integer({ min: 0, max: 5 }),
  events: fc.integer({ min: 1, max: 4 }),
  send: fc.constantFrom('once' as const, 'once' as const, 'twice' as const, 'again through another' as const),
  trouble: fc.constantFrom(...Array.from({ length: 14 }, () => 'none' as const), 'cut' as const),
});

/** An append that was acknowledged: where it must be found. */
type Acknowledged = { readonly stream: string; readonly ids: readonly string[]; readonly revision: number; readonly position: Position };

/** A server that is there already may have the streams of earlier runs. */
const run = randomUUIDv7();

/**
 * Drives an adapter against a model: concurrent appenders in several processes on shared streams, their appends doubled,
 * their connections cut. No append is lost, doubled, reordered or half written, and no reader sees a position before an earlier one.
 */
export const eventStoreModel = (name: string, start: () => Promise<Adapter>): void => {
  test(`${name}: concurrent appenders with doubled appends and cut connections agree with the model`, async () => {
    const adapter = await start();
    const stores = [adapter.open(), adapter.open(), adapter.open()];
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 5, maxLength: 15 }), { minLength: 4, maxLength: 16 }), async (appenders) => {
        round += 1;
        const after = await stores[0]!.head();
        const reader = watch(stores[1]!, after);
        const known = new Map<string, Expected>();
        const acknowledged: Acknowledged[] = [];
        await Promise.all(
          appenders.map(async (steps, index) => {
            for (const { stream: number, events: count, send, trouble } of steps) {
              const stream = `model-${run}-${round}-${number}`;
              const events = Array.from({ length: count }, () => newEvent());
              const store = stores[index % stores.length]!;
              if (trouble === 'cut') await adapter.cutConnections();
              const result = await untilTaken(store, stores[(index + 1) % stores.length]!, stream, events, send, known);
              acknowledged.push({ stream, ids: events.map(({ id }) => id), revision: result.revision, position: result.position });
            }
          }),
        );
        const seen = await reader(await stores[2]!.head());
        compare(seen, acknowledged);
      }),
      { numRuns: 8, endOnFailure: true },
    );
    await Promise.all(stores.map((store) => store.close()));
    await adapter.close();
  });

  test(`${name}: 16 concurrent appenders, a following reader and a checkpointed consumer: nothing skipped, nothing twice`, async () => {
    const adapter = await start();
    const writers = [adapter.open(), adapter.open()];
    const reader = adapter.open();
    const total = 16 * 250;
    const after = await reader.head();
    const following = watch(reader, after);
    const consumed: string[] = [];
    const consumer = (async () => {
      // Keeps its checkpoint beside what it took, and begins again from it after every few batches, filtered now and then.
      let checkpoint = after;
      for (let turn = 0; consumed.length < total; turn += 1) {
        const stop = new AbortController();
        let batches = 0;
        const types = turn % 2 === 0 ? {} : { types: ['Counted'] };
        for await (const { events, progress } of reader.subscribe({ after: checkpoint, ...types, signal: stop.signal })) {
          consumed.push(...events.map(({ id }) => id));
          checkpoint = progress.position;
          batches += 1;
          if (batches === 7 || consumed.length >= total) break;
        }
        stop.abort();
      }
    })();
    await Promise.all(
      Array.from({ length: 16 }, async (_, appender) => {
        for (let count = 0; count < 250; count += 1) {
          const result = await writers[appender % 2]!.append(
            `count-${run}-${appender}-${count % 5}`,
            [newEvent('Counted')],
            count < 5 ? 'none' : Math.floor(count / 5) - 1,
          );
          assert.equal(result.kind, 'appended');
        }
      }),
    );
    const seen = await following(await reader.head());
    await consumer;
    assert.equal(seen.length, total);
    assert.equal(new Set(seen.map(({ id }) => id)).size, total);
    assert.deepEqual(
      consumed,
      seen.map(({ id }) => id),
    );
    await Promise.all([...writers, reader].map((store) => store.close()));
    await adapter.close();
  });
};

/** Appends at whatever revision the stream turns out to have; doubled sends must agree, whichever is answered first. */
const untilTaken = async (
  store: EventStore,
  other: EventStore,
  stream: string,
  events: readonly NewEvent[],
  send: Step['send'],
  known: Map<string, Expected>,
): Promise<Extract<AppendResult, { kind: 'appended' }>> => {
  for (;;) {
    const expected = known.get(stream) ?? 'none';
    const attempts = [store.append(stream, events, expected)];
    if (send === 'twice') attempts.push(store.append(stream, events, expected));
    if (send === 'again through another') attempts.push(other.append(stream, events, expected));
    const [first, second] = (await Promise.all(attempts)) as [AppendResult, AppendResult | undefined];
    if (second && first.kind === 'appended' && second.kind === 'appended') assert.deepEqual(first, second);
    if (second) assert.equal(first.kind, second.kind, 'doubled appends get one answer');
    if (first.kind === 'appended') {
      known.set(stream, first.revision);
      return first;
    }
    assert.ok(first.kind === 'conflict');
    known.set(stream, first.actual);
  }
};

/** Follows the log; checks on the way that positions only grow. The answer reads up to a position and ends. */
const watch = (store: EventStore, after: Position): ((until: Position) => Promise<readonly Logged[]>) => {
  const stop = new AbortController();
  const seen: Logged[] = [];
  let reached = after;
  let target: Position | undefined;
  const reading = (async () => {
    for await (const { events, progress } of store.subscribe({ after, signal: stop.signal })) {
      for (const event of events) {
        assert.ok(event.position > reached, `position ${event.position} came after ${reached}`);
        reached = event.position;
        seen.push(event);
      }
      reached = progress.position;
      if (target !== undefined && reached >= target) return;
    }
  })();
  reading.catch(() => {});
  return async (until) => {
    target = until;
    if (reached >= until) stop.abort();
    await reading;
    return seen;
  };
};

const compare = (seen: readonly Logged[], acknowledged: readonly Acknowledged[]): void => {
  const places = new Map(seen.map((event) => [event.id, event]));
  assert.equal(places.size, seen.length, 'no event twice');
  assert.equal(seen.length, acknowledged.flatMap(({ ids }) => ids).length, 'nothing but what was acknowledged');
  for (const { stream, ids, revision, position } of acknowledged) {
    const events = ids.map((id) => places.get(id));
    assert.deepEqual(
      events.map((event) => [event?.stream, event?.revision]),
      ids.map((_, index) => [stream, revision - ids.length + 1 + index]),
      'each append whole, where it was answered',
    );
    assert.equal(events.at(-1)!.position, position);
  }
  const revisions = new Map<string, number>();
  for (const { stream, revision } of seen) {
    assert.equal(revision, (revisions.get(stream) ?? -1) + 1, `${stream} has no gap`);
    revisions.set(stream, revision);
  }
};
