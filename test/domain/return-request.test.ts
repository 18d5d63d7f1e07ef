import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { returns } from '../../src/domain/return.ts';
import { given } from '../support/given.ts';
import {
  arrived,
  at,
  confirmedOrder,
  customerId,
  delivered,
  dispatched,
  lineAccepted,
  lineId,
  merchantId,
  offerId,
  orderAfter,
  orderId,
  otherLineId,
  otherMerchantId,
  otherOfferId,
  otherShipmentId,
  part,
  placedLine,
  returnId,
  timed,
} from './examples.ts';
import { askReturn as ask, claimRequested, returnRequested, twoOf as two, twoParcel as parcel } from './return-examples.ts';

describe('requesting a return', () => {
  test('names what was paid for the pieces', () => given(returns).when(ask()).expect(accepted(returnRequested())));

  test('may be for a part of a line', () =>
    given(returns)
      .when(ask({ lines: [{ lineId, quantity: 1 }] }))
      .expect(accepted(returnRequested({ lines: [{ lineId, offerId, quantity: 1, grade: 'A', amountMinor: 39_900 }] }))));

  test('is in time at the last moment of the withdrawal term', () =>
    given(returns)
      .when(ask(timed('20 d')))
      .expect(accepted(returnRequested())));

  test('is refused after the withdrawal term', () =>
    given(returns)
      .when(ask({ ...timed('20 d'), now: '2026-03-21T10:00:00.001Z' }))
      .expect(rejected('WITHDRAWAL_OVER', `The order could be withdrawn from until ${at('20 d')}.`)));

  test('may be a withdrawal of what has arrived while the rest is on its way', () => {
    const lines = [placedLine({ quantity: 2 }), placedLine({ lineId: otherLineId, offerId: otherOfferId })];
    const order = orderAfter(...confirmedOrder(...lines), lineAccepted(), parcel, arrived('5 d'));
    given(returns)
      .when(ask({ order, ...timed('90 d') }))
      .expect(accepted(returnRequested()));
  });

  test('is a claim until the warranty ends, counted in months from the delivery', () => {
    const claim = ask({ kind: 'WARRANTY', now: '2027-03-06T10:00:00.000Z' });
    given(returns).when(claim).expect(accepted(claimRequested));
    given(returns)
      .when({ ...claim, now: '2027-03-06T10:00:00.001Z' })
      .expect(rejected('WARRANTY_OVER', 'lines[0]: the warranty ended at 2027-03-06T10:00:00.000Z.'));
  });

  test('counts a warranty to the last day of a month that is too short', () => {
    const january = arrived('5 d', { deliveredAt: '2027-01-31T10:00:00.000Z' });
    const order = orderAfter(...confirmedOrder(placedLine({ quantity: 2, warrantyMonths: 1 })), lineAccepted(), parcel, january);
    given(returns)
      .when(ask({ order, kind: 'WARRANTY', now: '2027-02-28T10:00:00.001Z' }))
      .expect(rejected('WARRANTY_OVER', 'lines[0]: the warranty ended at 2027-02-28T10:00:00.000Z.'));
  });

  test('counts a warranty from the last parcel of the line', () => {
    const order = orderAfter(
      ...confirmedOrder(two),
      lineAccepted(),
      dispatched(),
      dispatched({ shipmentId: otherShipmentId }),
      arrived('5 d'),
      arrived('40 d', { shipmentId: otherShipmentId }),
    );
    given(returns)
      .when(ask({ order, kind: 'WARRANTY', now: '2027-04-10T10:00:00.000Z' }))
      .expect(accepted(claimRequested));
  });

  test('is refused for more than arrived and is in no other return', () => {
    const registered: OrderEvent = {
      type: 'ReturnRegistered',
      data: { returnId, customerId, merchantId, paymentId: orderId, lines: [{ lineId, quantity: 1 }] },
    };
    const order = orderAfter(...confirmedOrder(two), lineAccepted(), parcel, arrived('5 d'), delivered(at('20 d')), registered);
    given(returns).when(ask({ order })).expect(rejected('RETURNED_TOO_MANY', 'lines[0]: 1 can be returned, 2 asked for.'));
  });

  test('is refused for what has not arrived', () =>
    given(returns)
      .when(ask({ order: orderAfter(...confirmedOrder(two), lineAccepted(), parcel) }))
      .expect(rejected('NOT_DELIVERED', 'lines[0]: nothing of it has been delivered.')));

  test('is refused for goods of two merchants', () => {
    const lines = [two, placedLine({ lineId: otherLineId, offerId: otherOfferId, merchantId: otherMerchantId })];
    const theirs = dispatched({
      shipmentId: otherShipmentId,
      merchantId: otherMerchantId,
      lines: [part({ lineId: otherLineId, offerId: otherOfferId })],
    });
    const order = orderAfter(...confirmedOrder(...lines), parcel, theirs, arrived('5 d'), arrived('5 d', { shipmentId: otherShipmentId }));
    given(returns)
      .when(
        ask({
          order,
          lines: [
            { lineId, quantity: 1 },
            { lineId: otherLineId, quantity: 1 },
          ],
        }),
      )
      .expect(rejected('SEVERAL_MERCHANTS', 'lines[1]: a return goes to one merchant.'));
  });

  test('is refused for lines that are not there or named twice', () => {
    given(returns)
      .when(ask({ lines: [{ lineId: otherLineId, quantity: 1 }] }))
      .expect(rejected('LINE_NOT_FOUND', 'lines[0]: the order has no such line.'));
    given(returns)
      .when(
        ask({
          lines: [
            { lineId, quantity: 1 },
            { lineId, quantity: 1 },
          ],
        }),
      )
      .expect(rejected('LINE_REPEATED', 'lines[1]: the line is named twice.'));
  });

  test('is refused for an order that does not exist', () =>
    given(returns)
      .when(ask({ order: orderAfter() }))
      .expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));

  test('is refused where a return stands', () =>
    given(returns, returnRequested()).when(ask()).expect(rejected('RETURN_ALREADY_REQUESTED', 'This return has been requested before.')));
});
