import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { availableOf } from '../../src/domain/offer.ts';
import { openStand, type Stand } from '../support/stand.ts';
import { liveAtRandom, openLife, type Life } from './life.ts';
import { caughtUp, startProjector } from './projector.ts';

// Whatever happened to them, read models say of aggregates what their deciders know.

let stand: Stand;
let life: Life;
before(async () => {
  stand = await openStand();
  const projector = startProjector(stand);
  life = openLife(stand.store);
  await Promise.all(Array.from({ length: 60 }, () => liveAtRandom(life, 30)));
  await caughtUp(stand);
  await projector.stop();
});
after(() => stand.close());

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('nothing of all these lives had to be parked', async () => {
  const { rows } = await stand.pool.query('select subscription, group_key, type, error from subscriptions.parked');
  assert.deepEqual(rows, []);
});

test('an offer has the stock, the price and the grade that its decider knows', async () => {
  const { rows } = await stand.pool.query(
    'select offer_id, on_hand, on_hand - reserved as available, unit_price_minor, grade, merchant_id from read_models.offers',
  );
  const known = life.idsOf('offer').map((offerId) => {
    const state = life.state.offer(offerId);
    if (state.status === 'unpublished') throw new Error('a published offer is published');
    const { onHand, unitPriceMinor, grade, merchantId } = state;
    return { offer_id: offerId, on_hand: onHand, available: availableOf(state), unit_price_minor: unitPriceMinor, grade, merchant_id: merchantId };
  });
  const byId = (a: { offer_id: string }, b: { offer_id: string }): number => (a.offer_id < b.offer_id ? -1 : 1);
  assert.deepEqual(rows.toSorted(byId), known.toSorted(byId));
  assert.ok(
    rows.some(({ on_hand, available }) => on_hand !== available),
    'something was reserved',
  );
});

test('an order, its lines and its tasks are as its decider knows them', async () => {
  for (const orderId of life.idsOf('order')) {
    const state = life.state.order(orderId);
    const [order] = (await stand.pool.query('select status, on_hold, state from read_models.orders where order_id = $1', [orderId])).rows;
    assert.deepEqual(order, { status: state.status.toUpperCase(), on_hold: state.held !== undefined, state: json(state) });
    const { rows: lines } = await stand.pool.query(
      `select line_id, status, open_quantity, cancelled_quantity, shipped_quantity, delivered_quantity, lost_quantity, returning_quantity, order_status
         from read_models.order_lines where order_id = $1 order by line_number`,
      [orderId],
    );
    assert.deepEqual(
      lines,
      state.lines.map((line) => ({
        line_id: line.lineId,
        status: line.status.toUpperCase(),
        open_quantity: line.open,
        cancelled_quantity: line.cancelled,
        shipped_quantity: line.shipped,
        delivered_quantity: line.delivered,
        lost_quantity: line.lost,
        returning_quantity: line.returning,
        order_status: state.status.toUpperCase(),
      })),
    );
    const { rows: tasks } = await stand.pool.query('select task_id, status from read_models.support_tasks where order_id = $1', [orderId]);
    assert.deepEqual(
      new Map(tasks.map(({ task_id, status }) => [task_id, status])),
      new Map(state.tasks.map((task) => [task.taskId, task.status.toUpperCase()])),
    );
  }
});

test('payments and returns are as their deciders know them', async () => {
  for (const [view, prefix, id] of [
    ['payments', 'payment', 'payment_id'],
    ['returns', 'return', 'return_id'],
  ] as const) {
    const ids = life.idsOf(prefix);
    assert.ok(ids.length > 0);
    for (const each of ids) {
      const { rows } = await stand.pool.query(`select state from read_models.${view} where ${id} = $1`, [each]);
      assert.deepEqual(rows, [{ state: json(life.state[prefix](each)) }]);
    }
  }
});
