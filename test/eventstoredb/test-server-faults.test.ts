import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { EventStoreDBClient, START } from '@eventstore/db-client';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { credentials as grpcCredentials, Metadata } from '@grpc/grpc-js';
import { afterwards } from '../support/afterwards.ts';
import { authorityFile, startEventStoreDb, startEventStoreDbCluster } from '../support/eventstoredb/server.ts';
import { credentials, errorOf, event, newStream } from './observed.ts';

// The switches for faults, which a real server does not have: this runs on the test server alone. What they bring about was seen on a real one.

const server = await startEventStoreDb({ writeTimeoutMs: 100 });
afterwards(server.close);
afterEach(() => server.start());

/** A client of its own for each test: the official one does not get over every fault. */
const newClient = (url = server.url): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url);
  afterwards(() => client.dispose());
  return client;
};
const revisions = async (client: EventStoreDBClient, stream: string): Promise<number[]> => {
  const found: number[] = [];
  for await (const { event: read } of client.readStream(stream)) found.push(Number(read!.revision));
  return found;
};
const plain = (client: EventStoreDBClient, stream: string, more: object = {}) => client.appendToStream(stream, event(), { credentials, ...more });

test('a server that was killed refuses connections, and is back on its port with its log', async () => {
  const client = newClient();
  const stream = newStream();
  await plain(client, stream);
  server.kill();
  assert.equal((await errorOf(() => revisions(client, stream)))['code'], 14);
  await server.start();
  assert.deepEqual(await revisions(newClient(), stream), [0]);
});

test('a kill ends a subscription with UNAVAILABLE, as an error only', async () => {
  const subscription = newClient().subscribeToAll({ fromPosition: START });
  const failed = Promise.withResolvers<Error & { code?: number }>();
  subscription.on('error', failed.resolve);
  subscription.once('caughtUp', () => server.kill());
  assert.equal((await failed.promise).code, 14);
  assert.equal(subscription.destroyed, false);
});

test('a server may come back with another log', async () => {
  const stream = newStream();
  const client = newClient();
  await plain(client, stream);
  server.kill();
  await errorOf(() => revisions(client, stream));
  server.replaceLog();
  await server.start();
  assert.equal((await errorOf(() => revisions(newClient(), stream)))['type'], 'stream-not-found');
});

test('an append whose answer is lost is stored, and the same append again finds it', async () => {
  const client = newClient();
  const stream = newStream();
  const same = event();
  await plain(client, newStream());
  server.faults.loseAnswers(1);
  assert.equal((await errorOf(() => client.appendToStream(stream, same, { credentials, expectedRevision: 'no_stream' })))['code'], 14);
  const again = await newClient().appendToStream(stream, same, { credentials, expectedRevision: 'no_stream' });
  assert.equal(again.nextExpectedRevision, 0n);
  assert.deepEqual(await revisions(newClient(), stream), [0]);
});

test('an append whose answer is swallowed is stored', async () => {
  const client = newClient();
  const stream = newStream();
  await plain(client, newStream());
  server.faults.swallowAnswers(1);
  assert.equal((await errorOf(() => plain(client, stream, { deadline: 300 })))['code'], 4);
  assert.deepEqual(await revisions(newClient(), stream), [0]);
});

test('what is sent to a stalled server is done when it goes on', async () => {
  const client = newClient();
  const stream = newStream();
  await plain(client, newStream());
  server.faults.stall();
  assert.equal((await errorOf(() => plain(client, newStream(), { deadline: 300 })))['code'], 4);
  const waiting = plain(client, stream);
  server.faults.none();
  assert.equal((await waiting).nextExpectedRevision, 0n);
});

test('a server that is not ready refuses appends and serves reads, or refuses both', async () => {
  const client = newClient();
  const stream = newStream();
  await plain(client, stream);
  server.faults.notReady();
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event())), {
    type: 'unknown',
    message: 'Could not recognize Server Is Not Ready',
  });
  assert.deepEqual(await errorOf(() => plain(client, stream)), { type: 'unavailable', code: 14, message: '14 UNAVAILABLE: Server Is Not Ready' });
  assert.deepEqual(await revisions(newClient(), stream), [0]);
  server.faults.notReady('everything');
  assert.equal((await errorOf(() => revisions(newClient(), stream)))['code'], 14);
});

test('a silent server keeps subscriptions open and has their events later', async () => {
  const client = newClient();
  const stream = newStream();
  const subscription = client.subscribeToStream(stream);
  const first = Promise.withResolvers<bigint>();
  subscription.on('data', ({ event: sent }) => first.resolve(sent!.revision));
  await new Promise((resolve) => subscription.once('caughtUp', () => resolve(undefined)));
  server.faults.silence('subscriptions');
  await plain(client, stream);
  assert.deepEqual(await revisions(newClient(), stream), [0], 'reads are answered');
  assert.equal(await Promise.race([first.promise, 'nothing']), 'nothing');
  server.faults.none();
  assert.equal(await first.promise, 0n);
  await subscription.unsubscribe();
});

test('a polite stop takes no connections and no appends, and then ends what is open', async () => {
  const client = newClient();
  const stream = newStream();
  const subscription = client.subscribeToAll({ fromPosition: START });
  const failed = Promise.withResolvers<Error & { code?: number }>();
  subscription.on('error', failed.resolve);
  subscription.on('data', () => {});
  await client.appendToStream(stream, event());
  const stopped = server.stop(300);
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event())), {
    type: 'unknown',
    message: 'Could not recognize Server Is Not Ready',
  });
  await assert.rejects(once(connect({ host: '127.0.0.1', port: server.port }), 'connect'), { code: 'ECONNREFUSED' });
  await stopped;
  assert.ok((await failed.promise).code);
});

test('who says nothing is denied access, who says something wrong is not let in', async () => {
  const secured = await startEventStoreDb({ users: { writer: 'right' } });
  afterwards(secured.close);
  const security = grpcCredentials.createSsl(readFileSync(authorityFile));
  const streams = new grpcStreams.StreamsClient(`localhost:${secured.port}`, security);
  afterwards(() => streams.close());
  const answer = (basic?: string): Promise<unknown> => {
    const metadata = new Metadata();
    if (basic) metadata.set('authorization', `Basic ${Buffer.from(basic).toString('base64')}`);
    const options = new streamsPb.DeleteReq.Options().setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(newStream())));
    options.setAny(new sharedPb.Empty());
    return new Promise((resolve) =>
      streams.delete(new streamsPb.DeleteReq().setOptions(options), metadata, (error) =>
        resolve([error?.code, String(error?.metadata.get('exception')[0])]),
      ),
    );
  };
  assert.deepEqual(await answer(), [7, 'access-denied']);
  assert.deepEqual(await answer('writer:wrong'), [16, 'access-denied']);
  assert.deepEqual(await answer('nobody:right'), [16, 'access-denied']);
  assert.deepEqual(await answer('writer:right'), [9, 'wrong-expected-version']);
});

test('appends that are denied say so on both ways', async () => {
  const client = newClient();
  server.faults.denyWrites();
  assert.deepEqual(await errorOf(() => plain(client, newStream())), {
    type: 'access-denied',
    code: 7,
    message: '7 PERMISSION_DENIED: Access Denied',
  });
  assert.deepEqual(await errorOf(() => client.appendToStream(newStream(), event())), { type: 'access-denied', message: '' });
});

test('in a cluster a follower names the leader to whom it requires, and forwards for the others', async () => {
  const cluster = await startEventStoreDbCluster();
  afterwards(cluster.close);
  const follower = cluster.nodes.find(({ port }) => port !== cluster.leader()!.port)!;
  const stream = newStream();
  assert.equal((await errorOf(() => plain(newClient(follower.url), stream, { requiresLeader: true })))['type'], 'not-leader');
  assert.equal((await plain(newClient(follower.url), stream)).nextExpectedRevision, 0n);
  assert.deepEqual(await revisions(newClient(cluster.url), stream), [0]);
});

test('two of three lead, one alone serves reads only', async () => {
  const cluster = await startEventStoreDbCluster();
  afterwards(cluster.close);
  const stream = newStream();
  await plain(newClient(cluster.url), stream);
  const first = cluster.leader()!;
  first.kill();
  const second = cluster.leader()!;
  assert.notEqual(second.port, first.port);
  assert.equal((await plain(newClient(cluster.url), stream)).nextExpectedRevision, 1n);
  second.kill();
  assert.equal(cluster.leader(), undefined);
  const last = cluster.nodes.find(({ port }) => port !== first.port && port !== second.port)!;
  assert.deepEqual(await errorOf(() => plain(newClient(last.url), stream)), {
    type: 'unavailable',
    code: 14,
    message: '14 UNAVAILABLE: Server Is Not Ready',
  });
  assert.deepEqual(await revisions(newClient(last.url), stream), [0, 1]);
});
