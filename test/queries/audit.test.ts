import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Order_Status } from '../../src/contract/generated/orders/v1/orders.ts';
import { Return_Status } from '../../src/contract/generated/orders/v1/returns.ts';
import type { Call, Caller, Outcome } from '../../src/platform/call.ts';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { audited, auditTrail, AuditUnavailable } from '../../src/privacy/audit.ts';
import { readAuditPage, type AuditedRead, type AuditFilter } from '../../src/privacy/audit-page.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { followOrders } from '../../src/queries/order-changes.ts';
import { orderQueries } from '../../src/queries/order-queries.ts';
import { orderReader } from '../../src/queries/order-reader.ts';
import { returnQueries } from '../../src/queries/return-queries.ts';
import { shipmentQueries } from '../../src/queries/shipment-queries.ts';
import { orderWatches } from '../../src/queries/watch-order.ts';
import { openLife, type Life } from '../projections/life.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { openStand, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf } from './asking.ts';

// Whoever of staff is shown something of a person is on record before it is shown.

let stand: Stand;
let projector: Projector;
let owner: Pool;
let life: Life;
before(async () => {
  stand = await openStand();
  owner = openPool({ url: stand.database.ownerUrl, name: 'test', max: 2, logger: silent });
  projector = startProjector(stand);
  life = openLife(stand.store);
});
after(async () => {
  await projector.stop();
  await owner.end();
  await stand.close();
});

const erased = new Set<string>();

/** The queries as the API has them, on a pool. */
const queriesOn = (pool: Pool) => {
  const consistency = openConsistency({ pool: stand.pool, store: stand.store, logger: silent });
  const open = audited(openerOf({ erased }), auditTrail({ pool, metrics: createMetrics('test') }));
  const orders = orderQueries({ pool: stand.pool, store: stand.store, consistency, open });
  const watches = orderWatches({
    reader: orderReader({ pool: stand.pool, consistency }),
    changes: followOrders({ pool: stand.pool, store: stand.store, logger: silent }),
    open,
    metrics: createMetrics('test'),
  });
  return { ...orders, ...watches, ...shipmentQueries(orders), ...returnQueries({ pool: stand.pool, consistency, open }) };
};

const scopes = ['orders:read', 'orders:personal', 'orders:history', 'tenants:any-customer', 'tenants:any-merchant'];
const staff: Caller = { ...callerWith([...scopes, 'orders:support']), subject: 'kim@support' };
const trail = async (filter: AuditFilter): Promise<readonly AuditedRead[]> => (await readAuditPage(owner, filter, { size: 1_000 })).reads;
const inOrder = (orderId: string): Promise<readonly AuditedRead[]> => trail({ resource: `order-${orderId}` });
const placed = async (customerId?: string): Promise<string> => {
  const orderId = await life.place([{}], customerId);
  await caughtUp(stand);
  return orderId;
};

test('a read by staff names who was shown what of whom, where, by which method and in which request', async () => {
  const orderId = await placed();
  const call = callOf(staff, { method: 'orders.v1.OrderService/GetOrder' });
  messageOf(await queriesOn(stand.pool).getOrder({ orderId }, call));
  const reads = await inOrder(orderId);
  const { contact, shippingAddress } = life.state.order(orderId);
  // Every sealed value of the example has a subject of its own.
  assert.deepEqual(
    reads.map(({ subject, fields }) => [subject, fields]).toSorted(),
    [contact.name, contact.email, shippingAddress.address].map(({ subject, field }) => [subject, [field]]).toSorted(),
  );
  for (const { issuer, reader, method, correlation_id, read_at } of reads) {
    assert.deepEqual([issuer, reader, method, correlation_id], ['test', 'kim@support', 'orders.v1.OrderService/GetOrder', call.correlationId]);
    assert.ok(Math.abs(Date.now() - read_at.getTime()) < 600_000);
  }
});

test('every query that shows personal data puts staff on record', async () => {
  const customerId = randomUUID();
  const { orderId } = await life.delivered([{}], customerId);
  const { shipmentId } = life.state.order(orderId).shipments[0]!;
  const returnId = await life.giveBack(orderId, 'WITHDRAWAL', 'does not fit');
  await caughtUp(stand);
  const queries = queriesOn(stand.pool);
  const pages = { pageSize: 10, pageToken: '' };
  const [order, personal] = [`order-${orderId}`, ['address', 'email', 'name']];
  const asking: readonly (readonly [method: string, resource: string, fields: readonly string[], ask: (call: Call) => Promise<Outcome<unknown>>])[] =
    [
      ['GetOrder', order, personal, (call) => queries.getOrder({ orderId }, call)],
      [
        'ListOrders',
        order,
        personal,
        (call) => queries.listOrders({ customerId, merchantId: '', status: Order_Status.STATUS_UNSPECIFIED, ...pages }, call),
      ],
      ['GetShipment', order, personal, (call) => queries.getShipment({ orderId, shipmentId }, call)],
      ['GetOrderHistory', order, personal, (call) => queries.getOrderHistory({ orderId, ...pages }, call)],
      ['GetOrderAt', order, personal, (call) => queries.getOrderAt({ orderId, revision: 0n, time: undefined }, call)],
      ['GetReturn', `return-${returnId}`, ['reason'], (call) => queries.getReturn({ returnId }, call)],
      [
        'ListReturns',
        `return-${returnId}`,
        ['reason'],
        (call) => queries.listReturns({ orderId, customerId: '', merchantId: '', status: Return_Status.STATUS_UNSPECIFIED, ...pages }, call),
      ],
    ];
  for (const [method, resource, fields, ask] of asking) {
    messageOf(await ask(callOf(staff, { method })));
    const shown = (await trail({ method, resource })).flatMap((read) => read.fields);
    assert.deepEqual([...new Set(shown)].toSorted(), fields, method);
  }
});

test('of a watch by staff every message is on record', async (t) => {
  const orderId = await placed();
  const ended = new AbortController();
  t.after(() => ended.abort());
  const call = callOf(staff, { method: 'WatchOrder', signal: ended.signal });
  const watch = messageOf(await queriesOn(stand.pool).watchOrder({ orderId, afterRevision: undefined }, call));
  const messages = watch![Symbol.asyncIterator]();
  const told = async (): Promise<number> => {
    assert.equal((await messages.next()).done, false);
    return (await inOrder(orderId)).length;
  };
  assert.equal(await told(), 3);
  await life.orders(orderId, { type: 'HoldOrder', cause: 'SUPPORT' });
  assert.equal(await told(), 6);
});

test('of a page every order is on record for itself', async () => {
  const customerId = randomUUID();
  for (let nth = 0; nth < 3; nth += 1) await placed(customerId);
  const call = callOf(staff);
  const request = { customerId, merchantId: '', status: Order_Status.STATUS_UNSPECIFIED, pageSize: 2, pageToken: '' };
  const shown = messageOf(await queriesOn(stand.pool).listOrders(request, call)).orders.map(({ orderId }) => `order-${orderId}`);
  assert.equal(shown.length, 2);
  const reads = await trail({ correlationId: call.correlationId });
  assert.deepEqual([...new Set(reads.map(({ resource }) => resource))].toSorted(), shown.toSorted());
});

test('customers, merchants, checkout and workers leave no trace, and staff without sight of personal data neither', async () => {
  const customerId = randomUUID();
  const orderId = await placed(customerId);
  const callers = [
    callerWith(['orders:read', 'orders:personal'], { customerId }),
    callerWith(['orders:read', 'orders:personal'], { merchantId: life.state.order(orderId).lines[0]!.merchantId }),
    callerWith(scopes),
    callerWith(['orders:read', 'orders:support', 'tenants:any-customer']),
  ];
  for (const caller of callers) messageOf(await queriesOn(stand.pool).getOrder({ orderId }, callOf(caller)));
  assert.deepEqual(await inOrder(orderId), []);
});

test('what is erased shows nothing, and so nothing of it is on record', async () => {
  const orderId = await placed();
  const { contact, shippingAddress } = life.state.order(orderId);
  for (const { subject } of [contact.name, contact.email, shippingAddress.address]) erased.add(subject);
  const order = messageOf(await queriesOn(stand.pool).getOrder({ orderId }, callOf(staff)));
  assert.equal(order.contact?.availability, 'ERASED');
  assert.deepEqual(await inOrder(orderId), []);
});

test('what cannot be put on record is not shown, and whoever is no staff does not notice', async () => {
  const orderId = await placed();
  const broken = openPool({ url: stand.database.runtimeUrl, name: 'test', max: 1, logger: silent });
  await broken.end();
  await assert.rejects(
    queriesOn(broken).getOrder({ orderId }, callOf(staff)),
    (error: unknown) => error instanceof AuditUnavailable && error.unavailable,
  );
  messageOf(await queriesOn(broken).getOrder({ orderId }, callOf(callerWith(scopes))));
  assert.deepEqual(await inOrder(orderId), []);
});

test('reads that wait at the same time share inserts, and each is on record', async () => {
  const orderId = await placed();
  let inserts = 0;
  const counting = { query: (statement: never) => ((inserts += 1), stand.pool.query(statement)) } as unknown as Pool;
  const queries = queriesOn(counting);
  const calls = Array.from({ length: 100 }, () => callOf(staff));
  await Promise.all(calls.map((call) => queries.getOrder({ orderId }, call)));
  const reads = await inOrder(orderId);
  assert.deepEqual(new Set(reads.map(({ correlation_id }) => correlation_id)), new Set(calls.map(({ correlationId }) => correlationId)));
  assert.ok(inserts <= 50, `${inserts} inserts for ${calls.length} reads`);
});

test('the role of the processes can add to the trail, and neither look at it nor change it', async () => {
  for (const statement of [
    'select from audit.personal_reads',
    "update audit.personal_reads set reader = 'nobody'",
    'delete from audit.personal_reads',
    'truncate audit.personal_reads',
    'drop table audit.personal_reads',
  ])
    await assert.rejects(stand.pool.query(statement), { code: '42501' }, statement);
});

test('the trail is read page by page, by person, place, reader, method, request and time', async () => {
  const orderId = await placed();
  const queries = queriesOn(stand.pool);
  const calls = Array.from({ length: 5 }, () => callOf(staff));
  for (const call of calls) messageOf(await queries.getOrder({ orderId }, call));
  const filter = { resource: `order-${orderId}`, reader: 'kim@support', method: calls[0]!.method };
  const all = await trail(filter);
  assert.equal(all.length, 15);
  assert.deepEqual(
    all.map(({ read_id }) => read_id),
    all.map(({ read_id }) => read_id).toSorted((a, b) => b - a),
  );
  const paged: AuditedRead[] = [];
  for (let before: number | undefined; ;) {
    const { reads, next } = await readAuditPage(owner, filter, { size: 4, ...(before === undefined ? {} : { before }) });
    paged.push(...reads);
    if (next === undefined) break;
    before = next;
  }
  assert.deepEqual(paged, all);
  const { subject, read_at } = all[0]!;
  assert.equal((await trail({ ...filter, subject })).length, 5);
  assert.equal((await trail({ ...filter, correlationId: calls[2]!.correlationId })).length, 3);
  assert.deepEqual(await trail({ ...filter, reader: 'somebody' }), []);
  assert.deepEqual(await trail({ ...filter, since: new Date(read_at.getTime() + 60_000) }), []);
  assert.deepEqual(await trail({ ...filter, until: new Date(read_at.getTime() - 60_000) }), []);
});
