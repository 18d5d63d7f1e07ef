import streamsPb, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status, type handleServerStreamingCall } from '@grpc/grpc-js';
import { filterOf } from './filter.ts';
import type { Log, Place, StoredEvent } from './log.ts';
import { eventMessage, failure, identifierOf, nameOf, streamDeleted } from './messages.ts';
import type { Node } from './node.ts';
import { beginsRecord, placeOf, sender, type ReadOptions, type Send } from './sending.ts';
import { followLog, followStream } from './subscribe.ts';

/** Reads and subscriptions, of one stream or of the whole log. */
export const readCall =
  (node: Node): handleServerStreamingCall<ReadReq, ReadResp> =>
  (call) => {
    const options = call.request.getOptions();
    const fail = (error: Error): void => void call.emit('error', error);
    if (!options?.hasUuidOption()) return fail(failure(status.INVALID_ARGUMENT, ' `uuidOption` is a required argument'));
    const refused = node.refuses(call, 'read', options.hasAll() ? '$all' : nameOf(options.getStream()?.getStreamIdentifier()));
    if (refused) return fail(refused);
    node.counts(options.hasSubscription() ? 'subscription' : 'read', call);
    const send = sender(node, call, options.hasSubscription() ? 'subscription' : 'other');
    const work = options.hasAll()
      ? options.hasSubscription()
        ? followLog(node.log(), options, send)
        : readLog(node.log(), options, send)
      : options.hasSubscription()
        ? followStream(node.log(), options, send)
        : readStream(node.log(), options, send);
    work.then(
      () => call.end(),
      (error: Error) => {
        if (!send.gone.aborted) fail(error);
      },
    );
  };

const readStream = async (log: Log, options: ReadOptions, send: Send): Promise<void> => {
  const place = options.getStream()!;
  const stream = nameOf(place.getStreamIdentifier());
  if (stream === '') throw failure(status.UNKNOWN, 'Exception was thrown by handler.');
  const events = log.read(stream);
  if (events === 'deleted') throw streamDeleted(stream);
  if (events === 'missing')
    return send(new streamsPb.ReadResp().setStreamNotFound(new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(stream))));
  const backwards = options.getReadDirection() === 1;
  if (place.hasEnd() && !backwards) throw failure(status.UNKNOWN, 'Unexpected ReadStreamResult: Error');
  const revision = place.hasStart() ? 0n : place.hasRevision() ? BigInt(place.getRevision()) : undefined;
  const chosen = backwards
    ? events.filter((event) => revision === undefined || event.revision <= revision).toReversed()
    : events.filter((event) => event.revision >= (revision ?? 0n));
  for (const event of chosen.slice(0, Number(options.getCount()))) await send(eventMessage(event, send.structuredIds, true));
};

const readLog = async (log: Log, options: ReadOptions, send: Send): Promise<void> => {
  const all = options.getAll()!;
  const backwards = options.getReadDirection() === 1;
  const { matches } = filterOf(options);
  const from = all.hasEnd()
    ? log.events.length
    : all.hasPosition()
      ? log.indexAt(readable(log, placeOf(all.getPosition()!), { backwards, filtered: options.hasFilter() }))
      : 0;
  const count = Number(options.getCount());
  let sent = 0;
  const step = backwards ? -1 : 1;
  for (let index = backwards ? from - 1 : from; sent < count; index += step) {
    const event: StoredEvent | undefined = log.events[index];
    if (!event) return;
    if (!matches(event)) continue;
    sent += 1;
    await send(eventMessage(event, send.structuredIds, true));
  }
};

/** Throws for a place at which no record begins, and backwards for one past the end. */
const readable = (log: Log, place: Place, { backwards, filtered }: { readonly backwards: boolean; readonly filtered: boolean }): Place => {
  const result = filtered ? 'FilteredReadAllResult' : 'ReadAllResult';
  if (!beginsRecord(log, place)) throw failure(status.UNKNOWN, `Unexpected ${result}: InvalidPosition`);
  if (backwards && place.commit > log.end()) throw failure(status.UNKNOWN, `Unexpected ${result}: Error`);
  return place;
};
