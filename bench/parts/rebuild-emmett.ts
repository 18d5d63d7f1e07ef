// The same read model by Emmett's own rebuild of a PostgreSQL projection.
import { getPostgreSQLEventStore, postgreSQLRawSQLProjection, rebuildPostgreSQLProjections } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { orderLines } from '../../src/projections/order-lines.ts';
import { orders } from '../../src/projections/orders.ts';
import { answerQuestions, partOptions } from '../part.ts';
import { createIndexes, createTables, rebuiltTables } from '../rebuilt.ts';

const { url, batchSize, suffix } = await partOptions<{ readonly url: string; readonly batchSize: number; readonly suffix: string }>();
const pool = new pg.Pool({ connectionString: url, max: 2 });
const tables = rebuiltTables(suffix);
type Stored = OrderEvent & { readonly metadata: { readonly streamName: string; readonly streamPosition: bigint; readonly recordedAt: string } };

const text = (value: unknown): string => {
  if (value === null) return 'null';
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString());
  return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
};
const inserting = (table: string, rows: readonly object[]): string =>
  `insert into ${table} (${Object.keys(rows[0]!).join(', ')}) values ${rows.map((row) => `(${Object.values(row).map(text).join(', ')})`).join(', ')} on conflict do nothing`;

/** One statement for the order and one for all of its lines. */
const placing = ({ data, type, metadata: { streamName, recordedAt } }: Extract<Stored, { type: 'OrderPlaced' }>): readonly string[] => {
  const event = { type, data, stream: streamName, revision: 0, recordedAt: new Date(recordedAt) };
  const row = orders.evolve([], event as never)[0]!;
  return [inserting(tables.orders, [row]), inserting(tables.lines, orderLines.rows(row))];
};

/** As {@link orders} folds it, in SQL: nothing is read into the process. */
const cancelling = ({
  data,
  metadata: { streamName, streamPosition, recordedAt },
}: Extract<Stored, { type: 'OrderCancelled' }>): readonly string[] => {
  const id = text(orders.group({ stream: streamName } as never));
  return [
    `update ${tables.orders}
        set status = 'CANCELLED', cancel_cause = ${text(data.cause)}, revision = ${streamPosition - 1n}, updated_at = ${text(recordedAt)},
            state = (select (state::jsonb || jsonb_build_object('status', 'cancelled', 'lines',
                             jsonb_agg(line || jsonb_build_object('status', 'cancelled', 'open', 0, 'cancelled', line -> 'quantity') order by nth)))::json
                       from jsonb_array_elements(state::jsonb -> 'lines') with ordinality l (line, nth))
      where order_id = ${id}`,
    `update ${tables.lines}
        set status = 'CANCELLED', order_status = 'CANCELLED', open_quantity = 0, cancelled_quantity = quantity
      where order_id = ${id}`,
  ];
};

// What a projection throws stops Emmett's processor without a word.
let failed: Error | undefined;
const projection = postgreSQLRawSQLProjection({
  name: 'orders',
  canHandle: ['OrderPlaced', 'OrderCancelled'],
  evolve: ((event: Stored) => {
    try {
      return event.type === 'OrderPlaced' ? placing(event) : event.type === 'OrderCancelled' ? cancelling(event) : [];
    } catch (error) {
      failed = error as Error;
      throw error;
    }
  }) as never,
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
        projections: [projection],
        pulling: { batchSize, pullingFrequencyInMs: 0 },
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
