import { actsForCustomer, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Decision } from './decider.ts';
import { amountText } from './money.ts';
import type { PaymentCode, PaymentCommand, RequestCapture, RequestRefund } from './payment-commands.ts';
import type { PaymentEvent } from './payment-events.ts';
import { record } from './payment-records.ts';
import { capturedOf, committed, evolvePayment, type Payment, type Refund, type RequestedPayment } from './payment-state.ts';

/** A payment belongs to its customer. What does not exist passes, and is refused by `decide`. */
export const mayActOnPayment = (authority: Authority, state: Payment): boolean =>
  state.status === 'unrequested' || actsForCustomer(authority, state.customerId);

/** The money of one order. Always, open requests counted: captured ≤ authorised and refunded ≤ captured. */
export const payment: Decider<Payment, PaymentCommand, PaymentEvent, PaymentCode> = {
  initial: { status: 'unrequested' },

  decide(command, state) {
    if (command.type === 'RequestPayment') {
      if (state.status !== 'unrequested') return rejected('PAYMENT_ALREADY_REQUESTED', 'This payment has been requested before.');
      const { orderId, customerId, amountMinor, currency, paymentMethod, payBy } = command;
      return accepted({ type: 'PaymentRequested', data: { orderId, customerId, amountMinor, currency, paymentMethod, payBy } });
    }
    if (state.status === 'unrequested') return rejected('PAYMENT_NOT_FOUND', 'No such payment has been requested.');
    switch (command.type) {
      case 'RequestCapture':
        return requestCapture(command, state);
      case 'RequestVoid':
        return requestVoid(state);
      case 'RequestRefund':
        return requestRefund(command, state);
      case 'LapseAuthorisation':
        return lapse(command.captureBefore, state);
      case 'RecordAuthorised':
      case 'RecordDeclined':
      case 'RecordCaptured':
      case 'RecordCaptureFailed':
      case 'RecordVoided':
      case 'RecordRefunded':
      case 'RecordRefundFailed':
      case 'RecordUnknown':
        return record(command, state);
    }
  },

  evolve: evolvePayment,
};

type Outcome = Decision<PaymentEvent, PaymentCode>;

const requestCapture = ({ orderId, captureId, shipmentId, amountMinor }: RequestCapture, state: RequestedPayment): Outcome => {
  if (orderId !== state.orderId) return rejected('PAYMENT_OF_ANOTHER_ORDER', 'This payment is for another order.');
  const repeated = state.captures.some(
    (capture) => capture.captureId === captureId || (capture.shipmentId === shipmentId && capture.status !== 'failed'),
  );
  if (repeated) return accepted();
  if (state.status === 'requested' || state.status === 'declined')
    return rejected('PAYMENT_NOT_AUTHORISED', 'Nothing is authorised that could be captured.');
  if (state.status === 'lapsed') return rejected('PAYMENT_LAPSED', 'The authorisation has run out.');
  if (state.status === 'voided' || state.voiding) return rejected('PAYMENT_VOIDED', 'What was not captured is given back.');
  const left = Math.max(0, state.amountMinor - committed(state.captures));
  if (amountMinor > left) return rejected('CAPTURE_TOO_HIGH', `${amountText(left, state.currency)} is left to capture.`);
  return accepted({ type: 'CaptureRequested', data: { orderId, captureId, shipmentId, amountMinor, currency: state.currency } });
};

const requestVoid = (state: RequestedPayment): Outcome => {
  const { orderId, currency, status, voiding } = state;
  const amountMinor = state.amountMinor - committed(state.captures);
  const over = status === 'declined' || status === 'voided' || status === 'lapsed';
  if (over || voiding === 'REQUESTED' || amountMinor <= 0) return accepted();
  return accepted({ type: 'VoidRequested', data: { orderId, amountMinor, currency } });
};

const requestRefund = (command: RequestRefund, state: RequestedPayment): Outcome => {
  const { refundId, cause, orderId = state.orderId, returnId, shipmentId, amountMinor } = command;
  const about = { ...(returnId === undefined ? {} : { returnId }), ...(shipmentId === undefined ? {} : { shipmentId }) };
  if (orderId !== state.orderId) return rejected('PAYMENT_OF_ANOTHER_ORDER', 'This payment is for another order.');
  if (state.refunds.some((other) => isSame(other, command))) return accepted();
  const left = Math.max(0, capturedOf(state) - committed(state.refunds));
  if (amountMinor > left) return rejected('REFUND_TOO_HIGH', `${amountText(left, state.currency)} is left to refund.`);
  return accepted({ type: 'RefundRequested', data: { orderId, refundId, cause, ...about, amountMinor, currency: state.currency } });
};

/** Whether two requests are for one refund: a return's and a shipment's go back once; goodwill may be shown again. */
const isSame = (made: Refund, asked: RequestRefund): boolean => {
  if (made.refundId === asked.refundId) return true;
  return (
    made.status !== 'failed' &&
    asked.cause !== 'GOODWILL' &&
    made.cause === asked.cause &&
    made.returnId === asked.returnId &&
    made.shipmentId === asked.shipmentId
  );
};

/** Nothing lapses that was captured or given back, or that a void is under way for. */
const lapse = (captureBefore: string, state: RequestedPayment): Outcome => {
  if (state.status !== 'authorised' || state.captureBefore !== captureBefore) return accepted();
  if (state.voiding || capturedOf(state) === state.amountMinor) return accepted();
  return accepted({ type: 'AuthorisationLapsed', data: { orderId: state.orderId } });
};
