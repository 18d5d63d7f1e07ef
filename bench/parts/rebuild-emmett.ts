// The same read model by Emmett's own rebuild of a PostgreSQL projection.
import { getPostgreSQLEventStore, postgreSQLProjection, rebuildPostgreSQLProjections } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { orderLines, type OrderLineRow } from '../../src/projections/order-lines.ts';
import type { OrderRow } from '../../src/projections/order-row.ts';
import { orders } from '../../src/projections/orders.ts';
import { answerQuestions, partOptions } from '../part.ts';
import { createIndexes, createTables, rebuiltTables } from '../rebuilt.ts';

const { url, pulling, suffix } = await partOptions<{
  readonly url: string;
  /** Left out: Emmett's defaults. */
  readonly pulling?: { readonly batchSize: number; readonly pullingFrequencyInMs: number };
  readonly suffix: string;
}>();
const pool = new pg.Pool({ connectionString: url, max: 2 });
const tables = rebuiltTables(suffix);
type Stored = OrderEvent & { readonly metadata: { readonly streamName: string; readonly streamPosition: bigint; readonly recordedAt: string } };

const upserting = async (table: string, key: readonly string[]): Promise<string> => {
  const { rows } = await pool.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
    [table],
  );
  const columns = rows.map(({ name }) => name).join(', ');
  return `insert into ${table} select * from json_populate_recordset(null::${table}, $1)
              on conflict (${key.join(', ')}) do update set (${columns}) = row (${rows.map(({ name }) => `excluded.${name}`).join(', ')})`;
};

const find = async (client: pg.Client, id: string): Promise<readonly OrderRow[]> => {
  // Emmett's driver reads amounts as bigint.
  const { rows } = await client.query<Omit<OrderRow, 'total_minor'> & { readonly total_minor: bigint }>({
    name: 'order',
    text: `select * from ${tables.orders} where order_id = $1`,
    values: [id],
  });
  return rows.map((row) => ({ ...row, total_minor: Number(row.total_minor) }));
};

const linesOf = (rows: readonly OrderRow[]): readonly OrderLineRow[] => rows.flatMap((row) => orderLines.rows(row) as readonly OrderLineRow[]);

/** The order's row, folded, and its lines: a statement to read it, unless it begins, and one to write each table. */
const evolving = async (): Promise<(client: pg.Client, event: Stored) => Promise<void>> => {
  const writes = { orders: await upserting(tables.orders, orders.key), lines: await upserting(tables.lines, orderLines.key) };
  return async (client, { type, data, metadata: { streamName, streamPosition, recordedAt } }) => {
    const revision = Number(streamPosition) - 1;
    const rows = revision === 0 ? [] : await find(client, orders.group({ stream: streamName } as never));
    const changed = orders.evolve(rows, { type, data, stream: streamName, revision, recordedAt: new Date(recordedAt) } as never);
    await client.query({ name: 'write-order', text: writes.orders, values: [JSON.stringify(changed)] });
    const before = new Map(linesOf(rows).map((line) => [line.line_id, JSON.stringify(line)]));
    const lines = linesOf(changed).filter((line) => before.get(line.line_id) !== JSON.stringify(line));
    if (lines.length > 0) await client.query({ name: 'write-lines', text: writes.lines, values: [JSON.stringify(lines)] });
  };
};

// What a projection throws stops Emmett's processor without a word.
let failed: Error | undefined;
const projectionOf = (evolve: (client: pg.Client, event: Stored) => Promise<void>) =>
  postgreSQLProjection({
    name: 'orders',
    canHandle: orders.on.map(({ type }) => type),
    handle: async (events, { connection }) => {
      try {
        for (const event of events) await evolve(connection.client, event as unknown as Stored);
      } catch (error) {
        failed = error as Error;
        throw error;
      }
    },
  });

answerQuestions(
  {
    /** Copies the log's events into Emmett's own tables. */
    fill: async () => {
      const store = getPostgreSQLEventStore(url);
      await store.schema.migrate();
      await store.close();
      await pool.query(`
        insert into emt_messages (stream_id, stream_position, partition, message_kind, message_data, message_metadata, message_schema_version, message_type, message_id, transaction_id)
        select stream, revision + 1, 'emt:default', 'E', data::jsonb, meta::jsonb || jsonb_build_object('recordedAt', to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
               schema_version::text, type, id::text, pg_current_xact_id()
          from log.events order by position`);
      await pool.query('vacuum analyze emt_messages');
    },
    rebuild: async () => {
      await createTables(pool, tables);
      await createIndexes(pool, tables);
      await pool.query('delete from emt_processors');
      const consumer = rebuildPostgreSQLProjections({
        connectionString: url,
        projections: [projectionOf(await evolving())],
        ...(pulling ? { pulling } : {}),
      });
      const begun = performance.now();
      await consumer.start();
      const seconds = (performance.now() - begun) / 1_000;
      await consumer.close();
      if (failed) throw failed;
      return { seconds };
    },
  },
  () => pool.end(),
);
