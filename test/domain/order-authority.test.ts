import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayActOnOrder, mayFulfil, merchantOf, order } from '../../src/domain/order.ts';
import {
  acceptedOrder,
  customerId,
  dispatched,
  lineId,
  merchantId,
  orderAfter,
  otherLineId,
  otherMerchantId,
  placed,
  placedLine,
  shipmentId,
  taskId,
} from './examples.ts';

const nobody = { anyCustomer: false, anyMerchant: false };

describe('who may act on an order', () => {
  const state = orderAfter(placed());

  test('its customer may', () => assert.equal(mayActOnOrder({ ...nobody, customerId }, state), true));
  test('another customer may not', () => assert.equal(mayActOnOrder({ ...nobody, customerId: 'another' }, state), false));
  test('a caller bound to no customer may not', () => assert.equal(mayActOnOrder({ ...nobody, anyMerchant: true }, state), false));
  test('a caller that acts for every customer may', () => assert.equal(mayActOnOrder({ ...nobody, anyCustomer: true }, state), true));
  test('an order that does not exist lets everybody pass, to be told so', () => assert.equal(mayActOnOrder(nobody, order.initial), true));
});

describe('who may fulfil', () => {
  const state = orderAfter(...acceptedOrder(placedLine(), placedLine({ lineId: otherLineId, merchantId: otherMerchantId })), dispatched());
  const own = merchantOf(state, { lineId });
  const others = merchantOf(state, { lineId: otherLineId });

  test('a line and a shipment have their merchant', () => {
    assert.deepEqual([own, others, merchantOf(state, { shipmentId })], [merchantId, otherMerchantId, merchantId]);
    assert.deepEqual([merchantOf(state, { lineId: taskId }), merchantOf(order.initial, { lineId })], [undefined, undefined]);
  });

  test('its merchant may', () => assert.equal(mayFulfil({ ...nobody, merchantId }, state, own), true));
  test('another merchant of the same order may not', () => assert.equal(mayFulfil({ ...nobody, merchantId }, state, others), false));
  test('a merchant without a line in the order may not', () => assert.equal(mayFulfil({ ...nobody, merchantId: taskId }, state, taskId), false));
  test('the customer may not', () => assert.equal(mayFulfil({ ...nobody, customerId, anyCustomer: true }, state, own), false));
  test('a caller that acts for every merchant may', () => assert.equal(mayFulfil({ ...nobody, anyMerchant: true }, state, others), true));
  test('of what is not there a merchant of the order is told so', () => assert.equal(mayFulfil({ ...nobody, merchantId }, state, undefined), true));
  test('of what is not there any other merchant is told nothing', () =>
    assert.equal(mayFulfil({ ...nobody, merchantId: taskId }, state, undefined), false));
  test('an order that does not exist lets everybody pass, to be told so', () =>
    assert.equal(mayFulfil({ ...nobody, merchantId }, orderAfter(), merchantId), true));
  test("an order of which nothing is accepted yet is its merchants' all the same", () =>
    assert.equal(mayFulfil({ ...nobody, merchantId }, orderAfter(placed()), merchantId), true));
});
