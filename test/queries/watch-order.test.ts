import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Order, WatchOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import type { Caller, Refusal } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { followOrders } from '../../src/queries/order-changes.ts';
import { orderReader } from '../../src/queries/order-reader.ts';
import { orderWatches, type OrderWatches } from '../../src/queries/watch-order.ts';
import type { WatchLimits } from '../../src/queries/watch-places.ts';
import { encodeToken } from '../../src/eventstore/consistency-token.ts';
import { discard, park } from '../../src/subscriptions/parking.ts';
import { orderCancelled, orderLine, orderPlaced } from '../projections/histories.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let watches: OrderWatches;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  watches = watchesOver({});
});
after(async () => {
  await projector.stop();
  await stand.close();
});

/** The watches of a process of its own. */
const watchesOver = ({ store = stand.store, limits }: { readonly store?: EventStore; readonly limits?: WatchLimits }): OrderWatches => {
  const { pool } = stand;
  return orderWatches({
    reader: orderReader({ pool, consistency: openConsistency({ pool, store, logger: silent }) }),
    changes: followOrders({ pool, store, logger: silent }),
    open: openerOf(),
    metrics: createMetrics('test'),
    ...(limits ? { limits } : {}),
  });
};

const support = callerWith(['orders:read', 'orders:personal', 'tenants:any-customer', 'tenants:any-merchant']);

const place = async (changes: Parameters<typeof orderPlaced>[0] = {}): Promise<string> => {
  const orderId = randomUUID();
  await happen(orderId, orderPlaced(changes));
  await caughtUp(stand);
  return orderId;
};
const happen = (orderId: string, ...events: readonly NewEvent[]): ReturnType<typeof appendTo> => appendTo(stand.store, `order-${orderId}`, ...events);
const held = () => newEvent('OrderHeld', { holdUntil: '2026-03-02T12:00:00.000Z', cause: 'SUPPORT' });
const released = () => newEvent('HoldReleased', { cause: 'SUPPORT', lines: [] });

type Watch = {
  /** The next message; throws where the watch has ended. */
  readonly next: () => Promise<Order>;
  /** What the watch ended with; throws where it has another message. */
  readonly ended: () => Promise<Refusal | undefined>;
  readonly leave: () => void;
};

const watch = async (
  orderId: string,
  options: { readonly caller?: Caller; readonly from?: OrderWatches; readonly request?: Partial<WatchOrderRequest>; readonly token?: string } = {},
): Promise<Watch> => {
  const { caller = support, from = watches, token } = options;
  const left = new AbortController();
  const call = callOf(caller, {
    signal: AbortSignal.any([left.signal, stand.signal]),
    ...(token === undefined ? {} : { consistencyToken: token }),
  });
  const messages = messageOf(await from.watchOrder({ orderId, afterRevision: undefined, ...options.request }, call));
  assert.ok(messages, 'there is nothing to come');
  return {
    async next() {
      const { done, value } = await messages.next();
      assert.ok(!done, 'the watch has ended');
      return value;
    },
    async ended() {
      const { done, value } = await messages.next();
      assert.ok(done, 'the watch goes on');
      return value;
    },
    leave: () => left.abort(),
  };
};

test('who watches an order is told what it is now, and again after each change', async () => {
  const orderId = await place();
  const watching = await watch(orderId.toUpperCase());
  const first = await watching.next();
  assert.deepEqual([first.orderId, first.status, first.revision, first.contact?.name], [orderId, 'PLACED', 0n, 'open sealed name']);
  const second = watching.next();
  await happen(orderId, held());
  assert.deepEqual(await second.then(({ revision, onHold }) => [revision, onHold]), [1n, true]);
  await happen(orderId, released());
  assert.deepEqual(await watching.next().then(({ revision, onHold }) => [revision, onHold]), [2n, false]);
  watching.leave();
  assert.equal(await watching.ended(), undefined);
});

test('who reads slowly is told the newest state and misses those in between', async () => {
  const orderId = await place();
  const watching = await watch(orderId);
  assert.equal((await watching.next()).revision, 0n);
  for (const event of [held(), released(), held(), released()]) await happen(orderId, event);
  await caughtUp(stand);
  assert.equal((await watching.next()).revision, 4n);
  watching.leave();
});

test('the watch ends after the state in which the order stays', async () => {
  const orderId = await place();
  const watching = await watch(orderId);
  await watching.next();
  await happen(orderId, orderCancelled());
  assert.equal((await watching.next()).status, 'CANCELLED');
  assert.equal(await watching.ended(), undefined);
});

test('an order that is final already is told once, and not at all to who knows it', async () => {
  const orderId = await place();
  await happen(orderId, orderCancelled());
  await caughtUp(stand);
  const watching = await watch(orderId, { request: { afterRevision: 0n } });
  assert.equal((await watching.next()).status, 'CANCELLED');
  assert.equal(await watching.ended(), undefined);
  assert.equal(messageOf(await watches.watchOrder({ orderId, afterRevision: 1n }, callOf(support))), undefined);
});

test('who comes back is told nothing until the order is past what it knows', async () => {
  const orderId = await place();
  const watching = await watch(orderId, { request: { afterRevision: 0n } });
  const next = watching.next();
  await happen(orderId, held());
  assert.equal((await next).revision, 1n);
  watching.leave();
});

test('what was recorded before the watch and reaches the read model after it is told', async () => {
  const orderId = await place();
  await projector.stop();
  await happen(orderId, held());
  const watching = await watch(orderId);
  assert.equal((await watching.next()).revision, 0n);
  const next = watching.next();
  projector = startProjector(stand);
  assert.equal((await next).revision, 1n);
  watching.leave();
});

test('while the read model stands still nothing is told, and what has gathered is told once it goes on', async () => {
  const [orderId, another] = [await place(), await place()];
  const watching = await watch(orderId);
  await watching.next();
  await projector.stop();
  const next = watching.next();
  await happen(orderId, held());
  await happen(orderId, released());
  // Who begins to watch meanwhile is told what there is.
  const newcomer = await watch(another);
  assert.equal((await newcomer.next()).revision, 0n);
  await happen(another, held());
  projector = startProjector(stand);
  assert.equal((await next).revision, 2n);
  assert.equal((await newcomer.next()).revision, 1n);
  watching.leave();
  newcomer.leave();
});

test('a watch that brings a consistency token begins with what the command wrote', async () => {
  const orderId = await place();
  const { position } = await happen(orderId, held());
  const token = encodeToken({ logId: (await stand.store.identity()).id, position });
  const watching = await watch(orderId, { token });
  assert.equal((await watching.next()).revision, 1n);
  watching.leave();
});

test('what nobody knows, what is somebody else’s, and whoever is bound to nobody is refused before anything is told', async () => {
  const orderId = await place({ customerId: randomUUID() });
  const asked = async (caller: Caller, id = orderId) =>
    refusalOf(await watches.watchOrder({ orderId: id, afterRevision: undefined }, callOf(caller)));
  assert.deepEqual(await asked(support, randomUUID()), { status: 'not_found', code: 'ORDER_NOT_FOUND' });
  const forbidden = { status: 'forbidden', code: 'FORBIDDEN' };
  assert.deepEqual(await asked(callerWith(['orders:read'], { customerId: randomUUID() })), forbidden);
  assert.deepEqual(await asked(callerWith(['orders:read'], { merchantId: randomUUID() })), forbidden);
  assert.deepEqual(await asked(callerWith(['orders:read'])), forbidden);
});

test('each message is cut to its caller', async () => {
  const [mine, theirs] = [randomUUID(), randomUUID()];
  const orderId = await place({ lines: [orderLine({ merchantId: mine }), orderLine({ merchantId: theirs })] });
  const watching = await watch(orderId, { caller: callerWith(['orders:read', 'orders:personal'], { merchantId: mine }) });
  const next = async () => {
    const { lines, contact, customerId } = await watching.next();
    return [lines.map(({ merchantId }) => merchantId), contact?.availability, customerId];
  };
  assert.deepEqual(await next(), [[mine], 'WITHHELD', '']);
  await happen(orderId, held());
  assert.deepEqual(await next(), [[mine], 'WITHHELD', '']);
  watching.leave();
});

test('an order that cannot be brought up to date is told as stale, and again when somebody has seen to it', async () => {
  const orderId = await place();
  const watching = await watch(orderId);
  assert.equal((await watching.next()).stale, false);
  const client = await stand.pool.connect();
  const position = await stand.store.head();
  const parked = {
    group: orderId,
    position,
    eventId: randomUUID(),
    stream: `order-${orderId}`,
    revision: 1,
    type: 'OrderHeld',
    attempts: 1,
    error: 'x',
  };
  await park(client, 'orders_v2', [parked]);
  client.release();
  await happen(orderId, held());
  assert.equal((await watching.next()).stale, true);
  await discard(stand.pool, 'orders_v2', orderId);
  assert.equal((await watching.next()).stale, false);
  watching.leave();
});

/** A store that counts who follows its log, and whose log can be made to fail. */
const countedStore = () => {
  const now = { subscriptions: 0, following: 0, failures: 0 };
  const store: EventStore = {
    ...stand.store,
    async *subscribe(options) {
      now.subscriptions += 1;
      now.following += 1;
      try {
        if (now.failures > 0) {
          now.failures -= 1;
          throw new Error('the log cannot be followed');
        }
        yield* stand.store.subscribe(options);
      } finally {
        now.following -= 1;
      }
    },
  };
  return { now, store };
};

test('one subscription serves all watches of a process, and ends with the last of them', async () => {
  const { now, store } = countedStore();
  const from = watchesOver({ store });
  const orderIds = await Promise.all([place(), place(), place()]);
  const all = await Promise.all([...orderIds, ...orderIds].map((orderId) => watch(orderId, { from })));
  await Promise.all(all.map(({ next }) => next()));
  await Promise.all(orderIds.map((orderId) => happen(orderId, held())));
  for (const { next } of all) assert.equal((await next()).revision, 1n);
  assert.deepEqual(now, { subscriptions: 1, following: 1, failures: 0 });
  for (const { leave } of all) leave();
  await until('nobody follows the log', () => now.following === 0);
  const again = await watch(orderIds[0]!, { from });
  assert.equal((await again.next()).revision, 1n);
  await happen(orderIds[0]!, released());
  assert.equal((await again.next()).revision, 2n);
  assert.equal(now.subscriptions, 2);
  again.leave();
});

test('watches outlive the failure of following the log', async () => {
  const { now, store } = countedStore();
  now.failures = 2;
  const orderId = await place();
  const watching = await watch(orderId, { from: watchesOver({ store }) });
  await watching.next();
  await happen(orderId, held());
  assert.equal((await watching.next()).revision, 1n);
  assert.equal(now.failures, 0);
  watching.leave();
});

test('watches outlive the loss of the database connections that follow the log', async () => {
  const orderId = await place();
  const watching = await watch(orderId);
  await watching.next();
  await stand.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`,
  );
  const next = watching.next();
  await until('the event is stored', () =>
    happen(orderId, held()).then(
      () => true,
      () => false,
    ),
  );
  assert.ok((await next).revision >= 1n);
  watching.leave();
});

test('a process has so many places for watches, a caller fewer, and those of one customer or merchant fewer still; who leaves makes room', async () => {
  const customerId = randomUUID();
  const orderId = await place({ customerId });
  const from = watchesOver({ limits: { perProcess: 4, perCaller: 3, perTenant: 2 } });
  const mine = (subject: string): Caller => ({ ...callerWith(['orders:read'], { customerId }), subject });
  const asked = async (caller: Caller) => refusalOf(await from.watchOrder({ orderId, afterRevision: undefined }, callOf(caller)));
  const first = await watch(orderId, { from, caller: mine('phone') });
  const second = await watch(orderId, { from, caller: mine('tablet') });
  assert.deepEqual(await asked(mine('laptop')), { status: 'too_many', code: 'TOO_MANY_WATCHES' });
  const others = [await watch(orderId, { from }), await watch(orderId, { from })];
  assert.deepEqual(await asked(support), { status: 'unavailable', code: 'WATCHES_EXHAUSTED' });
  first.leave();
  others.push(await watch(orderId, { from }));
  assert.deepEqual(await asked(support), { status: 'too_many', code: 'TOO_MANY_WATCHES' });
  for (const { leave } of [second, ...others]) leave();
  const room = await Promise.all([mine('phone'), mine('tablet'), support, { ...support }].map((caller) => watch(orderId, { from, caller })));
  for (const { leave } of room) leave();
});

test('a watch that is refused, or has nothing to tell, takes no place', async () => {
  const orderId = await place();
  await happen(orderId, orderCancelled());
  await caughtUp(stand);
  const from = watchesOver({ limits: { perProcess: 1, perCaller: 1, perTenant: 1 } });
  refusalOf(await from.watchOrder({ orderId: randomUUID(), afterRevision: undefined }, callOf(support)));
  assert.equal(messageOf(await from.watchOrder({ orderId, afterRevision: 1n }, callOf(support))), undefined);
  const watching = await watch(orderId, { from });
  assert.equal((await watching.next()).status, 'CANCELLED');
  assert.equal(await watching.ended(), undefined);
  (await watch(orderId, { from })).leave();
});
