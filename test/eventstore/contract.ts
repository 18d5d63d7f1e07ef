import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  limits,
  LogChanged,
  type AppendResult,
  type Batch,
  type EventStore,
  type NewEvent,
  type Position,
} from '../../src/eventstore/event-store.ts';
import type { Proxy } from '../support/proxy.ts';

/** What an adapter brings to the suites. */
export type Adapter = {
  /** A store on the log under test; each call stands for another process. It reaches the server through the proxy. */
  readonly open: () => EventStore;
  /** The same without anything in between. */
  readonly openDirect: () => EventStore;
  readonly proxy: Proxy;
  /** Cuts every connection that the stores have at this moment. */
  readonly cutConnections: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** An event of any type and data, with a fresh id. */
export const newEvent = (type = 'Happened', data: unknown = {}): NewEvent => ({
  id: randomUUIDv7(),
  type,
  schemaVersion: 1,
  data,
  meta: { commandId: randomUUIDv7(), commandHash: 'hash', correlationId: 'correlation', actor: 'user:test' },
});

export const newStream = (): string => `test-${randomUUIDv7()}`;

export const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
};

/** Follows the log until enough was seen; fails when that takes longer than half a minute. */
export const follow = async (
  store: EventStore,
  options: { after: Position; types?: readonly string[] },
  enough: (batches: readonly Batch[]) => boolean,
): Promise<readonly Batch[]> => {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error('late')), 30_000);
  const batches: Batch[] = [];
  for await (const batch of store.subscribe({ ...options, signal: stop.signal })) {
    batches.push(batch);
    if (enough(batches)) break;
  }
  clearTimeout(late);
  assert.ok(!stop.signal.aborted, `the subscription did not bring what was waited for; it brought ${batches.length} batches`);
  return batches;
};

export const eventsOf = (batches: readonly Batch[]) => batches.flatMap(({ events }) => events);

const appended = (result: AppendResult): Extract<AppendResult, { kind: 'appended' }> => {
  assert.equal(result.kind, 'appended', JSON.stringify(result));
  return result as Extract<AppendResult, { kind: 'appended' }>;
};

/** The contract of the event store's port. An adapter joins with one call. */
export const eventStoreContract = (name: string, start: () => Promise<Adapter>): void => {
  let adapter: Adapter;
  let store: EventStore;
  before(async () => {
    adapter = await start();
    store = adapter.open();
  });
  after(async () => {
    await store.close();
    await adapter.close();
  });
  const it = (behaviour: string, run: () => Promise<void>): void => void test(`${name}: ${behaviour}`, run);

  it('an append to a new stream answers the revision and position of its last event', async () => {
    const stream = newStream();
    const result = appended(await store.append(stream, [newEvent(), newEvent(), newEvent()], 'none'));
    assert.equal(result.revision, 2);
    assert.equal(result.position, await store.head());
  });

  it('an event is read as it was written', async () => {
    const stream = newStream();
    const event = {
      ...newEvent('Ünïcödé'.replaceAll(/[^A-Za-z]/g, ''), {
        text: 'Zürich \u0000 \u2028 "quotes" \\ 📱 , \n',
        list: [1, 1.5, -0.25, null, true],
        deep: { empty: {} },
      }),
      schemaVersion: 7,
    };
    await store.append(stream, [event], 'none');
    const [read] = await all(store.read(stream));
    assert.deepEqual(
      {
        id: read!.id,
        type: read!.type,
        schemaVersion: read!.schemaVersion,
        stream: read!.stream,
        revision: read!.revision,
        data: read!.data,
        meta: read!.meta,
      },
      { ...event, stream, revision: 0 },
    );
    assert.ok(read!.recordedAt instanceof Date && Math.abs(read!.recordedAt.getTime() - Date.now()) < 60_000);
  });

  it('a wrong revision is a conflict that carries the actual one', async () => {
    const stream = newStream();
    assert.deepEqual(await store.append(stream, [newEvent()], 0), { kind: 'conflict', actual: 'none' });
    await store.append(stream, [newEvent(), newEvent()], 'none');
    assert.deepEqual(await store.append(stream, [newEvent()], 'none'), { kind: 'conflict', actual: 1 });
    assert.deepEqual(await store.append(stream, [newEvent()], 0), { kind: 'conflict', actual: 1 });
    assert.deepEqual(await store.append(stream, [newEvent()], 2), { kind: 'conflict', actual: 1 });
    assert.equal((await all(store.read(stream))).length, 2);
  });

  it('a retried append gets the first answer, also when the stream has gone on', async () => {
    const stream = newStream();
    const events = [newEvent(), newEvent()];
    const first = await store.append(stream, events, 'none');
    assert.deepEqual(await store.append(stream, events, 'none'), first);
    await store.append(stream, [newEvent()], 1);
    assert.deepEqual(await store.append(stream, events, 'none'), first);
    assert.equal((await all(store.read(stream))).length, 3);
  });

  it('a retry through another process gets the first answer', async () => {
    const other = adapter.open();
    const stream = newStream();
    const events = [newEvent()];
    const [first, second] = await Promise.all([store.append(stream, events, 'none'), other.append(stream, events, 'none')]);
    assert.deepEqual(first, second);
    assert.equal(first!.kind, 'appended');
    await other.close();
  });

  it('only the same ids in the same place are a retry', async () => {
    const stream = newStream();
    const [one, two] = [newEvent(), newEvent()];
    await store.append(stream, [one, two], 'none');
    assert.equal((await store.append(stream, [two, one], 'none')).kind, 'conflict');
    assert.equal((await store.append(stream, [one, newEvent()], 'none')).kind, 'conflict');
    assert.equal((await store.append(stream, [one, two, newEvent()], 'none')).kind, 'conflict');
    assert.equal((await store.append(stream, [one], 1)).kind, 'appended', 'an id may stand twice, in different places');
  });

  it('of many appends at the same revision one is taken and the others are conflicts', async () => {
    const stream = newStream();
    const results = await Promise.all(Array.from({ length: 20 }, () => store.append(stream, [newEvent()], 'none')));
    assert.equal(results.filter(({ kind }) => kind === 'appended').length, 1);
    assert.equal(results.filter(({ kind }) => kind === 'conflict').length, 19);
  });

  it('an append that cannot be stored does not fail its neighbours', async () => {
    const stream = newStream();
    await store.append(stream, [newEvent()], 'none');
    const results = await Promise.all([
      store.append(newStream(), [newEvent()], 'none'),
      store.append(stream, [newEvent()], 'none'),
      store.append(newStream(), [newEvent('Large', 'x'.repeat(limits.eventBytes))], 'none'),
      store.append(newStream(), [newEvent()], 5),
      store.append(newStream(), [newEvent()], 'none'),
    ]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['appended', 'conflict', 'refused', 'conflict', 'appended'],
    );
  });

  it('of streams that are created together, one that stands is a conflict, a retry has its first answer, and the others are made', async () => {
    const [standing, retried] = [newStream(), newStream()];
    const events = [newEvent(), newEvent()];
    await store.append(standing, [newEvent()], 'none');
    const first = await store.append(retried, events, 'none');
    const created = Array.from({ length: 5 }, newStream);
    const [conflict, again, ...made] = await Promise.all([
      store.append(standing, [newEvent()], 'none'),
      store.append(retried, events, 'none'),
      ...created.map((stream) => store.append(stream, [newEvent()], 'none')),
    ]);
    assert.deepEqual([conflict, again], [{ kind: 'conflict', actual: 0 }, first]);
    const positions = made.map((result) => appended(result).position);
    assert.equal(new Set(positions).size, created.length);
    for (const [index, stream] of created.entries()) {
      const tail = await all(store.read(stream));
      assert.equal(tail.length, 1, `stream ${index}`);
    }
  });

  it('what is over a limit or has no proper name is refused by name, and the store goes on', async () => {
    const refused = async (stream: string, events: readonly NewEvent[]): Promise<unknown> => {
      const result = await store.append(stream, events, 'none');
      return result.kind === 'refused' ? result.code : result.kind;
    };
    assert.equal(await refused(newStream(), [newEvent('Large', 'x'.repeat(limits.eventBytes))]), 'TOO_LARGE');
    assert.equal(await refused(newStream(), [newEvent('Wide', 'ü'.repeat(limits.eventBytes / 2))]), 'TOO_LARGE');
    assert.equal(
      await refused(
        newStream(),
        Array.from({ length: limits.eventsPerAppend + 1 }, () => newEvent()),
      ),
      'TOO_LARGE',
    );
    assert.equal(
      await refused(newStream(), [newEvent('Half', 'x'.repeat(limits.appendBytes / 2)), newEvent('Half', 'x'.repeat(limits.appendBytes / 2))]),
      'TOO_LARGE',
    );
    assert.equal(await refused(newStream(), []), 'INVALID_NAME');
    for (const bad of ['', '$all', 'a b', 'a,b', 'a\nb', 'x'.repeat(201), '$system']) {
      assert.equal(await refused(bad, [newEvent()]), 'INVALID_NAME', `stream '${bad}'`);
      assert.equal(await refused(newStream(), [newEvent(bad)]), 'INVALID_NAME', `type '${bad}'`);
    }
    assert.equal(await refused(newStream(), [{ ...newEvent(), id: 'not-a-uuid' }]), 'INVALID_NAME');
    assert.equal(await refused(newStream(), [{ ...newEvent(), id: randomUUIDv7().toUpperCase() }]), 'INVALID_NAME');
    assert.equal(await refused(newStream(), [newEvent('Large', 'x'.repeat(limits.eventBytes - 400))]), 'appended');
  });

  it('what fitted into one log fits into another when it is copied, with the time that it had', async () => {
    const { meta, ...event } = newEvent('Large');
    const room = limits.eventBytes - Buffer.byteLength(JSON.stringify(meta)) - '""'.length;
    const recordedAt = '2026-01-02T03:04:05.678Z';
    const copied = { ...event, data: 'x'.repeat(room), meta: { ...meta, recordedAt } };
    const stream = newStream();
    appended(await store.append(stream, [copied], 'none'));
    const [read] = await all(store.read(stream));
    assert.deepEqual([read!.recordedAt.toISOString(), read!.meta], [recordedAt, copied.meta]);
  });

  it('a stream is read by revisions, both ways, and a missing one is empty', async () => {
    const stream = newStream();
    await store.append(
      stream,
      Array.from({ length: 9 }, (_, index) => newEvent('Numbered', index)),
      'none',
    );
    const read = async (range: Parameters<EventStore['read']>[1]): Promise<readonly unknown[]> =>
      (await all(store.read(stream, range))).map(({ data }) => data);
    assert.deepEqual(await read({}), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(await read({ from: 6 }), [6, 7, 8]);
    assert.deepEqual(await read({ from: 2, to: 4 }), [2, 3, 4]);
    assert.deepEqual(await read({ from: 2, limit: 2 }), [2, 3]);
    assert.deepEqual(await read({ backwards: true, limit: 3 }), [8, 7, 6]);
    assert.deepEqual(await read({ backwards: true, to: 4, from: 3 }), [4, 3]);
    assert.deepEqual(await read({ from: 100 }), []);
    assert.deepEqual(await all(store.read(newStream())), []);
  });

  it('a long stream of large events is read whole, and can be left early', async () => {
    const stream = newStream();
    for (let revision = -1; revision < 39; revision += 1)
      appended(await store.append(stream, [newEvent('Large', `${revision + 1}${'x'.repeat(700_000)}`)], revision < 0 ? 'none' : revision));
    const revisions = (await all(store.read(stream))).map(({ revision }) => revision);
    assert.deepEqual(
      revisions,
      Array.from({ length: 40 }, (_, index) => index),
    );
    for (let round = 0; round < 20; round += 1) for await (const { revision } of store.read(stream)) if (revision === 2) break;
  });

  it('the tails of many streams come in one call', async () => {
    const streams = Array.from({ length: 12 }, newStream);
    await Promise.all(
      streams.map((stream, index) =>
        index % 3 === 0 ? undefined : store.append(stream, [newEvent('Numbered', 0), newEvent('Numbered', 1), newEvent('Numbered', 2)], 'none'),
      ),
    );
    const tails = await store.readTails(streams.map((stream, index) => ({ stream, from: index % 4 })));
    const expected = streams.map((_, index) => (index % 3 === 0 ? [] : [0, 1, 2].slice(index % 4)));
    assert.deepEqual(
      tails.map((tail) => tail.map(({ data }) => data)),
      expected,
    );
    const [twice, again] = await store.readTails([
      { stream: streams[1]!, from: 0 },
      { stream: streams[1]!, from: 2 },
    ]);
    assert.deepEqual([twice!.length, again!.length], [3, 1]);
  });

  it('a subscription catches up and then follows, in order, from after a position', async () => {
    const after = await store.head();
    const stream = newStream();
    appended(await store.append(stream, [newEvent('First'), newEvent('Second')], 'none'));
    let more = false;
    const batches = await follow(store, { after }, (seen) => {
      if (!more && seen.at(-1)!.caughtUp) {
        more = true;
        void store.append(stream, [newEvent('Third')], 1);
      }
      return eventsOf(seen).some(({ type }) => type === 'Third');
    });
    const events = eventsOf(batches);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['First', 'Second', 'Third'],
    );
    assert.ok(events.every(({ position }, index) => index === 0 || position > events[index - 1]!.position));
    const rest = await follow(store, { after: events[1]!.position }, (seen) => eventsOf(seen).length > 0);
    assert.equal(eventsOf(rest)[0]!.type, 'Third', 'the position itself is not given again');
  });

  it('a filtered subscription reports progress although nothing matches, and misses nothing that comes meanwhile', async () => {
    const after = await store.head();
    const stream = newStream();
    await store.append(stream, [newEvent('Skipped')], 'none');
    const wanted: string[] = [];
    let revision = 0;
    let progress = 0;
    const batches = await follow(store, { after, types: ['Wanted'] }, (seen) => {
      progress += 1;
      const last = seen.at(-1)!;
      if (last.events.length === 0) assert.ok(last.progress.position > after);
      if (wanted.length < 25) {
        // While an empty page is being handled, a matching event is committed behind it.
        const event = newEvent('Wanted');
        wanted.push(event.id);
        void store.append(stream, [event, newEvent('Skipped'), newEvent('Skipped')], revision);
        revision += 3;
      }
      return eventsOf(seen).length === 25;
    });
    assert.deepEqual(
      eventsOf(batches).map(({ id }) => id),
      wanted,
    );
    assert.ok(progress > 1);
    assert.equal(batches.at(-1)!.progress.position <= (await store.head()), true);
  });

  it('a slow consumer is not run over: it gets bounded batches, and everything', async () => {
    const after = await store.head();
    const streams = Array.from({ length: 12 }, newStream);
    const total = streams.length * 500;
    await Promise.all(
      streams.map((stream) =>
        store.append(
          stream,
          Array.from({ length: 500 }, () => newEvent('Bulk', 'x'.repeat(1_000))),
          'none',
        ),
      ),
    );
    const stop = new AbortController();
    let seen = 0;
    for await (const batch of store.subscribe({ after, signal: stop.signal })) {
      assert.ok(batch.events.length <= 5_000, `a batch of ${batch.events.length} events`);
      seen += batch.events.length;
      for (let turn = 0; turn < 50; turn += 1) await store.head();
      if (seen >= total) break;
    }
    assert.equal(seen, total);
  });

  it('subscriptions and appends survive cut connections', async () => {
    const after = await store.head();
    const stream = newStream();
    const following = follow(store, { after }, (seen) => eventsOf(seen).length === 60);
    for (let revision = -1; revision < 59; revision += 1) {
      if (revision % 10 === 5) await adapter.cutConnections();
      appended(await store.append(stream, [newEvent('Counted', revision + 1)], revision < 0 ? 'none' : revision));
    }
    assert.deepEqual(
      eventsOf(await following).map(({ data }) => data),
      Array.from({ length: 60 }, (_, index) => index),
    );
  });

  it('a position past the end of the log, or of another event, is noticed', async () => {
    const head = await store.head();
    const beyond = store.parsePosition(head.replaceAll(/\d/g, '8'))!;
    await assert.rejects(all(store.subscribe({ after: beyond, signal: AbortSignal.timeout(20_000) })), LogChanged);
    assert.equal(await store.eventAt(beyond), undefined);
  });

  it('the event at a position, the head, and how far behind a position is, are known', async () => {
    const before = await store.head();
    const event = newEvent();
    const { position } = appended(await store.append(newStream(), [newEvent(), event], 'none'));
    assert.deepEqual(await store.eventAt(position), { id: event.id });
    assert.equal(await store.head(), position);
    assert.ok(position > before && before > store.start);
    const { seconds, events, share } = await store.behind(before);
    assert.ok(seconds >= 0 && (events === undefined || events === 2) && share <= 1);
    assert.deepEqual({ ...(await store.behind(position)), events: 0 }, { seconds: 0, events: 0, share: 1 });
    assert.ok((await store.behind(store.start)).seconds > 0);
  });

  it('positions have a text form that is read back, and garbage is none', async () => {
    const head = await store.head();
    assert.equal(store.parsePosition(String(head)), head);
    for (const bad of ['', 'x', '-1', '1e9', '99999999999999999999999999', `${head} `]) assert.equal(store.parsePosition(bad), undefined, bad);
  });

  it('the log has an identity that all processes agree on', async () => {
    const other = adapter.open();
    const identity = await store.identity();
    assert.deepEqual(await other.identity(), identity);
    assert.match(identity.id, /^[0-9a-f-]{36}$/);
    assert.ok(identity.generation >= 1);
    await other.close();
  });

  it('recorded times never run backwards along the log, but for events that were copied', async () => {
    const batches = await follow(store, { after: store.start }, (seen) => seen.at(-1)!.caughtUp);
    const written = eventsOf(batches).filter(({ meta }) => meta.recordedAt === undefined);
    const times = written.map(({ recordedAt }) => recordedAt.getTime());
    assert.ok(times.every((time, index) => index === 0 || time >= times[index - 1]!));
  });

  it('closing settles what is under way and refuses what comes after', async () => {
    const other = adapter.open();
    const pending = Array.from({ length: 50 }, () => other.append(newStream(), [newEvent()], 'none'));
    const closed = other.close();
    assert.ok((await Promise.all(pending)).every(({ kind }) => kind === 'appended'));
    await closed;
    await assert.rejects(other.append(newStream(), [newEvent()], 'none'), { name: 'StoreUnavailable' });
  });
};
