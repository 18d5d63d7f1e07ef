import assert from 'node:assert/strict';
import type { Offer } from '../../../src/domain/offer.ts';
import type { Order } from '../../../src/domain/order-state.ts';
import { capturedOf, refundedOf, type Payment } from '../../../src/domain/payment-state.ts';
import type { Asked, Log } from './log.ts';

/** What holds of a stream after every command. */
export const holdsAlways = (log: Log, to: Asked['to'], id: string): void => {
  switch (to) {
    case 'offer':
      return stockHolds(log.offer(id));
    case 'order':
      return piecesHold(log.order(id));
    case 'payment':
      return moneyHolds(log.payment(id));
    case 'return':
    case 'customer':
  }
};

const stockHolds = (offer: Offer): void => {
  if (offer.status === 'unpublished') return;
  const { onHand, reservations } = offer;
  assert.ok(reservations.reserved >= 0 && onHand >= reservations.reserved, `${reservations.reserved} of ${onHand} on hand are reserved`);
};

const piecesHold = (order: Order): void => {
  if (order.status === 'unplaced') return;
  for (const { quantity, open, cancelled, shipped, delivered, lost, returning } of order.lines) {
    assert.equal(open + cancelled + shipped, quantity);
    assert.ok(open >= 0 && cancelled >= 0 && delivered + lost <= shipped, 'pieces are open, cancelled or shipped');
    assert.ok(returning >= 0 && returning <= delivered, 'what comes back had arrived');
  }
};

const moneyHolds = (payment: Payment): void => {
  if (payment.status === 'unrequested') return;
  const captured = capturedOf(payment);
  assert.ok(captured <= payment.amountMinor, `${captured} captured of ${payment.amountMinor} authorised`);
  assert.ok(refundedOf(payment) <= captured, `${refundedOf(payment)} refunded of ${captured} captured`);
  const wasAuthorised = payment.providerReference !== undefined;
  assert.ok(captured === 0 || wasAuthorised, 'nothing is captured that was not authorised');
};
