import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { openStore } from '../../src/cli/open-store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { followOrders } from '../../src/queries/order-changes.ts';
import { orderReader } from '../../src/queries/order-reader.ts';
import { orderWatches } from '../../src/queries/watch-order.ts';
import { offerPublished, orderCancelled, orderPlaced } from '../projections/histories.ts';
import { caughtUp, startProjector } from '../projections/projector.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventStoreDbName, startEventStoreDb } from '../support/eventstoredb-under-test.ts';
import { appendTo, newEvent, openStand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf } from './asking.ts';

test(`${eventStoreDbName}: an order is watched to its end, whatever else is in the log`, async () => {
  const server = await startEventStoreDb();
  afterwards(() => server.close());
  const stand = await openStand();
  afterwards(() => stand.close());
  const store = openStore(server.url, { name: 'test', logger: silent, metrics: createMetrics('test') });
  afterwards(() => store.close());
  const { pool, signal } = stand;
  const projector = startProjector({ store, pool, signal });
  afterwards(() => projector.stop());

  const orderId = randomUUID();
  const happen = async (event: ReturnType<typeof newEvent>): Promise<void> => {
    await appendTo(store, `order-${orderId}`, event);
    await appendTo(store, `offer-${randomUUID()}`, offerPublished());
  };
  await happen(orderPlaced());
  await caughtUp({ store, pool });
  const { watchOrder } = orderWatches({
    reader: orderReader({ pool, consistency: openConsistency({ pool, store, logger: silent }) }),
    changes: followOrders({ pool, store, logger: silent }),
    open: openerOf(),
    metrics: createMetrics('test'),
  });
  const call = callOf(callerWith(['orders:read', 'tenants:any-customer']), { signal });
  const messages = messageOf(await watchOrder({ orderId, afterRevision: undefined }, call));
  assert.ok(messages);
  const next = async () => {
    const { done, value } = await messages.next();
    return done ? value : value.revision;
  };
  assert.equal(await next(), 0n);
  await happen(newEvent('OrderHeld', { holdUntil: '2026-03-02T12:00:00.000Z', cause: 'SUPPORT' }));
  assert.equal(await next(), 1n);
  await happen(orderCancelled());
  assert.equal(await next(), 2n);
  assert.equal(await next(), undefined);
});
