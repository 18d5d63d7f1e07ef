import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, {
  type AppendReq,
  type AppendResp,
  type DeleteReq,
  type DeleteResp,
  type TombstoneReq,
  type TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { status, type handleClientStreamingCall, type handleUnaryCall, type ServerUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { noStream, type ExpectedVersion, type NewEvent, type Written } from './log.ts';
import { expectedOf, failure, handlerThrew, nameOf, newEventOf, streamDeleted } from './messages.ts';
import type { Node } from './node.ts';

/** The plain call: options, then one message for each event, then one answer. */
export const appendCall =
  (node: Node): handleClientStreamingCall<AppendReq, AppendResp> =>
  (call, answer) => {
    let options: AppendReq.Options | undefined;
    const events: NewEvent[] = [];
    let bytes = 0;
    let ended = false;
    const end = (error: ServiceError | null, response?: AppendResp): void => {
      if (ended) return;
      ended = true;
      const fate = error ? 'answers' : node.answersAppend();
      if (fate === 'says nothing') return;
      void node.maySend('other').then(() => (fate === 'times out' ? answer(failure(status.ABORTED, 'Timeout')) : answer(error, response)));
    };
    call.on('data', (request: AppendReq) => {
      if (ended) return;
      try {
        if (!options) {
          options = request.getOptions();
          if (!options) throw new Error('the options come first');
          return;
        }
        const proposed = request.getProposedMessage();
        if (!proposed) throw new Error('one message of options');
        for (const required of ['type', 'content-type'])
          if (!proposed.getMetadataMap().has(required))
            return end(
              failure(status.INVALID_ARGUMENT, `Required Metadata Property '${required}' is missing`, {
                exception: 'missing-required-metadata-property',
                'required-metadata-properties': 'type,content-type',
              }),
            );
        const event = newEventOf(proposed as never);
        bytes += sizeOf(event);
        if (bytes > node.maxAppendBytes) return end(tooLarge(node.maxAppendBytes));
        events.push(event);
      } catch {
        end(handlerThrew());
      }
    });
    call.on('end', () => {
      if (ended) return;
      const stream = nameOf(options?.getStreamIdentifier());
      const refused = node.refuses(call, 'write', stream);
      if (refused || !options) return end(refused ?? handlerThrew());
      if (stream === '') return end(handlerThrew());
      const expected = expectedOf(options, options.getRevision());
      const written = node.log().append(stream, expected, events);
      if (written.kind === 'stream deleted') return end(streamDeleted(stream));
      end(null, responseOf(written, expected));
    });
  };

/** What the server counts of an event towards the largest append: its data alone. */
export const sizeOf = ({ data }: NewEvent): number => data.length;

const tooLarge = (maxBytes: number): ServiceError =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${maxBytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(maxBytes),
  });

const responseOf = (written: Exclude<Written, { kind: 'stream deleted' }>, expected: ExpectedVersion): AppendResp => {
  const response = new streamsPb.AppendResp();
  const empty = (): sharedPb.Empty => new sharedPb.Empty();
  if (written.kind === 'wrong version') {
    const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
    if (expected === noStream) wrong.setExpectedNoStream(empty());
    else if (expected >= 0n) wrong.setExpectedRevision(String(expected));
    else if (expected === -2n) wrong.setExpectedAny(empty());
    else wrong.setExpectedStreamExists(empty());
    if (written.actual === noStream) wrong.setCurrentNoStream(empty());
    else wrong.setCurrentRevision(String(written.actual));
    return response.setWrongExpectedVersion(wrong);
  }
  const success = new streamsPb.AppendResp.Success();
  if (written.revision === noStream) success.setNoStream(empty());
  else success.setCurrentRevision(String(written.revision));
  const place = String(written.position);
  success.setPosition(new streamsPb.AppendResp.Position().setCommitPosition(place).setPreparePosition(place));
  return response.setSuccess(success);
};

const refusesRemoval = (node: Node, call: ServerUnaryCall<DeleteReq | TombstoneReq, unknown>): ServiceError | undefined =>
  node.refuses(call, 'delete', nameOf(call.request.getOptions()?.getStreamIdentifier()));

type Removal = { options: DeleteReq.Options | TombstoneReq.Options | undefined; forGood: boolean };
const remove = (node: Node, { options, forGood }: Removal): number | ServiceError => {
  const stream = nameOf(options?.getStreamIdentifier());
  if (!options || stream === '') return handlerThrew();
  const expected = expectedOf(options, options.getRevision());
  const written = node.log().remove(stream, expected, forGood);
  if (written.kind === 'stream deleted') return streamDeleted(stream);
  if (written.kind === 'written') return written.position;
  return failure(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${written.actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expected),
      'actual-version': String(written.actual),
    },
  );
};

/** Deletes softly: the events stay, hidden, and the stream can be written again. */
export const deleteCall =
  (node: Node): handleUnaryCall<DeleteReq, DeleteResp> =>
  (call, answer) => {
    const done = refusesRemoval(node, call) ?? remove(node, { options: call.request.getOptions(), forGood: false });
    if (typeof done !== 'number') return answer(done);
    const place = new streamsPb.DeleteResp.Position().setCommitPosition(String(done)).setPreparePosition(String(done));
    answer(null, new streamsPb.DeleteResp().setPosition(place));
  };

/** Deletes for good: nobody reads or writes this stream again. */
export const tombstoneCall =
  (node: Node): handleUnaryCall<TombstoneReq, TombstoneResp> =>
  (call, answer) => {
    const done = refusesRemoval(node, call) ?? remove(node, { options: call.request.getOptions(), forGood: true });
    if (typeof done !== 'number') return answer(done);
    const place = new streamsPb.TombstoneResp.Position().setCommitPosition(String(done)).setPreparePosition(String(done));
    answer(null, new streamsPb.TombstoneResp().setPosition(place));
  };
