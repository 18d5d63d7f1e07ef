import type { QueryConfig } from 'pg';

/** A row for {@link insertingRaw}; data and meta are JSON text. */
export type RawEvent = { readonly id: string; readonly stream: string; readonly type: string; readonly data: string; readonly meta: string };

/** A table of the log's columns and indexes, for whoever only inserts. */
export const creatingRaw = 'create table if not exists raw_events (like log.events including all)';

/** One insert of many rows, at the positions after one. Values travel as joined text: faster from Node than the driver's arrays. */
export const insertingRaw = (after: number, events: readonly RawEvent[]): QueryConfig => ({
  name: 'raw',
  text: `
  insert into raw_events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select $1::bigint + e.nth, 0, 1, octet_length(e.data) + octet_length(e.meta), clock_timestamp(), e.id, e.stream, e.type, e.data::json, e.meta::json
    from unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ','), string_to_array($4, ','), string_to_array($5, e'\\n'), string_to_array($6, e'\\n'))
         with ordinality e (id, stream, type, data, meta, nth)`,
  values: [
    after,
    events.map(({ id }) => id).join(','),
    events.map(({ stream }) => stream).join(','),
    events.map(({ type }) => type).join(','),
    events.map(({ data }) => data).join('\n'),
    events.map(({ meta }) => meta).join('\n'),
  ],
});
