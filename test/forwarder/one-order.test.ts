import assert from 'node:assert/strict';
import { listParked } from '../../src/subscriptions/parking.ts';
import { openLife } from '../projections/life.ts';
import { eventually } from '../support/eventually.ts';
import { header, onStage, processed } from './stage.ts';

// An order's payment and returns have streams of their own, and travel with the order.

onStage('messages of an order, its payment and its returns come in the order in which it all happened', async (stage) => {
  const listener = await stage.listen('#');
  stage.start();
  const life = openLife(stage.store);
  const { orderId, paymentId } = await life.delivered([{ ordered: 2 }, {}]);
  const returnId = await life.giveBack(orderId, 'WITHDRAWAL', 'too big');
  await life.returned(returnId, { type: 'ReceiveReturn' });
  await life.payments(paymentId, { type: 'RequestVoid' });
  await stage.forwarded();
  const types = processed(listener.messages)
    .filter((message) => header(message, 'partitionkey') === orderId)
    .map(({ fields }) => fields.routingKey.replace(/^orders\.(.*)\.v1$/, '$1'));
  assert.deepEqual(types, [
    'order-placed',
    'payment-requested',
    'payment-authorised',
    'order-confirmed',
    'line-accepted',
    'line-accepted',
    'shipment-dispatched',
    'shipment-dispatched',
    'shipment-delivered',
    'shipment-delivered',
    'order-delivered',
    'return-requested',
    'return-admitted',
    'return-approved',
    'return-received',
    'void-requested',
  ]);
});

onStage('a message of a payment that is refused holds back what happens to its order afterwards', async (stage) => {
  const listener = await stage.listen('#');
  await stage.refuse('orders.payment-authorised.v1');
  stage.start({ policy: { attempts: 2, baseMs: 10, capMs: 20 } });
  const life = openLife(stage.store);
  const orderId = await life.place();
  await life.confirm(orderId);
  await life.dispatch(orderId);
  await stage.forwarded();
  const types = processed(listener.messages)
    .filter((message) => header(message, 'partitionkey') === orderId)
    .map(({ fields }) => fields.routingKey);
  assert.deepEqual(types, ['orders.order-placed.v1', 'orders.payment-requested.v1', 'orders.payment-authorised.v1'].slice(0, types.length));
  const parked = (await listParked(stage.pool, 'forwarder')).get(orderId)!;
  assert.deepEqual(
    parked.events.map(({ type }) => type),
    ['PaymentAuthorised', 'OrderConfirmed', 'LineAccepted', 'ShipmentDispatched'],
  );
});

onStage('an event of a payment that cannot be made sense of parks its order', async (stage) => {
  stage.start();
  const life = openLife(stage.store);
  const orderId = await life.place();
  const paymentId = await life.confirm(orderId);
  await stage.forwarded();
  await stage.append(`payment-${paymentId}-other`, { type: 'PaymentAuthorised', data: { orderId, captureBefore: 'never' } });
  await life.dispatch(orderId);
  await stage.forwarded();
  await eventually('it is parked under its order', async () => (await listParked(stage.pool, 'forwarder')).has(orderId));
  assert.deepEqual(
    (await listParked(stage.pool, 'forwarder')).get(orderId)!.events.map(({ type }) => type),
    ['PaymentAuthorised', 'LineAccepted', 'ShipmentDispatched'],
  );
});
