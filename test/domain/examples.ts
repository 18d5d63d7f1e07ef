import { standardTerms, after, type Timed } from '../../src/domain/terms.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { offer, type Offer } from '../../src/domain/offer.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommandOf, RequestedLine } from '../../src/domain/order-commands.ts';
import type { LineCancellation, OrderCancellation, OrderEvent, OrderEventData } from '../../src/domain/order-events.ts';

export const merchantId = '0192f0a0-0000-7000-8000-00000000000a';
export const customerId = '0192f0a0-0000-7000-8000-00000000000c';
export const offerId = '0192f0a0-0000-7000-8000-0000000000f1';
export const otherOfferId = '0192f0a0-0000-7000-8000-0000000000f2';
export const lineId = '0192f0a0-0000-7000-8000-0000000000b1';
export const otherLineId = '0192f0a0-0000-7000-8000-0000000000b2';

export const orderId = '0192f0a0-0000-7000-8000-0000000000d1';
export const paymentId = '0192f0a0-0000-7000-8000-0000000000e1';
export const shipmentId = '0192f0a0-0000-7000-8000-000000000051';
export const otherShipmentId = '0192f0a0-0000-7000-8000-000000000052';
export const returnId = '0192f0a0-0000-7000-8000-000000000071';
export const taskId = '0192f0a0-0000-7000-8000-000000000081';
export const otherMerchantId = '0192f0a0-0000-7000-8000-00000000000b';

/** A moment so long after ten o'clock on the first of March 2026: `'2 d'`, `'15 min'`. */
export const at = (later = '0 min'): string => {
  const [amount, unit] = later.split(' ') as [string, 'min' | 'd'];
  return after('2026-03-01T10:00:00.000Z', Number(amount) * { min: 60_000, d: 24 * 3_600_000 }[unit]);
};

/** A command judged so long after ten o'clock, by the standard terms. */
export const timed = (later?: string): Timed => ({ now: at(later), terms: standardTerms });

type Published = Extract<OfferEvent, { type: 'OfferPublished' }>;
type Placed = Extract<OrderEvent, { type: 'OrderPlaced' }>;
type PlaceOrder = OrderCommandOf<'PlaceOrder'>;

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
  ...timed(),
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
    reserveBy: at('20 min'),
    payBy: at('15 min'),
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
  withdrawalMs: standardTerms.withdrawalMs,
  ...change,
});

export const cancelled = (cause: OrderCancellation = 'CUSTOMER'): OrderEvent => ({ type: 'OrderCancelled', data: { customerId, cause } });

/** The state of an order after its events. */
export const orderAfter = (...events: readonly OrderEvent[]) => events.reduce(order.evolve, order.initial);

/** What reserves, confirms and accepts an order: its lines as they were placed. */
const reservedLine = ({ lineId: id, offerId: of, quantity }: PlacedLine): OrderEvent => ({
  type: 'LineReserved',
  data: { lineId: id, offerId: of, quantity },
});
export const lineReserved = (change: Partial<PlacedLine> = {}): OrderEvent => reservedLine(placedLine(change));
export const confirmed = (amountMinor = 39_900): OrderEvent => ({
  type: 'OrderConfirmed',
  data: { customerId, paymentId, amountMinor, currency: 'EUR', acceptBy: at('2 d') },
});
export const lineAccepted = (change: Partial<OrderEventData<'LineAccepted'>> = {}): OrderEvent => ({
  type: 'LineAccepted',
  data: { lineId, offerId, merchantId, dispatchBy: at('3 d'), ...change },
});
export const lineCancelled = (cause: LineCancellation, change: Partial<OrderEventData<'LineCancelled'>> = {}): OrderEvent => ({
  type: 'LineCancelled',
  data: { lineId, offerId, merchantId, customerId, quantity: 1, amountMinor: 39_900, currency: 'EUR', cause, ...change },
});

/** One piece of {@link placedLine}: 23.79 EUR of VAT on a margin of 149.00. */
export const part = (change: Partial<OrderEventData<'ShipmentDispatched'>['lines'][number]> = {}) => ({
  lineId,
  offerId,
  quantity: 1,
  amountMinor: 39_900,
  marginVatMinor: 2_379,
  ...change,
});
type Dispatched = OrderEventData<'ShipmentDispatched'>;
export const dispatched = (change: Partial<Dispatched> = {}): OrderEvent => {
  const lines = change.lines ?? [part()];
  return {
    type: 'ShipmentDispatched',
    data: {
      shipmentId,
      merchantId,
      customerId,
      carrier: 'DHL',
      trackingNumber: '00340434',
      lines,
      amountMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
      currency: 'EUR',
      deliveredBy: at('21 d'),
      ...change,
    },
  };
};
export const arrived = (later = '5 d', change: Partial<OrderEventData<'ShipmentDelivered'>> = {}): OrderEvent => ({
  type: 'ShipmentDelivered',
  data: { shipmentId, merchantId, customerId, deliveredAt: at(later), ...change },
});
export const lost = (change: Partial<OrderEventData<'ShipmentLost'>> = {}): OrderEvent => {
  const lines = change.lines ?? [{ lineId, quantity: 1, amountMinor: 39_900 }];
  const amountMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0);
  return { type: 'ShipmentLost', data: { shipmentId, merchantId, customerId, lines, amountMinor, currency: 'EUR', ...change } };
};
export const delivered = (withdrawalEnds = at('20 d')): OrderEvent => ({ type: 'OrderDelivered', data: { customerId, withdrawalEnds } });
export const held = (holdUntil = at('30 d')): OrderEvent => ({ type: 'OrderHeld', data: { holdUntil, cause: 'SUPPORT' } });
export const completed: OrderEvent = { type: 'OrderCompleted', data: { customerId } };
export const expired: OrderEvent = { type: 'OrderExpired', data: { customerId } };
export const task = (change: Partial<OrderEventData<'SupportTaskRaised'>> = {}): OrderEvent => ({
  type: 'SupportTaskRaised',
  data: { taskId, kind: 'CAPTURE_FAILED', paymentId, ...change },
});

/** An order of these lines (one piece of one line) as the events up to its confirmation leave it. */
export const confirmedOrder = (...lines: readonly PlacedLine[]): readonly OrderEvent[] => {
  const known = lines.length === 0 ? [placedLine()] : lines;
  const amountMinor = known.reduce((sum, { unitPriceMinor, quantity }) => sum + unitPriceMinor * quantity, 0);
  return [placed({ lines: [...known] }), ...known.map(reservedLine), confirmed(amountMinor)];
};

/** The same, with every line accepted. */
export const acceptedOrder = (...lines: readonly PlacedLine[]): readonly OrderEvent[] => [
  ...confirmedOrder(...lines),
  ...(lines.length === 0 ? [placedLine()] : lines).map((line) =>
    lineAccepted({ lineId: line.lineId, offerId: line.offerId, merchantId: line.merchantId }),
  ),
];
