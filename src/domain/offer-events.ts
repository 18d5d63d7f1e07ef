import { Type } from 'typebox';
import { event, Time, Uuid, type EventIn } from './event.ts';
import { AmountMinor, Currency } from './money.ts';

/** How good a refurbished device looks; A is the best. */
export const Grade = Type.Union([Type.Literal('A'), Type.Literal('B'), Type.Literal('C')]);
export type Grade = 'A' | 'B' | 'C';
/** VAT on the whole price, or on what the merchant earns (Directive 2006/112/EC, articles 312 to 325). */
export const VatScheme = Type.Union([Type.Literal('STANDARD'), Type.Literal('MARGIN')]);
export const maxOnHand = 1_000_000;
const Pieces = Type.Integer({ minimum: 0, maximum: maxOnHand });
/** Pieces of one order line. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000 });

const reservation = { merchantId: Uuid, orderId: Uuid, lineId: Uuid, quantity: Quantity };

/** What can happen to an offer. */
export const offerEvents = [
  event('OfferPublished', {
    version: 1,
    means: 'A merchant put graded stock up for sale.',
    data: {
      merchantId: Uuid,
      sku: Type.String(),
      title: Type.String(),
      grade: Grade,
      currency: Currency,
      unitPriceMinor: AmountMinor,
      purchasePriceMinor: Type.Optional(AmountMinor),
      onHand: Pieces,
      vatScheme: VatScheme,
      warrantyMonths: Type.Integer({ minimum: 0, maximum: 120 }),
    },
  }),
  event('PriceChanged', {
    version: 1,
    means: 'The offer costs this from now on; placed orders keep their price.',
    data: { merchantId: Uuid, currency: Currency, unitPriceMinor: AmountMinor },
  }),
  event('StockAdjusted', {
    version: 1,
    means: 'The count of pieces was corrected by a difference; `onHand` is what it is since.',
    data: { merchantId: Uuid, difference: Type.Integer({ minimum: -maxOnHand, maximum: maxOnHand }), onHand: Pieces },
  }),
  event('OfferWithdrawn', {
    version: 1,
    means: 'The offer is off the market for good; what is reserved of it stays so.',
    data: { merchantId: Uuid },
  }),
  event('StockReserved', {
    version: 1,
    means: 'Pieces are kept for an order line until `reserveBy`, or for good once that is confirmed.',
    data: { ...reservation, reserveBy: Time, reservedAt: Time },
  }),
  event('ReservationConfirmed', {
    version: 1,
    means: 'The order is paid for: its reservation no longer expires.',
    data: reservation,
  }),
  event('ReservationReleased', {
    version: 1,
    means: 'What was left of a reservation, `quantity`, is for sale again; the line is never reserved again.',
    data: { ...reservation, cause: Type.Union([Type.Literal('ORDER'), Type.Literal('EXPIRED')]) },
  }),
  event('StockDispatched', {
    version: 1,
    means: 'Confirmed pieces left the house: on hand and reserved are fewer by `quantity`.',
    data: { ...reservation, onHand: Pieces },
  }),
  event('StockRestocked', {
    version: 1,
    means: 'Returned pieces are for sale again; `grade` and `onHand` are what the offer has since.',
    data: { ...reservation, returnId: Uuid, grade: Grade, onHand: Pieces },
  }),
] as const;
export type OfferEvent = EventIn<typeof offerEvents>;
/** An offer as its merchant described it. */
export type PublishedOffer = Extract<OfferEvent, { type: 'OfferPublished' }>['data'];
