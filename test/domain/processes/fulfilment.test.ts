import { describe, test } from 'node:test';
import { fulfilment } from '../../../src/domain/processes/fulfilment.ts';
import type { ProcessCommand } from '../../../src/domain/processes/process.ts';
import {
  confirmed,
  dispatched,
  lineCancelled,
  lineId,
  lost,
  offerId,
  orderId,
  otherLineId,
  otherOfferId,
  otherShipmentId,
  part,
  paymentId,
  returnId,
  shipmentId,
} from '../examples.ts';
import { captured, captureFailed, captureId, lapsed, otherCaptureId, outcomeUnknown, refundFailed, refundId } from '../payment-examples.ts';
import { ofOrder, ofPayment, refused, told } from './told.ts';

const amountMinor = 39_900;
const capturedParcel = ofPayment(captured(amountMinor));
/** Two pieces are paid for. */
const paidFor = ofOrder(confirmed(2 * amountMinor));
const sent = ofOrder(dispatched());
const cancelledRest = ofOrder(lineCancelled('CUSTOMER'));

const release: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'ReleaseReservation', orderId, lineId, cause: 'ORDER' } };
const giveBack: ProcessCommand = { to: 'payment', id: paymentId, command: { type: 'RequestVoid' } };
const capture: ProcessCommand = { to: 'payment', id: paymentId, command: { type: 'RequestCapture', orderId, shipmentId, amountMinor } };
const refund = (cause: 'LOST' | 'OVERCAPTURED'): ProcessCommand => ({
  to: 'payment',
  id: paymentId,
  command: { type: 'RequestRefund', cause, orderId, shipmentId, amountMinor },
});
const leave: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'DispatchStock', orderId, lineId, quantity: 1 } };
const hold: ProcessCommand = { to: 'order', id: orderId, command: { type: 'HoldOrder', cause: 'PAYMENT' } };
const cancelOpen: ProcessCommand = { to: 'order', id: orderId, command: { type: 'CancelOpenLines', cause: 'AUTHORISATION_LAPSED' } };
type Task = Omit<Extract<ProcessCommand['command'], { type: 'RaiseTask' }>, 'type'>;
const task = (about: Task): ProcessCommand => ({ to: 'order', id: orderId, command: { type: 'RaiseTask', ...about } });
const released = (cause: 'SUPPORT' | 'LAPSED') => ofOrder({ type: 'HoldReleased', data: { cause, lines: [] } });

test('fulfilment has nothing to do until something ships', () => {
  told(fulfilment, paidFor).expect();
  told(fulfilment, paidFor, capturedParcel).expect();
});

describe('fulfilment of a shipment', () => {
  test('takes every line out of its stock, and the amount from the payment', () =>
    told(
      fulfilment,
      paidFor,
      ofOrder(dispatched({ lines: [part(), part({ lineId: otherLineId, offerId: otherOfferId, quantity: 2, amountMinor: 100 })] })),
    ).expect(
      leave,
      { to: 'offer', id: otherOfferId, command: { type: 'DispatchStock', orderId, lineId: otherLineId, quantity: 2 } },
      { to: 'payment', id: paymentId, command: { type: 'RequestCapture', orderId, shipmentId, amountMinor: amountMinor + 100 } },
    ));

  test('refunds what is lost', () => told(fulfilment, paidFor, sent, capturedParcel, ofOrder(lost())).expect(refund('LOST')));
  test('refunds what is lost when it is paid, not before', () => {
    told(fulfilment, paidFor, sent, ofOrder(lost())).expect();
    told(fulfilment, paidFor, sent, ofOrder(lost()), capturedParcel).expect(refund('LOST'));
  });
  test('refunds what is paid twice', () =>
    told(fulfilment, paidFor, sent, capturedParcel, ofPayment(captured(amountMinor, { captureId: otherCaptureId }))).expect(refund('OVERCAPTURED')));
});

describe('fulfilment of a cancelled line', () => {
  test('releases what was reserved', () => told(fulfilment, paidFor, cancelledRest).expect(release));
  test('gives the money back with the last line, if the rest is captured', () =>
    told(fulfilment, paidFor, sent, capturedParcel, cancelledRest).expect(release, giveBack));
  test('gives the money back when the rest is captured', () => {
    told(fulfilment, paidFor, sent, cancelledRest).expect(release);
    told(fulfilment, paidFor, sent, cancelledRest, capturedParcel).expect(giveBack);
  });
  test('keeps the money while something is open', () =>
    told(fulfilment, ofOrder(confirmed(3 * amountMinor)), sent, capturedParcel, cancelledRest).expect(release));
  test('keeps the money while another parcel is not captured', () =>
    told(
      fulfilment,
      ofOrder(confirmed(3 * amountMinor)),
      sent,
      ofOrder(dispatched({ shipmentId: otherShipmentId })),
      capturedParcel,
      cancelledRest,
    ).expect(release));
  test('keeps the money while a capture may be tried again', () =>
    told(fulfilment, paidFor, sent, ofPayment(captureFailed), cancelledRest).expect(release));
  test('leaves it to placement where nothing ships', () => told(fulfilment, ofOrder(confirmed(amountMinor)), cancelledRest).expect(release));
  test('has nothing to give back where nothing was cancelled', () =>
    told(fulfilment, ofOrder(confirmed(amountMinor)), sent, capturedParcel).expect());
});

describe('fulfilment of a capture that fails', () => {
  const tried = [paidFor, sent, ofPayment(captureFailed)];

  test('holds the order and tells support', () =>
    told(fulfilment, ...tried).expect(hold, task({ kind: 'CAPTURE_FAILED', shipmentId, paymentId, code: 'processing_error' })));
  test('has nothing to do about a parcel that is lost, beside others that are not', () =>
    told(fulfilment, paidFor, sent, ofOrder(dispatched({ shipmentId: otherShipmentId })), ofOrder(lost()), ofPayment(captureFailed)).expect());
  test('tries again when support releases the order', () => told(fulfilment, ...tried, released('SUPPORT')).expect(capture));
  test('tries again once', () => told(fulfilment, ...tried, released('SUPPORT'), released('SUPPORT')).expect());
  test('does not try again because a hold ended', () => told(fulfilment, ...tried, released('LAPSED')).expect());
  test('does not try again for a parcel that is lost', () => told(fulfilment, ...tried, ofOrder(lost()), released('SUPPORT')).expect());
  test('does the same when the payment refuses', () =>
    refused(fulfilment, capture, 'PAYMENT_LAPSED').expect(hold, task({ kind: 'CAPTURE_FAILED', shipmentId, paymentId, code: 'PAYMENT_LAPSED' })));
});

describe('fulfilment when the authorisation lapses', () => {
  const lapse = ofPayment(lapsed);
  const owed = task({ kind: 'AUTHORISATION_LAPSED', paymentId });

  test('cancels what has not shipped', () => told(fulfilment, paidFor, lapse).expect(cancelOpen));
  test('tells support of what shipped unpaid', () => told(fulfilment, paidFor, sent, lapse).expect(cancelOpen, owed));
  test('tells support even where nothing is open', () => told(fulfilment, ofOrder(confirmed(amountMinor)), sent, lapse).expect(owed));
  test('leaves alone what is paid or lost', () => {
    told(fulfilment, paidFor, sent, capturedParcel, lapse).expect(cancelOpen);
    told(fulfilment, paidFor, sent, ofOrder(lost()), lapse).expect(cancelOpen);
  });
  test('before the order is confirmed waits for that', () => {
    told(fulfilment, lapse).expect();
    told(fulfilment, lapse, paidFor).expect(cancelOpen);
  });
});

describe('fulfilment of a refund', () => {
  test('that fails is a task', () => {
    told(fulfilment, ofPayment(refundFailed)).expect(task({ kind: 'REFUND_FAILED', paymentId, code: 'processing_error', returnId }));
    const { returnId: _, ...data } = { orderId, refundId, returnId, code: 'expired_card' };
    told(fulfilment, ofPayment({ type: 'RefundFailed', data })).expect(task({ kind: 'REFUND_FAILED', paymentId, code: 'expired_card' }));
  });
  test('that the payment refuses is a task', () =>
    refused(fulfilment, refund('LOST'), 'REFUND_TOO_HIGH').expect(task({ kind: 'REFUND_FAILED', paymentId, code: 'REFUND_TOO_HIGH' })));
  test('with an unknown end is a task; other operations have deadlines', () => {
    told(fulfilment, ofPayment(outcomeUnknown('REFUND', refundId))).expect(task({ kind: 'PAYMENT_UNKNOWN', paymentId, code: 'REFUND' }));
    told(fulfilment, ofPayment(outcomeUnknown('CAPTURE', captureId))).expect();
    told(fulfilment, ofPayment(outcomeUnknown('VOID'))).expect();
    told(fulfilment, ofPayment(outcomeUnknown('AUTHORISATION'))).expect();
  });
});

test('fulfilment has nothing to do about other refusals: the order or the offer says why', () => {
  refused(fulfilment, hold, 'ALREADY_SHIPPED').expect();
  refused(fulfilment, cancelOpen, 'ORDER_CANCELLED').expect();
  refused(fulfilment, leave, 'ALREADY_RELEASED').expect();
  refused(fulfilment, giveBack, 'PAYMENT_NOT_FOUND').expect();
});
