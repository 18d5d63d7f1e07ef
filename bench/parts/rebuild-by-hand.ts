// The same read model by a script written for this one case: read pages, fold them, write after so many events, with the next page on its way.
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

const { url, pageSize, eventsPerWrite, suffix } = await partOptions<{
  readonly url: string;
  readonly pageSize: number;
  readonly eventsPerWrite: number;
  readonly suffix: string;
}>();
const tables = rebuiltTables(suffix);
const pool = openPool({ url, name: 'bench', max: 3, logger: silent });
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
  let events = 0;
  let before = new Map<string, OrderRow>();
  let rows = new Map<string, OrderRow>();
  let writing: Promise<unknown> = Promise.resolve();
  const write = async (upto: number): Promise<void> => {
    const changed = [...rows.values()];
    const statements = [...main.write(changed), ...lines.write(changed.flatMap((row) => orderLines.rows(row)))];
    await writing;
    before = rows;
    rows = new Map();
    void client.query('begin; set local synchronous_commit = off');
    for (const statement of statements) void client.query(statement);
    void client.query({ name: 'checkpoint', text: 'update read_models.bench_checkpoint set position = $1', values: [upto] });
    writing = client.query('commit');
  };
  let last = 0;
  for (let next = page(0); ;) {
    const read = await next;
    if (read.length === 0) break;
    last = read.at(-1)![0];
    next = page(last);
    const happened = read.map((row) => {
      const logged = loggedOf(row);
      return { ...logged, ...(decode(logged) as OrderEvent) };
    });
    const needed = new Set<string>();
    for (const event of happened) {
      const group = orders.group(event);
      if (event.revision > 0 && !rows.has(group) && !before.has(group)) needed.add(group);
    }
    for (const event of happened) if (event.revision === 0) needed.delete(orders.group(event));
    const loaded = await pool.query<OrderRow>({
      name: 'load',
      text: `select ${main.list} from ${tables.orders} where order_id = any($1)`,
      values: [[...needed]],
    });
    const found = new Map(loaded.rows.map((row) => [row.order_id, row]));
    for (const event of happened) {
      const group = orders.group(event);
      const row = rows.get(group) ?? before.get(group) ?? found.get(group);
      rows.set(group, orders.evolve(row ? [row] : [], event)[0]!);
    }
    events += read.length;
    if (events >= eventsPerWrite) {
      events = 0;
      await write(last);
    }
  }
  await write(last);
  await writing;
  await createIndexes(pool, tables);
  const seconds = (performance.now() - begun) / 1_000;
  client.release();
  return { seconds };
};

answerQuestions({ rebuild }, () => pool.end());
