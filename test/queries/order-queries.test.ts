import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { GetOrderHistoryResponse, Order_Status, type ListOrdersRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { silent } from '../../src/platform/logging.ts';
import type { Caller } from '../../src/platform/call.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { orderQueries, type OrderQueries } from '../../src/queries/order-queries.ts';
import { park } from '../../src/subscriptions/parking.ts';
import { appendTo, newEvent, openStand, type Stand } from '../support/stand.ts';
import { orderCancelled, orderLine, orderPlaced } from '../projections/histories.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { callerWith, callOf, messageOf, openerOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let queries: OrderQueries;
const asked: Sealed[] = [];
const erased = new Set<string>();
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  queries = orderQueries({ pool, store, consistency: openConsistency({ pool, store, logger: silent }), open: openerOf({ asked, erased }) });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const [mine, theirs] = [randomUUID(), randomUUID()];
const customer = (customerId: string, ...scopes: string[]) =>
  callerWith(['orders:read', 'orders:personal', 'orders:history', ...scopes], { customerId });
const merchant = (merchantId: string, ...scopes: string[]) => callerWith(['orders:read', 'orders:personal', ...scopes], { merchantId });
const support = callerWith(['orders:read', 'orders:personal', 'orders:history', 'tenants:any-customer', 'tenants:any-merchant']);

const place = async (changes: Parameters<typeof orderPlaced>[0] = {}): Promise<string> => {
  const orderId = randomUUID();
  await appendTo(stand.store, `order-${orderId}`, orderPlaced(changes));
  return orderId;
};

const get = async (orderId: string, caller: Caller) => {
  await caughtUp(stand);
  return queries.getOrder({ orderId }, callOf(caller));
};
const list = async (caller: Caller, request: Partial<ListOrdersRequest> = {}) =>
  queries.listOrders({ customerId: '', merchantId: '', status: Order_Status.STATUS_UNSPECIFIED, pageToken: '', ...request }, callOf(caller));

test('a customer sees its whole order, with its own data opened', async () => {
  const customerId = randomUUID();
  const orderId = await place({
    customerId,
    lines: [
      orderLine({ merchantId: mine, quantity: 2, unitPriceMinor: 11_900 }),
      orderLine({ merchantId: theirs, vatScheme: 'MARGIN', purchasePriceMinor: 5, unitPriceMinor: 100 }),
    ],
  });
  const order = messageOf(await get(orderId.toUpperCase(), customer(customerId)));
  assert.equal(order.orderId, orderId);
  assert.equal(order.customerId, customerId);
  assert.deepEqual(order.total, { amountMinor: 23_900n, currency: 'EUR' });
  assert.deepEqual(
    order.lines.map(({ vat, purchasePrice }) => [vat?.amountMinor, purchasePrice]),
    [
      [3_800n, undefined],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(order.contact, { availability: 'AVAILABLE', name: 'open sealed name', email: 'open sealed email', language: 'de' });
  assert.deepEqual(order.shippingAddress, {
    availability: 'AVAILABLE',
    recipient: 'Ada',
    line1: 'Street 1',
    line2: '',
    postalCode: '10115',
    city: 'Berlin',
    countryCode: 'DE',
  });
  assert.equal(order.stale, false);
  assert.equal(order.revision, 0n);
});

test('without orders:personal nothing is opened, and country and language remain', async () => {
  const customerId = randomUUID();
  const orderId = await place({ customerId });
  asked.length = 0;
  const order = messageOf(await get(orderId, callerWith(['orders:read'], { customerId })));
  assert.deepEqual(order.contact, { availability: 'WITHHELD', name: '', email: '', language: 'de' });
  assert.equal(order.shippingAddress?.availability, 'WITHHELD');
  assert.equal(order.shippingAddress?.countryCode, 'DE');
  assert.deepEqual(asked, []);
});

test('what was erased reads as erased', async () => {
  const placed = orderPlaced();
  const data = placed.data as { customerId: string; contact: { name: Sealed } };
  erased.add(data.contact.name.subject);
  const orderId = randomUUID();
  await appendTo(stand.store, `order-${orderId}`, placed);
  const order = messageOf(await get(orderId, support));
  assert.equal(order.contact?.availability, 'ERASED');
  assert.equal(order.contact?.name, '');
});

test('a merchant sees its own lines and their subtotal, and nothing of the customer', async () => {
  const orderId = await place({
    lines: [
      orderLine({ merchantId: mine, unitPriceMinor: 1_000, vatScheme: 'MARGIN', purchasePriceMinor: 700 }),
      orderLine({ merchantId: theirs, unitPriceMinor: 5_000 }),
    ],
  });
  asked.length = 0;
  const order = messageOf(await get(orderId, merchant(mine)));
  assert.deepEqual(
    order.lines.map(({ merchantId, purchasePrice }) => [merchantId, purchasePrice?.amountMinor]),
    [[mine, 700n]],
  );
  assert.equal(order.total?.amountMinor, 1_000n);
  assert.equal(order.customerId, '');
  assert.equal(order.paymentMethod, '');
  assert.deepEqual(order.contact, { availability: 'WITHHELD', name: '', email: '', language: '' });
  assert.equal(order.shippingAddress?.availability, 'WITHHELD');
  assert.deepEqual(asked, []);
});

test('costs of all merchants are seen with orders:cost only', async () => {
  const orderId = await place({ lines: [orderLine({ merchantId: mine, vatScheme: 'MARGIN', purchasePriceMinor: 700 })] });
  const finance = callerWith(['orders:read', 'orders:cost', 'tenants:any-merchant']);
  assert.equal(messageOf(await get(orderId, finance)).lines[0]?.purchasePrice?.amountMinor, 700n);
  assert.equal(messageOf(await get(orderId, finance)).customerId, '');
  assert.equal(messageOf(await get(orderId, support)).lines[0]?.purchasePrice, undefined);
});

test('an order of others is forbidden, to customers, to merchants and to tokens bound to nobody', async () => {
  const orderId = await place({ lines: [orderLine({ merchantId: theirs })] });
  for (const caller of [customer(randomUUID()), merchant(mine), callerWith(['orders:read', 'orders:personal'])])
    assert.deepEqual(refusalOf(await get(orderId, caller)), { status: 'forbidden', code: 'FORBIDDEN' });
});

test('an unknown order is not found, though a token bound to nobody does not learn even that', async () => {
  assert.deepEqual(refusalOf(await get(randomUUID(), support)), { status: 'not_found', code: 'ORDER_NOT_FOUND' });
  assert.deepEqual(refusalOf(await get(randomUUID(), callerWith(['orders:read']))), { status: 'forbidden', code: 'FORBIDDEN' });
});

test('an order of which something is parked says that it is stale', async () => {
  const orderId = await place();
  await caughtUp(stand);
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
  assert.equal(messageOf(await get(orderId, support)).stale, true);
});

test('pages hold every order once, newest first, while new ones come in', async () => {
  const customerId = randomUUID();
  const placed: string[] = [];
  for (let index = 0; index < 7; index += 1) placed.push(await place({ customerId }));
  await caughtUp(stand);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = messageOf(await list(customer(customerId), { pageSize: 3, pageToken }));
    seen.push(...page.orders.map(({ orderId }) => orderId));
    pageToken = page.nextPageToken;
    await place({ customerId });
    await caughtUp(stand);
  } while (pageToken !== '');
  assert.deepEqual(seen, placed.toReversed());
});

test('a merchant lists the orders with its lines, each once, by status too', async () => {
  const merchantId = randomUUID();
  const line = () => orderLine({ merchantId });
  const first = await place({ lines: [line(), line(), orderLine()] });
  const second = await place({ lines: [line()] });
  await place();
  await appendTo(stand.store, `order-${second}`, orderCancelled());
  await caughtUp(stand);
  const all = messageOf(await list(merchant(merchantId)));
  assert.deepEqual(
    all.orders.map(({ orderId, lines }) => [orderId, lines.length]),
    [
      [second, 1],
      [first, 2],
    ],
  );
  const cancelled = messageOf(await list(merchant(merchantId), { status: Order_Status.CANCELLED }));
  assert.deepEqual(
    cancelled.orders.map(({ orderId }) => orderId),
    [second],
  );
  const paged = messageOf(await list(merchant(merchantId), { pageSize: 1 }));
  const rest = messageOf(await list(merchant(merchantId), { pageSize: 1, pageToken: paged.nextPageToken }));
  assert.deepEqual(
    [...paged.orders, ...rest.orders].map(({ orderId }) => orderId),
    [second, first],
  );
  assert.equal(rest.nextPageToken, '');
});

test('a list never widens beyond the token', async () => {
  const customerId = randomUUID();
  const own = await place({ customerId, lines: [orderLine({ merchantId: mine })] });
  await place({ lines: [orderLine({ merchantId: mine })] });
  await caughtUp(stand);
  assert.deepEqual(
    messageOf(await list(customer(customerId))).orders.map(({ orderId }) => orderId),
    [own],
  );
  assert.deepEqual(
    messageOf(await list(customer(customerId), { merchantId: mine })).orders.map(({ orderId }) => orderId),
    [own],
  );
  assert.deepEqual(
    messageOf(await list(support, { customerId })).orders.map(({ orderId }) => orderId),
    [own],
  );
  for (const [caller, request] of [
    [customer(customerId), { customerId: randomUUID() }],
    [merchant(mine), { merchantId: theirs }],
    [merchant(mine), { customerId }],
    [callerWith(['orders:read']), {}],
    [callerWith(['orders:read', 'tenants:any-merchant']), { customerId }],
  ] as const)
    assert.deepEqual(refusalOf(await list(caller, request)), { status: 'forbidden', code: 'FORBIDDEN' });
});

test('a page token of another filter, another caller or another hand is refused', async () => {
  const customerId = randomUUID();
  for (let index = 0; index < 3; index += 1) await place({ customerId });
  await caughtUp(stand);
  const { nextPageToken: pageToken } = messageOf(await list(support, { customerId, pageSize: 1 }));
  assert.notEqual(pageToken, '');
  const invalid = { status: 'invalid', code: 'INVALID_PAGE_TOKEN' };
  assert.deepEqual(refusalOf(await list(support, { customerId, status: Order_Status.PLACED, pageToken })), invalid);
  assert.deepEqual(refusalOf(await list(customer(customerId), { pageToken })), invalid);
  assert.deepEqual(refusalOf(await list(support, { customerId, pageToken: 'nonsense' })), invalid);
  const [hash] = JSON.parse(Buffer.from(pageToken, 'base64url').toString()) as string[];
  const forged = Buffer.from(JSON.stringify([hash, `'; drop`, 'x'])).toString('base64url');
  assert.deepEqual(refusalOf(await list(support, { customerId, pageToken: forged })), invalid);
});

const history = (orderId: string, caller: Caller, pageSize?: number, pageToken = '') =>
  queries.getOrderHistory({ orderId, pageToken, ...(pageSize === undefined ? {} : { pageSize }) }, callOf(caller));

test('a history tells each event, the state after it and what changed', async () => {
  const orderId = await place({ customerId: mine });
  const cancelled = orderCancelled();
  const reason = { subject: randomUUID(), field: 'reason', sealed: 'changed my mind' };
  await appendTo(stand.store, `order-${orderId}`, { ...cancelled, meta: { ...cancelled.meta, reason } });
  const { events, nextPageToken } = messageOf(await history(orderId, customer(mine)));
  assert.equal(nextPageToken, '');
  assert.deepEqual(
    events.map(({ type, revision, changed }) => [type, revision, changed.includes('status')]),
    [
      ['OrderPlaced', 0n, true],
      ['OrderCancelled', 1n, true],
    ],
  );
  assert.deepEqual(events[1]?.changed, ['status', 'lines[0].status', 'lines[0].open', 'lines[0].cancelled']);
  assert.equal(events[1]?.state?.['status'], 'cancelled');
  assert.deepEqual(events[1]?.reason, { availability: 'AVAILABLE', text: 'open changed my mind' });
  assert.equal(events[0]?.reason, undefined);
  assert.deepEqual(events[0]?.data?.['contact'].name, { availability: 'AVAILABLE', text: 'open sealed name' });
});

test('a history is paged by revision, with the same states', async () => {
  const orderId = await place({ customerId: mine });
  await appendTo(stand.store, `order-${orderId}`, orderCancelled());
  const whole = messageOf(await history(orderId, support)).events;
  const first = messageOf(await history(orderId, support, 1));
  const second = messageOf(await history(orderId, support, 1, first.nextPageToken));
  assert.deepEqual([...first.events, ...second.events], whole);
  assert.equal(second.nextPageToken, '');
  assert.deepEqual(refusalOf(await history(randomUUID(), support, 1, first.nextPageToken)), { status: 'invalid', code: 'INVALID_PAGE_TOKEN' });
});

test('a history of large states comes in pages that clients can take, each entry once', async () => {
  const lines = Array.from({ length: 100 }, () => orderLine());
  const orderId = await place({ customerId: mine, lines });
  const held = () => newEvent('OrderHeld', { holdUntil: '2026-03-02T12:00:00.000Z', cause: 'SUPPORT' });
  const released = () => newEvent('HoldReleased', { cause: 'SUPPORT', lines: [] });
  await appendTo(stand.store, `order-${orderId}`, ...Array.from({ length: 50 }, () => [held(), released()]).flat());
  const revisions: bigint[] = [];
  for (let pageToken: string | undefined = ''; pageToken !== undefined;) {
    const page: GetOrderHistoryResponse = messageOf(await history(orderId, support, 200, pageToken));
    assert.ok(GetOrderHistoryResponse.encode(page).finish().length < 3 * 2 ** 20);
    revisions.push(...page.events.map(({ revision }) => revision as bigint));
    pageToken = page.nextPageToken === '' ? undefined : page.nextPageToken;
  }
  assert.deepEqual(
    revisions,
    Array.from({ length: 101 }, (_, revision) => BigInt(revision)),
  );
});

test('a history is not read on for a caller that has gone', async () => {
  const orderId = await place({ customerId: mine });
  const gone = callOf(support, { signal: AbortSignal.abort(new DOMException('gone', 'AbortError')) });
  await assert.rejects(queries.getOrderHistory({ orderId, pageToken: '' }, gone), { name: 'AbortError' });
});

test('a history hides costs and sealed values from those who may not see them', async () => {
  const orderId = await place({ customerId: mine, lines: [orderLine({ vatScheme: 'MARGIN', purchasePriceMinor: 4_242 })] });
  const { events } = messageOf(await history(orderId, callerWith(['orders:history'], { customerId: mine })));
  const text = JSON.stringify(events, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  assert.doesNotMatch(text, /4242|purchasePriceMinor|sealed/);
  assert.deepEqual(events[0]?.state?.['contact'].email, { availability: 'WITHHELD', text: '' });
});

test('a history is for the customer and support; a missing order has none', async () => {
  const orderId = await place({ lines: [orderLine({ merchantId: mine })] });
  assert.deepEqual(refusalOf(await history(orderId, merchant(mine, 'orders:history'))), { status: 'forbidden', code: 'FORBIDDEN' });
  assert.deepEqual(refusalOf(await history(orderId, customer(randomUUID()))), { status: 'forbidden', code: 'FORBIDDEN' });
  assert.deepEqual(refusalOf(await history(randomUUID(), support)), { status: 'not_found', code: 'ORDER_NOT_FOUND' });
});

test('a history with an event that this release does not know cannot be told for now', async () => {
  const orderId = await place();
  await appendTo(stand.store, `order-${orderId}`, newEvent('OrderPlaced', {}, 99));
  await assert.rejects(history(orderId, support), { name: 'EventNewerThanReader' });
});
