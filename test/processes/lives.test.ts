import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Return_Kind } from '../../src/contract/generated/orders/v1/returns.ts';
import { callAs } from '../support/calls.ts';
import { answerOf } from '../support/command-process.ts';
import { openMarket } from './market.ts';

// Whole lives of orders, through months that pass at once.

let market: Awaited<ReturnType<typeof openMarket>>;
before(async () => {
  market = await openMarket();
});
after(() => market.close());

type Offer = Awaited<ReturnType<typeof market.offer>>;
const again = { requestId: '', etag: '' };
const accept = async (orderId: string, lineId: string, offer: Offer): Promise<void> => {
  answerOf(await market.api.acceptLine({ orderId, lineId, ...again }, offer.asMerchant()));
};
const dispatch = async (orderId: string, lineId: string, offer: Offer): Promise<string> => {
  const parcel = {
    orderId,
    shipmentId: '',
    merchantId: '',
    carrier: 'DHL',
    trackingNumber: '00340434292135100186',
    lines: [{ lineId, quantity: 1 }],
    ...again,
  };
  return answerOf(await market.api.dispatchShipment(parcel, offer.asMerchant())).shipmentId;
};
const deliver = async (orderId: string, shipmentId: string, offer: Offer): Promise<void> => {
  answerOf(await market.api.confirmDelivery({ orderId, shipmentId, ...again }, offer.asMerchant()));
};
/** An order that has come to its customer. */
const delivered = async (): Promise<{ readonly orderId: string; readonly lineId: string; readonly offer: Offer }> => {
  const offer = await market.offer();
  const { orderId, lineIds } = await market.place([offer.offerId]);
  await accept(orderId, lineIds[0]!, offer);
  await deliver(orderId, await dispatch(orderId, lineIds[0]!, offer), offer);
  await market.quiet();
  return { orderId, lineId: lineIds[0]!, offer };
};
const last = async (orderId: string): Promise<string | undefined> => (await market.typesOf(orderId)).at(-1);
const moneyOf = async (orderId: string): Promise<readonly string[]> => (await market.paymentOf(orderId)).map(({ type }) => type);

test('an order that nobody accepts is cancelled when its time is over, and its payment given back', async () => {
  const offer = await market.offer();
  const { orderId } = await market.place([offer.offerId]);
  assert.equal(await last(orderId), 'OrderConfirmed');
  await market.pass(1.9);
  assert.equal(await last(orderId), 'OrderConfirmed');
  await market.pass(0.2);
  assert.deepEqual((await market.typesOf(orderId)).slice(-2), ['LineCancelled', 'OrderCancelled']);
  assert.deepEqual((await moneyOf(orderId)).slice(-2), ['VoidRequested', 'PaymentVoided']);
});

test('a line that is accepted and never leaves is cancelled', async () => {
  const offer = await market.offer();
  const { orderId, lineIds } = await market.place([offer.offerId]);
  await accept(orderId, lineIds[0]!, offer);
  await market.pass(3.1);
  assert.equal(await last(orderId), 'OrderCancelled');
  assert.equal((await moneyOf(orderId)).at(-1), 'PaymentVoided');
});

test('a delivered order is completed when its customer can no longer withdraw', async () => {
  const { orderId } = await delivered();
  assert.equal((await moneyOf(orderId)).at(-1), 'PaymentCaptured');
  await market.pass(14.9);
  assert.equal(await last(orderId), 'OrderDelivered');
  await market.pass(0.2);
  assert.equal(await last(orderId), 'OrderCompleted');
});

test('a parcel that never arrives becomes a task for support', async () => {
  const offer = await market.offer();
  const { orderId, lineIds } = await market.place([offer.offerId]);
  await accept(orderId, lineIds[0]!, offer);
  await dispatch(orderId, lineIds[0]!, offer);
  await market.pass(22);
  const task = (await market.eventsOf(orderId)).at(-1)!;
  assert.deepEqual([task.type, (task.data as { kind: string }).kind], ['SupportTaskRaised', 'NOT_DELIVERED']);
  assert.equal(task.meta.actor, 'deadline:deliveredBy');
});

test('a hold without end ends with the authorisation, and with it the order', async () => {
  const offer = await market.offer();
  const { orderId } = await market.place([offer.offerId]);
  answerOf(await market.api.holdOrder({ orderId, reason: 'looks odd', ...again }, callAs('support')));
  await market.pass(6.9);
  assert.equal(await last(orderId), 'OrderHeld');
  await market.pass(0.2);
  assert.deepEqual((await market.typesOf(orderId)).slice(-2), ['LineCancelled', 'OrderCancelled']);
  assert.equal((await moneyOf(orderId)).at(-1), 'AuthorisationLapsed');
});

test('goods that are to come back and never do: the return is closed and its pieces are free again', async () => {
  const { orderId, lineId } = await delivered();
  const request = { returnId: '', orderId, kind: Return_Kind.WITHDRAWAL, lines: [{ lineId, quantity: 1 }], reason: '', requestId: '' };
  answerOf(await market.api.requestReturn(request, callAs('checkout')));
  await market.quiet();
  assert.equal(await last(orderId), 'ReturnRegistered');
  await market.pass(22);
  assert.ok((await market.typesOf(orderId)).includes('ReturnUnregistered'));
  assert.equal((await market.typesOf(orderId)).filter((type) => type === 'OrderCompleted').length, 1);
});

test('an order whose payment is declined is cancelled, and its stock is for sale again', async () => {
  const offer = await market.offer();
  const { orderId } = await market.place([offer.offerId], { paymentMethod: 'tok_decline' });
  assert.equal(await last(orderId), 'OrderCancelled');
  assert.equal((await market.api.eventsOf(offer.stream)).at(-1)!.type, 'ReservationReleased');
});

test('nothing of an order or its money is done twice, and nothing waits for an operator', async () => {
  const { rows: twice } = await market.stand.pool.query(
    `select meta ->> 'commandId' as command, count(distinct stream) as streams, count(distinct revision) as events
       from log.events where meta ->> 'actor' ~ '^(process|deadline):' group by 1 having count(distinct stream) > 1`,
  );
  assert.deepEqual(twice, []);
  assert.equal((await market.stand.pool.query('select from subscriptions.parked')).rowCount, 0);
});
