import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import type { PaymentCommand } from '../../src/domain/payment-commands.ts';
import { mayActOnPayment, payment } from '../../src/domain/payment.ts';
import { given } from '../support/given.ts';
import { at, customerId, orderId, otherShipmentId, returnId, shipmentId } from './examples.ts';
import {
  authorised,
  captured,
  captureFailed,
  captureId,
  captureRequested,
  declined,
  lapsed,
  otherCaptureId,
  otherRefundId,
  paymentRequested,
  refundFailed,
  refundId,
  refundRequested,
  voided,
  voidRequested,
} from './payment-examples.ts';

const history = [paymentRequested(), authorised];
const request: PaymentCommand = {
  ...{ type: 'RequestPayment', orderId, customerId, amountMinor: 10_000, currency: 'EUR', paymentMethod: 'pm_card', payBy: at('30 min') },
};

describe('requesting a payment', () => {
  test('asks for the whole amount', () => given(payment).when(request).expect(accepted(paymentRequested())));

  test('keeps nothing of the command but what it declares', () =>
    given(payment)
      .when({ ...request, now: at() } as PaymentCommand)
      .expect(accepted(paymentRequested())));

  test('is refused where a payment stands', () =>
    given(payment, paymentRequested()).when(request).expect(rejected('PAYMENT_ALREADY_REQUESTED', 'This payment has been requested before.')));
});

test('nothing can be done about a payment that was never requested', () => {
  const nothing = rejected('PAYMENT_NOT_FOUND', 'No such payment has been requested.');
  given(payment).when({ type: 'RequestVoid' }).expect(nothing);
  given(payment).when({ type: 'RecordVoided' }).expect(nothing);
  given(payment).when({ type: 'LapseAuthorisation', captureBefore: at() }).expect(nothing);
});

test('nothing can happen to a payment before it is requested', () =>
  assert.throws(() => payment.evolve(payment.initial, voided), /PaymentVoided before PaymentRequested/));

describe('capturing a shipment', () => {
  const capture = (amountMinor = 6_000, change: { readonly captureId?: string; readonly shipmentId?: string; readonly orderId?: string } = {}) =>
    ({ type: 'RequestCapture', orderId, captureId, shipmentId, amountMinor, ...change }) as const;

  test('takes its part of what is authorised', () =>
    given(payment, ...history)
      .when(capture())
      .expect(accepted(captureRequested())));

  test('takes the last cent', () =>
    given(payment, ...history, captureRequested(), captured())
      .when(capture(4_000, { captureId: otherCaptureId, shipmentId: otherShipmentId }))
      .expect(accepted(captureRequested(4_000, { captureId: otherCaptureId, shipmentId: otherShipmentId }))));

  test('is refused beyond what is authorised, what is being captured counted', () =>
    given(payment, ...history, captureRequested())
      .when(capture(4_001, { captureId: otherCaptureId, shipmentId: otherShipmentId }))
      .expect(rejected('CAPTURE_TOO_HIGH', '40.00 EUR is left to capture.')));

  test('again changes nothing', () =>
    given(payment, ...history, captureRequested())
      .when(capture())
      .expect(accepted()));

  test('by another command changes nothing', () =>
    given(payment, ...history, captureRequested(), captured())
      .when(capture(6_000, { captureId: otherCaptureId }))
      .expect(accepted()));

  test('is tried anew after it failed', () =>
    given(payment, ...history, captureRequested(), captureFailed)
      .when(capture(6_000, { captureId: otherCaptureId }))
      .expect(accepted(captureRequested(6_000, { captureId: otherCaptureId }))));

  test('is refused before anything is authorised', () => {
    const refusal = rejected('PAYMENT_NOT_AUTHORISED', 'Nothing is authorised that could be captured.');
    given(payment, paymentRequested()).when(capture()).expect(refusal);
    given(payment, paymentRequested(), declined).when(capture()).expect(refusal);
  });

  test('is refused once the rest is given back', () => {
    const refusal = rejected('PAYMENT_VOIDED', 'What was not captured is given back.');
    given(payment, ...history, voidRequested())
      .when(capture())
      .expect(refusal);
    given(payment, ...history, voidRequested(), voided)
      .when(capture())
      .expect(refusal);
  });

  test('is refused once the authorisation has run out', () =>
    given(payment, ...history, lapsed)
      .when(capture())
      .expect(rejected('PAYMENT_LAPSED', 'The authorisation has run out.')));

  test('is refused for another order', () =>
    given(payment, ...history)
      .when(capture(6_000, { orderId: returnId }))
      .expect(rejected('PAYMENT_OF_ANOTHER_ORDER', 'This payment is for another order.')));
});

describe('voiding a payment', () => {
  const giveBack: PaymentCommand = { type: 'RequestVoid' };

  test('gives back what is authorised', () =>
    given(payment, ...history)
      .when(giveBack)
      .expect(accepted(voidRequested())));
  test('gives back what is neither captured nor being captured', () =>
    given(payment, ...history, captureRequested())
      .when(giveBack)
      .expect(accepted(voidRequested(4_000))));
  test('gives back what could not be captured', () =>
    given(payment, ...history, captureRequested(), captureFailed)
      .when(giveBack)
      .expect(accepted(voidRequested())));
  test('before an authorisation is asked for, should one come', () =>
    given(payment, paymentRequested()).when(giveBack).expect(accepted(voidRequested())));
  test('again changes nothing', () =>
    given(payment, ...history, voidRequested())
      .when(giveBack)
      .expect(accepted()));
  test('is asked for anew when something was authorised since', () =>
    given(payment, paymentRequested(), voidRequested(), authorised).when(giveBack).expect(accepted(voidRequested())));
  test('has nothing to do where everything is captured', () =>
    given(payment, ...history, captureRequested(10_000), captured(10_000))
      .when(giveBack)
      .expect(accepted()));
  test('has nothing to do where nothing is held', () => {
    given(payment, paymentRequested(), declined).when(giveBack).expect(accepted());
    given(payment, ...history, lapsed)
      .when(giveBack)
      .expect(accepted());
    given(payment, ...history, voidRequested(), voided)
      .when(giveBack)
      .expect(accepted());
  });
});

describe('refunding', () => {
  const paid = [...history, captureRequested(), captured()];
  const refund = (amountMinor = 1_000, change: Partial<Extract<PaymentCommand, { type: 'RequestRefund' }>> = {}): PaymentCommand => ({
    ...{ type: 'RequestRefund', refundId, cause: 'RETURN', orderId, returnId, amountMinor },
    ...change,
  });

  test('gives captured money back', () =>
    given(payment, ...paid)
      .when(refund())
      .expect(accepted(refundRequested())));

  test('gives all of it back', () =>
    given(payment, ...paid)
      .when(refund(6_000))
      .expect(accepted(refundRequested(6_000))));

  test('needs no order, no return and no shipment', () => {
    const { returnId: _, ...goodwill } = { orderId, refundId, cause: 'GOODWILL', returnId, amountMinor: 500, currency: 'EUR' } as const;
    given(payment, ...paid)
      .when({ type: 'RequestRefund', refundId, cause: 'GOODWILL', amountMinor: 500 })
      .expect(accepted({ type: 'RefundRequested', data: goodwill }));
  });

  test('is refused beyond what is captured, what is being refunded counted', () =>
    given(payment, ...paid, refundRequested())
      .when(refund(5_001, { refundId: otherRefundId, returnId: shipmentId }))
      .expect(rejected('REFUND_TOO_HIGH', '50.00 EUR is left to refund.')));

  test('is refused of what is only being captured', () =>
    given(payment, ...history, captureRequested())
      .when(refund())
      .expect(rejected('REFUND_TOO_HIGH', '0.00 EUR is left to refund.')));

  test('of one return again changes nothing, by whatever command', () => {
    given(payment, ...paid, refundRequested())
      .when(refund())
      .expect(accepted());
    given(payment, ...paid, refundRequested())
      .when(refund(1_000, { refundId: otherRefundId }))
      .expect(accepted());
  });

  test('of one return is tried anew after it failed', () =>
    given(payment, ...paid, refundRequested(6_000), refundFailed)
      .when(refund(6_000, { refundId: otherRefundId }))
      .expect(accepted(refundRequested(6_000, { refundId: otherRefundId }))));

  test('out of goodwill can be done again', () => {
    const shown = { orderId, cause: 'GOODWILL', amountMinor: 500, currency: 'EUR' } as const;
    given(payment, ...paid, { type: 'RefundRequested', data: { ...shown, refundId } })
      .when({ type: 'RequestRefund', refundId: otherRefundId, cause: 'GOODWILL', amountMinor: 500 })
      .expect(accepted({ type: 'RefundRequested', data: { ...shown, refundId: otherRefundId } }));
  });

  test('is refused for another order', () =>
    given(payment, ...paid)
      .when(refund(1_000, { orderId: returnId }))
      .expect(rejected('PAYMENT_OF_ANOTHER_ORDER', 'This payment is for another order.')));
});

describe('an authorisation that lapses', () => {
  const lapse: PaymentCommand = { type: 'LapseAuthorisation', captureBefore: at('7 d') };

  test('is over', () =>
    given(payment, ...history)
      .when(lapse)
      .expect(accepted(lapsed)));
  test('is over while a capture is under way', () =>
    given(payment, ...history, captureRequested(10_000))
      .when(lapse)
      .expect(accepted(lapsed)));
  test('leaves alone what was captured whole', () =>
    given(payment, ...history, captureRequested(10_000), captured(10_000))
      .when(lapse)
      .expect(accepted()));
  test('leaves alone what is given back', () => {
    given(payment, ...history, voidRequested())
      .when(lapse)
      .expect(accepted());
    given(payment, ...history, voided)
      .when(lapse)
      .expect(accepted());
  });
  test('leaves alone an authorisation with another end', () =>
    given(payment, ...history)
      .when({ ...lapse, captureBefore: at('6 d') })
      .expect(accepted()));
  test('again changes nothing', () =>
    given(payment, ...history, lapsed)
      .when(lapse)
      .expect(accepted()));
});

describe('who may act on a payment', () => {
  const state = payment.evolve(payment.initial, paymentRequested());
  const nobody = { anyCustomer: false, anyMerchant: false };

  test('its customer may', () => assert.equal(mayActOnPayment({ ...nobody, customerId }, state), true));
  test('another customer may not', () => assert.equal(mayActOnPayment({ ...nobody, customerId: 'another' }, state), false));
  test('no merchant may', () => assert.equal(mayActOnPayment({ ...nobody, anyMerchant: true }, state), false));
  test('a payment that does not exist lets everybody pass, to be told so', () => assert.equal(mayActOnPayment(nobody, payment.initial), true));
});
