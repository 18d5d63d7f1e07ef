import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Shipment_Status, type Order, type Shipment } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered, refused, type Outcome } from '../../src/platform/call.ts';
import { shipmentQueries } from '../../src/queries/shipment-queries.ts';
import { callAs } from '../support/calls.ts';

const shipment: Shipment = {
  shipmentId: randomUUID(),
  merchantId: randomUUID(),
  status: Shipment_Status.DISPATCHED,
  carrier: 'DHL',
  trackingNumber: '0034',
  lines: [],
  amount: undefined,
  deliveredBy: undefined,
  deliveredAt: undefined,
};
const asked = { orderId: randomUUID(), shipmentId: shipment.shipmentId };

/** The query over an order that this caller may see so. */
const over = (outcome: Outcome<Pick<Order, 'shipments'>>) => shipmentQueries({ getOrder: () => Promise.resolve(outcome as Outcome<Order>) });

test('a shipment is what its order shows of it', async () => {
  assert.deepEqual(await over(answered({ shipments: [shipment] })).getShipment(asked, callAs('support')), answered(shipment));
});

test('a shipment that the order does not have, or does not show to this caller, is not found', async () => {
  const outcome = await over(answered({ shipments: [] })).getShipment(asked, callAs('support'));
  assert.partialDeepStrictEqual(outcome, { kind: 'refused', status: 'not_found', code: 'SHIPMENT_NOT_FOUND' });
});

test('who may not see the order may not see its shipments', async () => {
  const forbidden = refused('forbidden', 'FORBIDDEN', 'This belongs to somebody else.');
  assert.deepEqual(await over(forbidden).getShipment(asked, callAs('customer')), forbidden);
});
