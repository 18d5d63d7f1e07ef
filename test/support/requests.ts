import { randomUUID } from 'node:crypto';
import type { PlaceOrderRequestInput, PublishOfferRequestInput } from '../../clients/typescript/src/generated/requests.ts';
import { Offer_Grade, Offer_VatScheme, type PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import type { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';

/** What a test customer is called and where she lives: none of it may appear anywhere in clear. */
export const personal = {
  name: 'Annegret Müller-Ölschläger',
  email: 'annegret@mueller-oelschlaeger.example',
  recipient: 'Annegret Müller c/o Zwiebelfisch',
  line1: 'Kastanienallee 77',
  line2: 'Hinterhaus, 4. Stock',
  postalCode: '10435-X',
  city: 'Prenzlauer Berg',
} as const;

export const euros = (amountMinor: number, currency = 'EUR') => ({ amountMinor: BigInt(amountMinor), currency });

/** A request as the server's code has it, with everything that the published client's type asks for. */
type Complete<Request, Input> = Request & Input;

/** An offer of ten pieces at 399.00 EUR; the merchant is the caller's own. */
export const publishOfferRequest = (
  change: Partial<Complete<PublishOfferRequest, PublishOfferRequestInput>> = {},
): Complete<PublishOfferRequest, PublishOfferRequestInput> => ({
  offerId: '',
  merchantId: '',
  requestId: '',
  sku: 'PHONE-13-128-A',
  title: 'Telephone 13, 128 GB',
  grade: Offer_Grade.A,
  unitPrice: euros(39_900),
  quantity: 10,
  vatScheme: Offer_VatScheme.STANDARD,
  warrantyMonths: 12,
  ...change,
});

/** An order of one piece of each offer at 399.00 EUR, from Germany. */
export const placeOrderRequest = (
  offerIds: readonly string[],
  change: Partial<Complete<PlaceOrderRequest, PlaceOrderRequestInput>> & { readonly priceMinor?: number; readonly customerId?: string } = {},
): Complete<PlaceOrderRequest, PlaceOrderRequestInput> => {
  const { priceMinor = 39_900, customerId = randomUUID(), ...fields } = change;
  const { name, email, ...address } = personal;
  return {
    orderId: '',
    requestId: '',
    customer: { customerId, name, email, language: 'de' },
    shippingAddress: { ...address, countryCode: 'DE' },
    lines: offerIds.map((offerId) => ({ offerId, quantity: 1, shownUnitPrice: euros(priceMinor) })),
    paymentMethod: 'pm_card',
    ...fields,
  };
};
