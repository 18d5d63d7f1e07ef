import { Type, type TLiteral, type TUnion } from 'typebox';
import { event, Sealed, Time, Uuid, type EventIn } from './event.ts';
import { AmountMinor, Currency } from './money.ts';
import { Grade, Quantity, VatScheme } from './offer-events.ts';

/** The field under which the JSON of an address (recipient, line1, line2, postalCode, city) is sealed. */
export const addressField = 'shipping_address';

/** One of several words. */
const oneOf = <const Words extends readonly string[]>(...words: Words): TUnion<{ -readonly [Index in keyof Words]: TLiteral<Words[Index]> }> =>
  Type.Union(words.map((word) => Type.Literal(word))) as never;

const ShippingAddress = Type.Object({ address: Sealed, countryCode: Type.String({ pattern: '^[A-Z]{2}$' }) });
const shipment = { shipmentId: Uuid, merchantId: Uuid, customerId: Uuid };
const Pieces = Type.Object({ lineId: Uuid, quantity: Quantity });
const HoldCause = oneOf('SUPPORT', 'PAYMENT');

/** What can happen to an order. */
export const orderEvents = [
  event('OrderPlaced', {
    version: 1,
    means: 'A customer ordered. Prices, merchants and terms are frozen as they were; `withdrawalMs` is how long the customer may withdraw.',
    data: {
      customerId: Uuid,
      contact: Type.Object({ name: Sealed, email: Sealed, language: Type.String() }),
      shippingAddress: ShippingAddress,
      paymentMethod: Type.String(),
      currency: Currency,
      reserveBy: Time,
      payBy: Time,
      lines: Type.Array(
        Type.Object({
          lineId: Uuid,
          offerId: Uuid,
          merchantId: Uuid,
          sku: Type.String(),
          title: Type.String(),
          grade: Grade,
          quantity: Quantity,
          unitPriceMinor: AmountMinor,
          vatScheme: VatScheme,
          vatRateBasisPoints: Type.Integer({ minimum: 0, maximum: 10_000 }),
          purchasePriceMinor: Type.Optional(AmountMinor),
          warrantyMonths: Type.Integer({ minimum: 0 }),
          withdrawalMs: Type.Integer({ minimum: 0 }),
        }),
      ),
    },
  }),
  event('LineReserved', { version: 1, means: 'The stock of a line is kept.', data: { lineId: Uuid, offerId: Uuid, quantity: Quantity } }),
  event('LineRefused', {
    version: 1,
    means: 'The stock of a line could not be kept, for the reason in `code`; the order is cancelled with it.',
    data: { lineId: Uuid, offerId: Uuid, code: Type.String() },
  }),
  event('OrderConfirmed', {
    version: 1,
    means: 'Everything is reserved for good and the whole amount authorised; the merchants accept by `acceptBy`.',
    data: { customerId: Uuid, paymentId: Uuid, amountMinor: AmountMinor, currency: Currency, acceptBy: Time },
  }),
  event('LineAccepted', {
    version: 1,
    means: 'The merchant will deliver the line, and dispatch it by `dispatchBy`.',
    data: { lineId: Uuid, offerId: Uuid, merchantId: Uuid, dispatchBy: Time },
  }),
  event('LineCancelled', {
    version: 1,
    means: 'What had not shipped of a line, `quantity`, never will.',
    data: {
      lineId: Uuid,
      offerId: Uuid,
      merchantId: Uuid,
      customerId: Uuid,
      quantity: Quantity,
      amountMinor: AmountMinor,
      currency: Currency,
      cause: oneOf('CUSTOMER', 'SUPPORT', 'MERCHANT', 'NOT_ACCEPTED', 'NOT_DISPATCHED', 'AUTHORISATION_LAPSED'),
    },
  }),
  event('AddressChanged', {
    version: 1,
    means: 'The order goes to another address in the same country; nothing of it had shipped.',
    data: { customerId: Uuid, shippingAddress: ShippingAddress },
  }),
  event('ShipmentDispatched', {
    version: 1,
    means: 'A merchant sent a parcel, which arrives by `deliveredBy`. `marginVatMinor` is the VAT on the margin: nothing for the buyer.',
    data: {
      ...shipment,
      carrier: Type.String(),
      trackingNumber: Type.String(),
      lines: Type.Array(
        Type.Object({
          lineId: Uuid,
          offerId: Uuid,
          quantity: Quantity,
          amountMinor: AmountMinor,
          vatMinor: Type.Optional(AmountMinor),
          marginVatMinor: Type.Optional(AmountMinor),
        }),
      ),
      amountMinor: AmountMinor,
      currency: Currency,
      deliveredBy: Time,
    },
  }),
  event('ShipmentDelivered', { version: 1, means: 'A parcel arrived.', data: { ...shipment, deliveredAt: Time } }),
  event('ShipmentLost', {
    version: 1,
    means: 'A parcel will not arrive any more; the customer gets its amount back.',
    data: {
      ...shipment,
      lines: Type.Array(Type.Object({ lineId: Uuid, quantity: Quantity, amountMinor: AmountMinor })),
      amountMinor: AmountMinor,
      currency: Currency,
    },
  }),
  event('OrderDelivered', {
    version: 1,
    means: 'All that was not cancelled or lost has arrived; the customer may withdraw until `withdrawalEnds`.',
    data: { customerId: Uuid, withdrawalEnds: Time },
  }),
  event('OrderHeld', {
    version: 1,
    means: 'Nothing more of the order ships until it is released, at the latest at `holdUntil`.',
    data: { holdUntil: Time, cause: HoldCause },
  }),
  event('HoldReleased', {
    version: 1,
    means: 'The order goes on; the terms that ran meanwhile start anew for what is still open.',
    data: {
      cause: oneOf('SUPPORT', 'LAPSED'),
      acceptBy: Type.Optional(Time),
      lines: Type.Array(Type.Object({ lineId: Uuid, dispatchBy: Time })),
    },
  }),
  event('OrderCancelled', {
    version: 1,
    means: 'The order was cancelled as a whole; nothing of it had shipped.',
    data: {
      customerId: Uuid,
      cause: oneOf('CUSTOMER', 'SUPPORT', 'OUT_OF_STOCK', 'PAYMENT_DECLINED', 'RESERVATION_EXPIRED', 'LINES_CANCELLED'),
    },
  }),
  event('OrderExpired', { version: 1, means: 'The order was not confirmed by its `payBy`.', data: { customerId: Uuid } }),
  event('OrderCompleted', {
    version: 1,
    means: 'The order is done: the withdrawal term is over, or all that shipped was lost. Only returns and tasks come after.',
    data: { customerId: Uuid },
  }),
  event('ReturnRegistered', {
    version: 1,
    means: 'These delivered pieces belong to a return, and to no other.',
    data: { returnId: Uuid, customerId: Uuid, merchantId: Uuid, paymentId: Uuid, lines: Type.Array(Pieces) },
  }),
  event('ReturnUnregistered', {
    version: 1,
    means: 'The return came to nothing: its pieces may be returned again.',
    data: { returnId: Uuid, lines: Type.Array(Pieces) },
  }),
  event('SupportTaskRaised', {
    version: 1,
    means: 'A person has to look at this.',
    data: {
      taskId: Uuid,
      kind: oneOf(
        'CAPTURE_FAILED',
        'AUTHORISATION_LAPSED',
        'NOT_DELIVERED',
        'REFUND_FAILED',
        'RETURN_NOT_INSPECTED',
        'RESTOCK_REFUSED',
        'PAYMENT_UNKNOWN',
      ),
      merchantId: Type.Optional(Uuid),
      shipmentId: Type.Optional(Uuid),
      returnId: Type.Optional(Uuid),
      paymentId: Type.Optional(Uuid),
      code: Type.Optional(Type.String()),
    },
  }),
  event('SupportTaskResolved', { version: 1, means: 'The task is done, or what it was about has settled itself.', data: { taskId: Uuid } }),
] as const;
export type OrderEvent = EventIn<typeof orderEvents>;

/** The data of one type of an order's events. */
export type OrderEventData<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>['data'];
export type LineCancellation = OrderEventData<'LineCancelled'>['cause'];
export type OrderCancellation = OrderEventData<'OrderCancelled'>['cause'];
export type HoldCause = OrderEventData<'OrderHeld'>['cause'];
export type TaskKind = OrderEventData<'SupportTaskRaised'>['kind'];
