import {
  Order_Status,
  type GetOrderAtRequest,
  type GetOrderHistoryRequest,
  type GetOrderHistoryResponse,
  type GetOrderRequest,
  type ListOrdersRequest,
  type ListOrdersResponse,
  type Order,
  type WatchOrderRequest,
} from '../contract/generated/orders/v1/orders.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { answered, refused, type Caller, type Method, type StreamingMethod } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import { boundToNobody, narrowed, notYours } from './access.ts';
import type { Consistency } from './consistency.ts';
import { orderAt } from './order-at.ts';
import { orderHistory } from './order-history.ts';
import { listOrderRows, orderGroups, orderLoader, type OrderFilter } from './order-rows.ts';
import { viewOrders } from './order-view.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { timeAndId } from './pages.ts';
import { isParked, unshowable } from './parked.ts';
import type { Open } from './personal-text.ts';

/** The order queries as the proto names them. */
export type OrderQueries = {
  readonly getOrder: Method<GetOrderRequest, Order>;
  readonly listOrders: Method<ListOrdersRequest, ListOrdersResponse>;
  readonly getOrderHistory: Method<GetOrderHistoryRequest, GetOrderHistoryResponse>;
  readonly getOrderAt: Method<GetOrderAtRequest, Order>;
  readonly watchOrder: StreamingMethod<WatchOrderRequest, Order>;
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
      const unreached = await consistency.reached(call, ['orders'], () => isParked(pool, orderGroups, orderId));
      if (unreached) return unreached;
      const row = await load(orderId);
      if (!row)
        return (await isParked(pool, orderGroups, orderId)) ? unshowable() : refused('not_found', 'ORDER_NOT_FOUND', 'No such order is known.');
      const [order] = await viewOrders([row], call, open);
      return order ? answered(order) : notYours();
    },

    async listOrders(request, call) {
      const filter = filterFor(request, call.caller);
      if (!filter) return notYours();
      const listing: Listing = { method: 'ListOrders', filter: { ...filter }, caller: call.caller };
      const after = keyOfPage(listing, request.pageToken, timeAndId);
      if (isRefusal(after)) return after;
      const unreached = await consistency.reached(call, ['orders']);
      if (unreached) return unreached;
      const pageSize = request.pageSize ?? defaultPageSize;
      const { rows, last } = await listOrderRows(pool, filter, after, pageSize);
      const orders = await viewOrders(rows, call, open);
      return answered({ orders: orders.filter((order) => order !== undefined), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
    },

    getOrderHistory: orderHistory({ store, open }),
    getOrderAt: orderAt({ store, open }),
    watchOrder: () => Promise.resolve(refused('unavailable', 'NOT_WATCHABLE_YET', 'Orders cannot be watched yet.')),
  };
};

/** The request's filter, narrowed to what the caller may see; undefined when it asks for what belongs to others. */
const filterFor = ({ customerId, merchantId, status }: ListOrdersRequest, caller: Caller): OrderFilter | undefined =>
  narrowed(
    {
      ...(customerId === '' ? {} : { customerId: customerId.toLowerCase() }),
      ...(merchantId === '' ? {} : { merchantId: merchantId.toLowerCase() }),
      ...(status === Order_Status.STATUS_UNSPECIFIED ? {} : { status }),
    },
    caller,
  );
