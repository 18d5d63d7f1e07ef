import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand } from '../../src/domain/order-commands.ts';
import { given } from '../support/given.ts';
import {
  acceptedOrder,
  arrived,
  at,
  cancelled,
  completed,
  confirmedOrder,
  delivered,
  dispatched,
  expired,
  held,
  lineAccepted,
  lineCancelled,
  lineId,
  lost,
  merchantId,
  orderAfter,
  otherLineId,
  otherMerchantId,
  otherOfferId,
  part,
  placed,
  placedLine,
  taskId,
  timed,
} from './examples.ts';

const second = placedLine({ lineId: otherLineId, offerId: otherOfferId, merchantId: otherMerchantId });
const ofSecond = { lineId: otherLineId, offerId: otherOfferId, merchantId: otherMerchantId };
const three = placedLine({ quantity: 3 });
const notConfirmed = rejected('ORDER_NOT_CONFIRMED', 'The order is not confirmed yet.');
const shippedWhole = rejected('ALREADY_SHIPPED', 'All pieces of the line have shipped.');

describe('cancelling an order', () => {
  const cancel: OrderCommand = { type: 'CancelOrder', cause: 'CUSTOMER', ...timed() };

  test('cancels it as a whole, before it is confirmed and after', () => {
    given(order, placed()).when(cancel).expect(accepted(cancelled()));
    given(order, ...acceptedOrder())
      .when(cancel)
      .expect(accepted(cancelled()));
  });

  test('says why', () =>
    given(order, placed())
      .when({ ...cancel, cause: 'PAYMENT_DECLINED' })
      .expect(accepted(cancelled('PAYMENT_DECLINED'))));

  test('cancels every piece of it, and ends a hold', () => {
    const state = orderAfter(placed({ lines: [three, second] }), held(), cancelled());
    assert.ok(state.status === 'cancelled' && state.held === undefined);
    assert.deepEqual(
      state.lines.map(({ status, open, cancelled: pieces }) => [status, open, pieces]),
      [
        ['cancelled', 0, 3],
        ['cancelled', 0, 1],
      ],
    );
  });

  test('again changes nothing', () => given(order, placed(), cancelled()).when(cancel).expect(accepted()));

  test('is refused once something shipped', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(cancel)
      .expect(rejected('ALREADY_SHIPPED', 'Something of the order has shipped; what has not can be cancelled line by line.')));

  test('is refused for an expired order', () =>
    given(order, placed(), expired).when(cancel).expect(rejected('ORDER_ENDED', 'The order was not paid for in time.')));

  test('is refused for a completed order', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered(), completed)
      .when(cancel)
      .expect(rejected('ORDER_ENDED', 'The order is completed.')));

  test('is refused for an order that does not exist', () =>
    given(order).when(cancel).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));
});

describe('cancelling a line', () => {
  const cancel: OrderCommand = { type: 'CancelLine', lineId, cause: 'CUSTOMER', ...timed() };

  test('cancels all of it as long as nothing of it shipped', () =>
    given(order, ...confirmedOrder(three, second))
      .when(cancel)
      .expect(accepted(lineCancelled('CUSTOMER', { quantity: 3, amountMinor: 119_700 }))));

  test('cancels what has not shipped of it', () =>
    given(order, ...acceptedOrder(three, second), dispatched())
      .when({ ...cancel, cause: 'SUPPORT' })
      .expect(accepted(lineCancelled('SUPPORT', { quantity: 2, amountMinor: 79_800 }))));

  test('cancels the order with the last line', () =>
    given(order, ...confirmedOrder(placedLine(), second), lineCancelled('CUSTOMER', ofSecond))
      .when(cancel)
      .expect(accepted(lineCancelled('CUSTOMER'), cancelled('LINES_CANCELLED'))));

  test('delivers the order when all the rest has arrived; the term runs from that delivery', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched(), arrived('5 d'))
      .when({ ...cancel, lineId: otherLineId, ...timed('9 d') })
      .expect(accepted(lineCancelled('CUSTOMER', ofSecond), delivered(at('20 d')))));

  test('completes the order when all the rest was lost', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched(), lost())
      .when({ ...cancel, lineId: otherLineId })
      .expect(accepted(lineCancelled('CUSTOMER', ofSecond), completed)));

  test('ends nothing while a parcel is on its way', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when({ ...cancel, lineId: otherLineId })
      .expect(accepted(lineCancelled('CUSTOMER', ofSecond))));

  test('is done on hold, too', () =>
    given(order, ...confirmedOrder(placedLine(), second), held())
      .when(cancel)
      .expect(accepted(lineCancelled('CUSTOMER'))));

  test('again changes nothing', () =>
    given(order, ...confirmedOrder(placedLine(), second), lineCancelled('MERCHANT'))
      .when(cancel)
      .expect(accepted()));

  test('again changes nothing when the order went with it', () =>
    given(order, ...confirmedOrder(), lineCancelled('CUSTOMER'), cancelled('LINES_CANCELLED'))
      .when(cancel)
      .expect(accepted()));

  test('is refused once all of it shipped', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(cancel)
      .expect(shippedWhole));

  test('is refused before the order is confirmed: the authorisation under way is for all of it', () =>
    given(order, placed()).when(cancel).expect(notConfirmed));

  test('is refused when it is not of the order', () =>
    given(order, ...confirmedOrder())
      .when({ ...cancel, lineId: taskId })
      .expect(rejected('LINE_NOT_FOUND', 'The order has no such line.')));

  test('is refused for an order that does not exist', () =>
    given(order).when(cancel).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));
});

describe('a merchant that cannot deliver a line', () => {
  const reject: OrderCommand = { type: 'RejectLine', lineId, ...timed() };

  test('cancels it', () =>
    given(order, ...confirmedOrder(placedLine(), second))
      .when(reject)
      .expect(accepted(lineCancelled('MERCHANT'))));

  test('cancels it after it was accepted', () =>
    given(order, ...acceptedOrder(placedLine(), second))
      .when(reject)
      .expect(accepted(lineCancelled('MERCHANT'))));

  test('changes nothing the second time', () =>
    given(order, ...confirmedOrder(placedLine(), second), lineCancelled('MERCHANT'))
      .when(reject)
      .expect(accepted()));

  test('is refused once it shipped', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(reject)
      .expect(shippedWhole));

  test('is refused before the order is confirmed', () => given(order, placed()).when(reject).expect(notConfirmed));
});

describe('cancelling everything that has not shipped', () => {
  const cancel: OrderCommand = { type: 'CancelOpenLines', cause: 'AUTHORISATION_LAPSED', ...timed() };

  test('leaves what has shipped', () =>
    given(order, ...acceptedOrder(three, second), dispatched())
      .when(cancel)
      .expect(
        accepted(lineCancelled('AUTHORISATION_LAPSED', { quantity: 2, amountMinor: 79_800 }), lineCancelled('AUTHORISATION_LAPSED', ofSecond)),
      ));

  test('cancels the order when nothing has', () =>
    given(order, ...confirmedOrder())
      .when(cancel)
      .expect(accepted(lineCancelled('AUTHORISATION_LAPSED'), cancelled('LINES_CANCELLED'))));

  test('changes nothing when all has', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(cancel)
      .expect(accepted()));

  test('is refused before the order is confirmed', () => given(order, placed()).when(cancel).expect(notConfirmed));
  test('changes nothing in a cancelled order', () => given(order, placed(), cancelled()).when(cancel).expect(accepted()));
});

describe('the time to accept', () => {
  const lapse: OrderCommand = { type: 'CancelUnaccepted', acceptBy: at('2 d'), ...timed('2 d') };

  test('cancels the lines that no merchant accepted', () =>
    given(order, ...confirmedOrder(placedLine(), second), lineAccepted())
      .when(lapse)
      .expect(accepted(lineCancelled('NOT_ACCEPTED', ofSecond))));

  test('cancels the order when none was accepted', () =>
    given(order, ...confirmedOrder())
      .when(lapse)
      .expect(accepted(lineCancelled('NOT_ACCEPTED'), cancelled('LINES_CANCELLED'))));

  test('is nothing when all were accepted', () =>
    given(order, ...acceptedOrder(placedLine(), second))
      .when(lapse)
      .expect(accepted()));

  test('is nothing to lines that were cancelled', () =>
    given(order, ...acceptedOrder(placedLine()), lineCancelled('CUSTOMER'), cancelled('LINES_CANCELLED'))
      .when(lapse)
      .expect(accepted()));

  test('is nothing on hold: it starts anew afterwards', () =>
    given(order, ...confirmedOrder(), held())
      .when(lapse)
      .expect(accepted()));

  test('is nothing when another time stands there', () =>
    given(order, ...confirmedOrder())
      .when({ ...lapse, acceptBy: at('1 d') })
      .expect(accepted()));

  test('is nothing before the order is confirmed', () => given(order, placed()).when(lapse).expect(accepted()));
});

describe('the time to dispatch', () => {
  const lapse: OrderCommand = { type: 'CancelUndispatched', lineId, dispatchBy: at('3 d'), ...timed('3 d') };

  test('cancels a line that did not leave', () =>
    given(order, ...acceptedOrder(placedLine(), second))
      .when(lapse)
      .expect(accepted(lineCancelled('NOT_DISPATCHED'))));

  test('cancels what is left of a line that left in part', () =>
    given(order, ...acceptedOrder(three), dispatched())
      .when(lapse)
      .expect(accepted(lineCancelled('NOT_DISPATCHED', { quantity: 2, amountMinor: 79_800 }))));

  test('is nothing to a line that left', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(lapse)
      .expect(accepted()));

  test('is nothing on hold: it starts anew afterwards', () =>
    given(order, ...acceptedOrder(), held())
      .when(lapse)
      .expect(accepted()));

  test('is nothing when another time stands there', () =>
    given(order, ...acceptedOrder())
      .when({ ...lapse, dispatchBy: at('4 d') })
      .expect(accepted()));
});

test('pieces that are cancelled and shipped make up the line', () => {
  const state = orderAfter(...acceptedOrder(three), dispatched({ lines: [part({ quantity: 2, amountMinor: 79_800 })] }), lineCancelled('MERCHANT'));
  assert.ok(state.status === 'shipped');
  const [line] = state.lines;
  assert.deepEqual([line?.status, line?.open, line?.cancelled, line?.shipped, line?.merchantId], ['shipped', 0, 1, 2, merchantId]);
});
