import {
  MerchantQueueEntry_Kind,
  SupportTask_Kind,
  SupportTask_Status,
  type ListMerchantQueueRequest,
  type ListMerchantQueueResponse,
  type ListTasksRequest,
  type ListTasksResponse,
  type MerchantQueueEntry,
} from '../contract/generated/orders/v1/work.ts';
import { actsForMerchant, authorityOf } from '../domain/authority.ts';
import { answered, refused, type Method } from '../platform/call.ts';
import { awaitedQuery } from '../platform/awaited-query.ts';
import type { Pool } from '../platform/database.ts';
import type { SupportTaskRow } from '../projections/support-tasks.ts';
import { boundToNobody, notYours } from './access.ts';
import type { Consistency } from './consistency.ts';
import { taskOf } from './order-view.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { pageOf, readPage, timeAndId, type Page } from './pages.ts';

/** What waits for somebody, as the proto names the queries. */
export type WorkQueries = {
  readonly listMerchantQueue: Method<ListMerchantQueueRequest, ListMerchantQueueResponse>;
  readonly listTasks: Method<ListTasksRequest, ListTasksResponse>;
};

/** Reads what waits for merchants and for support. */
export const workQueries = ({ pool, consistency }: { readonly pool: Pool; readonly consistency: Consistency }): WorkQueries => ({
  async listMerchantQueue({ merchantId: asked, kind, pageSize = defaultPageSize, pageToken }, call) {
    const { caller } = call;
    if (boundToNobody(caller)) return notYours();
    const merchantId = asked === '' ? caller.merchantId : asked.toLowerCase();
    if (merchantId === undefined)
      return refused('invalid', 'INVALID_REQUEST', 'Whose queue it is has to be said.', {
        fields: [{ field: 'merchant_id', description: 'is required of callers who are no merchant' }],
      });
    if (!actsForMerchant(authorityOf(caller), merchantId)) return notYours();
    const wanted = kind === MerchantQueueEntry_Kind.KIND_UNSPECIFIED ? undefined : kind;
    const listing: Listing = { method: 'ListMerchantQueue', filter: { merchantId, ...(wanted === undefined ? {} : { kind: wanted }) }, caller };
    const after = keyOfPage(listing, pageToken, timeAndId);
    if (isRefusal(after)) return after;
    const unreached = await consistency.reached(call, ['orders', 'returns']);
    if (unreached) return unreached;
    const { rows, last } = await readQueue(pool, call.signal, merchantId, wanted, after, pageSize);
    return answered({ entries: rows.map(entryOf), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
  },

  async listTasks({ status, kind, orderId, pageSize, pageToken }, call) {
    // Support's tasks are of all tenants: who is bound to one sees none.
    if (!call.caller.scopes.has('tenants:any-customer')) return notYours();
    const filter = {
      ...(status === SupportTask_Status.STATUS_UNSPECIFIED ? {} : { status }),
      ...(kind === SupportTask_Kind.KIND_UNSPECIFIED ? {} : { kind }),
      ...(orderId === '' ? {} : { order_id: orderId.toLowerCase() }),
    };
    const listing: Listing = { method: 'ListTasks', filter, caller: call.caller };
    const after = keyOfPage(listing, pageToken, timeAndId);
    if (isRefusal(after)) return after;
    const unreached = await consistency.reached(call, ['orders']);
    if (unreached) return unreached;
    const { rows, last } = await readPage<SupportTaskRow>(pool, call.signal, {
      name: 'list-tasks',
      columns: 'task_id, order_id, kind, status, merchant_id, shipment_id, return_id, payment_id, code, raised_at, resolved_at',
      from: 'read_models.support_tasks',
      conditions: filter,
      key: ['raised_at', 'task_id'],
      order: 'asc',
      after,
      pageSize,
    });
    return answered({ tasks: rows.map(taskOf), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
  },
});

type QueueRow = {
  readonly kind: MerchantQueueEntry['kind'];
  readonly merchant_id: string;
  readonly order_id: string;
  readonly entry_id: string;
  readonly sku: string | null;
  readonly title: string | null;
  readonly quantity: number;
  readonly due_at: Date | null;
  readonly on_hold: boolean;
  readonly queue_at: Date;
};

/** One page of a merchant's queue: of lines and of returns the most urgent each, and of both together the most urgent. */
const readQueue = async (
  pool: Pool,
  signal: AbortSignal,
  merchantId: string,
  kind: string | undefined,
  after: readonly string[] | undefined,
  pageSize: number,
): Promise<Page<QueueRow>> => {
  const [at, id] = after ?? ['-infinity', '00000000-0000-0000-0000-000000000000'];
  const { rows } = await awaitedQuery<QueueRow>(pool, signal, {
    name: 'list-merchant-queue',
    text: `
      (select waits_for as kind, merchant_id, order_id, line_id as entry_id, sku, title, open_quantity as quantity, due_at, on_hold, queue_at
         from read_models.order_lines
        where merchant_id = $1 and waits_for is not null and ($2::text is null or waits_for = $2) and (queue_at, line_id) > ($3::timestamptz, $4::uuid)
        order by queue_at, line_id limit $5)
      union all
      (select waits_for, merchant_id, order_id, return_id, null, null, pieces, due_at, false, queue_at
         from read_models.returns
        where merchant_id = $1 and waits_for is not null and ($2::text is null or waits_for = $2) and (queue_at, return_id) > ($3::timestamptz, $4::uuid)
        order by queue_at, return_id limit $5)
      order by queue_at, entry_id limit $5`,
    values: [merchantId, kind ?? null, at, id, pageSize + 1],
  });
  return pageOf(rows, ['queue_at', 'entry_id'], pageSize);
};

const entryOf = (row: QueueRow): MerchantQueueEntry => {
  const ofLine = row.kind === 'ACCEPT' || row.kind === 'DISPATCH';
  return {
    kind: row.kind,
    merchantId: row.merchant_id,
    orderId: row.order_id,
    lineId: ofLine ? row.entry_id : '',
    returnId: ofLine ? '' : row.entry_id,
    sku: row.sku ?? '',
    title: row.title ?? '',
    quantity: row.quantity,
    dueBy: row.due_at ?? undefined,
    onHold: row.on_hold,
  };
};
