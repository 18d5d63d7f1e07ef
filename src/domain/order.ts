import { Type } from 'typebox';
import { actsForCustomer, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Rejected } from './decider.ts';
import { event, Sealed, Uuid, type EventIn } from './event.ts';
import { amountText, maxAmountMinor, sum, times } from './money.ts';
import { AmountMinor, availableOf, Currency, Grade, VatScheme, type Offer } from './offer.ts';
import { vatRate } from './vat.ts';

/** The field under which the JSON of an address (recipient, line1, line2, postalCode, city) is sealed. */
export const addressField = 'shipping_address';

/** What can happen to an order. */
export const orderEvents = [
  event('OrderPlaced', {
    version: 1,
    means: 'A customer ordered. Prices, merchants and terms are frozen from the offers as they were.',
    data: {
      customerId: Uuid,
      contact: Type.Object({ name: Sealed, email: Sealed, language: Type.String() }),
      shippingAddress: Type.Object({ address: Sealed, countryCode: Type.String({ pattern: '^[A-Z]{2}$' }) }),
      paymentMethod: Type.String(),
      currency: Currency,
      lines: Type.Array(
        Type.Object({
          lineId: Uuid,
          offerId: Uuid,
          merchantId: Uuid,
          sku: Type.String(),
          title: Type.String(),
          grade: Grade,
          quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
          unitPriceMinor: AmountMinor,
          vatScheme: VatScheme,
          vatRateBasisPoints: Type.Integer({ minimum: 0, maximum: 10_000 }),
          purchasePriceMinor: Type.Optional(AmountMinor),
          warrantyMonths: Type.Integer({ minimum: 0 }),
        }),
      ),
    },
  }),
  event('OrderCancelled', { version: 1, means: 'The order was cancelled as a whole; nothing of it had shipped.', data: { customerId: Uuid } }),
] as const;
export type OrderEvent = EventIn<typeof orderEvents>;

type Placed = Extract<OrderEvent, { type: 'OrderPlaced' }>['data'];

export type OrderCommand =
  | ({
      readonly type: 'PlaceOrder';
      /** The day (ISO 8601) whose VAT rates hold. */
      readonly day: string;
      readonly lines: readonly RequestedLine[];
    } & Pick<Placed, 'customerId' | 'contact' | 'shippingAddress' | 'paymentMethod'>)
  | { readonly type: 'CancelOrder' };

/** A line as the customer asked for it, beside the offer as it is now. */
export type RequestedLine = {
  readonly lineId: string;
  readonly offerId: string;
  readonly quantity: number;
  readonly shownPriceMinor: number;
  readonly shownCurrency: string;
  readonly offer: Offer;
};

export type OrderLine = Readonly<Placed['lines'][number]> & { readonly status: 'open' | 'cancelled' };

export type Order =
  | { readonly status: 'unplaced' }
  | ({ readonly status: 'placed' | 'cancelled'; readonly lines: readonly OrderLine[] } & Readonly<Omit<Placed, 'lines'>>);

export type OrderCode =
  | 'ORDER_NOT_FOUND'
  | 'ORDER_ALREADY_PLACED'
  | 'OFFER_NOT_FOUND'
  | 'OFFER_WITHDRAWN'
  | 'PRICE_CHANGED'
  | 'CURRENCY_MISMATCH'
  | 'OUT_OF_STOCK'
  | 'COUNTRY_NOT_SERVED'
  | 'TOTAL_TOO_HIGH';

/** An order belongs to its customer. What does not exist passes, and is refused by `decide`. */
export const mayActOnOrder = (authority: Authority, state: Order): boolean =>
  state.status === 'unplaced' || actsForCustomer(authority, state.customerId);

/** An order's life. Always: one currency; terms never change once placed; nothing after cancelled. */
export const order: Decider<Order, OrderCommand, OrderEvent, OrderCode> = {
  initial: { status: 'unplaced' },

  decide(command, state) {
    switch (command.type) {
      case 'PlaceOrder': {
        if (state.status !== 'unplaced') return rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.');
        const { customerId, contact, shippingAddress, paymentMethod, day, lines } = command;
        const rate = vatRate(shippingAddress.countryCode, day);
        if (rate === undefined) return rejected('COUNTRY_NOT_SERVED', `We do not deliver to ${shippingAddress.countryCode}.`);
        const currency = lines[0]!.shownCurrency;
        const refusal = refusalOf(lines, currency);
        if (refusal) return refusal;
        return accepted({
          type: 'OrderPlaced',
          data: { customerId, contact, shippingAddress, paymentMethod, currency, lines: lines.map((line) => frozen(line, rate)) },
        });
      }
      case 'CancelOrder':
        switch (state.status) {
          case 'unplaced':
            return rejected('ORDER_NOT_FOUND', 'No such order has been placed.');
          case 'cancelled':
            return accepted();
          case 'placed':
            return accepted({ type: 'OrderCancelled', data: { customerId: state.customerId } });
        }
    }
  },

  evolve(state, { type, data }) {
    if (type === 'OrderPlaced') return { status: 'placed', ...data, lines: data.lines.map((line) => ({ ...line, status: 'open' })) };
    if (state.status === 'unplaced') throw new Error(`${type} before OrderPlaced`);
    switch (type) {
      case 'OrderCancelled':
        return { ...state, status: 'cancelled', lines: state.lines.map((line) => ({ ...line, status: 'cancelled' })) };
    }
  },
};

/** Why the lines cannot be ordered, if they cannot. Several lines may ask for one offer: together they must be in stock. */
const refusalOf = (lines: readonly RequestedLine[], currency: string): Rejected<OrderCode> | undefined => {
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

const frozen = ({ lineId, offerId, quantity, offer }: RequestedLine, vatRateBasisPoints: number): Placed['lines'][number] => {
  if (offer.status === 'unpublished') throw new Error('an unpublished offer was accepted');
  const { merchantId, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths, purchasePriceMinor } = offer;
  const kept = vatScheme === 'MARGIN' && purchasePriceMinor !== undefined ? { purchasePriceMinor } : {};
  return { lineId, offerId, merchantId, sku, title, grade, quantity, unitPriceMinor, vatScheme, vatRateBasisPoints, warrantyMonths, ...kept };
};
