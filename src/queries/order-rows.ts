import { awaitedQuery } from '../platform/awaited-query.ts';
import type { Pool } from '../platform/database.ts';
import type { OrderRead } from './order-view.ts';
import { pageOf, type Page } from './pages.ts';
import { staleColumn, type Grouped } from './parked.ts';

/** What a list of orders is narrowed to. */
export type OrderFilter = { readonly customerId?: string; readonly merchantId?: string; readonly status?: string };

/** The read model of orders, for what waits for an operator. */
export const orderGroups: Grouped = { name: 'orders', id: 'o.order_id', stream: 'order' };

const columns = `
  o.order_id, o.customer_id, o.status, o.on_hold, o.cancel_cause, o.revision, o.currency, o.total_minor, o.state, o.task_times,
  o.placed_at, o.updated_at, ${staleColumn(orderGroups)}`;

/** Loads orders by their ids, many with one statement; undefined in the place of one that is not there. */
export const orderLoader =
  (pool: Pool) =>
  async (orderIds: readonly string[]): Promise<readonly (OrderRead | undefined)[]> => {
    const { rows } = await pool.query<OrderRead>({
      name: 'get-orders',
      text: `select ${columns} from read_models.orders o where o.order_id = any($1::uuid[])`,
      values: [orderIds],
    });
    const found = new Map(rows.map((row) => [row.order_id, row]));
    return orderIds.map((orderId) => found.get(orderId));
  };

/** One page of orders, newest first, after a key (time, order id), as long as somebody waits for it. A merchant's lines lead where no customer does. */
export const listOrderRows = async (
  pool: Pool,
  signal: AbortSignal,
  filter: OrderFilter,
  after: readonly string[] | undefined,
  pageSize: number,
): Promise<Page<OrderRead>> => {
  const { customerId, merchantId, status } = filter;
  const linesLead = merchantId !== undefined && customerId === undefined;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (linesLead) conditions.push(`merchant_id = ${bind(merchantId)}`);
  else if (merchantId !== undefined)
    conditions.push(`exists (select from read_models.order_lines l where l.order_id = led.order_id and l.merchant_id = ${bind(merchantId)})`);
  if (customerId !== undefined) conditions.push(`customer_id = ${bind(customerId)}`);
  if (status !== undefined) conditions.push(`${linesLead ? 'order_status' : 'status'} = ${bind(status)}`);
  if (after) conditions.push(`(placed_at, order_id) < (${bind(after[0])}, ${bind(after[1])})`);
  const { rows } = await awaitedQuery<OrderRead>(pool, signal, {
    name: ['list-orders', ...Object.keys(filter).toSorted(), ...(after ? ['after'] : [])].join('-'),
    text: `
      with page as (
        select ${linesLead ? 'distinct ' : ''}placed_at, order_id
          from read_models.${linesLead ? 'order_lines' : 'orders'} led
         ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
         order by placed_at desc, order_id desc
         limit ${bind(pageSize + 1)}
      )
      select ${columns}
        from page
        join read_models.orders o using (order_id)
       order by o.placed_at desc, o.order_id desc`,
    values,
  });
  return pageOf(rows, ['placed_at', 'order_id'], pageSize);
};
