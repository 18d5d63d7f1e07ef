import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEventStoreDbCluster, type EventStoreDbCluster, type EventStoreDbNode } from '../support/eventstoredb/server.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

// Three nodes: who is found, who is asked for what, and what happens when they go. The nodes are the tests' own.

let cluster: EventStoreDbCluster;
before(async () => {
  cluster = await startEventStoreDbCluster();
});
after(() => cluster.close());

const within = (ms: number) => ({ deadline: performance.now() + ms });
const followers = (): readonly EventStoreDbNode[] => cluster.nodes.filter(({ port }) => port !== cluster.leader()!.port);
const wellAgain = (): Promise<unknown> =>
  Promise.all(
    cluster.nodes.map(async (node) => {
      node.faults.none();
      await node.start();
    }),
  );

test('a cluster behind one DNS name is found, and its next leader as well', async () => {
  const { port } = followers()[0]!;
  const store = storeAt(`esdb+discover://localhost:${port}?tls=false`);
  const stream = newStream();
  assert.equal((await store.append(stream, [newEvent()], 'none')).kind, 'appended');
  cluster.leader()!.kill();
  assert.equal((await store.append(stream, [newEvent()], 0, within(20_000))).kind, 'appended');
  assert.equal((await all(store.read(stream))).length, 2);
  await store.close();
  await wellAgain();
});

test('a DNS name behind which nobody answers is said to be away, until somebody does', async () => {
  const [first] = cluster.nodes;
  for (const node of cluster.nodes) node.faults.refuse();
  const store = storeAt(`esdb+discover://localhost:${first!.port}?tls=false`);
  await assert.rejects(store.identity(), { name: 'StoreUnavailable', message: /cannot be reached: none of its nodes answers/ });
  await wellAgain();
  assert.match((await store.identity()).id, /^[0-9a-f-]{36}$/);
  await store.close();
});

test("who prefers followers follows the log there, and there again when that one goes; appends and reads are the leader's", async () => {
  const store = storeAt(`${cluster.url}&nodePreference=follower`);
  const stream = newStream();
  const from = await store.head();
  const seen = follow(store, { after: from }, (batches) => eventsOf(batches).length === 10);
  const following = (): EventStoreDbNode | undefined => cluster.nodes.find((node) => node.openCalls('subscription') > 0);
  await eventually('it follows', () => following() !== undefined);
  for (let revision = -1; revision < 9; revision += 1) {
    if (revision === 4) {
      assert.ok(followers().includes(following()!));
      following()!.kill();
      await eventually('it follows again', () => following() !== undefined);
      assert.ok(followers().includes(following()!));
    }
    assert.equal((await store.append(stream, [newEvent('Counted', revision + 1)], revision < 0 ? 'none' : revision)).kind, 'appended');
    assert.equal((await all(store.read(stream))).length, revision + 2, 'what was appended is read');
  }
  assert.deepEqual(
    eventsOf(await seen).map(({ data }) => data),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const node of followers()) assert.equal(node.openCalls('batch append'), 0);
  await store.close();
  await wellAgain();
});

test('a leader that has lost its cluster is left for the one that was elected, by appends, reads and subscriptions', async () => {
  const store = storeAt(cluster.url);
  const stream = newStream();
  await store.append(stream, [newEvent()], 'none');
  const seen = follow(store, { after: await store.head() }, (batches) => eventsOf(batches).length === 1);
  await eventually('it follows', () => cluster.leader()!.openCalls('subscription') === 1);
  cluster.leader()!.faults.isolate();
  assert.equal((await all(store.read(stream))).length, 1, 'a reader finds the new leader');
  await wellAgain();
  cluster.leader()!.faults.isolate();
  assert.equal((await store.append(stream, [newEvent('Later')], 0, within(20_000))).kind, 'appended', 'and so does who appends');
  assert.equal(eventsOf(await seen).length, 1);
  await store.close();
  await wellAgain();
});

test('what must see every append is asked of the leader, however followers are preferred', async () => {
  const store = storeAt(`${cluster.url}&nodePreference=follower`);
  for (const node of followers()) node.faults.silence();
  const stream = newStream();
  const result = await store.append(stream, [newEvent()], 'none');
  assert.ok(result.kind === 'appended');
  assert.equal((await all(store.read(stream))).length, 1);
  assert.equal((await store.readTails([{ stream, from: 0 }]))[0]!.length, 1);
  assert.equal(await store.head(), result.position);
  assert.ok(await store.eventAt(result.position));
  assert.equal((await store.behind(result.position)).seconds, 0);
  assert.match((await store.identity()).id, /^[0-9a-f-]{36}$/);
  await store.close();
  await wellAgain();
});

test('who prefers a read-only replica in a cluster that has none follows any node', async () => {
  const store = storeAt(`${cluster.url}&nodePreference=readOnlyReplica`);
  const from = await store.head();
  const seen = follow(store, { after: from }, (batches) => eventsOf(batches).length === 1);
  await store.append(newStream(), [newEvent()], 'none');
  assert.equal(eventsOf(await seen).length, 1);
  await store.close();
});

test('a cluster whose leader is killed goes on with the next one', async () => {
  const cluster = await startEventStoreDbCluster();
  const clustered = storeAt(cluster.url);
  const stream = newStream();
  for (let revision = -1; revision < 20; revision += 1) {
    if (revision === 5) cluster.leader()!.kill();
    assert.equal((await clustered.append(stream, [newEvent()], revision < 0 ? 'none' : revision, within(20_000))).kind, 'appended');
  }
  assert.equal((await all(clustered.read(stream))).length, 21);
  await clustered.close();
  cluster.close();
});

test('a cluster without a majority is told from one that cannot be reached, and both from one that is well', async () => {
  const cluster = await startEventStoreDbCluster();
  const clustered = storeAt(cluster.url);
  await clustered.identity();
  cluster.nodes[0]!.kill();
  cluster.nodes[1]!.kill();
  await assert.rejects(clustered.identity(), { name: 'StoreUnavailable', message: /no leader that can be asked/ });
  cluster.nodes[2]!.kill();
  await eventually('it cannot be reached', () =>
    clustered.identity().then(
      () => false,
      (error: Error) => /cannot be reached/.test(error.message),
    ),
  );
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await eventually('it is well', () =>
    clustered.identity().then(
      () => true,
      () => false,
    ),
  );
  await clustered.close();
  cluster.close();
});
