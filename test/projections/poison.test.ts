import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { catalogue } from '../../src/domain/catalogue.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import type { Decode } from '../../src/projections/page.ts';
import { orders } from '../../src/projections/orders.ts';
import { offers } from '../../src/projections/offers.ts';
import { discard, listParked, parkedGroups, requestRetry } from '../../src/subscriptions/parking.ts';
import { readCheckpoints } from '../../src/subscriptions/checkpoints.ts';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';
import { expectedRows, market, offerPublished, orderCancelled, orderPlaced, priceChanged, rowsOf, stockAdjusted } from './histories.ts';
import { caughtUp, startProjector } from './projector.ts';

let stand: Stand;
before(async () => {
  stand = await openStand();
});
after(() => stand.close());

/** A read model like another, with tables of its own. */
const named = <Model extends typeof orders | typeof offers>(like: Model, name: string): Model => ({
  ...like,
  name,
  version: 1,
  parts: (like.parts ?? []).map((part) => ({ ...part, name: `${name}_${part.name}` })),
});

/** A read model of its own per test, so that what one parks the others do not see. */
const model = (name: string, fails: (event: { readonly id: string; readonly stream: string }) => boolean) => {
  const state = { failing: true };
  const projection = {
    ...named(orders, name),
    evolve(rows: Parameters<typeof orders.evolve>[0], event: Parameters<typeof orders.evolve>[1]) {
      if (state.failing && fails(event)) throw new Error('a bug in the fold');
      return orders.evolve(rows, event);
    },
  };
  return { projection, state };
};

const statusOf = async (view: string, orderId: string): Promise<string | undefined> =>
  (await stand.pool.query<{ status: string }>(`select status from read_models.${view} where order_id = $1`, [orderId])).rows[0]?.status;

test('a fold that fails parks its group, later events of it wait behind in order, and everything else flows', async () => {
  const [bad, good] = [randomUUID(), randomUUID()];
  const { projection } = model('flows', ({ stream }) => stream === `order-${bad}`);
  const projector = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${bad}`, orderPlaced());
  await appendTo(stand.store, `order-${good}`, orderPlaced());
  await caughtUp(stand, [projection]);
  await appendTo(stand.store, `order-${bad}`, orderCancelled());
  await appendTo(stand.store, `order-${good}`, orderCancelled());
  await caughtUp(stand, [projection]);
  assert.equal(await statusOf('flows', good), 'CANCELLED');
  assert.equal(await statusOf('flows', bad), undefined);
  const parked = (await listParked(stand.pool, 'flows_v1')).get(bad);
  assert.deepEqual(
    parked?.events.map(({ type, error, attempts }) => ({ type, error, attempts })),
    [
      { type: 'OrderPlaced', error: 'a bug in the fold', attempts: 1 },
      { type: 'OrderCancelled', error: undefined, attempts: 0 },
    ],
  );
  assert.deepEqual([...(await parkedGroups(stand.pool, 'flows_v1'))], [bad]);
  assert.deepEqual(projector.ready(), []);
  await projector.stop();
});

test('the rows of a group stay as they were before the event that failed', async () => {
  const orderId = randomUUID();
  const cancelled = orderCancelled();
  const { projection } = model('stays', ({ id }) => id === cancelled.id);
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(), cancelled);
  const projector = startProjector(stand, { projections: [projection] });
  await caughtUp(stand, [projection]);
  await projector.stop();
  assert.equal(await statusOf('stays', orderId), 'PLACED');
});

test('a group that is tried again after a fix takes effect in order and is free', async () => {
  const orderId = randomUUID();
  const { projection, state } = model('retried', ({ stream }) => stream === `order-${orderId}`);
  const projector = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(), orderCancelled());
  await caughtUp(stand, [projection]);
  state.failing = false;
  assert.equal(await requestRetry(stand.pool, 'retried_v1', orderId), 2);
  await until('the group is free', async () => (await parkedGroups(stand.pool, 'retried_v1')).size === 0);
  assert.equal(await statusOf('retried', orderId), 'CANCELLED');
  await projector.stop();
  assert.deepEqual(await rowsOf(stand.pool, projection), await expectedRows(stand.store, stand.pool, projection));
});

test('a group that fails again stays parked, with one more attempt', async () => {
  const orderId = randomUUID();
  const { projection } = model('again', ({ stream }) => stream === `order-${orderId}`);
  const projector = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${orderId}`, orderPlaced());
  await caughtUp(stand, [projection]);
  await requestRetry(stand.pool, 'again_v1');
  const parked = async () => (await listParked(stand.pool, 'again_v1')).get(orderId);
  await until('it was tried again', async () => (await parked())?.events[0]?.attempts === 2);
  assert.equal((await parked())?.retryRequested, false);
  await projector.stop();
});

test('what waits survives a restart, and later events still park behind it', async () => {
  const orderId = randomUUID();
  const { projection } = model('restart', ({ stream, id }) => stream === `order-${orderId}` && id === placed.id);
  const placed = orderPlaced();
  const first = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${orderId}`, placed);
  await caughtUp(stand, [projection]);
  await first.stop();
  const second = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${orderId}`, orderCancelled());
  await caughtUp(stand, [projection]);
  await second.stop();
  assert.equal((await listParked(stand.pool, 'restart_v1')).get(orderId)?.events.length, 2);
});

test('a discarded group lets later events take effect', async () => {
  const orderId = randomUUID();
  const cancelled = orderCancelled();
  const { projection } = model('discarded', ({ id }) => id === cancelled.id);
  const projector = startProjector(stand, { projections: [projection] });
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(), cancelled);
  await caughtUp(stand, [projection]);
  assert.equal(await discard(stand.pool, 'discarded_v1', orderId), 1);
  await appendTo(stand.store, `order-${orderId}`, orderCancelled());
  await caughtUp(stand, [projection]);
  assert.equal(await statusOf('discarded', orderId), 'CANCELLED');
  await projector.stop();
});

test('a value that the table refuses parks its group, from the very event on', async () => {
  const [bad, good] = [randomUUID(), randomUUID()];
  const refusing = named(offers, 'refusing');
  await appendTo(stand.store, `offer-${bad}`, offerPublished({ onHand: 3 }), priceChanged(777), stockAdjusted(-5), priceChanged(888));
  await appendTo(stand.store, `offer-${good}`, offerPublished({ title: 'fine' }));
  await appendTo(stand.store, `offer-${randomUUID()}`, offerPublished({ title: 'a nul \u0000 in a title' }));
  const projector = startProjector(stand, { projections: [refusing] });
  await caughtUp(stand, [refusing]);
  await projector.stop();
  const { rows } = await stand.pool.query(`select offer_id, unit_price_minor, on_hand from read_models.refusing order by offer_id = $1 desc`, [bad]);
  assert.deepEqual(rows, [
    { offer_id: bad, unit_price_minor: 777, on_hand: 3 },
    { offer_id: good, unit_price_minor: 10_000, on_hand: 3 },
  ]);
  assert.deepEqual(
    (await listParked(stand.pool, 'refusing_v1')).get(bad)?.events.map(({ type }) => type),
    ['StockAdjusted', 'PriceChanged'],
  );
});

test('while pages wait in the log, a failure in one of them leaves the others as if there had been one page', async () => {
  const orderId = randomUUID();
  await market(stand.store, 10);
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(), orderCancelled());
  await market(stand.store, 5);
  /** The log in pages of three events, nearly all of which say that more is waiting. */
  const paged: EventStore = {
    ...stand.store,
    async *subscribe(options) {
      for await (const { events, progress, caughtUp } of stand.store.subscribe(options)) {
        for (let from = 0; from < events.length; from += 3) {
          const page = events.slice(from, from + 3);
          const last = from + 3 >= events.length;
          yield {
            events: page,
            progress: last ? progress : { position: page.at(-1)!.position, eventId: page.at(-1)!.id },
            caughtUp: last && caughtUp,
          };
        }
      }
    },
  };
  const isBad = ({ type, stream }: { readonly type: string; readonly stream: string }): boolean =>
    type === 'OrderCancelled' && stream === `order-${orderId}`;
  const whole = named(orders, 'paged_whole');
  const { projection: failing } = model('paged_failing', (event) => isBad(event as never));
  const refused: typeof orders = {
    ...named(orders, 'paged_refused'),
    evolve: (rows, event) => orders.evolve(rows, event).map((row) => (isBad(event) ? { ...row, currency: null as never } : row)),
  };
  const projector = startProjector({ ...stand, store: paged }, { projections: [whole, failing, refused] });
  await caughtUp(stand, [whole, failing, refused]);
  await projector.stop();
  assert.deepEqual(await rowsOf(stand.pool, whole), await expectedRows(stand.store, stand.pool, whole));
  for (const projection of [failing, refused]) {
    assert.deepEqual([...(await parkedGroups(stand.pool, `${projection.name}_v1`))], [orderId]);
    assert.deepEqual(await rowsOf(stand.pool, projection), await expectedRows(stand.store, stand.pool, projection, (event) => isBad(event as never)));
  }
});

test('an event that cannot be decoded parks its stream', async () => {
  const orderId = randomUUID();
  let broken = true;
  const known = decoder(catalogue);
  const decode: Decode = (recorded) => {
    if (broken && recorded.type === 'OrderCancelled') throw new Error('an upcaster with a bug');
    return known(recorded);
  };
  const undecodable = named(orders, 'undecodable');
  const projector = startProjector(stand, { projections: [undecodable], decode });
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(), orderCancelled());
  await caughtUp(stand, [undecodable]);
  assert.equal(await statusOf('undecodable', orderId), 'PLACED');
  assert.ok((await parkedGroups(stand.pool, 'undecodable_v1')).has(`order-${orderId}`));
  broken = false;
  await requestRetry(stand.pool, 'undecodable_v1');
  await until('it took effect', async () => (await statusOf('undecodable', orderId)) === 'CANCELLED');
  await projector.stop();
});

test('a reader stops before an event newer than itself, says so, and gives the lease to one that knows it', async () => {
  const own = await openStand();
  try {
    const [before_, behind] = [randomUUID(), randomUUID()];
    await appendTo(own.store, `order-${before_}`, orderPlaced());
    await appendTo(own.store, `order-${before_}`, newEvent('OrderGiftWrapped', {}));
    await appendTo(own.store, `order-${behind}`, orderPlaced());
    const old = startProjector(own, { projections: [orders] });
    await until('the old one is not ready', () => /OrderGiftWrapped/.test(old.ready().join()));
    const { rows } = await own.pool.query('select order_id from read_models.orders');
    assert.deepEqual(rows, [{ order_id: before_ }]);
    assert.deepEqual([...(await parkedGroups(own.pool, 'orders_v2'))], []);
    const known = decoder(catalogue);
    const newer = startProjector(own, {
      projections: [orders],
      decode: (recorded) => (recorded.type === 'OrderGiftWrapped' ? { type: recorded.type, data: {} } : known(recorded)),
    });
    await caughtUp(own, [orders]);
    assert.equal((await own.pool.query('select from read_models.orders')).rowCount, 2);
    await newer.stop();
    await old.stop();
  } finally {
    await own.close();
  }
});

test('a log restored from a backup stops the projector before it reads on, and it says what to choose', async () => {
  const own = await openStand();
  try {
    const first = startProjector(own, { projections: [orders] });
    await appendTo(own.store, `order-${randomUUID()}`, orderPlaced());
    await caughtUp(own, [orders]);
    await first.stop();
    // The restored log has grown past the checkpoint again: another event stands where the checkpoint is.
    await own.pool.query(`update subscriptions.checkpoints set event_id = gen_random_uuid()`);
    await appendTo(own.store, `order-${randomUUID()}`, orderPlaced());
    const second = startProjector(own, { projections: [orders] });
    await until('the projector says so', () => /restored from a backup.*choose/.test(second.ready().join()));
    const checkpoint = (await readCheckpoints(own.pool, ['orders_v2'])).get('orders_v2');
    assert.ok(checkpoint && checkpoint.progress.position < (await own.store.head()));
    await second.stop();
  } finally {
    await own.close();
  }
});
