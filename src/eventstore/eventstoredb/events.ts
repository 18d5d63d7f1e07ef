import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { EventMeta, Logged, NewEvent, Position, Recorded } from '../event-store.ts';
import { formatPosition } from './position.ts';

/** A recorded event as the server sends it. */
export type Sent = NonNullable<ReturnType<NonNullable<ReturnType<ReadResp['getEvent']>>['getEvent']>>;

/** The metadata as it is stored: correlation and causation under the names that the server's own projections follow. */
export const storedMetadata = ({ schemaVersion, meta: { correlationId, causationId, ...rest } }: Pick<NewEvent, 'schemaVersion' | 'meta'>): string =>
  JSON.stringify({ $correlationId: correlationId, $causationId: causationId, schemaVersion, ...rest });

/** The event that a message brings. Not every server says where in the log an event of a stream stands. */
export const recordedOf = (sent: Sent): Recorded => {
  const metadata = sent.getMetadataMap();
  const parsed = parse(sent.getCustomMetadata_asU8());
  const { $correlationId, $causationId, schemaVersion, ...rest } = (typeof parsed === 'object' ? (parsed ?? {}) : {}) as Readonly<
    Record<string, never>
  >;
  const meta: EventMeta = { ...rest, correlationId: $correlationId, ...($causationId === undefined ? {} : { causationId: $causationId }) } as never;
  return {
    id: sent.getId()!.getString(),
    type: metadata.get('type') ?? '',
    schemaVersion: schemaVersion ?? 1,
    stream: Buffer.from(sent.getStreamIdentifier()!.getStreamName_asU8()).toString(),
    revision: Number(sent.getStreamRevision()),
    ...(sent.getCommitPosition() === unknownPosition ? {} : { position: positionOf(sent) }),
    recordedAt: meta.recordedAt === undefined ? new Date(Number(metadata.get('created')) / ticksPerMs) : new Date(meta.recordedAt),
    data: metadata.get('content-type') === 'application/json' ? parse(sent.getData_asU8()) : undefined,
    meta,
  };
};

/** The same, as the whole log gives it. */
export const loggedOf = (sent: Sent): Logged => recordedOf(sent) as Logged;

export const positionOf = (sent: Sent): Position => formatPosition(sent.getCommitPosition(), sent.getPreparePosition());

/** The largest unsigned 64-bit number. */
const unknownPosition = '18446744073709551615';
/** The server counts time in units of 100 ns since 1970. */
const ticksPerMs = 10_000;

/** JSON, or nothing where another application wrote something else. */
const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return {};
  }
};
