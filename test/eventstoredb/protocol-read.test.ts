import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKWARDS, END, FORWARDS, START, type Position, type ReadAllOptions, type ReadStreamOptions } from '@eventstore/db-client';
import { eventStoreDbName as on } from '../support/eventstoredb-under-test.ts';
import { clientForTests, errorOf, event, newStream, some } from './observed.ts';

const { client } = await clientForTests();
const stream = newStream();
const last = (await client.appendToStream(stream, some(5))).position!;

const ofStream = async (options: ReadStreamOptions, name = stream): Promise<number[]> => {
  const found: number[] = [];
  for await (const { event: read } of client.readStream(name, options)) found.push(Number(read!.revision));
  return found;
};
/** Revisions, of this file's stream only: a real server may have other events behind them. */
const ofLog = async (options: ReadAllOptions): Promise<number[]> => {
  const found: number[] = [];
  for await (const { event: read } of client.readAll({ maxCount: 2, ...options })) if (read!.streamId === stream) found.push(Number(read!.revision));
  return found;
};
const moved = (commit: bigint, prepare: bigint): Position => ({ commit: last.commit + commit, prepare: last.prepare + prepare });
const unknown = (what: string) => ({ type: 'unknown', code: 2, message: `2 UNKNOWN: ${what}` });

test(`${on}: a stream that is missing is an error, an empty name another`, async () => {
  assert.deepEqual(await errorOf(() => ofStream({}, newStream())), { type: 'stream-not-found', message: 'the-stream not found' });
  assert.deepEqual(await errorOf(() => ofStream({}, '')), unknown('Exception was thrown by handler.'));
});

test(`${on}: a stream is read from a revision on, and from beyond its end nothing`, async () => {
  assert.deepEqual(await ofStream({ fromRevision: 2n }), [2, 3, 4]);
  assert.deepEqual(await ofStream({ fromRevision: 2n, maxCount: 1 }), [2]);
  assert.deepEqual(await ofStream({ fromRevision: 9n }), []);
});

test(`${on}: a stream is read backwards from its end, from a revision, and from beyond its end as from the end`, async () => {
  assert.deepEqual(await ofStream({ direction: BACKWARDS, fromRevision: END, maxCount: 2 }), [4, 3]);
  assert.deepEqual(await ofStream({ direction: BACKWARDS, fromRevision: 2n }), [2, 1, 0]);
  assert.deepEqual(await ofStream({ direction: BACKWARDS, fromRevision: 9n, maxCount: 2 }), [4, 3]);
  assert.deepEqual(await ofStream({ direction: BACKWARDS, fromRevision: START }), [0]);
});

test(`${on}: forwards from its end a stream cannot be read`, async () => {
  assert.deepEqual(await errorOf(() => ofStream({ direction: FORWARDS, fromRevision: END })), unknown('Unexpected ReadStreamResult: Error'));
});

test(`${on}: the log is read from a position inclusive, and backwards exclusive`, async () => {
  assert.deepEqual(await ofLog({ fromPosition: last, maxCount: 1 }), [4]);
  assert.deepEqual(await ofLog({ fromPosition: { ...last, prepare: 0n }, maxCount: 1 }), [4]);
  assert.deepEqual(await ofLog({ fromPosition: last, direction: BACKWARDS }), [3, 2]);
});

test(`${on}: a position inside a record is an error, in both directions`, async () => {
  for (const options of [
    { fromPosition: moved(-1n, -1n) },
    { fromPosition: { commit: last.commit - 1n, prepare: 0n } },
    { fromPosition: moved(-1n, -1n), direction: BACKWARDS } as const,
  ])
    assert.deepEqual(await errorOf(() => ofLog(options)), unknown('Unexpected ReadAllResult: InvalidPosition'));
});

test(`${on}: past the end of the log there is nothing forwards, and an error backwards`, async () => {
  const past = moved(1_000_000_000n, 1_000_000_000n);
  assert.deepEqual(await ofLog({ fromPosition: past }), []);
  assert.deepEqual(await errorOf(() => ofLog({ fromPosition: past, direction: BACKWARDS })), unknown('Unexpected ReadAllResult: Error'));
});

test(`${on}: an event comes back as it was sent, with the server's own time`, async () => {
  const name = newStream();
  const sent = event('é', { metadata: { $correlationId: 'one', $causationId: 'two' } });
  await client.appendToStream(name, sent);
  for await (const { event: read } of client.readStream(name)) {
    const { id, type, data, metadata, isJson, streamId, created } = read!;
    assert.deepEqual(
      { id, type, data, metadata, isJson, streamId },
      { id: sent.id, type: 'Observed', data: sent.data, metadata: sent.metadata, isJson: true, streamId: name },
    );
    assert.ok(Math.abs(created.getTime() - Date.now()) < 60_000);
  }
});
