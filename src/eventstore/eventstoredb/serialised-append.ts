import { randomUUID } from 'node:crypto';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { limits, validName, type AppendResult, type Expected, type NewEvent } from '../event-store.ts';
import { storedMetadata } from './events.ts';
import { identifierOf } from './requests.ts';

/** An append as the bytes that are sent: a retry sends the same, under another number. */
export type SerialisedAppend = {
  readonly kind: 'serialised';
  readonly stream: string;
  readonly bytes: number;
  readonly message: Uint8Array;
};

type Refused = Extract<AppendResult, { kind: 'refused' }>;

/**
 * Checks names and limits, and writes the events as one final BatchAppendReq without its correlation id. It carries no
 * deadline: the protocol's is a time of day, which says nothing where the two clocks differ.
 */
export const serialiseAppend = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused => {
  if (!validName(stream)) return refused('INVALID_NAME', `'${stream.slice(0, 80)}' is no stream name`);
  if (events.length === 0) return refused('INVALID_NAME', 'an append has at least one event');
  if (events.length > limits.eventsPerAppend) return refused('TOO_LARGE', `${events.length} events in one append; at most ${limits.eventsPerAppend}`);
  for (const { type, id } of events) {
    if (!validName(type)) return refused('INVALID_NAME', `'${type.slice(0, 80)}' is no event type`);
    if (!lowerCaseUuid.test(id)) return refused('INVALID_NAME', `'${id.slice(0, 80)}' is no lower-case UUID`);
  }
  return serialise(stream, events, expected);
};

/** The same without a look at names: the store's own have what no application's may have. */
export const serialise = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused => {
  const options = new streamsPb.BatchAppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (expected === 'none') options.setNoStream(new sharedPb.Empty());
  else options.setStreamPosition(String(expected));
  const request = new streamsPb.BatchAppendReq();
  request.setOptions(options);
  request.setIsFinal(true);
  let bytes = 0;
  for (const event of events) {
    const data = Buffer.from(JSON.stringify(event.data));
    const metadata = Buffer.from(storedMetadata(event));
    if (data.length + metadata.length > limits.eventBytes)
      return refused('TOO_LARGE', `an event of ${data.length + metadata.length} bytes; at most ${limits.eventBytes}`);
    bytes += data.length + metadata.length + 2 * event.type.length;
    const message = new streamsPb.BatchAppendReq.ProposedMessage();
    const id = new sharedPb.UUID();
    id.setString(event.id);
    message.setId(id);
    message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
    message.setData(data);
    message.setCustomMetadata(metadata);
    request.addProposedMessages(message);
  }
  if (bytes > limits.appendBytes) return refused('TOO_LARGE', `an append of ${bytes} bytes; at most ${limits.appendBytes}`);
  return { kind: 'serialised', stream, bytes, message: request.serializeBinary() };
};

/** The message of one try, with its number in front: fields of a message may come in any order. */
export const numbered = (correlationId: string, message: Uint8Array): Buffer => {
  const prefix = Buffer.allocUnsafe(40);
  prefix.writeUInt32BE(0x0a_26_12_24);
  prefix.write(correlationId, 4, 'latin1');
  return Buffer.concat([prefix, message]);
};

export const newCorrelationId = (): string => randomUUID();

const lowerCaseUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refused = (code: Refused['code'], because: string): Refused => ({ kind: 'refused', code, because });
