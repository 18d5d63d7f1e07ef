import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { afterwards } from '../support/afterwards.ts';
import { protobufJson, type RestAnswer, type Who } from '../support/clients.ts';
import { openGround, startPlatform, variablesOn } from '../support/platform.ts';
import { test } from '../support/store-under-test.ts';
import { placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';
import { startRole } from '../support/role-process.ts';

// Orders live through the public API, while processes do what nobody asks for.

const ground = await openGround();
const platform = await startPlatform(ground);
const processes = startRole('processes', variablesOn(ground)('processes'), ground.folder);
afterwards(() => processes.stop());
await processes.ready();
const { rest } = platform.clients;

const [alpha, beta, customerId] = [randomUUID(), randomUUID(), randomUUID()];
const as = {
  alpha: { role: 'merchant', merchantId: alpha },
  beta: { role: 'merchant', merchantId: beta },
  checkout: { role: 'checkout' },
  customer: { role: 'customer', customerId },
  support: { role: 'support' },
} as const satisfies Record<string, Who>;

const done = ({ status, body }: RestAnswer): any => {
  assert.ok(status === 200 || status === 201, `${status} ${JSON.stringify(body)}`);
  return body;
};
const post = async (who: Who, path: string, body: unknown = {}): Promise<any> =>
  done(await rest(who, 'POST', path, body, { 'idempotency-key': randomUUID() }));
const get = async (who: Who, path: string): Promise<any> => done(await rest(who, 'GET', path));

const publish = async (who: Who, quantity: number): Promise<string> =>
  (
    await post(
      who,
      '/v1/offers',
      protobufJson('orders.v1.PublishOfferRequest', PublishOfferRequest.encode(publishOfferRequest({ quantity })).finish(), 'set'),
    )
  ).offer_id;
const place = (offerIds: readonly string[], change: Parameters<typeof placeOrderRequest>[1] = {}): Promise<RestAnswer> =>
  rest(
    as.checkout,
    'POST',
    '/v1/orders',
    protobufJson('orders.v1.PlaceOrderRequest', PlaceOrderRequest.encode(placeOrderRequest(offerIds, { customerId, ...change })).finish(), 'set'),
  );
const ordered = async (...given: Parameters<typeof place>): Promise<string> => done(await place(...given)).order_id;

/** The order, once it is as is said. */
const orderWhen = async (orderId: string, what: string, holds: (order: any) => boolean): Promise<any> => {
  let order: any;
  await eventually(`order ${orderId} is ${what}`, async () => {
    const answer = await rest(as.support, 'GET', `/v1/orders/${orderId}`);
    order = answer.body;
    return answer.status === 200 && holds(order);
  });
  return order;
};
const orderIn = (orderId: string, status: string): Promise<any> => orderWhen(orderId, status, (order) => order.status === status);
const historyOf = async (orderId: string): Promise<readonly any[]> => (await get(as.support, `/v1/orders/${orderId}/history?page_size=200`)).events;
const lineOf = (order: any, merchantId: string): any => order.lines.find((line: any) => line.merchant_id === merchantId);

/** A parcel with all of a merchant's line, accepted before. */
const ship = async (who: Who, order: any, merchantId: string): Promise<string> => {
  const { line_id, quantity } = lineOf(order, merchantId);
  await post(who, `/v1/orders/${order.order_id}/lines/${line_id}:accept`);
  const parcel = { carrier: 'DHL', tracking_number: 'JD0001', lines: [{ line_id, quantity }] };
  return (await post(who, `/v1/orders/${order.order_id}/shipments`, parcel)).shipment_id;
};

const paymentOf = async (order: any): Promise<any> => get(as.support, `/v1/payments/${order.payment_id}`);

test('an order of two merchants is confirmed, shipped in two parcels, delivered and partly returned, and its money is exact', async () => {
  const [first, second] = [await publish(as.alpha, 3), await publish(as.beta, 1)];
  const orderId = await ordered([first, second]);
  const confirmed = await orderIn(orderId, 'CONFIRMED');

  const parcelOfAlpha = await ship(as.alpha, confirmed, alpha);
  await orderIn(orderId, 'PARTIALLY_SHIPPED');
  const parcelOfBeta = await ship(as.beta, confirmed, beta);
  await orderIn(orderId, 'SHIPPED');
  await post(as.alpha, `/v1/orders/${orderId}/shipments/${parcelOfAlpha}:confirmDelivery`);
  await post(as.beta, `/v1/orders/${orderId}/shipments/${parcelOfBeta}:confirmDelivery`);
  const delivered = await orderIn(orderId, 'DELIVERED');

  const { line_id } = lineOf(delivered, beta);
  const { return_id } = await post(as.customer, '/v1/returns', { order_id: orderId, kind: 'WITHDRAWAL', lines: [{ line_id, quantity: 1 }] });
  await eventually('the return is approved', async () => (await rest(as.beta, 'GET', `/v1/returns/${return_id}`)).body.status === 'APPROVED');
  await post(as.beta, `/v1/returns/${return_id}:receive`);
  await post(as.beta, `/v1/returns/${return_id}:inspect`, {
    lines: [{ line_id, quantity: 1, outcome: 'RESTOCK', grade: 'B', deduction: { amount_minor: '900', currency: 'EUR' } }],
  });
  await eventually('the return is closed', async () => (await rest(as.beta, 'GET', `/v1/returns/${return_id}`)).body.status === 'CLOSED');

  const { captured, refunded } = await paymentOf(delivered);
  assert.deepEqual([captured.amount_minor, refunded.amount_minor], ['79800', '39000']);
  await eventually('the piece is on sale again, in its grade', async () => {
    const offer = await get(as.beta, `/v1/offers/${second}`);
    return offer.available === 1 && offer.grade === 'B';
  });
  assert.equal((await get(as.alpha, `/v1/offers/${first}`)).available, 2);

  const story = await historyOf(orderId);
  assert.deepEqual(
    story.map(({ type, actor }) => `${type} by ${actor.replace(/:.*@development$/, '')}`),
    [
      'OrderPlaced by user',
      'LineReserved by process:placement',
      'LineReserved by process:placement',
      'OrderConfirmed by process:placement',
      'LineAccepted by user',
      'ShipmentDispatched by user',
      'LineAccepted by user',
      'ShipmentDispatched by user',
      'ShipmentDelivered by user',
      'ShipmentDelivered by user',
      'OrderDelivered by user',
      'ReturnRegistered by process:returns',
    ],
  );
  const caused = story.filter(({ actor }) => actor.startsWith('process:'));
  assert.ok(
    caused.every(({ causation_id }) => causation_id !== ''),
    'what a process did names its cause',
  );
  assert.equal(new Set(story.slice(0, 4).map(({ correlation_id }) => correlation_id)).size, 1, 'one story has one correlation');
});

test('a parcel is read where the answer to its dispatch says it is, by whom it concerns', async () => {
  const orderId = await ordered([await publish(as.alpha, 1)]);
  const order = await orderIn(orderId, 'CONFIRMED');
  const { line_id } = lineOf(order, alpha);
  await post(as.alpha, `/v1/orders/${orderId}/lines/${line_id}:accept`);
  const parcel = { carrier: 'DHL', tracking_number: 'JD0002', lines: [{ line_id, quantity: 1 }] };
  const { status, headers, body } = await rest(as.alpha, 'POST', `/v1/orders/${orderId}/shipments`, parcel);
  const location = headers.get('location')!;
  assert.deepEqual([status, location], [201, `/v1/orders/${orderId}/shipments/${body.shipment_id}`]);
  for (const who of [as.alpha, as.customer, as.support]) {
    const answer = await rest(who, 'GET', location, undefined, { 'consistency-token': body.consistency_token });
    assert.partialDeepStrictEqual(done(answer), {
      shipment_id: body.shipment_id,
      status: 'DISPATCHED',
      carrier: 'DHL',
      lines: [{ line_id, quantity: 1 }],
    });
  }
  assert.equal((await rest(as.beta, 'GET', location)).status, 403);
});

test('a declined payment cancels the order and puts everything back on sale', async () => {
  const offerId = await publish(as.alpha, 1);
  const orderId = await ordered([offerId], { paymentMethod: 'tok_decline_card' });
  await orderIn(orderId, 'CANCELLED');
  await eventually('the piece is back', async () => (await get(as.alpha, `/v1/offers/${offerId}`)).available === 1);
  const { data } = (await historyOf(orderId)).at(-1)!;
  assert.equal(data.cause, 'PAYMENT_DECLINED');
});

test('a customer who cancels a confirmed order gets the authorisation back, and the merchants their stock', async () => {
  const offerId = await publish(as.alpha, 1);
  const orderId = await ordered([offerId]);
  const { payment_id } = await orderIn(orderId, 'CONFIRMED');
  await post(as.customer, `/v1/orders/${orderId}:cancel`, { reason: 'Doch nicht.' });
  await eventually('the payment is void', async () => (await get(as.support, `/v1/payments/${payment_id}`)).status === 'VOIDED');
  await eventually('the piece is back', async () => (await get(as.alpha, `/v1/offers/${offerId}`)).available === 1);
});

test('a rush of a hundred buyers on one piece confirms exactly one order; every other is refused or cancelled for want of stock', async () => {
  const offerId = await publish(as.alpha, 1);
  const answers = await Promise.all(Array.from({ length: 100 }, () => place([offerId], { customerId: randomUUID() })));
  const accepted = answers.filter(({ status }) => status === 201).map(({ body }) => body.order_id as string);
  const refused = answers.filter(({ status }) => status !== 201);
  assert.deepEqual(new Set(refused.map(({ status, body }) => `${status} ${body.code}`)).difference(new Set(['409 OUT_OF_STOCK'])), new Set());
  // One after another: a hundred that ask at once would keep the machine from what they wait for.
  let ended: any[] = [];
  await eventually('every accepted order is confirmed or cancelled', async () => {
    ended = [];
    for (const orderId of accepted) {
      const { status, body } = await rest(as.support, 'GET', `/v1/orders/${orderId}`);
      if (status !== 200 || (body.status !== 'CONFIRMED' && body.status !== 'CANCELLED')) return false;
      ended.push(body);
    }
    return true;
  });
  assert.equal(ended.filter(({ status }) => status === 'CONFIRMED').length, 1);
  assert.equal(ended.length + refused.length, 100);
  assert.equal((await get(as.alpha, `/v1/offers/${offerId}`)).available, 0);
});
