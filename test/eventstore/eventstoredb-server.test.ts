import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OutcomeUnknown, StoreUnavailable } from '../../src/eventstore/event-store.ts';
import type { EventStoreDb as Store } from '../../src/eventstore/eventstoredb/store.ts';
import { startEventStoreDb, type EventStoreDb } from '../support/eventstoredb/server.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

// What a server itself may do to the adapter. The server is the tests' own: a real one does not do these things when asked.

let server: EventStoreDb;
let store: Store;

before(async () => {
  server = await startEventStoreDb();
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

test('an append that was stored and never acknowledged, because the connection broke, is acknowledged in the end', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.loseAnswers(1);
  const result = await store.append(stream, [event], 'none');
  assert.deepEqual([result.kind, result.kind === 'appended' && result.revision], ['appended', 0]);
  assert.deepEqual(await idsOf(stream), [event.id]);
});

test('an append whose answer never comes is sent again on a connection that lives, and is stored once', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.swallowAnswers(1);
  assert.equal((await store.append(stream, [event], 'none', within(15_000))).kind, 'appended');
  assert.deepEqual(await idsOf(stream), [event.id]);
});

test('a server without a leader stores nothing: that is unavailable and not unknown, and readiness says it', async () => {
  server.faults.notReady('everything');
  await assert.rejects(store.append(newStream(), [newEvent()], 'none', within(500)), StoreUnavailable);
  await assert.rejects(store.identity(), { name: 'StoreUnavailable', message: /no leader that can be asked/ });
  server.faults.none();
  assert.equal((await store.append(newStream(), [newEvent()], 'none')).kind, 'appended');
});

test('a server that hangs leaves the outcome unknown within the deadline, and what it does later is found', async () => {
  const stream = newStream();
  const event = newEvent();
  server.faults.stall();
  await assert.rejects(store.append(stream, [event], 'none', within(400)), OutcomeUnknown);
  server.faults.none();
  assert.equal((await store.append(stream, [event], 'none')).kind, 'appended');
  assert.deepEqual(await idsOf(stream), [event.id]);
});

test('a subscription that a living server forgets begins again by itself', async () => {
  const start = await store.head();
  const live = Promise.withResolvers<void>();
  const following = follow(store, { after: start }, (seen) => {
    live.resolve();
    return eventsOf(seen).length >= 2;
  });
  await store.append(newStream(), [newEvent('First')], 'none');
  await live.promise;
  const calls = store.openCalls();
  server.faults.silence('subscriptions');
  await store.append(newStream(), [newEvent('Second')], 'none');
  // The old subscription stays silent for ever; only a new one is heard.
  await eventually('the subscription was given up', () => store.openCalls() < calls);
  server.faults.none();
  assert.deepEqual(
    eventsOf(await following).map(({ type }) => type),
    ['First', 'Second'],
  );
});

test('the leader that a node names is asked instead', async () => {
  const leader = await startEventStoreDb();
  const other = storeAt(server.url);
  server.faults.notLeader({ host: '127.0.0.1', port: leader.port });
  assert.equal((await other.append('moved', [newEvent()], 'none')).kind, 'appended');
  const direct = storeAt(leader.url);
  assert.equal((await all(direct.read('moved'))).length, 1);
  server.faults.none();
  await Promise.all([other.close(), direct.close()]);
  leader.close();
});

test('a polite stop under load loses nothing and doubles nothing', async () => {
  const own = await startEventStoreDb();
  const appender = storeAt(own.url);
  const stream = newStream();
  await appender.append(stream, [newEvent()], 'none');
  const stopping = own.stop(1_000).then(() => own.start());
  const ids: string[] = [];
  for (let revision = 0; revision < 40; revision += 1) {
    const event = newEvent();
    assert.equal((await appender.append(stream, [event], revision, within(20_000))).kind, 'appended');
    ids.push(event.id);
  }
  await stopping;
  assert.deepEqual(
    (await all(appender.read(stream))).slice(1).map(({ id }) => id),
    ids,
  );
  await appender.close();
  own.close();
});

test('a log that was lost and begun anew is noticed by whoever had read further', async () => {
  const own = await startEventStoreDb();
  const reader = storeAt(own.url);
  await reader.append(newStream(), [newEvent(), newEvent()], 'none');
  const batches = reader.subscribe({ after: reader.start, signal: AbortSignal.timeout(25_000) })[Symbol.asyncIterator]();
  assert.equal(eventsOf([(await batches.next()).value]).length, 2);
  own.kill();
  own.replaceLog();
  await own.start();
  await assert.rejects(batches.next(), { name: 'LogChanged' });
  await reader.close();
  own.close();
});

test('writing that is denied is an unavailable store, and a closed log when its identity says so', async () => {
  const own = await startEventStoreDb();
  const writer = storeAt(own.url);
  await writer.identity();
  own.faults.denyWrites();
  await assert.rejects(writer.append(newStream(), [newEvent()], 'none', within(2_000)), { name: 'StoreUnavailable', message: /refuses access/ });
  own.faults.none();
  await writer.changeIdentity((now) => ({ ...now, closed: true }));
  own.faults.denyWrites();
  const result = await writer.append(newStream(), [newEvent()], 'none');
  assert.equal(result.kind === 'refused' && result.code, 'LOG_CLOSED');
  await writer.close();
  own.close();
});

test('over TLS the right user is served; a wrong password and a certificate that nobody vouches for are said in words', async () => {
  const guarded = await startEventStoreDb({ users: { orders: 'right' } });
  const as = (user: string): string => guarded.url.replace('esdb://', `esdb://${user}@`);
  const right = storeAt(as('orders:right'));
  assert.equal((await right.append(newStream(), [newEvent()], 'none')).kind, 'appended');
  const wrong = storeAt(as('orders:wrong'));
  await assert.rejects(wrong.identity(), { name: 'StoreUnavailable', message: /^the event store refuses access: .*password is wrong/ });
  const untrusted = storeAt(as('orders:right').replace(/&tlsCAFile=.*/, ''));
  await assert.rejects(untrusted.identity(), { name: 'StoreUnavailable', message: /its certificate is not trusted/ });
  await Promise.all([right, wrong, untrusted].map((each) => each.close()));
  assert.throws(() => storeAt('esdb://localhost?tlsCAFile=/no/such.crt'), { name: 'ConnectionStringError', message: /cannot be read/ });
  const noKey = fileURLToPath(import.meta.url);
  assert.throws(() => storeAt(`esdb://localhost?userCertFile=${noKey}&userKeyFile=${noKey}`), {
    name: 'ConnectionStringError',
    message: /cannot be used/,
  });
  guarded.close();
});

test('a name that does not resolve, a port where nothing listens and a server without TLS are told apart', async () => {
  for (const [url, because] of [
    ['esdb://no-such-host.invalid:2113?tls=false', /its name does not resolve/],
    ['esdb://127.0.0.1:9?tls=false', /nothing listens there/],
    [server.url.replace('?tls=false', ''), /does not speak TLS/],
  ] as const) {
    const away = storeAt(url);
    await assert.rejects(away.identity(), { name: 'StoreUnavailable', message: because });
    await away.close();
  }
});
