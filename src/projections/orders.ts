import type { Sealed } from '../domain/event.ts';
import { idOf } from '../domain/ids.ts';
import { sum, times } from '../domain/money.ts';
import { orderEvents, type OrderEvent, type OrderLine } from '../domain/order.ts';
import { documents } from './projection.ts';

/** One order as queries need it; personal values stay sealed. */
export type OrderRow = {
  readonly order_id: string;
  readonly customer_id: string;
  readonly status: OrderStatus;
  readonly on_hold: boolean;
  readonly revision: number;
  readonly currency: string;
  readonly total_minor: number;
  readonly payment_method: string;
  readonly contact: { readonly name: Sealed; readonly email: Sealed; readonly language: string };
  readonly shipping_address: { readonly address: Sealed; readonly countryCode: string };
  readonly lines: readonly OrderLine[];
  readonly placed_at: Date;
  readonly updated_at: Date;
};

/** Statuses as the API names them. */
export type OrderStatus = 'PLACED' | 'CANCELLED';

/** Orders with their lines, one row each. */
export const orders = documents<OrderRow, OrderEvent>({
  name: 'orders',
  version: 1,
  on: orderEvents,
  create: (table) => `
    create table ${table} (
      order_id         uuid        primary key,
      customer_id      uuid        not null,
      status           text        not null,
      on_hold          boolean     not null,
      revision         integer     not null,
      currency         text        not null,
      total_minor      bigint      not null,
      payment_method   text        not null,
      contact          json        not null,
      shipping_address json        not null,
      lines            json        not null,
      placed_at        timestamptz not null,
      updated_at       timestamptz not null
    );
    create index on ${table} (customer_id, placed_at, order_id);
    create index on ${table} (status, placed_at, order_id);
    create index on ${table} (placed_at, order_id);
  `,
  key: ['order_id'],
  groupColumn: 'order_id',
  group: ({ stream }) => idOf(stream),

  evolve([row], { type, data, stream, revision, recordedAt }) {
    if (type === 'OrderPlaced') {
      const { customerId, contact, shippingAddress, paymentMethod, currency, lines } = data;
      return [
        {
          order_id: idOf(stream),
          customer_id: customerId,
          status: 'PLACED',
          on_hold: false,
          revision,
          currency,
          total_minor: sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity))),
          payment_method: paymentMethod,
          contact,
          shipping_address: shippingAddress,
          lines: lines.map((line) => ({ ...line, status: 'open' })),
          placed_at: recordedAt,
          updated_at: recordedAt,
        },
      ];
    }
    if (!row) throw new Error(`${type} before OrderPlaced`);
    switch (type) {
      case 'OrderCancelled':
        return [
          { ...row, status: 'CANCELLED', lines: row.lines.map((line) => ({ ...line, status: 'cancelled' })), revision, updated_at: recordedAt },
        ];
    }
  },
});
