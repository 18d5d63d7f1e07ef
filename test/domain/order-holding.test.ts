import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand } from '../../src/domain/order-commands.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { given } from '../support/given.ts';
import {
  acceptedOrder,
  arrived,
  at,
  cancelled,
  completed,
  confirmedOrder,
  customerId,
  delivered,
  dispatched,
  held,
  lineAccepted,
  lineId,
  orderAfter,
  otherLineId,
  otherOfferId,
  placed,
  placedLine,
  sealed,
  timed,
} from './examples.ts';

const second = placedLine({ lineId: otherLineId, offerId: otherOfferId });
const gone = rejected('ORDER_CANCELLED', 'The order has been cancelled.');
const notFound = rejected('ORDER_NOT_FOUND', 'No such order has been placed.');

describe('changing the address', () => {
  const shippingAddress = { address: { ...sealed('shipping_address'), sealed: 'another' }, countryCode: 'DE' };
  const change: OrderCommand = { type: 'ChangeAddress', shippingAddress, ...timed() };
  const changed: OrderEvent = { type: 'AddressChanged', data: { customerId, shippingAddress } };

  test('sends the order there', () => {
    given(order, ...acceptedOrder())
      .when(change)
      .expect(accepted(changed));
    const state = orderAfter(placed(), changed);
    assert.ok(state.status === 'placed');
    assert.deepEqual(state.shippingAddress, shippingAddress);
  });

  test('to what it is already changes nothing', () => given(order, placed(), changed).when(change).expect(accepted()));

  test('is refused to another country, whose VAT differs', () =>
    given(order, placed())
      .when({ ...change, shippingAddress: { ...shippingAddress, countryCode: 'AT' } })
      .expect(rejected('COUNTRY_CHANGED', 'The order goes to DE, whose VAT its prices include.')));

  test('is refused once something shipped', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(change)
      .expect(rejected('ALREADY_SHIPPED', 'Something of the order has shipped to its address.')));

  test('is refused for a cancelled order', () => given(order, placed(), cancelled()).when(change).expect(gone));
  test('is refused for an order that does not exist', () => given(order).when(change).expect(notFound));
});

describe('holding an order', () => {
  const hold: OrderCommand = { type: 'HoldOrder', cause: 'SUPPORT', ...timed() };

  test('says until when at the latest', () =>
    given(order, ...confirmedOrder())
      .when(hold)
      .expect(accepted(held())));

  test('is done when something has left, for the rest', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(hold)
      .expect(accepted(held())));

  test('is done before it is confirmed, too', () => given(order, placed()).when(hold).expect(accepted(held())));

  test('again changes nothing', () =>
    given(order, placed(), held())
      .when({ ...hold, cause: 'PAYMENT' })
      .expect(accepted()));

  test('is refused when nothing is left to hold back', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(hold)
      .expect(rejected('ALREADY_SHIPPED', 'Nothing of the order is left to hold back.')));

  test('for money that could not be taken is done though everything has left', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when({ ...hold, cause: 'PAYMENT' })
      .expect(accepted({ type: 'OrderHeld', data: { holdUntil: at('30 d'), cause: 'PAYMENT' } })));

  test('does not keep an order from its end', () => {
    const state = orderAfter(...acceptedOrder(), dispatched(), held(), arrived(), delivered(), completed);
    assert.ok(state.status === 'completed' && state.held === undefined);
  });

  test('is refused for a cancelled order', () => given(order, placed(), cancelled()).when(hold).expect(gone));

  test('is refused for a completed order', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered(), completed)
      .when(hold)
      .expect(rejected('ORDER_ENDED', 'The order is completed.')));

  test('is refused for an order that does not exist', () => given(order).when(hold).expect(notFound));
});

describe('releasing an order', () => {
  const release: OrderCommand = { type: 'ReleaseOrder', ...timed('10 d') };
  const released = (data: Partial<Extract<OrderEvent, { type: 'HoldReleased' }>['data']> = {}): OrderEvent => ({
    type: 'HoldReleased',
    data: { cause: 'SUPPORT', lines: [], ...data },
  });

  test('starts the time to accept anew', () =>
    given(order, ...confirmedOrder(), held())
      .when(release)
      .expect(accepted(released({ acceptBy: at('12 d') }))));

  test('starts the time to dispatch anew', () =>
    given(order, ...acceptedOrder(), held())
      .when(release)
      .expect(accepted(released({ lines: [{ lineId, dispatchBy: at('13 d') }] }))));

  test('starts each for the lines that it is due for', () =>
    given(order, ...confirmedOrder(placedLine(), second), lineAccepted(), held())
      .when(release)
      .expect(accepted(released({ acceptBy: at('12 d'), lines: [{ lineId, dispatchBy: at('13 d') }] }))));

  test('starts nothing for lines that left', () =>
    given(order, ...acceptedOrder(placedLine(), second), held(), dispatched())
      .when(release)
      .expect(accepted(released({ lines: [{ lineId: otherLineId, dispatchBy: at('13 d') }] }))));

  test('starts nothing before the order is confirmed', () => given(order, placed(), held()).when(release).expect(accepted(released())));

  test('is what the new times count from', () => {
    const state = orderAfter(
      ...confirmedOrder(placedLine(), second),
      lineAccepted(),
      held(),
      released({ acceptBy: at('12 d'), lines: [{ lineId, dispatchBy: at('13 d') }] }),
    );
    assert.ok(state.status === 'confirmed' && state.held === undefined);
    assert.deepEqual([state.acceptBy, ...state.lines.map(({ dispatchBy }) => dispatchBy)], [at('12 d'), at('13 d'), undefined]);
  });

  test('changes nothing when it is not on hold', () =>
    given(order, ...confirmedOrder())
      .when(release)
      .expect(accepted()));

  test('is refused for an order that does not exist', () => given(order).when(release).expect(notFound));

  test('comes by itself when the longest hold is over', () =>
    given(order, ...confirmedOrder(), held())
      .when({ type: 'LapseHold', holdUntil: at('30 d'), ...timed('30 d') })
      .expect(accepted(released({ cause: 'LAPSED', acceptBy: at('32 d') }))));

  test('does not come by itself when another hold stands there, or none', () => {
    given(order, ...confirmedOrder(), held(at('31 d')))
      .when({ type: 'LapseHold', holdUntil: at('30 d'), ...timed('30 d') })
      .expect(accepted());
    given(order, ...confirmedOrder())
      .when({ type: 'LapseHold', holdUntil: at('30 d'), ...timed('30 d') })
      .expect(accepted());
  });
});
