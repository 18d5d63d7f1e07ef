import { idOf } from '../domain/ids.ts';
import { offerEvents, type OfferEvent } from '../domain/offer-events.ts';
import { documents } from './projection.ts';

/** One offer as queries need it. */
export type OfferRow = {
  readonly offer_id: string;
  readonly merchant_id: string;
  readonly sku: string;
  readonly title: string;
  readonly grade: 'A' | 'B' | 'C';
  readonly currency: string;
  readonly unit_price_minor: number;
  readonly purchase_price_minor: number | null;
  readonly on_hand: number;
  /** Of the pieces on hand those that are kept for orders. */
  readonly reserved: number;
  readonly vat_scheme: 'STANDARD' | 'MARGIN';
  readonly warranty_months: number;
  readonly status: 'PUBLISHED' | 'WITHDRAWN';
  readonly revision: number;
  readonly published_at: Date;
  readonly updated_at: Date;
};

/** Offers with price and stock, one row each. */
export const offers = documents<OfferRow, OfferEvent>({
  name: 'offers',
  version: 2,
  on: offerEvents,
  create: (table) => `
    create table ${table} (
      offer_id             uuid        primary key,
      merchant_id          uuid        not null,
      sku                  text        not null,
      title                text        not null,
      grade                text        not null,
      currency             text        not null,
      unit_price_minor     bigint      not null,
      purchase_price_minor bigint,
      on_hand              integer     not null check (on_hand >= 0),
      reserved             integer     not null check (reserved between 0 and on_hand),
      vat_scheme           text        not null,
      warranty_months      integer     not null,
      status               text        not null,
      revision             integer     not null,
      published_at         timestamptz not null,
      updated_at           timestamptz not null
    );
  `,
  indexes: ['(merchant_id, published_at, offer_id)', '(status, published_at, offer_id)', '(published_at, offer_id)'],
  key: ['offer_id'],
  groupColumn: 'offer_id',
  group: ({ stream }) => idOf(stream),
  begins: ({ revision }) => revision === 0,

  evolve([row], { type, data, stream, revision, recordedAt }) {
    if (type === 'OfferPublished') {
      return [
        {
          offer_id: idOf(stream),
          merchant_id: data.merchantId,
          sku: data.sku,
          title: data.title,
          grade: data.grade,
          currency: data.currency,
          unit_price_minor: data.unitPriceMinor,
          purchase_price_minor: data.purchasePriceMinor ?? null,
          on_hand: data.onHand,
          reserved: 0,
          vat_scheme: data.vatScheme,
          warranty_months: data.warrantyMonths,
          status: 'PUBLISHED',
          revision,
          published_at: recordedAt,
          updated_at: recordedAt,
        },
      ];
    }
    if (!row) throw new Error(`${type} before OfferPublished`);
    const changed = { ...row, revision, updated_at: recordedAt };
    switch (type) {
      case 'PriceChanged':
        return [{ ...changed, unit_price_minor: data.unitPriceMinor }];
      case 'StockAdjusted':
        return [{ ...changed, on_hand: data.onHand }];
      case 'OfferWithdrawn':
        return [{ ...changed, status: 'WITHDRAWN' }];
      case 'StockReserved':
        return [{ ...changed, reserved: row.reserved + data.quantity }];
      case 'ReservationConfirmed':
        return [changed];
      case 'ReservationReleased':
        return [{ ...changed, reserved: row.reserved - data.quantity }];
      case 'StockDispatched':
        return [{ ...changed, reserved: row.reserved - data.quantity, on_hand: data.onHand }];
      case 'StockRestocked':
        return [{ ...changed, grade: data.grade, on_hand: data.onHand }];
    }
  },
});
