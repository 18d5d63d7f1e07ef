import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { GetOrderAtRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import type { Caller } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { orderQueries, type OrderQueries } from '../../src/queries/order-queries.ts';
import { market, orderCancelled, orderLine, orderPlaced } from '../projections/histories.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { appendTo, newEvent, openStand, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let queries: OrderQueries;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  queries = orderQueries({ pool, store, consistency: openConsistency({ pool, store, logger: silent }), open: openerOf() });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const scopes = ['orders:read', 'orders:personal', 'orders:history'];
const support = callerWith([...scopes, 'orders:support', 'tenants:any-customer', 'tenants:any-merchant']);

const at = (orderId: string, when: Pick<Partial<GetOrderAtRequest>, 'revision' | 'time'>, caller: Caller = support) =>
  queries.getOrderAt({ orderId, revision: undefined, time: undefined, ...when }, callOf(caller));

const held = () => newEvent('OrderHeld', { holdUntil: '2026-03-02T12:00:00.000Z', cause: 'SUPPORT' });

/** An order that was placed, held and cancelled. */
const threeEvents = async (changes: Parameters<typeof orderPlaced>[0] = {}): Promise<string> => {
  const orderId = randomUUID();
  for (const event of [orderPlaced(changes), held(), orderCancelled()]) await appendTo(stand.store, `order-${orderId}`, event);
  return orderId;
};

test('an order is told as it was after each of its events', async () => {
  const orderId = await threeEvents();
  const told = await Promise.all([0n, 1n, 2n].map(async (revision) => messageOf(await at(orderId.toUpperCase(), { revision }))));
  assert.deepEqual(
    told.map(({ revision, status, onHold, contact }) => [revision, status, onHold, contact?.name]),
    [
      [0n, 'PLACED', false, 'open sealed name'],
      [1n, 'PLACED', true, 'open sealed name'],
      [2n, 'CANCELLED', false, 'open sealed name'],
    ],
  );
});

test('an order is told as it was at a time: after the last event that was recorded by then', async () => {
  const orderId = await threeEvents();
  const recorded: Date[] = [];
  for await (const { recordedAt } of stand.store.read(`order-${orderId}`)) recorded.push(recordedAt);
  for (const time of [recorded[1]!, new Date('2100-01-01T00:00:00Z')]) {
    const last = recorded.findLastIndex((each) => each <= time);
    assert.equal(messageOf(await at(orderId, { time })).revision, BigInt(last));
  }
  const before_ = new Date(recorded[0]!.getTime() - 1);
  assert.deepEqual(refusalOf(await at(orderId, { time: before_ })), { status: 'not_found', code: 'ORDER_NOT_FOUND' });
});

test('the newest state reads as it does without time travel, for every order of a market', async () => {
  await market(stand.store, 20);
  await caughtUp(stand);
  const { rows } = await stand.pool.query<{ order_id: string; revision: number }>('select order_id, revision from read_models.orders');
  assert.ok(rows.length >= 20);
  for (const { order_id: orderId, revision } of rows) {
    const now = messageOf(await queries.getOrder({ orderId }, callOf(support)));
    assert.deepEqual(messageOf(await at(orderId, { revision: BigInt(revision) })), now);
    assert.deepEqual(messageOf(await at(orderId, { time: new Date('2100-01-01T00:00:00Z') })), now);
  }
});

test('a revision that the order has not come to is not found', async () => {
  const orderId = await threeEvents();
  assert.deepEqual(refusalOf(await at(orderId, { revision: 3n })), { status: 'not_found', code: 'REVISION_NOT_FOUND' });
  assert.deepEqual(refusalOf(await at(randomUUID(), { revision: 0n })), { status: 'not_found', code: 'ORDER_NOT_FOUND' });
});

test('either a revision or a time is asked for', async () => {
  const orderId = await threeEvents();
  for (const when of [{}, { revision: 0n, time: new Date() }]) {
    const outcome = await at(orderId, when);
    assert.deepEqual(refusalOf(outcome), { status: 'invalid', code: 'INVALID_REQUEST' });
    assert.deepEqual(outcome.kind === 'refused' && outcome.fields?.map(({ field }) => field), ['revision', 'time']);
  }
});

test('the past is for the customer and support, and costs are nobody’s but with orders:cost', async () => {
  const [customerId, merchantId] = [randomUUID(), randomUUID()];
  const orderId = await threeEvents({ customerId, lines: [orderLine({ merchantId, vatScheme: 'MARGIN', purchasePriceMinor: 42 })] });
  const priceFor = async (caller: Caller) => messageOf(await at(orderId, { revision: 0n }, caller)).lines[0]?.purchasePrice?.amountMinor;
  assert.equal(await priceFor(callerWith(scopes, { customerId })), undefined);
  assert.equal(await priceFor(callerWith([...scopes, 'orders:cost', 'tenants:any-customer'])), 42n);
  const forbidden = { status: 'forbidden', code: 'FORBIDDEN' };
  for (const stranger of [callerWith(scopes, { merchantId }), callerWith(scopes, { customerId: randomUUID() }), callerWith(scopes)])
    assert.deepEqual(refusalOf(await at(orderId, { revision: 0n }, stranger)), forbidden);
});

test('nothing is read on for a caller that has gone', async () => {
  const orderId = await threeEvents();
  const gone = callOf(support, { signal: AbortSignal.abort(new DOMException('gone', 'AbortError')) });
  await assert.rejects(queries.getOrderAt({ orderId, revision: 2n, time: undefined }, gone), { name: 'AbortError' });
});
