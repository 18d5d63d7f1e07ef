import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb, { type BatchAppendResp, type ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { credentials, Metadata } from '@grpc/grpc-js';
import { eventStoreDbName as on } from '../support/eventstoredb-under-test.ts';
import { afterwards } from '../support/afterwards.ts';
import { clientForTests, event, newStream, some } from './observed.ts';

// What the server says where the official client does not ask, or does not pass it on: on the generated stubs.

const { client, nodeUrl } = await clientForTests();
const streams = new grpcStreams.StreamsClient(new URL(nodeUrl).host, credentials.createInsecure());
afterwards(() => streams.close());

type Request = { readonly stream?: string; readonly id?: string; readonly type?: string; readonly final?: boolean; readonly deadlineMs?: number };
const requestOf = ({ stream = newStream(), id = randomUUID(), type = 'Observed', final = true, deadlineMs = 10_000 }: Request) => {
  const options = new streamsPb.BatchAppendReq.Options().setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream)));
  options.setStreamPosition('0');
  const any = streamsPb.BatchAppendReq.Options.deserializeBinary(Uint8Array.of(0x22, 0)).getAny()!;
  options.setAny(any);
  const deadline = streamsPb.BatchAppendReq.Options.deserializeBinary(Uint8Array.of(0x32, 0)).getDeadline()!;
  deadline.fromDate(new Date(Date.now() + deadlineMs));
  options.setDeadline(deadline);
  const proposed = new streamsPb.BatchAppendReq.ProposedMessage().setId(new sharedPb.UUID().setString(id));
  proposed.getMetadataMap().set('type', type);
  proposed.getMetadataMap().set('content-type', 'application/json');
  proposed.setData(Buffer.from('{}'));
  return new streamsPb.BatchAppendReq()
    .setCorrelationId(new sharedPb.UUID().setString(randomUUID()))
    .setOptions(options)
    .setProposedMessagesList([proposed])
    .setIsFinal(final);
};

/** The answers on one batch call, each as its error's code, message and kind of details. */
const answersTo = async (request: Request, count: number): Promise<unknown[]> => {
  const call = streams.batchAppend();
  const answers: unknown[] = [];
  try {
    return await new Promise((resolve, reject) => {
      call.on('error', reject);
      call.on('data', (answer: BatchAppendResp) => {
        const error = answer.getError();
        answers.push(error ? [error.getCode(), error.getMessage(), error.getDetails()!.getTypeName()] : 'success');
        if (answers.length === count) resolve(answers);
      });
      call.write(requestOf(request));
    });
  } finally {
    call.removeAllListeners('error');
    call.on('error', () => {});
    call.cancel();
  }
};

const badRequest = [3, 'BadRequest', 'event_store.client.BadRequest'];
const timeout = [4, 'Timeout', 'event_store.client.Timeout'];

test(`${on}, batch call: an id that is none, the empty id and an empty type are a bad request, and then, as a second answer, a time-out`, async () => {
  const wrong: readonly Request[] = [{ id: 'none' }, { id: '00000000-0000-0000-0000-000000000000' }, { type: '' }];
  assert.deepEqual(
    await Promise.all(wrong.map((request) => answersTo(request, 2))),
    wrong.map(() => [badRequest, timeout]),
  );
});

test(`${on}, batch call: an append that never ends is a time-out, as is one whose deadline is over`, async () => {
  assert.deepEqual(await answersTo({ final: false }, 1), [timeout]);
  assert.deepEqual(await answersTo({ deadlineMs: -1_000 }, 1), [timeout]);
});

test(`${on}, batch call: without a name for the stream it is a bad request`, async () => {
  assert.deepEqual(await answersTo({ stream: '' }, 1), [badRequest]);
});

/** A read of the whole log without the system's events. */
const filtered = (from: 'end' | { readonly commit: bigint; readonly prepare: bigint }, backwards: boolean): ReadReq => {
  const all = new streamsPb.ReadReq.Options.AllOptions();
  if (from === 'end') all.setEnd(new sharedPb.Empty());
  else all.setPosition(new streamsPb.ReadReq.Options.Position().setCommitPosition(String(from.commit)).setPreparePosition(String(from.prepare)));
  const noSystemEvents = new streamsPb.ReadReq.Options.FilterOptions.Expression().setRegex('^[^\\$].*');
  const options = new streamsPb.ReadReq.Options()
    .setAll(all)
    .setReadDirection(backwards ? 1 : 0)
    .setCount('1')
    .setFilter(new streamsPb.ReadReq.Options.FilterOptions().setEventType(noSystemEvents).setMax(32).setCheckpointintervalmultiplier(1))
    .setUuidOption(new streamsPb.ReadReq.Options.UUIDOption().setString(new sharedPb.Empty()));
  return new streamsPb.ReadReq().setOptions(options);
};
const read = (request: ReadReq): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const places: string[] = [];
    const call = streams.read(request, new Metadata());
    call.on('data', (answer) => {
      const sent = answer.getEvent()?.getEvent();
      if (sent) places.push(sent.getCommitPosition());
    });
    call.on('error', reject);
    call.on('end', () => resolve(places));
  });

test(`${on}: the newest event that is not the system's is found backwards from the end`, async () => {
  const deleted = newStream();
  await client.appendToStream(deleted, event());
  const { position } = await client.appendToStream(newStream(), some(2));
  await client.deleteStream(deleted);
  await client.appendToStream(newStream(), event(1, { type: '$of-the-system' }));
  assert.deepEqual(await read(filtered('end', true)), [String(position!.commit)]);
});

test(`${on}: a filtered read begins at a position inclusive, not inside a record, and past the end finds nothing`, async () => {
  const { commit } = (await client.appendToStream(newStream(), event())).position!;
  assert.deepEqual(await read(filtered({ commit, prepare: commit }, false)), [String(commit)]);
  await assert.rejects(read(filtered({ commit: commit - 1n, prepare: commit - 1n }, false)), {
    code: 2,
    details: 'Unexpected FilteredReadAllResult: InvalidPosition',
  });
  assert.deepEqual(await read(filtered({ commit: commit + 1_000_000_000n, prepare: commit + 1_000_000_000n }, false)), []);
});
