import type * as events from '../../contract/generated/orders/events/v1/events.ts';
import { idOf } from '../../domain/ids.ts';
import type { PaymentEvent } from '../../domain/payment-events.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { IntegrationEvent } from '../integration-event.ts';
import { money } from './money.ts';

/** What is told of a payment: never with what, nor under which name the provider knows it. */
export const translatePayment = ({ type, data }: PaymentEvent, { stream, recordedAt }: Pick<Recorded, 'stream' | 'recordedAt'>): IntegrationEvent => {
  const paymentId = idOf(stream);
  const { orderId } = data;
  const about = { subject: `payments/${paymentId}`, partitionKey: orderId };
  switch (type) {
    case 'PaymentRequested': {
      const { customerId, amountMinor, currency, payBy } = data;
      const requested: events.PaymentRequested = {
        paymentId,
        orderId,
        customerId,
        amount: money(amountMinor, currency),
        payBy: new Date(payBy),
        requestedAt: recordedAt,
      };
      return { type: 'orders.payment-requested.v1', ...about, data: requested };
    }
    case 'PaymentAuthorised': {
      const authorised: events.PaymentAuthorised = { paymentId, orderId, captureBefore: new Date(data.captureBefore), authorisedAt: recordedAt };
      return { type: 'orders.payment-authorised.v1', ...about, data: authorised };
    }
    case 'PaymentDeclined': {
      const declined: events.PaymentDeclined = { paymentId, orderId, code: data.code, declinedAt: recordedAt };
      return { type: 'orders.payment-declined.v1', ...about, data: declined };
    }
    case 'CaptureRequested': {
      const { captureId, shipmentId, amountMinor, currency } = data;
      const requested: events.CaptureRequested = {
        paymentId,
        orderId,
        captureId,
        shipmentId,
        amount: money(amountMinor, currency),
        requestedAt: recordedAt,
      };
      return { type: 'orders.capture-requested.v1', ...about, data: requested };
    }
    case 'PaymentCaptured': {
      const { captureId, shipmentId, amountMinor, currency } = data;
      const captured: events.PaymentCaptured = {
        paymentId,
        orderId,
        captureId,
        shipmentId,
        amount: money(amountMinor, currency),
        capturedAt: recordedAt,
      };
      return { type: 'orders.payment-captured.v1', ...about, data: captured };
    }
    case 'CaptureFailed': {
      const { captureId, shipmentId, code } = data;
      const failed: events.CaptureFailed = { paymentId, orderId, captureId, shipmentId, code, failedAt: recordedAt };
      return { type: 'orders.capture-failed.v1', ...about, data: failed };
    }
    case 'VoidRequested': {
      const requested: events.VoidRequested = { paymentId, orderId, amount: money(data.amountMinor, data.currency), requestedAt: recordedAt };
      return { type: 'orders.void-requested.v1', ...about, data: requested };
    }
    case 'PaymentVoided': {
      const voided: events.PaymentVoided = { paymentId, orderId, voidedAt: recordedAt };
      return { type: 'orders.payment-voided.v1', ...about, data: voided };
    }
    case 'RefundRequested': {
      const { refundId, cause, returnId = '', shipmentId = '', amountMinor, currency } = data;
      const requested: events.RefundRequested = {
        paymentId,
        orderId,
        refundId,
        cause,
        returnId,
        shipmentId,
        amount: money(amountMinor, currency),
        requestedAt: recordedAt,
      };
      return { type: 'orders.refund-requested.v1', ...about, data: requested };
    }
    case 'PaymentRefunded': {
      const { refundId, returnId = '', amountMinor, currency } = data;
      const refunded: events.PaymentRefunded = {
        paymentId,
        orderId,
        refundId,
        returnId,
        amount: money(amountMinor, currency),
        refundedAt: recordedAt,
      };
      return { type: 'orders.payment-refunded.v1', ...about, data: refunded };
    }
    case 'RefundFailed': {
      const { refundId, returnId = '', code } = data;
      const failed: events.RefundFailed = { paymentId, orderId, refundId, returnId, code, failedAt: recordedAt };
      return { type: 'orders.refund-failed.v1', ...about, data: failed };
    }
    case 'OutcomeUnknown': {
      const { operation, operationId = '' } = data;
      const unknown: events.PaymentOutcomeUnknown = { paymentId, orderId, operation, operationId, askedAt: recordedAt };
      return { type: 'orders.payment-outcome-unknown.v1', ...about, data: unknown };
    }
    case 'AuthorisationLapsed': {
      const lapsed: events.AuthorisationLapsed = { paymentId, orderId, lapsedAt: recordedAt };
      return { type: 'orders.authorisation-lapsed.v1', ...about, data: lapsed };
    }
  }
};
