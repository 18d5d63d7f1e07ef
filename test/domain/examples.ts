import type { Sealed } from '../../src/domain/event.ts';
import { offer, type Offer, type OfferEvent } from '../../src/domain/offer.ts';
import { order, type OrderCommand, type OrderEvent, type RequestedLine } from '../../src/domain/order.ts';

export const merchantId = '0192f0a0-0000-7000-8000-00000000000a';
export const customerId = '0192f0a0-0000-7000-8000-00000000000c';
export const offerId = '0192f0a0-0000-7000-8000-0000000000f1';
export const otherOfferId = '0192f0a0-0000-7000-8000-0000000000f2';
export const lineId = '0192f0a0-0000-7000-8000-0000000000b1';
export const otherLineId = '0192f0a0-0000-7000-8000-0000000000b2';

type Published = Extract<OfferEvent, { type: 'OfferPublished' }>;
type Placed = Extract<OrderEvent, { type: 'OrderPlaced' }>;
type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;

/** Three graded telephones at 399.00 EUR, bought for 250.00. */
export const published = (change: Partial<Published['data']> = {}): Published => ({
  type: 'OfferPublished',
  data: {
    merchantId,
    sku: 'PHONE-13-128-A',
    title: 'Telephone 13, 128 GB',
    grade: 'A',
    currency: 'EUR',
    unitPriceMinor: 39_900,
    purchasePriceMinor: 25_000,
    onHand: 3,
    vatScheme: 'MARGIN',
    warrantyMonths: 12,
    ...change,
  },
});
export const priceChanged = (unitPriceMinor: number): OfferEvent => ({ type: 'PriceChanged', data: { merchantId, currency: 'EUR', unitPriceMinor } });
export const stockAdjusted = (difference: number, onHand: number): OfferEvent => ({
  type: 'StockAdjusted',
  data: { merchantId, difference, onHand },
});
export const withdrawn: OfferEvent = { type: 'OfferWithdrawn', data: { merchantId } };

/** An offer as its events leave it. */
export const offerAfter = (...events: readonly OfferEvent[]): Offer => events.reduce(offer.evolve, offer.initial);

export const sealed = (field: string): Sealed => ({ subject: customerId, field, sealed: `sealed-${field}` });

/** One piece, at the price shown, of the offer as it is. */
export const requestedLine = (change: Partial<RequestedLine> = {}): RequestedLine => ({
  lineId,
  offerId,
  quantity: 1,
  shownPriceMinor: 39_900,
  shownCurrency: 'EUR',
  offer: offerAfter(published()),
  ...change,
});

/** An order from Germany, placed on a day in 2026. */
export const placeOrder = (change: Partial<PlaceOrder> = {}): PlaceOrder => ({
  type: 'PlaceOrder',
  day: '2026-03-01',
  customerId,
  contact: { name: sealed('name'), email: sealed('email'), language: 'de' },
  shippingAddress: { address: sealed('shipping_address'), countryCode: 'DE' },
  paymentMethod: 'pm_card',
  lines: [requestedLine()],
  ...change,
});

/** What {@link placeOrder} makes happen. */
export const placed = (change: Partial<Placed['data']> = {}): Placed => ({
  type: 'OrderPlaced',
  data: {
    customerId,
    contact: { name: sealed('name'), email: sealed('email'), language: 'de' },
    shippingAddress: { address: sealed('shipping_address'), countryCode: 'DE' },
    paymentMethod: 'pm_card',
    currency: 'EUR',
    lines: [placedLine()],
    ...change,
  },
});

type PlacedLine = Placed['data']['lines'][number];

export const placedLine = (change: Partial<PlacedLine> = {}): PlacedLine => ({
  lineId,
  offerId,
  merchantId,
  sku: 'PHONE-13-128-A',
  title: 'Telephone 13, 128 GB',
  grade: 'A',
  quantity: 1,
  unitPriceMinor: 39_900,
  vatScheme: 'MARGIN',
  vatRateBasisPoints: 1_900,
  purchasePriceMinor: 25_000,
  warrantyMonths: 12,
  ...change,
});

export const cancelled: OrderEvent = { type: 'OrderCancelled', data: { customerId } };

/** The state of an order after its events. */
export const orderAfter = (...events: readonly OrderEvent[]) => events.reduce(order.evolve, order.initial);
