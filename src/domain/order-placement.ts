import { accepted, rejected, type Rejected } from './decider.ts';
import { amountText, maxAmountMinor, sum, times } from './money.ts';
import { availableOf } from './offer.ts';
import type { OrderCode, OrderCommandOf, OrderDecision, RequestedLine } from './order-commands.ts';
import type { OrderEventData } from './order-events.ts';
import { refusalOfEnded } from './order-ending.ts';
import type { Order, PlacedOrder } from './order-state.ts';
import { after, type Terms } from './terms.ts';
import { vatRate } from './vat.ts';

/** Freezes prices, merchants and terms from the offers as they are. */
export const placeOrder = (command: OrderCommandOf<'PlaceOrder'>, state: Order): OrderDecision => {
  if (state.status !== 'unplaced') return rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.');
  const { customerId, contact, shippingAddress, paymentMethod, lines, now, terms } = command;
  const rate = vatRate(shippingAddress.countryCode, now.slice(0, 10));
  if (rate === undefined) return rejected('COUNTRY_NOT_SERVED', `We do not deliver to ${shippingAddress.countryCode}.`);
  const currency = lines[0]!.shownCurrency;
  const refusal = refusalOfLines(lines, currency);
  if (refusal) return refusal;
  return accepted({
    type: 'OrderPlaced',
    data: {
      customerId,
      contact,
      shippingAddress,
      paymentMethod,
      currency,
      reserveBy: after(now, terms.reserveMs),
      payBy: after(now, terms.payMs),
      lines: lines.map((line) => frozen(line, rate, terms)),
    },
  });
};

/** The first of reserved and refused decides about a line. */
export const markLineReserved = ({ lineId }: OrderCommandOf<'MarkLineReserved'>, state: PlacedOrder): OrderDecision => {
  const line = state.lines.find((each) => each.lineId === lineId);
  if (!line) return rejected('LINE_NOT_FOUND', 'The order has no such line.');
  const ended = refusalOfEnded(state);
  if (ended) return ended;
  if (state.status !== 'placed' || line.status !== 'open') return accepted();
  return accepted({ type: 'LineReserved', data: { lineId, offerId: line.offerId, quantity: line.quantity } });
};

/** One line that cannot be had cancels the order: it is gone, or was asked for too late. */
export const markLineRefused = ({ lineId, code }: OrderCommandOf<'MarkLineRefused'>, state: PlacedOrder): OrderDecision => {
  const line = state.lines.find((each) => each.lineId === lineId);
  if (!line) return rejected('LINE_NOT_FOUND', 'The order has no such line.');
  if (state.status !== 'placed' || line.status !== 'open') return accepted();
  return accepted(
    { type: 'LineRefused', data: { lineId, offerId: line.offerId, code } },
    {
      type: 'OrderCancelled',
      data: { customerId: state.customerId, cause: code === 'RESERVATION_EXPIRED' ? 'RESERVATION_EXPIRED' : 'OUT_OF_STOCK' },
    },
  );
};

export const confirmOrder = ({ paymentId, now, terms }: OrderCommandOf<'ConfirmOrder'>, state: PlacedOrder): OrderDecision => {
  if (state.paymentId === paymentId) return accepted();
  const ended = refusalOfEnded(state);
  if (ended) return ended;
  if (state.paymentId !== undefined) return rejected('ORDER_ALREADY_CONFIRMED', 'The order was confirmed with another payment.');
  if (state.lines.some(({ status }) => status !== 'reserved')) return rejected('LINE_NOT_RESERVED', 'A line of the order is not reserved.');
  const { customerId, currency, lines } = state;
  const amountMinor = sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity)));
  return accepted({
    type: 'OrderConfirmed',
    data: { customerId, paymentId, amountMinor, currency, acceptBy: after(now, terms.acceptMs) },
  });
};

/** A hold does not stop this: stock and an authorisation wait for nobody. */
export const expireOrder = ({ payBy }: OrderCommandOf<'ExpireOrder'>, state: PlacedOrder): OrderDecision =>
  state.status === 'placed' && state.payBy === payBy ? accepted({ type: 'OrderExpired', data: { customerId: state.customerId } }) : accepted();

/** Why the lines cannot be ordered, if they cannot. Several lines may ask for one offer: together they must be in stock. */
const refusalOfLines = (lines: readonly RequestedLine[], currency: string): Rejected<OrderCode> | undefined => {
  const asked = new Map<string, number>();
  let total = 0;
  for (const [index, { offerId, offer, quantity, shownPriceMinor, shownCurrency }] of lines.entries()) {
    const at = `lines[${index}]`;
    if (offer.status === 'unpublished') return rejected('OFFER_NOT_FOUND', `${at}: no such offer has been published.`);
    if (offer.status === 'withdrawn') return rejected('OFFER_WITHDRAWN', `${at}: the offer has been withdrawn.`);
    if (offer.currency !== shownCurrency) return rejected('CURRENCY_MISMATCH', `${at}: the offer is in ${offer.currency}.`);
    if (shownCurrency !== currency) return rejected('CURRENCY_MISMATCH', `${at}: an order has one currency, and this one began in ${currency}.`);
    if (offer.unitPriceMinor !== shownPriceMinor)
      return rejected('PRICE_CHANGED', `${at}: the price is ${amountText(offer.unitPriceMinor, offer.currency)} now.`);
    const together = (asked.get(offerId) ?? 0) + quantity;
    asked.set(offerId, together);
    if (together > availableOf(offer)) return rejected('OUT_OF_STOCK', `${at}: ${availableOf(offer)} left, ${together} asked for.`);
    total = sum([total, times(shownPriceMinor, quantity)]);
    if (total > maxAmountMinor) return rejected('TOTAL_TOO_HIGH', `${at}: an order's total is at most ${amountText(maxAmountMinor, currency)}.`);
  }
  return undefined;
};

const frozen = (
  { lineId, offerId, quantity, offer }: RequestedLine,
  vatRateBasisPoints: number,
  { withdrawalMs }: Terms,
): OrderEventData<'OrderPlaced'>['lines'][number] => {
  if (offer.status === 'unpublished') throw new Error('an unpublished offer was accepted');
  const { merchantId, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths, purchasePriceMinor } = offer;
  const kept = vatScheme === 'MARGIN' && purchasePriceMinor !== undefined ? { purchasePriceMinor } : {};
  return {
    lineId,
    offerId,
    merchantId,
    sku,
    title,
    grade,
    quantity,
    unitPriceMinor,
    vatScheme,
    vatRateBasisPoints,
    warrantyMonths,
    withdrawalMs,
    ...kept,
  };
};
