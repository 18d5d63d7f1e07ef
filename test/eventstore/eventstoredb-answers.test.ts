import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ANY, EventStoreDBClient } from '@eventstore/db-client';
import { LogChanged, OutcomeUnknown, StoreUnavailable, type Position } from '../../src/eventstore/event-store.ts';
import { openAppender } from '../../src/eventstore/eventstoredb/append.ts';
import { openConnection } from '../../src/eventstore/eventstoredb/connection.ts';
import { parseConnectionString } from '../../src/eventstore/eventstoredb/connection-string.ts';
import { CallFailed } from '../../src/eventstore/eventstoredb/failures.ts';
import { headRequest } from '../../src/eventstore/eventstoredb/requests.ts';
import { serialise } from '../../src/eventstore/eventstoredb/serialised-append.ts';
import type { EventStoreDb as Store } from '../../src/eventstore/eventstoredb/store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { startEventStoreDb, type EventStoreDb } from '../support/eventstoredb/server.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

// Answers that say less than they seem to, or more: what the adapter makes of them. The server is the tests' own.

let server: EventStoreDb;
let store: Store;

before(async () => {
  server = await startEventStoreDb({ writeTimeoutMs: 100 });
  store = storeAt(server.url);
  await store.identity();
});
after(async () => {
  server.faults.none();
  await store.close();
  server.close();
});

const within = (ms: number) => ({ deadline: performance.now() + ms });
const idsOf = async (stream: string): Promise<readonly string[]> => (await all(store.read(stream))).map(({ id }) => id);
const connectionTo = (url: string) => openConnection({ settings: parseConnectionString(url), name: 'test', logger: silent });
/** The official client, for what the adapter does not do. */
const asOthersDo = async <Result>(work: (client: EventStoreDBClient) => Promise<Result>): Promise<Result> => {
  const client = EventStoreDBClient.connectionString(server.url);
  try {
    return await work(client);
  } finally {
    await client.dispose();
  }
};

test('a time-out of the server settles nothing: the append is sent again, and found to be stored', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.timeOutAnswers(2);
  assert.equal((await store.append(stream, [event], 'none')).kind, 'appended');
  assert.deepEqual(await idsOf(stream), [event.id]);
});

test('an append that only ever timed out is of unknown outcome, and never said to be not stored', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.timeOutAnswers(1_000);
  await assert.rejects(store.append(stream, [event], 'none', within(400)), OutcomeUnknown);
  server.faults.notReady();
  await assert.rejects(store.append(newStream(), [event], 'none', within(400)), StoreUnavailable, 'that it is not ready is a clear answer');
  server.faults.none();
  assert.equal((await store.append(stream, [event], 'none')).kind, 'appended');
  assert.deepEqual(await idsOf(stream), [event.id]);
});

test('what timed out stays unknown although the next answer is that the server is not ready', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.timeOutAnswers(1);
  const appending = store.append(stream, [event], 'none', within(600));
  await eventually('it is stored', async () => (await idsOf(stream)).length === 1);
  server.faults.notReady();
  await assert.rejects(appending, (error) => error instanceof OutcomeUnknown || assert.fail(String(error)));
  server.faults.none();
});

test('what the server cannot make sense of is an error, also when it answers twice, and the next append goes on', async () => {
  const connection = connectionTo(server.url);
  const appender = openAppender({
    connection,
    readTails: store.readTails,
    logger: silent,
    metrics: createMetrics('test'),
    closed: async () => false,
  });
  const bad = serialise(newStream(), [{ ...newEvent(), id: 'none' }], 'none');
  const good = (): typeof bad => serialise(newStream(), [newEvent()], 'none');
  assert.ok(bad.kind === 'serialised');
  const neighbours = Array.from({ length: 5 }, good);
  const sent = neighbours.map((append) => (append.kind === 'serialised' ? appender.send(append) : assert.fail()));
  await assert.rejects(appender.send(bad), /cannot store that: BadRequest/);
  for (const { kind } of await Promise.all(sent)) assert.equal(kind, 'appended');
  // The second answer comes when the server has waited long enough for more of the append.
  const until = performance.now() + 300;
  while (performance.now() < until) {
    const next = good();
    assert.equal(next.kind === 'serialised' && (await appender.send(next)).kind, 'appended');
  }
  await appender.close();
  connection.close();
});

test('a server that takes less than others refuses by name, and its limit is said', async () => {
  const small = await startEventStoreDb({ maxAppendBytes: 1_000 });
  const there = storeAt(small.url);
  const result = await there.append(newStream(), [newEvent('Large', 'x'.repeat(2_000))], 'none');
  assert.deepEqual([result.kind, result.kind === 'refused' && result.code], ['refused', 'TOO_LARGE']);
  assert.match(result.kind === 'refused' ? result.because : '', /at most 1000$/);
  assert.equal((await there.append(newStream(), [newEvent()], 'none')).kind, 'appended');
  await there.close();
  small.close();
});

test('a stream that was deleted reads as empty; one with a tombstone is an error, and neither stops whoever follows the log', async () => {
  const from = await store.head();
  const [deleted, buried] = [newStream(), newStream()];
  for (const stream of [deleted, buried]) await store.append(stream, [newEvent()], 'none');
  const seen = follow(store, { after: from }, (batches) => eventsOf(batches).some(({ type }) => type === 'Last'));
  await asOthersDo(async (client) => {
    await client.deleteStream(deleted);
    await client.tombstoneStream(buried);
  });
  assert.deepEqual(await all(store.read(deleted)), []);
  await assert.rejects(all(store.read(buried)), { name: 'CallFailed', message: /deleted for good/ });
  await assert.rejects(store.append(buried, [newEvent()], 0), /cannot store that: the stream was deleted for good/);
  await store.append(newStream(), [newEvent('Last')], 'none');
  assert.deepEqual(
    eventsOf(await seen).map(({ type }) => type),
    ['Happened', 'Happened', 'Last'],
  );
});

test('a position inside a record, and one with half an event in it, are no places of events: whoever comes from there has read another log', async () => {
  const [large, after] = [newStream(), newStream()];
  await store.append(large, [newEvent('Large', 'x'.repeat(5_000))], 'none');
  await store.append(after, [newEvent()], 'none');
  const [event] = await all(store.read(large));
  const [commit] = event!.position!.split('-') as [string];
  const inside = String(Number(commit) + 50).padStart(commit.length, '0');
  for (const text of [`${inside}-${inside}`, `${commit}-${'0'.repeat(commit.length)}`]) {
    const position = store.parsePosition(text)!;
    assert.equal(await store.eventAt(position), undefined);
    await assert.rejects(all(store.subscribe({ after: position, signal: AbortSignal.timeout(20_000) })), LogChanged);
  }
});

test('an event that is sent again is not handed out again', async () => {
  const from = await store.head();
  const stream = newStream();
  await store.append(stream, [newEvent('First'), newEvent('Second')], 'none');
  server.faults.repeatEvents();
  const seen = await follow(store, { after: from }, (batches) => batches.at(-1)!.caughtUp);
  server.faults.none();
  assert.deepEqual(
    eventsOf(seen).map(({ type }) => type),
    ['First', 'Second'],
  );
});

test("another application's event whose metadata is none of ours can be read", async () => {
  const stream = newStream();
  const from = await store.head();
  await asOthersDo(async (client) => {
    for (const metadata of ['null', '7', 'no JSON'])
      await client.appendToStream(stream, { ...foreign(), metadata: new Uint8Array(Buffer.from(metadata)) }, { expectedRevision: ANY });
  });
  const seen = await follow(store, { after: from }, (batches) => eventsOf(batches).length === 3);
  assert.deepEqual(
    eventsOf(seen).map(({ type, schemaVersion }) => [type, schemaVersion]),
    Array.from({ length: 3 }, () => ['Foreign', 1]),
  );
});
const foreign = () => ({
  id: randomUUIDv7(),
  contentType: 'application/octet-stream' as const,
  type: 'Foreign',
  data: Buffer.from('…'),
  metadata: undefined,
});

test('an identity that somebody else wrote is refused', async () => {
  const other = await startEventStoreDb();
  const there = storeAt(other.url);
  const client = EventStoreDBClient.connectionString(other.url);
  await client.appendToStream('log:identity', { ...foreign(), type: '$log-identity' });
  await assert.rejects(there.identity(), { name: 'StoreUnavailable', message: /log:identity says nothing of a log: somebody else wrote it/ });
  await Promise.all([there.close(), client.dispose()]);
  other.close();
});

test('while the server is away nothing piles up: what nobody waits for is forgotten, to one stream and to many', async () => {
  const away = await startEventStoreDb();
  const metrics = createMetrics('test');
  const there = storeAt(away.url, { metrics });
  await there.append('busy', [newEvent()], 'none');
  away.faults.stall();
  const streams = Array.from({ length: 100 }, (_, index) => (index % 2 ? 'busy' : newStream()));
  await Promise.allSettled(streams.map((stream) => there.append(stream, [newEvent()], 0, within(200))));
  away.faults.none();
  away.faults.refuse();
  for (let round = 0; round < 3; round += 1) await Promise.allSettled(streams.map((stream) => there.append(stream, [newEvent()], 0, within(200))));
  const waiting = await metrics.getSingleMetric('event_store_appends_waiting')!.get();
  assert.deepEqual(
    waiting.values.map(({ value }) => value),
    [0],
  );
  away.faults.none();
  assert.equal((await there.append('busy', [newEvent()], 0)).kind, 'appended');
  await there.close();
  away.close();
});

test('a log that was closed after an append lost its answer still says that it is stored', async () => {
  const own = await startEventStoreDb();
  const writer = storeAt(own.url);
  const stream = newStream();
  const event = newEvent();
  await writer.changeIdentity((now) => ({ ...now, closed: true }));
  own.faults.swallowAnswers(1);
  await assert.rejects(writer.append(stream, [event], 'none', within(300)), OutcomeUnknown);
  own.faults.denyWrites();
  const again = await writer.append(stream, [event], 'none', within(15_000));
  assert.deepEqual([again.kind, again.kind === 'appended' && again.position], ['appended', await writer.head()]);
  const late = await writer.append(stream, [newEvent()], 0);
  assert.equal(late.kind === 'refused' && late.code, 'LOG_CLOSED');
  await writer.close();
  own.close();
});

test('a log that was closed while an append was under way leaves its outcome unknown, as it may yet be stored', async () => {
  const own = await startEventStoreDb();
  const writer = storeAt(own.url);
  const stream = newStream();
  await writer.changeIdentity((now) => ({ ...now, closed: true }));
  const ignored = own.faults.ignoreAppend();
  const appending = writer.append(stream, [newEvent()], 'none', within(8_000));
  await ignored;
  own.faults.denyWrites();
  await assert.rejects(appending, OutcomeUnknown);
  await writer.close();
  own.close();
});

test('an answer that says stored and not where is asked for again until the place is known', async () => {
  const stream = newStream();
  server.faults.withholdPlaces(2);
  const result = await store.append(stream, [newEvent(), newEvent()], 'none');
  assert.deepEqual(result, { kind: 'appended', revision: 1, position: await store.head() });
});

test('who may not write to a new log is told so, and not when the deadline has passed', async () => {
  const own = await startEventStoreDb();
  const writer = storeAt(own.url);
  own.faults.denyWrites();
  await assert.rejects(writer.append(newStream(), [newEvent()], 'none', { deadline: Infinity }), {
    name: 'StoreUnavailable',
    message: /refuses access/,
  });
  await assert.rejects(writer.identity(), { name: 'StoreUnavailable', message: /no identity yet, and it cannot be written: .*refuses access/ });
  await writer.close();
  own.close();
});

test('a connection that was given up makes no calls, and says so', async () => {
  const connection = connectionTo(server.url);
  const link = await connection.link();
  link.drop(new CallFailed({ kind: 'unreachable', because: 'the test wants it' }));
  const nobody = { leader: true, onMessage: () => {}, onEnd: () => {}, onDrain: () => {} };
  assert.throws(() => link.read(headRequest(), nobody), CallFailed);
  assert.throws(() => link.batchAppend(nobody), CallFailed);
  connection.close();
});

test("the client's own options for appends change nothing: a conflict stays one", async () => {
  const lenient = storeAt(`${server.url}&throwOnAppendFailure=false&defaultDeadline=1&keepAliveInterval=-1&maxDiscoverAttempts=1`);
  assert.deepEqual(await lenient.append(newStream(), [newEvent()], 4), { kind: 'conflict', actual: 'none' });
  const stream = newStream();
  await lenient.append(stream, [newEvent(), newEvent()], 'none');
  assert.deepEqual(await lenient.append(stream, [newEvent()], 4), { kind: 'conflict', actual: 1 });
  await lenient.close();
});

test('a position of this store that is beyond what the server can count is none', () => {
  const beyond = '9'.repeat(19);
  assert.equal(store.parsePosition(`${beyond}-${beyond}`) satisfies Position | undefined, undefined);
});
