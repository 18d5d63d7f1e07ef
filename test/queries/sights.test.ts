import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Order } from '../../src/contract/generated/orders/v1/orders.ts';
import { after as later, standardTerms } from '../../src/domain/terms.ts';
import { silent } from '../../src/platform/logging.ts';
import type { Caller } from '../../src/platform/call.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { orderQueries, type OrderQueries } from '../../src/queries/order-queries.ts';
import { noon, openLife, sealed, type Life } from '../projections/life.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { openStand, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf } from './asking.ts';

// Who sees what of an order: a table that is tried cell by cell.

let stand: Stand;
let projector: Projector;
let queries: OrderQueries;
let life: Life;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  life = openLife(store);
  queries = orderQueries({ pool, store, consistency: openConsistency({ pool, store, logger: silent }), open: openerOf() });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const [alpha, beta, stranger, customerId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const read = ['orders:read', 'orders:personal'];
const callers = {
  customer: callerWith(read, { customerId }),
  'another customer': callerWith(read, { customerId: stranger }),
  alpha: callerWith([...read, 'fulfilment:write'], { merchantId: alpha }),
  beta: callerWith([...read, 'fulfilment:write'], { merchantId: beta }),
  'another merchant': callerWith(read, { merchantId: stranger }),
  checkout: callerWith([...read, 'tenants:any-customer']),
  clerk: callerWith(['orders:read', 'tenants:any-customer']),
  support: callerWith([...read, 'orders:support', 'tenants:any-customer', 'tenants:any-merchant']),
  finance: callerWith(['orders:read', 'orders:cost', 'tenants:any-merchant']),
  nobody: callerWith([...read, 'orders:support', 'orders:cost']),
} as const satisfies Record<string, Caller>;
type Who = keyof typeof callers;

/** One order of two merchants, some way into its life: alpha has shipped and one piece comes back, beta has not accepted. */
const begun = async () => {
  const orderId = await life.place(
    [
      { merchantId: alpha, ordered: 2, vatScheme: 'MARGIN', unitPriceMinor: 30_000, purchasePriceMinor: 21_111 },
      { merchantId: beta, vatScheme: 'MARGIN', unitPriceMinor: 50_000, purchasePriceMinor: 41_111 },
    ],
    customerId,
  );
  const paymentId = await life.confirm(orderId);
  await life.dispatch(orderId, alpha);
  await life.deliver(orderId);
  const returnId = randomUUID();
  const [line] = life.state.order(orderId).lines;
  await life.orders(orderId, { type: 'RaiseTask', taskId: randomUUID(), kind: 'CAPTURE_FAILED', code: 'declined', paymentId });
  return { orderId, paymentId, returnId, lineId: line!.lineId };
};

const seenBy = async (orderId: string): Promise<Readonly<Record<Who, Order | 'forbidden'>>> => {
  await caughtUp(stand);
  const entries = await Promise.all(
    Object.entries(callers).map(async ([who, caller]) => {
      const outcome = await queries.getOrder({ orderId }, callOf(caller));
      return [who, outcome.kind === 'refused' ? (outcome.status as 'forbidden') : outcome.message] as const;
    }),
  );
  return Object.fromEntries(entries) as Record<Who, Order | 'forbidden'>;
};

const cells = (views: Readonly<Record<Who, Order | 'forbidden'>>, cell: (order: Order) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(views).flatMap(([who, order]) => (order === 'forbidden' ? [] : [[who, cell(order)]])));

test('of an order each caller sees its own cells and no others', async () => {
  const { orderId, paymentId } = await begun();
  const views = await seenBy(orderId);
  assert.deepEqual(
    Object.entries(views).flatMap(([who, order]) => (order === 'forbidden' ? [who] : [])),
    ['another customer', 'another merchant', 'nobody'],
  );

  const all = [alpha, beta];
  const merchantsOf = (parts: readonly { readonly merchantId: string }[]): readonly string[] => parts.map(({ merchantId }) => merchantId);
  assert.deepEqual(
    cells(views, ({ lines }) => merchantsOf(lines)),
    { customer: all, alpha: [alpha], beta: [beta], checkout: all, clerk: all, support: all, finance: all },
  );
  assert.deepEqual(
    cells(views, ({ shipments }) => merchantsOf(shipments)),
    { customer: [alpha], alpha: [alpha], beta: [], checkout: [alpha], clerk: [alpha], support: [alpha], finance: [alpha] },
  );
  assert.deepEqual(
    cells(views, ({ total }) => Number(total?.amountMinor)),
    { customer: 110_000, alpha: 60_000, beta: 50_000, checkout: 110_000, clerk: 110_000, support: 110_000, finance: 110_000 },
  );
  assert.deepEqual(
    cells(views, (order) => order.customerId === customerId),
    { customer: true, alpha: false, beta: false, checkout: true, clerk: true, support: true, finance: false },
  );
  assert.deepEqual(
    cells(views, (order) => [order.paymentId === paymentId, order.paymentMethod]),
    {
      customer: [true, 'pm_1'],
      alpha: [false, ''],
      beta: [false, ''],
      checkout: [true, 'pm_1'],
      clerk: [true, 'pm_1'],
      support: [true, 'pm_1'],
      finance: [false, ''],
    },
  );
  const [shown, hidden] = ['AVAILABLE', 'WITHHELD'];
  assert.deepEqual(
    cells(views, ({ contact }) => contact?.availability),
    { customer: shown, alpha: hidden, beta: hidden, checkout: shown, clerk: hidden, support: shown, finance: hidden },
  );
  assert.deepEqual(
    cells(views, ({ shippingAddress }) => shippingAddress?.availability),
    { customer: shown, alpha: shown, beta: hidden, checkout: shown, clerk: hidden, support: shown, finance: hidden },
  );
  assert.deepEqual(
    cells(views, ({ tasks }) => tasks.length),
    { customer: 0, alpha: 0, beta: 0, checkout: 0, clerk: 0, support: 1, finance: 0 },
  );
  assert.deepEqual(
    cells(views, ({ lines }) => lines.map(({ purchasePrice }) => Number(purchasePrice?.amountMinor ?? 0))),
    {
      customer: [0, 0],
      alpha: [21_111],
      beta: [41_111],
      checkout: [0, 0],
      clerk: [0, 0],
      support: [0, 0],
      finance: [21_111, 41_111],
    },
  );
});

test('a merchant is told where to ship from its acceptance on, and no longer once nothing of it is left', async () => {
  const orderId = await life.place([{ merchantId: alpha }, { merchantId: beta }], customerId);
  await life.confirm(orderId);
  const address = async (): Promise<unknown> => {
    await caughtUp(stand);
    const { shippingAddress, contact } = messageOf(await queries.getOrder({ orderId }, callOf(callers.alpha)));
    assert.equal(contact?.availability, 'WITHHELD');
    return shippingAddress?.recipient;
  };
  const [line] = life.state.order(orderId).lines;
  assert.equal(await address(), '');
  await life.orders(orderId, { type: 'AcceptLine', lineId: line!.lineId });
  assert.equal(await address(), 'Ada');
  await life.orders(orderId, { type: 'RejectLine', lineId: line!.lineId });
  assert.equal(await address(), '');
});

test('an order tells its terms, its quantities and how it is held, step by step', async () => {
  const orderId = await life.place([{ ordered: 3 }], customerId);
  const order = async (): Promise<Order> => {
    await caughtUp(stand);
    return messageOf(await queries.getOrder({ orderId }, callOf(callers.support)));
  };
  const placed = await order();
  assert.deepEqual(
    [placed.status, placed.reserveBy?.toISOString(), placed.payBy?.toISOString(), placed.acceptBy],
    ['PLACED', later(noon, standardTerms.reserveMs), later(noon, standardTerms.payMs), undefined],
  );
  await life.confirm(orderId);
  const confirmed = await order();
  assert.deepEqual(
    [confirmed.status, confirmed.reserveBy, confirmed.payBy, confirmed.acceptBy?.toISOString(), confirmed.lines[0]?.status],
    ['CONFIRMED', undefined, undefined, '2026-03-03T12:00:00.000Z', 'RESERVED'],
  );
  const { lineId, merchantId } = life.state.order(orderId).lines[0]!;
  await life.orders(orderId, { type: 'AcceptLine', lineId });
  const shipmentId = randomUUID();
  await life.orders(orderId, {
    type: 'DispatchShipment',
    shipmentId,
    merchantId,
    carrier: 'DHL',
    trackingNumber: 'T-1',
    lines: [{ lineId, quantity: 1 }],
  });
  await life.orders(orderId, { type: 'HoldOrder', cause: 'SUPPORT' });
  const partly = await order();
  assert.deepEqual(
    [partly.status, partly.onHold, partly.hold, partly.lines[0]?.status, partly.lines[0]?.openQuantity, partly.lines[0]?.shippedQuantity],
    ['PARTIALLY_SHIPPED', true, { cause: 'SUPPORT', until: new Date('2026-03-31T12:00:00.000Z') }, 'PARTIALLY_SHIPPED', 2, 1],
  );
  assert.deepEqual(partly.shipments, [
    {
      shipmentId,
      merchantId,
      status: 'DISPATCHED',
      carrier: 'DHL',
      trackingNumber: 'T-1',
      lines: [{ lineId, quantity: 1, amount: { amountMinor: 39_900n, currency: 'EUR' }, vat: { amountMinor: 6_371n, currency: 'EUR' } }],
      amount: { amountMinor: 39_900n, currency: 'EUR' },
      deliveredBy: new Date('2026-03-22T12:00:00.000Z'),
      deliveredAt: undefined,
    },
  ]);
  await life.orders(orderId, { type: 'ReleaseOrder' });
  await life.orders(orderId, { type: 'CancelLine', lineId, cause: 'CUSTOMER' });
  await life.deliver(orderId);
  const delivered = await order();
  assert.deepEqual(delivered.shipments[0]?.deliveredAt, new Date('2026-03-01T12:00:00.000Z'));
  assert.deepEqual(
    [
      delivered.status,
      delivered.onHold,
      delivered.withdrawalEnds?.toISOString(),
      delivered.lines[0]?.cancelledQuantity,
      delivered.lines[0]?.deliveredQuantity,
    ],
    ['DELIVERED', false, '2026-03-16T12:00:00.000Z', 2, 1],
  );
  const returnId = await life.giveBack(orderId, 'WITHDRAWAL', 'too big');
  const returning = await order();
  assert.deepEqual([returning.returnIds, returning.lines[0]?.returningQuantity], [[returnId], 1]);
});

test('a parcel shows nobody the VAT on a margin', async () => {
  const { orderId } = await begun();
  const views = Object.values(await seenBy(orderId)).filter((view) => view !== 'forbidden');
  const parts = views.flatMap(({ shipments }) => shipments.flatMap(({ lines }) => lines));
  assert.equal(parts.length, 6);
  assert.ok(parts.every(({ vat }) => vat === undefined));
});

test('a cancelled order says why', async () => {
  const orderId = await life.place([{}], customerId);
  await life.orders(orderId, { type: 'CancelOrder', cause: 'PAYMENT_DECLINED' });
  await caughtUp(stand);
  const { status, cancelCause } = messageOf(await queries.getOrder({ orderId }, callOf(callers.customer)));
  assert.deepEqual([status, cancelCause], ['CANCELLED', 'PAYMENT_DECLINED']);
});

const history = async (orderId: string, caller: Caller) =>
  messageOf(await queries.getOrderHistory({ orderId, pageSize: 200, pageToken: '' }, callOf(caller))).events;

test('a history tells who did what, why, and what caused it', async () => {
  const orderId = await life.place([{}], customerId);
  const [placed] = await history(orderId, callerWith(['orders:history', ...read], { customerId }));
  const { lineId } = life.state.order(orderId).lines[0]!;
  await life.orders(orderId, { type: 'MarkLineReserved', lineId }, { actor: 'process:placement', causationId: placed!.eventId });
  const reason = { ...sealed('reason'), sealed: 'wrong colour' };
  await life.orders(orderId, { type: 'CancelOrder', cause: 'CUSTOMER' }, { actor: 'user:ada', reason });
  const told = await history(orderId, callerWith(['orders:history', ...read], { customerId }));
  assert.deepEqual(
    told.map(({ type, actor, reason: why, causationId }) => [type, actor, why?.text ?? '', causationId === placed!.eventId]),
    [
      ['OrderPlaced', 'user:test', '', false],
      ['LineReserved', 'process:placement', '', true],
      ['OrderCancelled', 'user:ada', 'open wrong colour', false],
    ],
  );
  assert.notEqual(told[0]?.eventId, told[1]?.eventId);
  assert.deepEqual(told[1]?.changed, ['lines[0].status']);
});

test('a history names payments and returns, and hides tasks and what tells a cost from those they are not for', async () => {
  const { orderId, paymentId } = await begun();
  const text = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  const ofCustomer = await history(orderId, callerWith(['orders:history', ...read], { customerId }));
  assert.match(text(ofCustomer), new RegExp(paymentId));
  assert.doesNotMatch(text(ofCustomer), /SupportTask|"tasks"|marginVatMinor|purchasePriceMinor|21111/);
  const ofSupport = await history(orderId, callerWith(['orders:history', 'orders:support', 'orders:cost', ...read, 'tenants:any-customer']));
  assert.match(text(ofSupport), /SupportTaskRaised/);
  assert.match(text(ofSupport), /marginVatMinor/);
  assert.equal(ofSupport.length, ofCustomer.length + 1);
});
