// The same read model by a script written for this one case: read a page, fold it, write it in one statement, with the next page on its way.
// No lease, no parking, no other read model, no check that the log is still the same; a creation is known to need no row loaded.
import { catalogue } from '../../src/domain/catalogue.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { columns, loggedOf, type Row } from '../../src/eventstore/postgres/rows.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import type { OrderRow } from '../../src/projections/order-row.ts';
import { orderLines } from '../../src/projections/order-lines.ts';
import { orders } from '../../src/projections/orders.ts';
import { columnsOf, fromColumns, type Column } from '../../src/projections/row-columns.ts';
import { answerQuestions, partOptions } from '../part.ts';
import { createIndexes, createTables, rebuiltTables } from '../rebuilt.ts';

const { url, pageSize, suffix } = await partOptions<{ readonly url: string; readonly pageSize: number; readonly suffix: string }>();
const tables = rebuiltTables(suffix);
const pool = openPool({ url, name: 'bench', max: 2, logger: silent });
const decode = decoder(catalogue);

const page = async (after: number): Promise<readonly Row[]> =>
  (
    await pool.query<Row>({
      name: 'page',
      text: `select ${columns} from log.events where position > $1 order by position limit $2`,
      values: [after, pageSize],
      rowMode: 'array',
    } as never)
  ).rows;

/** The columns of a table, and the statements that write many of its rows. */
const writingTo = async (table: string, key: readonly string[]) => {
  const { rows: columns } = await pool.query<Column>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
    [table],
  );
  const list = columns.map(({ name }) => name).join(', ');
  const text = `insert into ${table} (${list}) select ${list} from ${fromColumns(columns)}
                on conflict (${key.join(', ')}) do update set (${list}) = row (${columns.map(({ name }) => `excluded.${name}`).join(', ')})`;
  return { list, write: (changed: readonly object[]) => columnsOf(columns, changed)!.map((values) => ({ name: table, text, values: [...values] })) };
};

const rebuild = async (): Promise<{ seconds: number }> => {
  await createTables(pool, tables);
  await pool.query('drop table if exists read_models.bench_checkpoint; create table read_models.bench_checkpoint as select 0::bigint as position');
  const main = await writingTo(tables.orders, orders.key);
  const lines = await writingTo(tables.lines, orderLines.key);
  const client = await pool.connect();
  const begun = performance.now();
  for (let next = page(0); ;) {
    const read = await next;
    if (read.length === 0) break;
    const last = read.at(-1)![0];
    next = page(last);
    const events = read.map((row) => {
      const logged = loggedOf(row);
      return { ...logged, ...(decode(logged) as OrderEvent) };
    });
    const needed = new Set<string>();
    const created = new Set<string>();
    for (const event of events) {
      const group = orders.group(event);
      if (event.revision === 0) created.add(group);
      else if (!created.has(group)) needed.add(group);
    }
    await client.query('begin; set local synchronous_commit = off');
    const rows = new Map<string, OrderRow>();
    if (needed.size > 0) {
      const loaded = await client.query<OrderRow>({
        name: 'load',
        text: `select ${main.list} from ${tables.orders} where order_id = any($1)`,
        values: [[...needed]],
      });
      for (const row of loaded.rows) rows.set(row.order_id, row);
    }
    for (const event of events) {
      const group = orders.group(event);
      const before = rows.get(group);
      rows.set(group, orders.evolve(before ? [before] : [], event)[0]!);
    }
    const changed = [...rows.values()];
    for (const write of [...main.write(changed), ...lines.write(changed.flatMap((row) => orderLines.rows(row)))]) void client.query(write);
    void client.query({ name: 'checkpoint', text: 'update read_models.bench_checkpoint set position = $1', values: [last] });
    await client.query('commit');
  }
  await createIndexes(pool, tables);
  const seconds = (performance.now() - begun) / 1_000;
  client.release();
  return { seconds };
};

answerQuestions({ rebuild }, () => pool.end());
