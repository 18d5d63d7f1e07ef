import { Type } from 'typebox';
import { event, Time, Uuid, type EventIn } from './event.ts';
import { AmountMinor, Currency } from './money.ts';
import { Grade, Quantity } from './offer-events.ts';

const parties = { orderId: Uuid, customerId: Uuid, merchantId: Uuid };

/** What can happen to a return. */
export const returnEvents = [
  event('ReturnRequested', {
    version: 1,
    means: "A customer wants to give goods of one order and one merchant back: a withdrawal, or a claim under the line's warranty.",
    data: {
      ...parties,
      kind: Type.Union([Type.Literal('WITHDRAWAL'), Type.Literal('WARRANTY')]),
      currency: Currency,
      /** `amountMinor` is what was paid for these pieces. */
      lines: Type.Array(Type.Object({ lineId: Uuid, offerId: Uuid, quantity: Quantity, grade: Grade, amountMinor: AmountMinor })),
    },
  }),
  event('ReturnAdmitted', {
    version: 1,
    means: 'The order counts these pieces as returning. A warranty claim awaits the merchant until `decideBy`; a withdrawal is approved at once.',
    data: { orderId: Uuid, merchantId: Uuid, decideBy: Type.Optional(Time) },
  }),
  event('ReturnApproved', {
    version: 1,
    means: 'The goods may come back until `returnBy`.',
    data: { orderId: Uuid, merchantId: Uuid, customerId: Uuid, returnBy: Time },
  }),
  event('ReturnRejected', {
    version: 1,
    means: 'The goods stay with the customer: by the merchant (`MERCHANT`), or because the order did not take the return (its code).',
    data: { ...parties, cause: Type.String() },
  }),
  event('ReturnReceived', {
    version: 1,
    means: 'The goods came back; they are to be inspected until `inspectBy`.',
    data: { orderId: Uuid, merchantId: Uuid, inspectBy: Time },
  }),
  event('InspectionOverdue', {
    version: 1,
    means: 'The goods were not inspected in time; support is told.',
    data: { orderId: Uuid, merchantId: Uuid },
  }),
  event('ReturnInspected', {
    version: 1,
    means: 'The merchant looked at what came back: what goes on sale again, what does not, and what is refunded.',
    data: {
      ...parties,
      currency: Currency,
      lines: Type.Array(
        Type.Object({
          lineId: Uuid,
          offerId: Uuid,
          quantity: Quantity,
          outcome: Type.Union([Type.Literal('RESTOCK'), Type.Literal('SCRAP')]),
          /** Of the pieces as they came back; with RESTOCK. */
          grade: Type.Optional(Grade),
          deductionMinor: AmountMinor,
          refundMinor: AmountMinor,
        }),
      ),
      refundMinor: AmountMinor,
    },
  }),
  event('RestockRefused', {
    version: 1,
    means: 'The offer did not take the pieces back on sale; support is told.',
    data: { orderId: Uuid, merchantId: Uuid, lineId: Uuid, offerId: Uuid, code: Type.String() },
  }),
  event('ReturnClosed', {
    version: 1,
    means: 'The return is over. One whose refund failed is closed once more when the money went back after all.',
    data: {
      ...parties,
      cause: Type.Union([Type.Literal('REFUNDED'), Type.Literal('NOTHING_TO_REFUND'), Type.Literal('NOT_RECEIVED'), Type.Literal('REFUND_FAILED')]),
    },
  }),
] as const;
export type ReturnEvent = EventIn<typeof returnEvents>;

/** The data of one type of return event. */
export type ReturnFact<Type extends ReturnEvent['type']> = Extract<ReturnEvent, { readonly type: Type }>['data'];
