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

/** Makes them anew, empty, with all their indexes. */
export const createTables = async (pool: Pool, tables: RebuiltTables): Promise<void> => {
  const { orders: main, lines, tasks } = tables;
  await pool.query(
    `drop table if exists ${main}, ${lines}, ${tasks}; ${orders.create(main)} ${orderLines.create(lines)} ${supportTasks.create(tasks)}`,
  );
};
