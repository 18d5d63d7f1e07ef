import { accepted, rejected, type Decision, type Rejected } from './decider.ts';
import type { PaymentCode, PaymentRecord } from './payment-commands.ts';
import type { PaymentEvent } from './payment-events.ts';
import { capturedOf, refundedOf, type Capture, type Refund, type RequestedPayment, type Unknown } from './payment-state.ts';
import { after } from './terms.ts';

/**
 * What a record of the provider's adds. Records come twice, late and in any order: a success outweighs a failure of the same
 * operation, an authorisation every decline, a void every authorisation heard of later; so they end in the same money.
 */
export const record = (command: PaymentRecord, state: RequestedPayment): Decision<PaymentEvent, PaymentCode> => {
  const { orderId, currency } = state;
  switch (command.type) {
    case 'RecordAuthorised': {
      if (state.status !== 'requested' && state.status !== 'declined') return accepted();
      const { providerReference, captureBefore } = command;
      return accepted({ type: 'PaymentAuthorised', data: { orderId, providerReference, captureBefore: after(captureBefore, 0) } });
    }
    case 'RecordDeclined':
      return state.status === 'requested' ? accepted({ type: 'PaymentDeclined', data: { orderId, code: command.code } }) : accepted();
    case 'RecordCaptured': {
      const capture = captureOf(state, command.captureId);
      if (!capture) return unknownCapture;
      if (capture.status === 'captured') return accepted();
      const { captureId, shipmentId, amountMinor } = capture;
      // A capture that had failed and one in its place cannot both be true.
      if (capturedOf(state) + amountMinor > state.amountMinor) return rejected('CAPTURE_TOO_HIGH', 'More would be captured than is authorised.');
      return accepted({
        type: 'PaymentCaptured',
        data: { orderId, captureId, shipmentId, amountMinor, currency, providerReference: command.providerReference },
      });
    }
    case 'RecordCaptureFailed': {
      const capture = captureOf(state, command.captureId);
      if (!capture) return unknownCapture;
      if (capture.status !== 'requested') return accepted();
      const { captureId, shipmentId } = capture;
      return accepted({ type: 'CaptureFailed', data: { orderId, captureId, shipmentId, code: command.code } });
    }
    case 'RecordVoided':
      return state.status === 'voided' || state.status === 'lapsed' ? accepted() : accepted({ type: 'PaymentVoided', data: { orderId } });
    case 'RecordRefunded': {
      const refund = refundOf(state, command.refundId);
      if (!refund) return unknownRefund;
      if (refund.status === 'refunded') return accepted();
      const { amountMinor } = refund;
      if (refundedOf(state) + amountMinor > capturedOf(state)) return rejected('REFUND_TOO_HIGH', 'More would be refunded than is captured.');
      return accepted({
        type: 'PaymentRefunded',
        data: { orderId, ...sideOf(refund), amountMinor, currency, providerReference: command.providerReference },
      });
    }
    case 'RecordRefundFailed': {
      const refund = refundOf(state, command.refundId);
      if (!refund) return unknownRefund;
      if (refund.status !== 'requested') return accepted();
      return accepted({ type: 'RefundFailed', data: { orderId, ...sideOf(refund), code: command.code } });
    }
    case 'RecordUnknown': {
      const { operation, operationId } = command;
      return recordUnknown(operationId === undefined ? { operation } : { operation, operationId }, state);
    }
  }
};

const recordUnknown = (unknown: Unknown, state: RequestedPayment): Decision<PaymentEvent, PaymentCode> => {
  const { operation, operationId } = unknown;
  switch (operation) {
    case 'AUTHORISATION':
      if (state.status !== 'requested') return accepted();
      break;
    case 'VOID':
      if (state.voiding === undefined) return accepted();
      break;
    case 'CAPTURE': {
      const capture = captureOf(state, operationId);
      if (!capture) return unknownCapture;
      if (capture.status !== 'requested') return accepted();
      break;
    }
    case 'REFUND': {
      const refund = refundOf(state, operationId);
      if (!refund) return unknownRefund;
      if (refund.status !== 'requested') return accepted();
      break;
    }
  }
  if (state.unknown.some((other) => other.operation === operation && other.operationId === operationId)) return accepted();
  return accepted({ type: 'OutcomeUnknown', data: { orderId: state.orderId, ...unknown } });
};

const captureOf = (state: RequestedPayment, captureId: string | undefined): Capture | undefined =>
  state.captures.find((capture) => capture.captureId === captureId);

const refundOf = (state: RequestedPayment, refundId: string | undefined): Refund | undefined =>
  state.refunds.find((refund) => refund.refundId === refundId);

const sideOf = ({ refundId, returnId }: Refund): { readonly refundId: string; readonly returnId?: string } =>
  returnId === undefined ? { refundId } : { refundId, returnId };

const unknownCapture: Rejected<'CAPTURE_NOT_FOUND'> = rejected('CAPTURE_NOT_FOUND', 'No such capture has been requested.');
const unknownRefund: Rejected<'REFUND_NOT_FOUND'> = rejected('REFUND_NOT_FOUND', 'No such refund has been requested.');
