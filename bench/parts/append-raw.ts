// The limit of inserting from Node: one insert of many rows per transaction, on two connections, into a table of the same columns and indexes.
import pg from 'pg';
import { benchEvent, newStream } from '../events.ts';
import { saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url, rows, connections } = await partOptions<{ readonly url: string; readonly rows: number; readonly connections: number }>();
const clients = await Promise.all(
  Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }),
);
await clients[0]!.query('create table if not exists raw_events (like log.events including all)');
let position = Number((await clients[0]!.query<{ head: string }>('select coalesce(max(position), 0) as head from raw_events')).rows[0]!.head);

/** Values travel as joined text: faster from Node than the driver's arrays. */
const text = `
  insert into raw_events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select $1::bigint + e.nth, 0, 1, octet_length(e.data) + octet_length(e.meta), clock_timestamp(), e.id, e.stream, e.type, e.data::json, e.meta::json
    from unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ','), string_to_array($4, ','), string_to_array($5, e'\\n'), string_to_array($6, e'\\n'))
         with ordinality e (id, stream, type, data, meta, nth)`;

const insert = async (client: pg.Client): Promise<void> => {
  const events = Array.from({ length: rows }, () => ({ ...benchEvent(), stream: newStream() }));
  const from = position;
  position += rows;
  await client.query({
    name: 'raw',
    text,
    values: [
      from,
      events.map(({ id }) => id).join(','),
      events.map(({ stream }) => stream).join(','),
      events.map(({ type }) => type).join(','),
      events.map(({ data }) => JSON.stringify(data)).join('\n'),
      events.map(({ meta }) => JSON.stringify(meta)).join('\n'),
    ],
  });
};

answerQuestions(
  {
    round: async ({ durationMs }: { readonly durationMs: number }) => {
      const free = [...clients];
      const sample = await saturate(connections, durationMs, async () => {
        const client = free.pop()!;
        await insert(client);
        free.push(client);
      });
      return { rate: sample['rate']! * rows, p50Ms: sample['p50Ms'], p99Ms: sample['p99Ms'], cpuMicros: sample['cpuMicros']! / rows };
    },
  },
  async () => {
    await Promise.all(clients.map((client) => client.end()));
  },
);
