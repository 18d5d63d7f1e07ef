import type { Pool } from '../platform/database.ts';
import type { OrderRead } from './order-view.ts';

/** What a list of orders is narrowed to. */
export type OrderFilter = { readonly customerId?: string; readonly merchantId?: string; readonly status?: string };

const columns = `
  o.order_id, o.customer_id, o.status, o.on_hold, o.revision, o.currency, o.total_minor, o.payment_method,
  o.contact, o.shipping_address, o.lines, o.placed_at, o.updated_at,
  exists (select from subscriptions.parked p
           where p.subscription = (select subscription from read_models.live where name = 'orders')
             and p.group_key in (o.order_id::text, 'order-' || o.order_id)) as stale`;

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

/** True when something of the order waits for an operator: it cannot be brought up to date for now. */
export const parkedOrder = async (pool: Pool, orderId: string): Promise<boolean> => {
  const { rows } = await pool.query({
    name: 'parked-order',
    text: `select from subscriptions.parked
            where subscription = (select subscription from read_models.live where name = 'orders') and group_key in ($1, 'order-' || $1) limit 1`,
    values: [orderId],
  });
  return rows.length > 0;
};

/**
 * One page of orders, newest first, after a key (time, order id). `last` is the key of its last order when more follow. A
 * merchant's lines lead where no customer does: an order whose row is not there yet is left out, and comes with a later reading.
 */
export const listOrderRows = async (
  pool: Pool,
  filter: OrderFilter,
  after: readonly string[] | undefined,
  pageSize: number,
): Promise<{ readonly rows: readonly OrderRead[]; readonly last: readonly [string, string] | undefined }> => {
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
  const { rows } = await pool.query<OrderRead & { key_at: Date; key_id: string; order_id: string | null }>({
    name: ['list-orders', ...Object.keys(filter).toSorted(), ...(after ? ['after'] : [])].join('-'),
    text: `
      with page as (
        select ${linesLead ? 'distinct ' : ''}placed_at, order_id
          from read_models.${linesLead ? 'order_lines' : 'orders'} led
         ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
         order by placed_at desc, order_id desc
         limit ${bind(pageSize + 1)}
      )
      select page.placed_at as key_at, page.order_id as key_id, ${columns}
        from page
        left join read_models.orders o using (order_id)
       order by page.placed_at desc, page.order_id desc`,
    values,
  });
  const page = rows.slice(0, pageSize);
  const end = rows.length > pageSize ? page.at(-1) : undefined;
  return { rows: page.filter(({ order_id }) => order_id !== null), last: end && [end.key_at.toISOString(), end.key_id] };
};
