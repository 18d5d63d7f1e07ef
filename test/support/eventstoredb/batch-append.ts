import sharedPb, { type UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, { type BatchAppendReq, type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status, type handleBidiStreamingCall } from '@grpc/grpc-js';
import { sizeOf } from './append.ts';
import { noStream, type ExpectedVersion, type NewEvent } from './log.ts';
import { expectedOf, googleEmpty, identifierOf, nameOf, newEventOf, refusal, uuidText } from './messages.ts';
import type { Node } from './node.ts';

type Pending = { readonly stream: string; readonly expected: ExpectedVersion; readonly events: NewEvent[]; bytes: number };

/** One long call with many appends; each names itself, may come in parts, and is answered when its last part has come. */
export const batchAppendCall =
  (node: Node): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> =>
  (call) => {
    const pending = new Map<string, Pending>();
    const timers = new Set<NodeJS.Timeout>();
    node.counts('batch append', call);
    let ended = false;
    const over = (): void => {
      ended = true;
      for (const timer of timers) clearTimeout(timer);
    };
    call.on('cancelled', over);
    call.on('error', over);
    call.on('close', over);

    const send = (id: UUID | undefined, stream: string, fill: (response: BatchAppendResp) => void): void => {
      const response = new streamsPb.BatchAppendResp().setCorrelationId(id).setStreamIdentifier(identifierOf(stream));
      fill(response);
      void node.maySend('other').then(() => ended || call.write(response));
    };
    const refuse = (id: UUID | undefined, stream: string, error: Status): void => send(id, stream, (response) => response.setError(error));

    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId();
      const options = request.getOptions();
      let stream = nameOf(options?.getStreamIdentifier());
      try {
        const key = uuidText(id);
        if (options) {
          const timeoutMs = Math.min(node.writeTimeoutMs, (options.getDeadline()?.toDate().getTime() ?? Infinity) - Date.now());
          if (timeoutMs <= 0) return refuse(id, stream, timedOut());
          pending.set(key, { stream, expected: expectedOf(options, options.getStreamPosition()), events: [], bytes: 0 });
          // It stays pending when something below goes wrong, and then is answered a second time.
          const timer = setTimeout(() => {
            timers.delete(timer);
            if (pending.delete(key)) refuse(id, stream, timedOut());
          }, timeoutMs);
          timers.add(timer);
        }
        const append = pending.get(key);
        if (!append) return;
        ({ stream } = append);
        for (const proposed of request.getProposedMessagesList()) {
          const event = newEventOf(proposed);
          append.events.push(event);
          append.bytes += sizeOf(event);
        }
        if (append.bytes > node.maxAppendBytes) {
          pending.delete(key);
          const details = new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(node.maxAppendBytes);
          return refuse(
            id,
            stream,
            refusal(status.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', 'event_store.client.MaximumAppendSizeExceeded', details),
          );
        }
        if (!request.getIsFinal()) return;
        pending.delete(key);
        if (stream === '') throw new Error("Value cannot be null. (Parameter 'eventStreamId')");
        const unable = node.refuses(call, 'write', stream);
        if (unable?.code === status.NOT_FOUND) {
          over();
          return void call.emit('error', unable);
        }
        if (unable?.code === status.PERMISSION_DENIED) return refuse(id, stream, denied());
        if (unable) return refuse(id, stream, refusal(0, unable.details, 'google.protobuf.Empty', new sharedPb.Empty()));
        if (!node.hearsAppend()) return;
        const written = node.log().append(stream, append.expected, append.events);
        const fate = node.answersAppend();
        if (fate === 'says nothing') return;
        if (fate === 'times out') return refuse(id, stream, timedOut());
        if (written.kind === 'stream deleted') return refuse(id, stream, deleted(stream));
        if (written.kind === 'wrong version') return refuse(id, stream, wrongVersion(append.expected, written.actual));
        send(id, stream, (response) => {
          const place = String(written.position);
          const success = new streamsPb.BatchAppendResp.Success();
          if (fate === 'names no place') success.setNoPosition(googleEmpty());
          else success.setPosition(new sharedPb.AllStreamPosition().setCommitPosition(place).setPreparePosition(place));
          if (written.revision === noStream) success.setNoStream(googleEmpty());
          else success.setCurrentRevision(String(written.revision));
          response.setSuccess(success);
        });
      } catch (error) {
        const details = new sharedPb.BadRequest().setMessage((error as Error).message);
        refuse(id, stream, refusal(status.INVALID_ARGUMENT, 'BadRequest', 'event_store.client.BadRequest', details));
      }
    });
    call.on('end', () => {
      over();
      call.end();
    });
  };

const timedOut = (): Status => refusal(status.DEADLINE_EXCEEDED, 'Timeout', 'event_store.client.Timeout', new sharedPb.Timeout());
const denied = (): Status => refusal(status.PERMISSION_DENIED, 'AccessDenied', 'event_store.client.AccessDenied', new sharedPb.AccessDenied());
const deleted = (stream: string): Status =>
  refusal(
    status.NOT_FOUND,
    'StreamDeleted',
    'event_store.client.StreamDeleted',
    new sharedPb.StreamDeleted().setStreamIdentifier(identifierOf(stream)),
  );

const wrongVersion = (expected: ExpectedVersion, actual: bigint): Status => {
  const details = new sharedPb.WrongExpectedVersion();
  if (actual === noStream) details.setCurrentNoStream(googleEmpty());
  else details.setCurrentStreamRevision(String(actual));
  if (expected === noStream) details.setExpectedNoStream(googleEmpty());
  else if (expected === -2n) details.setExpectedAny(googleEmpty());
  else if (expected === -4n) details.setExpectedStreamExists(googleEmpty());
  else details.setExpectedStreamPosition(String(expected));
  return refusal(status.ALREADY_EXISTS, 'WrongExpectedVersion', 'event_store.client.WrongExpectedVersion', details);
};
