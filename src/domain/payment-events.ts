import { Type } from 'typebox';
import { event, Time, Uuid, type EventIn } from './event.ts';
import { AmountMinor, Currency } from './money.ts';

/** A code of the provider's, or one of the error table. */
const Code = Type.String();
const RefundCause = Type.Union([Type.Literal('RETURN'), Type.Literal('LOST'), Type.Literal('GOODWILL'), Type.Literal('OVERCAPTURED')]);
const Operation = Type.Union([Type.Literal('AUTHORISATION'), Type.Literal('CAPTURE'), Type.Literal('VOID'), Type.Literal('REFUND')]);

const amount = { amountMinor: AmountMinor, currency: Currency };
const capture = { orderId: Uuid, captureId: Uuid, shipmentId: Uuid };
const refund = { orderId: Uuid, refundId: Uuid, returnId: Type.Optional(Uuid) };

/** What can happen to a payment. */
export const paymentEvents = [
  event('PaymentRequested', {
    version: 1,
    means: "The order's total is to be authorised by the payment provider until `payBy`.",
    data: { orderId: Uuid, customerId: Uuid, ...amount, paymentMethod: Type.String(), payBy: Time },
  }),
  event('PaymentAuthorised', {
    version: 1,
    means: 'The provider holds the whole amount for us; it can be captured until `captureBefore`.',
    data: { orderId: Uuid, providerReference: Type.String(), captureBefore: Time },
  }),
  event('PaymentDeclined', { version: 1, means: 'The provider gives no authorisation.', data: { orderId: Uuid, code: Code } }),
  event('CaptureRequested', { version: 1, means: "A shipment's amount is to be taken.", data: { ...capture, ...amount } }),
  event('PaymentCaptured', {
    version: 1,
    means: "The provider took a shipment's amount.",
    data: { ...capture, ...amount, providerReference: Type.String() },
  }),
  event('CaptureFailed', { version: 1, means: "The provider did not take a shipment's amount.", data: { ...capture, code: Code } }),
  event('VoidRequested', {
    version: 1,
    means: 'What is authorised and neither captured nor being captured is to be given back.',
    data: { orderId: Uuid, ...amount },
  }),
  event('PaymentVoided', { version: 1, means: 'The provider holds nothing more of what was not captured.', data: { orderId: Uuid } }),
  event('RefundRequested', {
    version: 1,
    means: 'Captured money is to be given back.',
    data: { ...refund, cause: RefundCause, shipmentId: Type.Optional(Uuid), ...amount },
  }),
  event('PaymentRefunded', {
    version: 1,
    means: 'The provider gave captured money back.',
    data: { ...refund, ...amount, providerReference: Type.String() },
  }),
  event('RefundFailed', { version: 1, means: 'The provider did not give captured money back.', data: { ...refund, code: Code } }),
  event('OutcomeUnknown', {
    version: 1,
    means: 'The provider did not say how an operation ended. It is asked; any later record of the operation settles it.',
    data: { orderId: Uuid, operation: Operation, operationId: Type.Optional(Uuid) },
  }),
  event('AuthorisationLapsed', {
    version: 1,
    means: 'The authorisation ran out before all of it was captured.',
    data: { orderId: Uuid },
  }),
] as const;
export type PaymentEvent = EventIn<typeof paymentEvents>;

/** The data of one type of payment event. */
export type PaymentFact<Type extends PaymentEvent['type']> = Extract<PaymentEvent, { readonly type: Type }>['data'];
