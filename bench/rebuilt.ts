import type { Pool } from 'pg';
import { orderLines } from '../src/projections/order-lines.ts';
import { orders } from '../src/projections/orders.ts';
import { supportTasks } from '../src/projections/support-tasks.ts';

/** The tables of the read model `orders` and of its parts, as one contender of `rebuild` builds them. */
export type RebuiltTables = { readonly orders: string; readonly lines: string; readonly tasks: string };

export const rebuiltTables = (suffix: string): RebuiltTables => ({
  orders: `read_models.${orders.name}_${suffix}`,
  lines: `read_models.${orderLines.name}_${suffix}`,
  tasks: `read_models.${supportTasks.name}_${suffix}`,
});

/** Makes them anew, empty, without the indexes that only queries need. */
export const createTables = async (pool: Pool, tables: RebuiltTables): Promise<void> => {
  const { orders: main, lines, tasks } = tables;
  await pool.query(
    `drop table if exists ${main}, ${lines}, ${tasks}; ${orders.create(main)} ${orderLines.create(lines)} ${supportTasks.create(tasks)}`,
  );
};

/** Makes the indexes that queries need. */
export const createIndexes = async (pool: Pool, tables: RebuiltTables): Promise<void> => {
  const all = [
    ...(orders.indexes ?? []).map((what) => `create index on ${tables.orders} ${what}`),
    ...(orderLines.indexes ?? []).map((what) => `create index on ${tables.lines} ${what}`),
    ...(supportTasks.indexes ?? []).map((what) => `create index on ${tables.tasks} ${what}`),
  ];
  for (const create of all) await pool.query(create);
};
