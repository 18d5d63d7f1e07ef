import sharedPb, { type StreamIdentifier, type UUID } from '@eventstore/db-client/generated/shared_pb.js';
import statusPb, { type Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, { type BatchAppendReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { any, noStream, streamExists, type ExpectedVersion, type NewEvent, type StoredEvent } from './log.ts';

// What travels, to and from the generated messages.

type Proposed = BatchAppendReq.ProposedMessage;
const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Throws for what is no UUID. */
export const uuidText = (uuid: UUID | undefined): string => {
  const structured = uuid?.getStructured();
  const text = structured
    ? [structured.getMostSignificantBits(), structured.getLeastSignificantBits()]
        .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
        .join('')
    : (uuid?.getString() ?? '');
  if (!uuidPattern.test(text)) throw new Error('Unrecognized Guid format.');
  return text
    .replaceAll('-', '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    .toLowerCase();
};

const uuidOf = (text: string, structured: boolean): UUID => {
  const uuid = new sharedPb.UUID();
  if (!structured) return uuid.setString(text);
  const half = (hex: string): string => BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
  const hex = text.replaceAll('-', '');
  const parts = new sharedPb.UUID.Structured();
  parts.setMostSignificantBits(half(hex.slice(0, 16)));
  parts.setLeastSignificantBits(half(hex.slice(16)));
  return uuid.setStructured(parts);
};

export const nameOf = (identifier: StreamIdentifier | undefined): string => Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

export const identifierOf = (name: string): StreamIdentifier => new sharedPb.StreamIdentifier().setStreamName(Buffer.from(name));

/** Throws for an event that cannot be stored: an id that is no UUID, no type. */
export const newEventOf = (proposed: Proposed): NewEvent => {
  const id = uuidText(proposed.getId());
  const type = proposed.getMetadataMap().get('type');
  const contentType = proposed.getMetadataMap().get('content-type');
  if (type === undefined || contentType === undefined)
    throw new Error(`The given key '${type === undefined ? 'type' : 'content-type'}' was not present in the dictionary.`);
  if (/^[0-]+$/.test(id)) throw new Error("Empty eventId provided. (Parameter 'eventId')");
  if (type === '') throw new Error("Empty eventType provided. (Parameter 'eventType')");
  return { id, type, json: contentType === 'application/json', data: proposed.getData_asU8(), metadata: proposed.getCustomMetadata_asU8() };
};

/** What the three messages that name an expected revision have in common. */
type Expecting = { hasNoStream(): boolean; hasAny(): boolean; hasStreamExists(): boolean };
export const expectedOf = (options: Expecting, revision: string): ExpectedVersion =>
  options.hasNoStream() ? noStream : options.hasAny() ? any : options.hasStreamExists() ? streamExists : BigInt(revision);

export const eventMessage = (event: StoredEvent, structuredIds: boolean, ofWholeLog: boolean): ReadResp => {
  const place = ofWholeLog ? String(event.position) : '18446744073709551615';
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidOf(event.id, structuredIds))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(place)
    .setPreparePosition(place)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('created', event.createdTicks);
  recorded.getMetadataMap().set('content-type', event.json ? 'application/json' : 'application/octet-stream');
  const read = new streamsPb.ReadResp.ReadEvent().setEvent(recorded);
  if (ofWholeLog) read.setCommitPosition(place);
  else read.setNoPosition(new sharedPb.Empty());
  return new streamsPb.ReadResp().setEvent(read);
};

/** What a batch append is refused with. The details say of which type they are. */
export const refusal = (code: number, message: string, typeName: string, details: { serializeBinary(): Uint8Array }): Status => {
  // Any and Empty of google.protobuf come with the messages that contain them: an empty field 3 makes one.
  const made = statusPb.Status.deserializeBinary(Uint8Array.of(0x1a, 0));
  made.getDetails()!.pack(details.serializeBinary(), typeName);
  return made.setCode(code as never).setMessage(message);
};

/** The empty message of google.protobuf, which is another than EventStoreDB's own. */
export const googleEmpty = (): NonNullable<ReturnType<BatchAppendReq.Options['getNoStream']>> =>
  streamsPb.BatchAppendReq.Options.deserializeBinary(Uint8Array.of(0x1a, 0)).getNoStream()!;

/** An error that ends a call. */
export const failure = (code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

/** The request names a position at which no record begins. */
export const invalidPosition = (): ServiceError => failure(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.');
export const notReady = (): ServiceError => failure(status.UNAVAILABLE, 'Server Is Not Ready');
export const streamDeleted = (stream: string): ServiceError =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });
export const accessDenied = (): ServiceError => failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
export const notLeader = ({ host, port }: { readonly host: string; readonly port: number }): ServiceError =>
  failure(status.NOT_FOUND, 'Leader info available', { exception: 'not-leader', 'leader-endpoint-host': host, 'leader-endpoint-port': String(port) });
/** What an exception inside the server comes out as. */
export const handlerThrew = (): ServiceError => failure(status.UNKNOWN, 'Exception was thrown by handler.');
