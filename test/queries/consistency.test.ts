import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { encodeToken } from '../../src/eventstore/consistency-token.ts';
import { silent } from '../../src/platform/logging.ts';
import { prepareReadModels } from '../../src/projections/versions.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { openConsistency, type Consistency } from '../../src/queries/consistency.ts';
import { orderQueries, type OrderQueries } from '../../src/queries/order-queries.ts';
import { park } from '../../src/subscriptions/parking.ts';
import { appendTo, openStand, until, type Stand } from '../support/stand.ts';
import { orderCancelled, orderPlaced } from '../projections/histories.ts';
import { caughtUp, startProjector } from '../projections/projector.ts';
import { callerWith, callOf, messageOf, openerOf, refusalOf } from './asking.ts';

let stand: Stand;
let consistency: Consistency;
let queries: OrderQueries;
let polls = 0;
before(async () => {
  stand = await openStand();
  const { pool, store } = stand;
  await prepareReadModels(pool, readModels);
  const query = pool.query.bind(pool);
  const counted = {
    ...pool,
    query: (...given: Parameters<typeof query>) => {
      if (JSON.stringify(given[0]).includes('live-checkpoints')) polls += 1;
      return query(...given);
    },
  } as unknown as typeof pool;
  consistency = openConsistency({ pool: counted, store, logger: silent });
  queries = orderQueries({ pool, store, consistency, open: openerOf() });
});
after(() => stand.close());

const support = callerWith(['orders:read', 'tenants:any-customer']);

/** Does something to an order, and answers the token of it. */
const happen = async (orderId: string, event = orderPlaced()): Promise<string> => {
  const { position } = await appendTo(stand.store, `order-${orderId}`, event);
  return encodeToken({ logId: (await stand.store.identity()).id, position });
};

test('a query that brings a token waits until the read model has what the command wrote', async () => {
  const orderId = randomUUID();
  const consistencyToken = await happen(orderId);
  const reading = queries.getOrder({ orderId }, callOf(support, { consistencyToken }));
  const before_ = polls;
  await until('it waits', () => polls > before_ + 2);
  const projector = startProjector(stand);
  assert.equal(messageOf(await reading).orderId, orderId);
  await projector.stop();
});

test('every read with the token of the last command sees it', async () => {
  const projector = startProjector(stand);
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      const orderId = randomUUID();
      const placed = await happen(orderId);
      assert.equal(messageOf(await queries.getOrder({ orderId }, callOf(support, { consistencyToken: placed }))).status, 'PLACED');
      const cancelled = await happen(orderId, orderCancelled());
      assert.equal(messageOf(await queries.getOrder({ orderId }, callOf(support, { consistencyToken: cancelled }))).status, 'CANCELLED');
    }),
  );
  await projector.stop();
});

test("the wait ends before the caller's deadline, with an invitation to try again", async () => {
  const orderId = randomUUID();
  const consistencyToken = await happen(orderId);
  const deadline = performance.now() + 300;
  const outcome = await queries.getOrder({ orderId }, callOf(support, { consistencyToken, deadline }));
  assert.ok(performance.now() < deadline);
  assert.deepEqual(refusalOf(outcome), { status: 'unavailable', code: 'READ_MODEL_BEHIND' });
  assert.ok(outcome.kind === 'refused' && outcome.retryAfterMs);
});

test('nobody is polled for once nobody waits', async () => {
  const stop = new AbortController();
  const reading = queries.getOrder({ orderId: randomUUID() }, callOf(support, { consistencyToken: await happen(randomUUID()), signal: stop.signal }));
  const before_ = polls;
  await until('it waits', () => polls > before_);
  stop.abort();
  assert.equal(refusalOf(await reading).status, 'unavailable');
  const left = polls;
  await stand.store.head();
  await stand.store.head();
  assert.ok(polls <= left + 1);
});

test('a malformed token is invalid', async () => {
  for (const consistencyToken of ['nonsense', '!!', encodeToken({ logId: randomUUID(), position: '1' }).slice(3)]) {
    assert.deepEqual(refusalOf(await queries.getOrder({ orderId: randomUUID() }, callOf(support, { consistencyToken }))), {
      status: 'invalid',
      code: 'INVALID_CONSISTENCY_TOKEN',
    });
  }
});

test('a token past the end of the log is invalid', async () => {
  const { id: logId } = await stand.store.identity();
  const head = await stand.store.head();
  const consistencyToken = encodeToken({ logId, position: head.slice(0, -6) + '999999' });
  assert.deepEqual(refusalOf(await queries.getOrder({ orderId: randomUUID() }, callOf(support, { consistencyToken }))), {
    status: 'invalid',
    code: 'INVALID_CONSISTENCY_TOKEN',
  });
});

test('a token of another log is refused as such', async () => {
  const consistencyToken = encodeToken({ logId: randomUUID(), position: await stand.store.head() });
  assert.deepEqual(refusalOf(await queries.getOrder({ orderId: randomUUID() }, callOf(support, { consistencyToken }))), {
    status: 'precondition_failed',
    code: 'LOG_CHANGED',
  });
});

test('an order of which something is parked answers at once, as stale', async () => {
  const projector = startProjector(stand);
  const orderId = randomUUID();
  await happen(orderId);
  await caughtUp(stand);
  await projector.stop();
  const client = await stand.pool.connect();
  await park(client, 'orders_v2', [
    {
      group: orderId,
      position: await stand.store.head(),
      eventId: randomUUID(),
      stream: `order-${orderId}`,
      revision: 1,
      type: 'OrderCancelled',
      attempts: 1,
      error: 'x',
    },
  ]);
  client.release();
  const consistencyToken = await happen(orderId, orderCancelled());
  const order = messageOf(await queries.getOrder({ orderId }, callOf(support, { consistencyToken })));
  assert.equal(order.stale, true);
});

test('a list brings everything up to its token', async () => {
  const projector = startProjector(stand);
  const customerId = randomUUID();
  const token = await happen(randomUUID(), orderPlaced({ customerId }));
  const { orders } = messageOf(
    await queries.listOrders(
      { customerId, merchantId: '', status: 'STATUS_UNSPECIFIED', pageToken: '' },
      callOf(support, { consistencyToken: token }),
    ),
  );
  assert.equal(orders.length, 1);
  await projector.stop();
});
