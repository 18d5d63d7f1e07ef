import {
  Order_Status,
  type GetOrderAtRequest,
  type GetOrderHistoryRequest,
  type GetOrderHistoryResponse,
  type GetOrderRequest,
  type ListOrdersRequest,
  type ListOrdersResponse,
  type Order,
} from '../contract/generated/orders/v1/orders.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { answered, type Caller, type Method } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { narrowed, notYours } from './access.ts';
import type { Consistency } from './consistency.ts';
import { orderAt } from './order-at.ts';
import { orderHistory } from './order-history.ts';
import { orderReader } from './order-reader.ts';
import { listOrderRows, type OrderFilter } from './order-rows.ts';
import { viewOrders } from './order-view.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { timeAndId } from './pages.ts';
import type { Open } from './personal-text.ts';

/** The order queries as the proto names them. */
export type OrderQueries = {
  readonly getOrder: Method<GetOrderRequest, Order>;
  readonly listOrders: Method<ListOrdersRequest, ListOrdersResponse>;
  readonly getOrderHistory: Method<GetOrderHistoryRequest, GetOrderHistoryResponse>;
  readonly getOrderAt: Method<GetOrderAtRequest, Order>;
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
  const reader = orderReader({ pool, consistency });

  return {
    async getOrder(request, call) {
      const row = await reader.read(request.orderId.toLowerCase(), call);
      if (isRefusal(row)) return row;
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
      const { rows, last } = await listOrderRows(pool, call.signal, filter, after, pageSize);
      const orders = await viewOrders(rows, call, open);
      return answered({ orders: orders.filter((order) => order !== undefined), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
    },

    getOrderHistory: orderHistory({ store, open }),
    getOrderAt: orderAt({ store, open }),
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
