import { idOf } from '../domain/ids.ts';
import { orderEvents, type OrderEvent } from '../domain/order.ts';
import { documents } from './projection.ts';
import type { OrderStatus } from './orders.ts';

/** One line of an order, as its merchant's lists need it; nothing personal. */
export type OrderLineRow = {
  readonly order_id: string;
  readonly line_id: string;
  readonly line_number: number;
  readonly merchant_id: string;
  readonly offer_id: string;
  readonly sku: string;
  readonly title: string;
  readonly grade: string;
  readonly quantity: number;
  readonly currency: string;
  readonly unit_price_minor: number;
  readonly vat_scheme: string;
  readonly vat_rate_basis_points: number;
  readonly purchase_price_minor: number | null;
  readonly warranty_months: number;
  readonly status: 'OPEN' | 'CANCELLED';
  readonly order_status: OrderStatus;
  readonly revision: number;
  readonly placed_at: Date;
  readonly updated_at: Date;
};

/** Lines of orders, a row each: what a merchant has sold. */
export const orderLines = documents<OrderLineRow, OrderEvent>({
  name: 'order_lines',
  version: 1,
  on: orderEvents,
  create: (table) => `
    create table ${table} (
      order_id              uuid        not null,
      line_id               uuid        not null,
      line_number           integer     not null,
      merchant_id           uuid        not null,
      offer_id              uuid        not null,
      sku                   text        not null,
      title                 text        not null,
      grade                 text        not null,
      quantity              integer     not null,
      currency              text        not null,
      unit_price_minor      bigint      not null,
      vat_scheme            text        not null,
      vat_rate_basis_points integer     not null,
      purchase_price_minor  bigint,
      warranty_months       integer     not null,
      status                text        not null,
      order_status          text        not null,
      revision              integer     not null,
      placed_at             timestamptz not null,
      updated_at            timestamptz not null,
      primary key (order_id, line_id)
    );
    create index on ${table} (merchant_id, placed_at, order_id);
    create index on ${table} (merchant_id, order_status, placed_at, order_id);
  `,
  key: ['order_id', 'line_id'],
  groupColumn: 'order_id',
  group: ({ stream }) => idOf(stream),

  evolve(rows, { type, data, stream, revision, recordedAt }) {
    switch (type) {
      case 'OrderPlaced':
        return data.lines.map((line, index) => ({
          order_id: idOf(stream),
          line_id: line.lineId,
          line_number: index + 1,
          merchant_id: line.merchantId,
          offer_id: line.offerId,
          sku: line.sku,
          title: line.title,
          grade: line.grade,
          quantity: line.quantity,
          currency: data.currency,
          unit_price_minor: line.unitPriceMinor,
          vat_scheme: line.vatScheme,
          vat_rate_basis_points: line.vatRateBasisPoints,
          purchase_price_minor: line.purchasePriceMinor ?? null,
          warranty_months: line.warrantyMonths,
          status: 'OPEN',
          order_status: 'PLACED',
          revision,
          placed_at: recordedAt,
          updated_at: recordedAt,
        }));
      case 'OrderCancelled':
        if (rows.length === 0) throw new Error(`${type} before OrderPlaced`);
        return rows.map((row) => ({ ...row, status: 'CANCELLED', order_status: 'CANCELLED', revision, updated_at: recordedAt }));
    }
  },
});
