import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { serialiseAppend } from '../../src/eventstore/eventstoredb/serialised-append.ts';
import type { EventStoreDb } from '../../src/eventstore/eventstoredb/store.ts';
import { openProxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { eventStoreDbAdapter, storeAt, type EventStoreDbAdapter } from './eventstoredb-adapter.ts';

// What the network and the client do to the adapter, through a proxy before the server.

let adapter: EventStoreDbAdapter;
/** Reaches the server directly. */
let direct: EventStoreDb;
/** Reaches it through the proxy. */
let proxied: EventStoreDb;

before(async () => {
  adapter = await eventStoreDbAdapter();
  direct = storeAt(adapter.url);
  proxied = storeAt(adapter.proxy.url);
  await proxied.identity();
});
after(async () => {
  adapter.proxy.pass();
  await Promise.all([direct.close(), proxied.close()]);
  await adapter.close();
});

const within = (ms: number) => ({ deadline: performance.now() + ms });

test('a cluster of which no node could be found is found when it is back, by the same store', async () => {
  const proxies = [await openProxy(adapter.nodeUrl), await openProxy(adapter.nodeUrl)];
  const [first, second] = proxies.map(({ url }) => new URL(url));
  for (const proxy of proxies) proxy.refuse();
  const store = storeAt(`esdb://${first!.host},${second!.host}${first!.search}`);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await assert.rejects(store.append(newStream(), [newEvent()], 'none', within(400)), StoreUnavailable);
      await assert.rejects(store.identity(), StoreUnavailable);
    }),
  );
  for (const proxy of proxies) proxy.pass();
  assert.equal((await store.append(newStream(), [newEvent()], 'none')).kind, 'appended');
  await store.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

test('a server that has gone quiet is told from a quiet log: subscriptions begin again, and appends end', async () => {
  const start = await direct.head();
  const proxy = await openProxy(adapter.nodeUrl);
  const store = storeAt(proxy.url);
  const caughtUp = Promise.withResolvers<void>();
  const following = follow(store, { after: start }, (seen) => {
    caughtUp.resolve();
    return eventsOf(seen).some(({ type }) => type === 'After');
  });
  await direct.append(newStream(), [newEvent('Before')], 'none');
  await caughtUp.promise;
  proxy.blackhole();
  await direct.append(newStream(), [newEvent('After')], 'none');
  // Nothing is cut: the old connection stays open and silent, and only a new one gets through.
  const appending = store.append(newStream(), [newEvent('Silenced')], 'none', within(20_000));
  await eventually('the silent connection was given up', () => store.openCalls() === 0);
  proxy.cut();
  proxy.pass();
  assert.deepEqual(
    eventsOf(await following)
      .map(({ type }) => type)
      .slice(0, 2),
    ['Before', 'After'],
  );
  assert.equal((await appending).kind, 'appended');
  await store.close();
  await proxy.close();
});

test('reads and subscriptions that are left early leave no call open', async () => {
  const store = storeAt(adapter.url);
  const stream = newStream();
  await store.append(
    stream,
    Array.from({ length: 400 }, () => newEvent()),
    'none',
  );
  const before = store.openCalls();
  for (let round = 0; round < 10; round += 1) {
    for await (const { revision } of store.read(stream)) if (revision === 2) break;
    for await (const batch of store.subscribe({ after: store.start, signal: new AbortController().signal })) if (batch.events.length > 0) break;
  }
  assert.equal(store.openCalls(), before);
  await store.close();
  assert.equal(store.openCalls(), 0);
});

test('a subscription whose signal aborts ends, with its call, whatever the server does', async () => {
  const proxy = await openProxy(adapter.nodeUrl);
  const store = storeAt(proxy.url);
  const stop = new AbortController();
  const reading = all(store.subscribe({ after: await store.head(), signal: stop.signal }));
  await eventually('it follows', () => store.openCalls() > 0);
  const well = new AbortController();
  const readingWell = all(direct.subscribe({ after: await direct.head(), signal: well.signal }));
  await eventually('another follows', () => direct.openCalls() > 0);
  proxy.blackhole();
  stop.abort();
  well.abort();
  assert.deepEqual([await reading, await readingWell], [[], []]);
  await store.close();
  await proxy.close();
});

test("another client's trouble in the same process changes nothing for the appends under way", async () => {
  const other = EventStoreDBClient.connectionString(adapter.url);
  await other.appendToStream(newStream(), jsonEvent({ type: 'Happened', data: {} }));
  const pending = Array.from({ length: 50 }, () => direct.append(newStream(), [newEvent()], 'none'));
  await other.dispose();
  for (const result of await Promise.all(pending)) assert.equal(result.kind, 'appended');
});

test('an append says nothing of the time of day, so that clocks which differ change nothing', () => {
  const serialised = serialiseAppend('test', [newEvent()], 'none');
  assert.ok(serialised.kind === 'serialised');
  const options = streamsPb.BatchAppendReq.deserializeBinary(serialised.message).getOptions()!;
  assert.equal(options.getDeadline(), undefined);
});

test("the metadata follows the server's conventions for correlation and causation", async () => {
  const stream = newStream();
  const event = newEvent();
  await direct.append(stream, [{ ...event, meta: { ...event.meta, causationId: 'cause' } }], 'none');
  const client = EventStoreDBClient.connectionString(adapter.url);
  for await (const { event: stored } of client.readStream(stream)) {
    const { $correlationId, $causationId } = stored!.metadata as Record<string, unknown>;
    assert.deepEqual([$correlationId, $causationId], [event.meta.correlationId, 'cause']);
  }
  await client.dispose();
});
