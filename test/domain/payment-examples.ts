import type { PaymentEvent, PaymentFact } from '../../src/domain/payment-events.ts';
import { at, customerId, orderId, returnId, shipmentId } from './examples.ts';

export const captureId = '0192f0a0-0000-7000-8000-0000000000ca';
export const otherCaptureId = '0192f0a0-0000-7000-8000-0000000000cb';
export const refundId = '0192f0a0-0000-7000-8000-0000000000fa';
export const otherRefundId = '0192f0a0-0000-7000-8000-0000000000fb';

/** 100.00 EUR, to be authorised within half an hour. */
export const paymentRequested = (change: Partial<PaymentFact<'PaymentRequested'>> = {}): PaymentEvent => ({
  type: 'PaymentRequested',
  data: { orderId, customerId, amountMinor: 10_000, currency: 'EUR', paymentMethod: 'pm_card', payBy: at('30 min'), ...change },
});
export const authorised: PaymentEvent = {
  type: 'PaymentAuthorised',
  data: { orderId, providerReference: 'pi_1', captureBefore: at('7 d') },
};
export const declined: PaymentEvent = { type: 'PaymentDeclined', data: { orderId, code: 'card_declined' } };
export const captureRequested = (amountMinor = 6_000, change: Partial<PaymentFact<'CaptureRequested'>> = {}): PaymentEvent => ({
  type: 'CaptureRequested',
  data: { orderId, captureId, shipmentId, amountMinor, currency: 'EUR', ...change },
});
export const captured = (amountMinor = 6_000, change: Partial<PaymentFact<'PaymentCaptured'>> = {}): PaymentEvent => ({
  type: 'PaymentCaptured',
  data: { orderId, captureId, shipmentId, amountMinor, currency: 'EUR', providerReference: 'ch_1', ...change },
});
export const captureFailed: PaymentEvent = { type: 'CaptureFailed', data: { orderId, captureId, shipmentId, code: 'processing_error' } };
export const voidRequested = (amountMinor = 10_000): PaymentEvent => ({ type: 'VoidRequested', data: { orderId, amountMinor, currency: 'EUR' } });
export const voided: PaymentEvent = { type: 'PaymentVoided', data: { orderId } };
export const lapsed: PaymentEvent = { type: 'AuthorisationLapsed', data: { orderId } };
export const refundRequested = (amountMinor = 1_000, change: Partial<PaymentFact<'RefundRequested'>> = {}): PaymentEvent => ({
  type: 'RefundRequested',
  data: { orderId, refundId, cause: 'RETURN', returnId, amountMinor, currency: 'EUR', ...change },
});
export const refunded = (amountMinor = 1_000): PaymentEvent => ({
  type: 'PaymentRefunded',
  data: { orderId, refundId, returnId, amountMinor, currency: 'EUR', providerReference: 're_1' },
});
export const refundFailed: PaymentEvent = { type: 'RefundFailed', data: { orderId, refundId, returnId, code: 'processing_error' } };
export const outcomeUnknown = (operation: PaymentFact<'OutcomeUnknown'>['operation'], operationId?: string): PaymentEvent => ({
  type: 'OutcomeUnknown',
  data: { orderId, operation, ...(operationId === undefined ? {} : { operationId }) },
});
