import {
  Order_Status,
  type GetOrderHistoryRequest,
  type GetOrderHistoryResponse,
  type GetOrderRequest,
  type ListOrdersRequest,
  type ListOrdersResponse,
  type Order,
} from '../contract/generated/orders/v1/orders.ts';
import { actsForCustomer, actsForMerchant } from '../domain/authority.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { answered, refused, type Caller, type Method, type Refusal } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import { authorityOf } from '../domain/authority.ts';
import { notYours } from './access.ts';
import type { Consistency } from './consistency.ts';
import { orderHistory } from './order-history.ts';
import { listOrderRows, orderLoader, parkedOrder, type OrderFilter } from './order-rows.ts';
import { viewOrders, type Open } from './order-view.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';

/** The order queries as the proto names them. */
export type OrderQueries = {
  readonly getOrder: Method<GetOrderRequest, Order>;
  readonly listOrders: Method<ListOrdersRequest, ListOrdersResponse>;
  readonly getOrderHistory: Method<GetOrderHistoryRequest, GetOrderHistoryResponse>;
};

/** Reads orders from the read models, and their histories from the event store. */
export const orderQueries = (options: {
  /** To the read models' database. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly consistency: Consistency;
  readonly open: Open;
}): OrderQueries => {
  const { pool, store, consistency, open } = options;
  const load = gather(orderLoader(pool), { maxBatch: 200, inFlight: 2 });

  return {
    async getOrder(request, call) {
      if (boundToNobody(call.caller)) return notYours();
      const orderId = request.orderId.toLowerCase();
      const unreached = await consistency.reached(call, ['orders'], () => parkedOrder(pool, orderId));
      if (unreached) return unreached;
      const row = await load(orderId);
      if (!row) return (await parkedOrder(pool, orderId)) ? unshowable() : refused('not_found', 'ORDER_NOT_FOUND', 'No such order is known.');
      const [order] = await viewOrders([row], call.caller, open);
      return order ? answered(order) : notYours();
    },

    async listOrders(request, call) {
      const filter = filterFor(request, call.caller);
      if (!filter) return notYours();
      const listing: Listing = { method: 'ListOrders', filter: { ...filter }, caller: call.caller };
      const after = keyOfPage(listing, request.pageToken, [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, /^[0-9a-f-]{36}$/]);
      if (isRefusal(after)) return after;
      const unreached = await consistency.reached(call, filter.merchantId === undefined ? ['orders'] : ['orders', 'order_lines']);
      if (unreached) return unreached;
      const pageSize = request.pageSize ?? defaultPageSize;
      const { rows, last } = await listOrderRows(pool, filter, after, pageSize);
      const orders = await viewOrders(rows, call.caller, open);
      return answered({ orders: orders.filter((order) => order !== undefined), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
    },

    getOrderHistory: orderHistory({ store, open }),
  };
};

/** Its very first event waits for an operator. */
const unshowable = (): Refusal =>
  refused('unavailable', 'READ_MODEL_BEHIND', 'This order cannot be shown for now; operators have been told.', { retryAfterMs: 5_000 });

/** A missing claim never widens: a token without tenants sees no order at all. */
const boundToNobody = ({ scopes, customerId, merchantId }: Caller): boolean =>
  customerId === undefined && merchantId === undefined && !scopes.has('tenants:any-customer') && !scopes.has('tenants:any-merchant');

/** The request's filter, narrowed to what the caller may see; undefined when it asks for what belongs to others. */
const filterFor = ({ customerId, merchantId, status }: ListOrdersRequest, caller: Caller): OrderFilter | undefined => {
  const authority = authorityOf(caller);
  const asked = {
    ...(customerId === '' ? {} : { customerId: customerId.toLowerCase() }),
    ...(merchantId === '' ? {} : { merchantId: merchantId.toLowerCase() }),
    ...(status === Order_Status.STATUS_UNSPECIFIED ? {} : { status }),
  };
  if (authority.anyCustomer) return asked;
  if (asked.customerId !== undefined) return actsForCustomer(authority, asked.customerId) ? asked : undefined;
  if (asked.merchantId !== undefined && actsForMerchant(authority, asked.merchantId)) return asked;
  if (authority.customerId !== undefined) return { ...asked, customerId: authority.customerId };
  if (asked.merchantId !== undefined) return undefined;
  if (authority.anyMerchant) return asked;
  return authority.merchantId === undefined ? undefined : { ...asked, merchantId: authority.merchantId };
};
