import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomes } from '../../src/cli/demo/ending.ts';
import type { Message } from '../../src/cli/demo/messages.ts';
import { createTales, isEnd, statusOf, turnsOf } from '../../src/cli/demo/tales.ts';

const message = (name: string, key: string, data: Message['data'] = {}): Message => ({ type: `orders.${name}.v1`, name, key, data });

test('who waits for a message gets it, whether it has come already, comes later, or never', async () => {
  const stopping = new AbortController();
  const { hear, of } = createTales(stopping.signal);
  hear(message('order-placed', 'o-1'));
  const tale = of('o-1');
  assert.equal((await tale.until(({ name }) => name === 'order-placed', 10_000))?.name, 'order-placed');
  const end = tale.until(isEnd, 10_000);
  hear(message('order-completed', 'o-2'));
  hear(message('order-completed', 'o-1'));
  assert.equal((await end)?.key, 'o-1');
  assert.equal(await tale.until(({ name }) => name === 'order-held', 1), undefined);
  const never = tale.until(({ name }) => name === 'order-held', 1e6);
  stopping.abort();
  assert.equal(await never, undefined);
});

test('at the end it is said how many orders reached which status, with one to look at for each turn', () => {
  const { hear, of } = createTales(new AbortController().signal);
  for (const each of [
    message('order-placed', 'o-1'),
    message('order-confirmed', 'o-1'),
    message('shipment-dispatched', 'o-1', { merchant_id: 'm-1' }),
    message('shipment-dispatched', 'o-1', { merchant_id: 'm-2' }),
    message('shipment-lost', 'o-1'),
    message('order-delivered', 'o-1'),
    message('return-inspected', 'o-1', { lines: [{ outcome: 'RESTOCK', deduction: { amount_minor: '100', currency: 'EUR' } }] }),
    message('order-completed', 'o-1'),
    message('order-placed', 'o-2'),
    message('order-cancelled', 'o-2', { cause: 'PAYMENT_DECLINED' }),
    message('order-placed', 'o-3'),
  ])
    hear(each);
  const tales = ['o-1', 'o-2', 'o-3'].map(of);
  assert.deepEqual(tales.map(statusOf), ['COMPLETED', 'CANCELLED', 'PLACED']);
  assert.deepEqual(turnsOf(tales[0]!), [
    'a parcel lost, and refunded',
    'returned, with a deduction, on sale again',
    'completed',
    'parcels of 2 merchants',
  ]);
  const said = outcomes(tales);
  assert.match(said, /^3 orders: 1 COMPLETED, 1 CANCELLED, 1 PLACED\./);
  assert.match(said, /cancelled as a whole: PAYMENT_DECLINED +1 {3}o-2/);
});
