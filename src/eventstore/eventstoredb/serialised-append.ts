import { randomUUID } from 'node:crypto';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { misnamed, newSize, type Refused } from '../append-checks.ts';
import type { Expected, NewEvent } from '../event-store.ts';
import type { Findable } from '../stored-already.ts';
import { storedMetadata } from './events.ts';
import { identifierOf } from './requests.ts';

/** An append as the bytes that are sent: a retry sends the same, under another number. */
export type SerialisedAppend = Findable & {
  readonly kind: 'serialised';
  readonly bytes: number;
  readonly message: Uint8Array;
};

/**
 * Checks names and limits, and writes the events as one final BatchAppendReq without its correlation id. It carries no
 * deadline: the protocol's is a time of day, which says nothing where the two clocks differ.
 */
export const serialiseAppend = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused =>
  misnamed(stream, events) ?? serialise(stream, events, expected);

/** The same without a look at names: the store's own have what no application's may have. */
export const serialise = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused => {
  const options = new streamsPb.BatchAppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (expected === 'none') options.setNoStream(new sharedPb.Empty());
  else options.setStreamPosition(String(expected));
  const request = new streamsPb.BatchAppendReq();
  request.setOptions(options);
  request.setIsFinal(true);
  const size = newSize();
  for (const event of events) {
    const data = Buffer.from(JSON.stringify(event.data));
    const metadata = Buffer.from(storedMetadata(event));
    const tooLarge = size.add(event, data.length + metadata.length);
    if (tooLarge) return tooLarge;
    const message = new streamsPb.BatchAppendReq.ProposedMessage();
    const id = new sharedPb.UUID();
    id.setString(event.id);
    message.setId(id);
    message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
    message.setData(data);
    message.setCustomMetadata(metadata);
    request.addProposedMessages(message);
  }
  return { kind: 'serialised', stream, expected, ids: events.map(({ id }) => id), bytes: size.bytes(), message: request.serializeBinary() };
};

/** The message of one try, with its number in front: fields of a message may come in any order. */
export const numbered = (correlationId: string, message: Uint8Array): Buffer => {
  const prefix = Buffer.allocUnsafe(40);
  prefix.writeUInt32BE(0x0a_26_12_24);
  prefix.write(correlationId, 4, 'latin1');
  return Buffer.concat([prefix, message]);
};

export const newCorrelationId = (): string => randomUUID();
