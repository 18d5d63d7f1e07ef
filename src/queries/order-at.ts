import type { GetOrderAtRequest, Order } from '../contract/generated/orders/v1/orders.ts';
import { authorityOf } from '../domain/authority.ts';
import { orderStream } from '../domain/ids.ts';
import { mayActOnOrder } from '../domain/order.ts';
import { orderEvents } from '../domain/order-events.ts';
import { decoder } from '../eventstore/event-versions.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { answered, refused, type Method } from '../platform/call.ts';
import type { OrderRow } from '../projections/order-row.ts';
import { orderAfter } from '../projections/orders.ts';
import { notYours } from './access.ts';
import { viewOrders } from './order-view.ts';
import type { Open } from './personal-text.ts';

const decode = decoder(orderEvents);

/**
 * An order as it was, folded from its events with the read model's own fold, so that the newest state reads as GetOrder shows it. For
 * the customer and for support, like the history.
 */
export const orderAt =
  ({ store, open }: { readonly store: EventStore; readonly open: Open }): Method<GetOrderAtRequest, Order> =>
  async ({ orderId: id, revision, time }, call) => {
    if ((revision === undefined) === (time === undefined))
      return refused('invalid', 'INVALID_REQUEST', 'The request breaks the rules of some fields.', {
        fields: ['revision', 'time'].map((field) => ({ field, description: 'exactly one of revision and time must be given' })),
      });
    const orderId = id.toLowerCase();
    let row: OrderRow | undefined;
    for await (const recorded of store.read(orderStream(orderId), revision === undefined ? {} : { to: Number(revision) })) {
      call.signal.throwIfAborted();
      if (time && recorded.recordedAt > time) break;
      row = orderAfter(row, { ...recorded, ...decode(recorded) });
      if (recorded.revision === 0 && !mayActOnOrder(authorityOf(call.caller), row.state)) return notYours();
    }
    if (!row) return refused('not_found', 'ORDER_NOT_FOUND', time ? 'No such order was known then.' : 'No such order is known.');
    if (revision !== undefined && BigInt(row.revision) < revision)
      return refused('not_found', 'REVISION_NOT_FOUND', `The order has not come that far: its newest revision is ${row.revision}.`);
    const [order] = await viewOrders([{ ...row, stale: false }], call, open);
    return order ? answered(order) : notYours();
  };
