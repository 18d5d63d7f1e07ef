import type { EventMeta, Logged } from '../event-store.ts';
import { formatPosition } from './position.ts';

/** The columns of an event in the order of {@link Row}. */
export const columns = 'position, revision, schema_version, recorded_at, id, stream, type, data, meta';

export type Row = readonly [
  position: number,
  revision: number,
  schemaVersion: number,
  recordedAt: Date,
  id: string,
  stream: string,
  type: string,
  data: unknown,
  meta: EventMeta,
];

export const loggedOf = ([position, revision, schemaVersion, recordedAt, id, stream, type, data, meta]: Row): Logged => ({
  id,
  type,
  schemaVersion,
  stream,
  revision,
  position: formatPosition(position),
  recordedAt: meta.recordedAt === undefined ? recordedAt : new Date(meta.recordedAt),
  data,
  meta,
});
