import type { OrderLine, PlacedOrder } from '../domain/order-state.ts';
import type { OrderRow, OrderStatus } from './order-row.ts';
import type { Part } from './projection.ts';

/** One line of an order, as its merchant's lists and queue need it; nothing personal. */
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
  readonly open_quantity: number;
  readonly cancelled_quantity: number;
  readonly shipped_quantity: number;
  readonly delivered_quantity: number;
  readonly lost_quantity: number;
  readonly returning_quantity: number;
  readonly currency: string;
  readonly unit_price_minor: number;
  readonly vat_scheme: string;
  readonly vat_rate_basis_points: number;
  readonly purchase_price_minor: number | null;
  readonly warranty_months: number;
  readonly status: Uppercase<OrderLine['status']>;
  readonly dispatch_by: string | null;
  readonly order_status: OrderStatus;
  readonly on_hold: boolean;
  /** What the merchant has to do now. */
  readonly waits_for: 'ACCEPT' | 'DISPATCH' | null;
  /** Until when; terms rest while the order is held. */
  readonly due_at: string | null;
  /** The line's place in the queue: what has no term comes last. */
  readonly queue_at: string | null;
  readonly placed_at: Date;
};

/** Where in a queue something stands that is due at no known time. */
export const queueEnd = '9999-12-31T00:00:00.000Z';

/** Lines of orders, a row each: what a merchant has sold, and what it has to do about it. */
export const orderLines: Part<OrderRow> = {
  name: 'order_lines',
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
      quantity              integer     not null check (quantity = open_quantity + cancelled_quantity + shipped_quantity),
      open_quantity         integer     not null check (open_quantity >= 0),
      cancelled_quantity    integer     not null,
      shipped_quantity      integer     not null,
      delivered_quantity    integer     not null,
      lost_quantity         integer     not null,
      returning_quantity    integer     not null,
      currency              text        not null,
      unit_price_minor      bigint      not null,
      vat_scheme            text        not null,
      vat_rate_basis_points integer     not null,
      purchase_price_minor  bigint,
      warranty_months       integer     not null,
      status                text        not null,
      dispatch_by           timestamptz,
      order_status          text        not null,
      on_hold               boolean     not null,
      waits_for             text,
      due_at                timestamptz,
      queue_at              timestamptz,
      placed_at             timestamptz not null,
      primary key (order_id, line_id)
    );
  `,
  indexes: [
    '(merchant_id, placed_at, order_id)',
    '(merchant_id, order_status, placed_at, order_id)',
    '(merchant_id, queue_at, line_id) where waits_for is not null',
  ],
  key: ['order_id', 'line_id'],

  rows: ({ order_id, status, on_hold, currency, state, placed_at }): readonly OrderLineRow[] =>
    state.lines.map((line, index) => {
      const waiting = waitsFor(state, line);
      const due = waiting && !on_hold ? waiting.due : undefined;
      return {
        order_id,
        line_id: line.lineId,
        line_number: index + 1,
        merchant_id: line.merchantId,
        offer_id: line.offerId,
        sku: line.sku,
        title: line.title,
        grade: line.grade,
        quantity: line.quantity,
        open_quantity: line.open,
        cancelled_quantity: line.cancelled,
        shipped_quantity: line.shipped,
        delivered_quantity: line.delivered,
        lost_quantity: line.lost,
        returning_quantity: line.returning,
        currency,
        unit_price_minor: line.unitPriceMinor,
        vat_scheme: line.vatScheme,
        vat_rate_basis_points: line.vatRateBasisPoints,
        purchase_price_minor: line.purchasePriceMinor ?? null,
        warranty_months: line.warrantyMonths,
        status: line.status.toUpperCase() as OrderLineRow['status'],
        dispatch_by: line.dispatchBy ?? null,
        order_status: status,
        on_hold,
        waits_for: waiting?.kind ?? null,
        due_at: due ?? null,
        queue_at: waiting ? (due ?? queueEnd) : null,
        placed_at,
      };
    }),
};

/** What a merchant has to do about a line; nothing before the order is confirmed, and nothing once no piece is open. */
const waitsFor = (
  { status, acceptBy }: PlacedOrder,
  line: OrderLine,
): { readonly kind: 'ACCEPT' | 'DISPATCH'; readonly due: string | undefined } | undefined => {
  if (line.open === 0 || status === 'placed') return undefined;
  switch (line.status) {
    case 'reserved':
      return { kind: 'ACCEPT', due: acceptBy };
    case 'accepted':
    case 'partially_shipped':
      return { kind: 'DISPATCH', due: line.dispatchBy };
    case 'open':
    case 'shipped':
    case 'delivered':
    case 'cancelled':
      return undefined;
  }
};
