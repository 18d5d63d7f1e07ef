import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { eventStoreDbName as on } from '../support/eventstoredb-under-test.ts';
import { eventually } from '../support/eventually.ts';
import { clientForTests, credentials, errorOf, event, newStream, some } from './observed.ts';

const { client } = await clientForTests();

const revisions = async (stream: string): Promise<bigint[]> => {
  const found: bigint[] = [];
  for await (const { event: read } of client.readStream(stream)) found.push(read!.revision);
  return found;
};
const written = async (): Promise<string> => {
  const stream = newStream();
  await client.appendToStream(stream, some(2));
  return stream;
};
const wrongVersion = (expected: number, actual: number) => ({
  type: 'wrong-expected-version',
  code: 9,
  message: `9 FAILED_PRECONDITION: Delete failed due to WrongExpectedVersion. Stream: the-stream, Expected version: ${expected}, Actual version: ${actual}`,
  expectedVersion: BigInt(expected),
  actualVersion: BigInt(actual),
});
const deleted = { type: 'stream-deleted', code: 9, message: "9 FAILED_PRECONDITION: Event stream 'the-stream' is deleted." };

test(`${on}: a stream that never was cannot be deleted, whatever is expected`, async () => {
  assert.deepEqual(await errorOf(() => client.deleteStream(newStream(), { expectedRevision: ANY })), wrongVersion(-2, -1));
  assert.deepEqual(await errorOf(() => client.deleteStream(newStream(), { expectedRevision: NO_STREAM })), wrongVersion(-1, -1));
});

test(`${on}: a stream that was deleted reads as missing, and can be deleted again`, async () => {
  const stream = await written();
  assert.deepEqual(await errorOf(() => client.deleteStream(stream, { expectedRevision: 0n })), wrongVersion(0, 1));
  await client.deleteStream(stream, { expectedRevision: 1n });
  assert.deepEqual(await errorOf(() => revisions(stream)), { type: 'stream-not-found', message: 'the-stream not found' });
  await client.deleteStream(stream, { expectedRevision: ANY });
  await client.deleteStream(stream, { expectedRevision: 1n });
});

test(`${on}: after a delete numbering continues, for a new stream, the last revision or any`, async () => {
  for (const expectedRevision of [NO_STREAM, 1n, ANY] as const) {
    const stream = await written();
    await client.deleteStream(stream);
    assert.equal((await client.appendToStream(stream, event(), { expectedRevision })).nextExpectedRevision, 2n);
    // The append is acknowledged before the stream can be read again.
    await eventually('it can be read again', () =>
      revisions(stream).then(
        (found) => found.length > 0,
        () => false,
      ),
    );
    assert.deepEqual(await revisions(stream), [2n]);
  }
});

test(`${on}: a deleted stream does not exist, and keeps its last revision`, async () => {
  const stream = await written();
  await client.deleteStream(stream);
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event(), { expectedRevision: STREAM_EXISTS })), {
    type: 'stream-deleted',
    message: '',
  });
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event(), { expectedRevision: 0n })), {
    type: 'wrong-expected-version',
    message: '',
    expectedVersion: 0n,
    actualVersion: 1n,
  });
});

test(`${on}: a delete is an event of the stream's metadata, of which the last is kept`, async () => {
  const stream = await written();
  await client.deleteStream(stream);
  await client.appendToStream(stream, event());
  const metadata: unknown[] = [];
  for await (const { event: read } of client.readStream(`$$${stream}`)) metadata.push([read!.type, read!.data]);
  assert.deepEqual(metadata, [['$metadata', { $tb: 2 }]]);
});

test(`${on}: nothing is done any more with a stream that has a tombstone`, async () => {
  const stream = await written();
  assert.deepEqual(await errorOf(() => client.tombstoneStream(stream, { expectedRevision: 0n })), wrongVersion(0, 1));
  await client.tombstoneStream(stream);
  assert.deepEqual(await errorOf(() => revisions(stream)), deleted);
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event(), { credentials })), deleted);
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event())), { type: 'stream-deleted', message: '' });
  assert.deepEqual(await errorOf(() => client.deleteStream(stream)), deleted);
  assert.deepEqual(await errorOf(() => client.tombstoneStream(stream)), deleted);
});

test(`${on}: a stream that never was can have a tombstone`, async () => {
  assert.deepEqual(await errorOf(() => client.tombstoneStream(newStream(), { expectedRevision: STREAM_EXISTS as never })), wrongVersion(-4, -1));
  assert.ok((await client.tombstoneStream(newStream(), { expectedRevision: ANY })).position);
});

test(`${on}: whoever follows a stream sees its tombstone at the highest revision, and then an error`, async () => {
  const stream = newStream();
  await client.appendToStream(stream, event());
  const seen: unknown[] = [];
  const subscription = client.subscribeToStream(stream);
  subscription.on('caughtUp', () => void client.tombstoneStream(stream));
  const error = await errorOf(async () => {
    for await (const { event: read } of subscription) seen.push([read!.type, read!.revision]);
  });
  assert.deepEqual(seen, [
    ['Observed', 0n],
    ['$streamDeleted', 9223372036854775807n],
  ]);
  assert.deepEqual(error, deleted);
});
