import { Offer_Grade, Offer_VatScheme, type PublishOfferRequest } from '../src/contract/generated/orders/v1/offers.ts';
import type { PlaceOrderRequest } from '../src/contract/generated/orders/v1/orders.ts';
import { derivedId } from '../src/domain/ids.ts';

// A marketplace that every process of a benchmark knows without being told: the same number names the same thing.

/** How many offers there are to order from. */
export const offerCount = 10_000;
const merchantCount = 20;

export const offerId = (nth: number): string => derivedId('bench offer', String(nth % offerCount));
export const merchantId = (nth: number): string => derivedId('bench merchant', String(nth % merchantCount));
export const merchants: readonly string[] = Array.from({ length: merchantCount }, (_, nth) => merchantId(nth));
export const priceMinor = (nth: number): number => 10_000 + (nth % offerCount);

/** Publishing an offer that never runs out. */
export const publishOffer = (nth: number): PublishOfferRequest => ({
  offerId: offerId(nth),
  merchantId: '',
  requestId: '',
  sku: `PHONE-13-128-${nth}`,
  title: 'Telephone 13, 128 GB, midnight',
  grade: Offer_Grade.B,
  unitPrice: { amountMinor: BigInt(priceMinor(nth)), currency: 'EUR' },
  quantity: 1_000_000,
  vatScheme: Offer_VatScheme.STANDARD,
  warrantyMonths: 24,
});

/** An order of one or two offers, by one of as many customers as there are offers. */
export const placeOrder = (nth: number): PlaceOrderRequest => ({
  orderId: '',
  requestId: '',
  customer: { customerId: customerId(nth), name: 'Annegret Müller-Ölschläger', email: `annegret.${nth}@mueller.example`, language: 'de' },
  shippingAddress: {
    recipient: 'Annegret Müller',
    line1: 'Kastanienallee 77',
    line2: 'Hinterhaus, 4. Stock',
    postalCode: '10435',
    city: 'Berlin',
    countryCode: 'DE',
  },
  lines: (nth % 2 === 0 ? [nth] : [nth, nth + 17]).map((offer) => ({
    offerId: offerId(offer),
    quantity: 1,
    shownUnitPrice: { amountMinor: BigInt(priceMinor(offer)), currency: 'EUR' },
  })),
  paymentMethod: 'pm_card_visa',
});

export const customerId = (nth: number): string => derivedId('bench customer', String(nth));

/** A request as the JSON that a REST client sends. */
export const jsonOf = (request: object): Buffer =>
  Buffer.from(
    JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).replaceAll(
      /"([a-z]+[A-Z0-9][A-Za-z0-9]*)":/g,
      (_, name: string) => `"${protoName(name)}":`,
    ),
  );

const protoName = (name: string): string => name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
