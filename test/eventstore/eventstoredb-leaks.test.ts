import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewEvent } from '../../src/eventstore/event-store.ts';
import { startEventStoreDb } from '../support/eventstoredb/server.ts';
import { openChannels } from '../support/open-channels.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

// What is left, here and on the server, of what was begun: channels as the gRPC library counts them, calls as the server does.

test('whoever leaves a read or a subscription early, or is cut off, leaves no call on the server and no channel here', async () => {
  const server = await startEventStoreDb();
  const store = storeAt(server.url);
  const stream = newStream();
  await store.append(
    stream,
    Array.from({ length: 500 }, () => newEvent('Large', 'x'.repeat(1_000))),
    'none',
  );
  const nothing = (): boolean => server.openCalls('read') === 0 && server.openCalls('subscription') === 0;
  for (let round = 0; round < 10; round += 1) {
    for await (const { revision } of store.read(stream)) if (revision === 2) break;
    for await (const { events } of store.subscribe({ after: store.start, signal: new AbortController().signal })) if (events.length > 0) break;
    await assert.rejects(async () => {
      for await (const { revision } of store.read(stream)) if (revision === 2) throw new Error('the reader fails');
    }, /the reader fails/);
    if (round % 3 === 2) server.faults.reset();
  }
  await eventually('the server has no call of a reader', nothing);
  assert.ok(server.openCalls('batch append') <= 1);
  assert.ok(openChannels() <= 1);
  const following = follow(store, { after: store.start }, (seen) => eventsOf(seen).length === 500);
  assert.equal((await all(store.read(stream))).length, 500);
  await following;
  await store.close();
  await eventually('the server has no call', () => nothing() && server.openCalls('batch append') === 0);
  assert.equal(openChannels(), 0);
  server.close();
});

test('who follows and does not take what has come holds two pages of it, and the server waits with the rest', async () => {
  const server = await startEventStoreDb();
  const [store, other] = [storeAt(server.url), storeAt(server.url)];
  const events = (): readonly NewEvent[] => Array.from({ length: 500 }, () => newEvent());
  await Promise.all(Array.from({ length: 20 }, () => other.append(newStream(), events(), 'none')));
  const batches = store.subscribe({ after: store.start, signal: AbortSignal.timeout(30_000) });
  const sizes: number[] = [];
  for await (const batch of batches) {
    sizes.push(batch.events.length);
    // Meanwhile all the rest could have come.
    if (sizes.length === 1) for (let turn = 0; turn < 1_000; turn += 1) await other.head();
    if (sizes.reduce((sum, size) => sum + size, 0) === 20 * 500) break;
  }
  assert.ok(
    sizes.every((size) => size <= 2_000),
    `pages of ${sizes.join(', ')} events`,
  );
  await Promise.all([store.close(), other.close()]);
  server.close();
});

test('a node that is found too late leaves no channel', async () => {
  const server = await startEventStoreDb();
  server.faults.silence();
  const store = storeAt(`esdb+discover://localhost:${server.port}?tls=false&gossipTimeout=60`);
  await assert.rejects(store.append(newStream(), [newEvent()], 'none', { deadline: performance.now() + 7_500 }), {
    name: 'StoreUnavailable',
    message: /no node of the cluster could be found/,
  });
  await store.close();
  server.faults.none();
  await eventually('the channels are closed', () => openChannels() === 0);
  server.close();
});
