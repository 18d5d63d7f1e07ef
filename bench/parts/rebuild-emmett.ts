// The same read model by Emmett's own rebuild of a PostgreSQL projection.
import { getPostgreSQLEventStore, postgreSQLRawSQLProjection, rebuildPostgreSQLProjections } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { orders } from '../../src/projections/orders.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url, batchSize, table } = await partOptions<{ readonly url: string; readonly batchSize: number; readonly table: string }>();
const pool = new pg.Pool({ connectionString: url, max: 2 });
const text = pg.escapeLiteral;
type Stored = OrderEvent & { readonly metadata: { readonly streamName: string; readonly streamPosition: bigint; readonly recordedAt: string } };

const placing = ({ data, type, metadata: { streamName, recordedAt } }: Extract<Stored, { type: 'OrderPlaced' }>): string => {
  const event = { type, data, stream: streamName, revision: 0, recordedAt: new Date(recordedAt) };
  const row = orders.evolve([], event as never)[0]!;
  return `insert into ${table} (${Object.keys(row).join(', ')}) values (${Object.values(row)
    .map((value) =>
      value instanceof Date ? text(value.toISOString()) : typeof value === 'object' ? text(JSON.stringify(value)) : text(String(value)),
    )
    .join(', ')}) on conflict (order_id) do nothing`;
};

const cancelling = ({ metadata: { streamName, streamPosition, recordedAt } }: Stored): string =>
  `update ${table}
      set status = 'CANCELLED', lines = (select jsonb_agg(line || '{"status": "cancelled"}' order by nth)::json from jsonb_array_elements(lines::jsonb) with ordinality l (line, nth)),
          revision = ${streamPosition - 1n}, updated_at = ${text(recordedAt)}
    where order_id = ${text(orders.group({ stream: streamName } as never))}`;

const projection = postgreSQLRawSQLProjection({
  name: 'orders',
  canHandle: ['OrderPlaced', 'OrderCancelled'],
  evolve: ((event: Stored) => (event.type === 'OrderPlaced' ? placing(event) : cancelling(event))) as never,
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
      await pool.query(`drop table if exists ${table}`);
      await pool.query(orders.create(table));
      await pool.query('delete from emt_processors');
      const consumer = rebuildPostgreSQLProjections({
        connectionString: url,
        projections: [projection],
        pulling: { batchSize, pullingFrequencyInMs: 0 },
      });
      const begun = performance.now();
      await consumer.start();
      const seconds = (performance.now() - begun) / 1_000;
      await consumer.close();
      return { seconds };
    },
  },
  () => pool.end(),
);
