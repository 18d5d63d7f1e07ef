// The limit of inserting from Node: one insert of many rows per transaction, on two connections, into a table of the same columns and indexes.
import pg from 'pg';
import { benchEvent, newStream } from '../events.ts';
import { saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';
import { creatingRaw, insertingRaw } from '../raw-events.ts';

const { url, rows, connections } = await partOptions<{ readonly url: string; readonly rows: number; readonly connections: number }>();
const clients = await Promise.all(
  Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }),
);
await clients[0]!.query(creatingRaw);
let position = Number((await clients[0]!.query<{ head: string }>('select coalesce(max(position), 0) as head from raw_events')).rows[0]!.head);

const insert = async (client: pg.Client): Promise<void> => {
  const events = Array.from({ length: rows }, () => {
    const { id, type, data, meta } = benchEvent();
    return { id, type, stream: newStream(), data: JSON.stringify(data), meta: JSON.stringify(meta) };
  });
  const after = position;
  position += rows;
  await client.query(insertingRaw(after, events));
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
