import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OrderEvent } from '../../../src/domain/order-events.ts';
import type { ProcessCommand } from '../../../src/domain/processes/process.ts';
import { returning } from '../../../src/domain/processes/returns.ts';
import { customerId, lineId, merchantId, offerId, orderId, otherLineId, otherOfferId, paymentId, returnId } from '../examples.ts';
import { refunded, refundFailed } from '../payment-examples.ts';
import { closed, inspected, inspectionOverdue, restockRefused, returnRejected, returnRequested } from '../return-examples.ts';
import { ofOrder, ofPayment, ofReturn, refused, told } from './told.ts';

const lines = [{ lineId, quantity: 2 }];
const registeredEvent: OrderEvent = { type: 'ReturnRegistered', data: { returnId, customerId, merchantId, paymentId, lines } };
const asked = ofReturn(returnRequested());
const registered = ofOrder(registeredEvent);

const register: ProcessCommand = { to: 'order', id: orderId, command: { type: 'RegisterReturn', returnId, lines } };
const unregister: ProcessCommand = { to: 'order', id: orderId, command: { type: 'UnregisterReturn', returnId } };
const close = (cause: 'REFUNDED' | 'NOTHING_TO_REFUND' | 'REFUND_FAILED'): ProcessCommand => ({
  to: 'return',
  id: returnId,
  command: { type: 'CloseReturn', cause },
});
const refund: ProcessCommand = {
  to: 'payment',
  id: paymentId,
  command: { type: 'RequestRefund', cause: 'RETURN', orderId, returnId, amountMinor: 79_800 },
};
const restock: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'RestockOffer', orderId, lineId, returnId, quantity: 1, grade: 'B' } };

describe('returns', () => {
  test('are registered with their order', () => told(returning, asked).expect(register));
  test('are admitted once they are registered', () =>
    told(returning, asked, registered).expect({ to: 'return', id: returnId, command: { type: 'AdmitReturn' } }));
  test('are no longer registered when they are rejected', () => told(returning, asked, registered, ofReturn(returnRejected())).expect(unregister));
  test('that were never registered need not be undone', () => told(returning, asked, ofReturn(returnRejected('RETURNED_TOO_MANY'))).expect());
  test('that are registered after they were rejected are undone', () =>
    told(returning, asked, ofReturn(returnRejected('RETURNED_TOO_MANY')), registered).expect(unregister));
  test('that do not come back are no longer registered', () =>
    told(returning, asked, registered, ofReturn(closed('NOT_RECEIVED'))).expect(unregister));
  test('that are closed otherwise stay registered', () => told(returning, asked, registered, ofReturn(closed('REFUNDED'))).expect());
});

describe('returns that were inspected', () => {
  test('are refunded from the payment of their order', () => told(returning, asked, registered, ofReturn(inspected())).expect(refund));

  test('are closed where there is nothing to refund', () => {
    const nothing = inspected([{ lineId, offerId, quantity: 2, outcome: 'SCRAP', deductionMinor: 79_800, refundMinor: 0 }]);
    told(returning, asked, registered, ofReturn(nothing)).expect(close('NOTHING_TO_REFUND'));
  });

  test('go on sale again as far as they are good for it', () => {
    const mixed = inspected([
      { lineId, offerId, quantity: 1, outcome: 'RESTOCK', grade: 'B', deductionMinor: 0, refundMinor: 39_900 },
      { lineId, offerId, quantity: 1, outcome: 'SCRAP', deductionMinor: 0, refundMinor: 39_900 },
      { lineId: otherLineId, offerId: otherOfferId, quantity: 3, outcome: 'RESTOCK', grade: 'A', deductionMinor: 0, refundMinor: 0 },
    ]);
    told(returning, asked, registered, ofReturn(mixed)).expect(refund, restock, {
      to: 'offer',
      id: otherOfferId,
      command: { type: 'RestockOffer', orderId, lineId: otherLineId, returnId, quantity: 3, grade: 'A' },
    });
  });

  test('are closed when the money is back, or will not be', () => {
    told(returning, ofPayment(refunded())).expect(close('REFUNDED'));
    told(returning, ofPayment(refundFailed)).expect(close('REFUND_FAILED'));
  });

  test('cannot be inspected before the order knows them', () =>
    assert.throws(() => told(returning, asked, ofReturn(inspected())).expect(), /never registered/));
});

describe('returns that need a person', () => {
  test('are told of when nobody inspects them', () =>
    told(returning, asked, registered, ofReturn(inspectionOverdue)).expect({
      to: 'order',
      id: orderId,
      command: { type: 'RaiseTask', kind: 'RETURN_NOT_INSPECTED', merchantId, returnId },
    }));
  test('are told of when an offer does not take them back', () =>
    told(returning, asked, registered, ofReturn(restockRefused)).expect({
      to: 'order',
      id: orderId,
      command: { type: 'RaiseTask', kind: 'RESTOCK_REFUSED', merchantId, returnId, code: 'GRADE_LOWER' },
    }));
});

describe('refused, returns', () => {
  test('are rejected where the order does not register them', () =>
    refused(returning, register, 'RETURNED_TOO_MANY').expect({
      to: 'return',
      id: returnId,
      command: { type: 'RefuseReturn', cause: 'RETURNED_TOO_MANY' },
    }));
  test('keep that an offer does not take pieces back', () =>
    refused(returning, restock, 'GRADE_LOWER').expect({
      to: 'return',
      id: returnId,
      command: { type: 'MarkRestockRefused', lineId, offerId, code: 'GRADE_LOWER' },
    }));
  test('are closed without their refund, which is a task', () =>
    refused(returning, refund, 'REFUND_TOO_HIGH').expect(close('REFUND_FAILED'), {
      to: 'order',
      id: orderId,
      command: { type: 'RaiseTask', kind: 'REFUND_FAILED', returnId, paymentId, code: 'REFUND_TOO_HIGH' },
    }));
  test('have nothing to do about the rest', () => {
    refused(returning, unregister, 'ORDER_NOT_FOUND').expect();
    refused(returning, close('REFUNDED'), 'RETURN_NOT_INSPECTED').expect();
  });
});

test('refunds of no return are nobody’s', () => {
  const goodwill = ofPayment({
    type: 'PaymentRefunded',
    data: { orderId, refundId: returnId, amountMinor: 1, currency: 'EUR', providerReference: 're' },
  });
  assert.equal(returning.key(goodwill), undefined);
});
