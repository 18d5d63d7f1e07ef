import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { readModels } from '../../src/projections/read-models.ts';
import { orderLines } from '../../src/projections/order-lines.ts';
import { orders } from '../../src/projections/orders.ts';
import { indexForQueries, prepareReadModels } from '../../src/projections/versions.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';
import { expectedRows, market, orderCancelled, orderLine, orderPlaced, rowsOf } from './histories.ts';
import { caughtUp, startProjector } from './projector.ts';

let stand: Stand;
before(async () => {
  stand = await openStand();
});
after(() => stand.close());

const assertComplete = async (): Promise<void> => {
  for (const projection of readModels)
    assert.deepEqual(await rowsOf(stand.pool, projection), await expectedRows(stand.store, stand.pool, projection), projection.name);
};

test('read models hold what the log says, and follow it', async () => {
  const projector = startProjector(stand);
  await market(stand.store, 20);
  await caughtUp(stand);
  await assertComplete();
  await market(stand.store, 5);
  await caughtUp(stand);
  await assertComplete();
  assert.deepEqual(projector.ready(), []);
  await projector.stop();
});

test('a projector that is stopped goes on where it was', async () => {
  const first = startProjector(stand);
  await market(stand.store, 5);
  await caughtUp(stand);
  await first.stop();
  await market(stand.store, 5);
  const second = startProjector(stand);
  await caughtUp(stand);
  await second.stop();
  await assertComplete();
});

test('connections that are cut at any moment change nothing in the end result', async () => {
  const pool = openPool({ url: stand.database.runtimeUrl, name: 'cut-projector', max: 12, logger: silent });
  const projectors = [startProjector({ ...stand, pool }), startProjector({ ...stand, pool })];
  let cuts = 0;
  const stop = new AbortController();
  const cutting = (async () => {
    while (!stop.signal.aborted) {
      const { rowCount } = await stand.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('cut-projector', 'test read') and datname = current_database() and state <> 'idle' order by random() limit 1`,
      );
      cuts += rowCount ?? 0;
    }
  })();
  for (let round = 0; round < 8; round += 1) await market(stand.store, 25);
  await until('connections were cut', () => cuts > 20);
  stop.abort();
  await cutting;
  await caughtUp(stand);
  await Promise.all(projectors.map((projector) => projector.stop()));
  await pool.end();
  await assertComplete();
});

test('processes that come and go, two at a time, change nothing in the end result', async () => {
  const writing = (async () => {
    for (let round = 0; round < 8; round += 1) await market(stand.store, 15);
  })();
  for (let round = 0; round < 6; round += 1) {
    const two = [startProjector(stand, { leaseMs: 300 }), startProjector(stand, { leaseMs: 300 })];
    await until(
      'something moved',
      async () =>
        (await stand.pool.query(`select 1 from subscriptions.checkpoints where updated_at > clock_timestamp() - interval '1 s'`)).rowCount! > 0,
    );
    await Promise.all(two.map((projector) => projector.stop()));
  }
  await writing;
  const last = startProjector(stand);
  await caughtUp(stand);
  await last.stop();
  await assertComplete();
});

test('of two processes one folds an event, and the other takes over when it stops', async () => {
  const one = startProjector(stand);
  const two = startProjector(stand);
  const leaders = async (): Promise<number> => {
    const texts = await Promise.all([one, two].map(({ metrics }) => metrics.getSingleMetricAsString('subscription_leader')));
    return texts.join('\n').match(/subscription_leader\{.*subscription="orders_v2".*\} 1/g)?.length ?? 0;
  };
  await until('one of them leads', async () => (await leaders()) === 1);
  await market(stand.store, 5);
  await caughtUp(stand);
  assert.equal(await leaders(), 1);
  await one.stop();
  await market(stand.store, 5);
  await caughtUp(stand);
  await two.stop();
  await assertComplete();
});

test('rows that a fold leaves out are deleted, and with them those of the parts', async () => {
  const vanishing = {
    ...orders,
    name: 'vanishing',
    parts: [{ ...orderLines, name: 'vanishing_lines' }],
    evolve: (rows: Parameters<typeof orders.evolve>[0], event: Parameters<typeof orders.evolve>[1]) =>
      event.type === 'OrderCancelled' ? [] : orders.evolve(rows, event),
  };
  const projector = startProjector(stand, { projections: [vanishing] });
  const orderId = randomUUID();
  await appendTo(stand.store, `order-${orderId}`, orderPlaced());
  await caughtUp(stand, [vanishing]);
  const count = async () => {
    const { rows } = await stand.pool.query(
      `select (select count(*)::integer from read_models.vanishing where order_id = $1) as orders,
              (select count(*)::integer from read_models.vanishing_lines where order_id = $1) as lines`,
      [orderId],
    );
    return rows[0];
  };
  assert.deepEqual(await count(), { orders: 1, lines: 1 });
  await appendTo(stand.store, `order-${orderId}`, orderCancelled());
  await caughtUp(stand, [vanishing]);
  assert.deepEqual(await count(), { orders: 0, lines: 0 });
  await projector.stop();
});

test('a new version is built beside the live one, and shown when it has caught up', async () => {
  const first = startProjector(stand, { projections: [orders] });
  await caughtUp(stand, [orders]);
  await first.stop();
  const next = { ...orders, version: 3, create: (table: string) => orders.create(table).replace('status ', `note text default 'second', status `) };
  const second = startProjector(stand, { projections: [next] });
  await until(
    'the view shows version 3',
    async () => (await stand.pool.query(`select from read_models.live where name = 'orders' and version = 3`)).rowCount === 1,
  );
  const { rows } = await stand.pool.query(
    `select (select count(*) from read_models.orders) as shown, (select count(*) from read_models.orders_v2) as before`,
  );
  assert.equal(rows[0].shown, rows[0].before);
  await second.stop();
  const indexes = async (table: string): Promise<number> =>
    (await stand.pool.query(`select from pg_indexes where schemaname = 'read_models' and tablename = $1`, [table])).rowCount!;
  for (const table of ['orders', 'order_lines', 'support_tasks']) assert.equal(await indexes(`${table}_v3`), await indexes(`${table}_v2`), table);
  const { rows: leftBehind } = await stand.pool.query(
    `update read_models.live set version = 2, subscription = 'orders_v2' where name = 'orders' returning 1`,
  );
  assert.equal(leftBehind.length, 1);
});

test('a version that nobody reads yet is filled without the indexes of queries, and gets them before it is shown', async () => {
  const projector = startProjector(stand, { projections: [orders] });
  await caughtUp(stand, [orders]);
  await projector.stop();
  const next = { ...orders, version: 4 };
  const indexes = async (): Promise<number> =>
    (await stand.pool.query(`select from pg_indexes where schemaname = 'read_models' and tablename = 'orders_v4'`)).rowCount!;
  await prepareReadModels(stand.pool, [next]);
  assert.equal(await indexes(), 1);
  // A process that died between its indexes and the switch, or two at once.
  await Promise.all([indexForQueries(stand.pool, next), indexForQueries(stand.pool, next)]);
  assert.equal(await indexes(), 4);
  await indexForQueries(stand.pool, next);
  assert.equal(await indexes(), 4);
});

test('lag and parked groups are told as metrics', async () => {
  const projector = startProjector(stand);
  await appendTo(stand.store, `order-${randomUUID()}`, orderPlaced({ lines: [orderLine()] }));
  await caughtUp(stand);
  const text = await projector.metrics.metrics();
  assert.match(text, /subscription_lag_seconds\{.*subscription="orders_v2".*\} 0/);
  assert.match(text, /subscription_lag_events\{.*subscription="orders_v2".*\} 0/);
  assert.match(text, /subscription_parked_groups\{.*subscription="orders_v2".*\} 0/);
  assert.match(text, /projection_events_total\{.*subscription="orders_v2".*\} [1-9]/);
  await projector.stop();
});

test('matching events that are committed while a page without any is read are not skipped', async () => {
  const projector = startProjector(stand);
  let others = true;
  const noise = (async () => {
    while (others)
      await appendTo(
        stand.store,
        `offer-${randomUUID()}`,
        newEvent('OfferPublished', {
          merchantId: randomUUID(),
          sku: 'S',
          title: 'T',
          grade: 'A',
          currency: 'EUR',
          unitPriceMinor: 1,
          onHand: 1,
          vatScheme: 'STANDARD',
          warrantyMonths: 0,
        }),
      );
  })();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let index = 0; index < 20; index += 1) await appendTo(stand.store, `order-${randomUUID()}`, orderPlaced());
    }),
  );
  others = false;
  await noise;
  await caughtUp(stand);
  await projector.stop();
  await assertComplete();
});
