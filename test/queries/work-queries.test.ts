import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  MerchantQueueEntry_Kind,
  SupportTask_Kind,
  SupportTask_Status,
  type ListMerchantQueueRequest,
  type ListTasksRequest,
} from '../../src/contract/generated/orders/v1/work.ts';
import { silent } from '../../src/platform/logging.ts';
import type { Caller } from '../../src/platform/call.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { workQueries, type WorkQueries } from '../../src/queries/work-queries.ts';
import { openLife, type Life } from '../projections/life.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { openStand, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let queries: WorkQueries;
let life: Life;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  life = openLife(store);
  queries = workQueries({ pool, consistency: openConsistency({ pool, store, logger: silent }) });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const ofMerchant = (merchantId: string): Caller => callerWith(['fulfilment:write'], { merchantId });
const support = callerWith(['orders:support', 'fulfilment:write', 'tenants:any-customer', 'tenants:any-merchant']);
const forbidden = { status: 'forbidden', code: 'FORBIDDEN' };

const ask = (caller: Caller, request: Partial<ListMerchantQueueRequest> = {}) =>
  queries.listMerchantQueue(
    { merchantId: '', kind: MerchantQueueEntry_Kind.KIND_UNSPECIFIED, pageSize: undefined, pageToken: '', ...request },
    callOf(caller),
  );
const queue = async (merchantId: string, request: Partial<ListMerchantQueueRequest> = {}) => {
  await caughtUp(stand);
  return messageOf(await ask(ofMerchant(merchantId), request)).entries;
};
const kinds = async (merchantId: string) => (await queue(merchantId)).map(({ kind }) => kind);

test('what waits for a merchant goes from accepting to inspecting, each with its term', async () => {
  const merchantId = randomUUID();
  const orderId = await life.place([{ merchantId, ordered: 2, title: 'Phone', sku: 'P-1' }]);
  assert.deepEqual(await kinds(merchantId), [], 'nothing waits before the order is confirmed');
  await life.confirm(orderId);
  const { lineId } = life.state.order(orderId).lines[0]!;
  assert.deepEqual(await queue(merchantId), [
    {
      kind: 'ACCEPT',
      merchantId,
      orderId,
      lineId,
      returnId: '',
      sku: 'P-1',
      title: 'Phone',
      quantity: 2,
      dueBy: new Date('2026-03-03T12:00:00.000Z'),
      onHold: false,
    },
  ]);
  await life.orders(orderId, { type: 'AcceptLine', lineId });
  const parcel = { type: 'DispatchShipment', merchantId, carrier: 'DHL', trackingNumber: 'T', lines: [{ lineId, quantity: 1 }] } as const;
  await life.orders(orderId, { ...parcel, shipmentId: randomUUID() });
  const [dispatch, ...none] = await queue(merchantId);
  assert.deepEqual(none, []);
  assert.deepEqual([dispatch?.kind, dispatch?.quantity, dispatch?.dueBy?.toISOString()], ['DISPATCH', 1, '2026-03-04T12:00:00.000Z']);
  await life.orders(orderId, { ...parcel, shipmentId: randomUUID() });
  assert.deepEqual(await kinds(merchantId), []);
  await life.deliver(orderId);
  const returnId = await life.giveBack(orderId, 'WARRANTY', 'flickers');
  const [decide] = await queue(merchantId);
  assert.deepEqual(
    [decide?.kind, decide?.returnId, decide?.lineId, decide?.orderId, decide?.quantity, decide?.dueBy?.toISOString()],
    ['DECIDE', returnId, '', orderId, 1, '2026-03-08T12:00:00.000Z'],
  );
  await life.returned(returnId, { type: 'ApproveReturn' });
  assert.deepEqual(await kinds(merchantId), ['RECEIVE']);
  await life.returned(returnId, { type: 'ReceiveReturn' });
  assert.deepEqual(await kinds(merchantId), ['INSPECT']);
  await life.returned(returnId, { type: 'InspectReturn', lines: [{ lineId, quantity: 1, outcome: 'SCRAP', deductionMinor: 0 }] });
  assert.deepEqual(await kinds(merchantId), []);
});

test('while an order is held its lines wait without a term, after all others', async () => {
  const merchantId = randomUUID();
  const held = await life.place([{ merchantId }]);
  const other = await life.place([{ merchantId }]);
  for (const orderId of [held, other]) await life.confirm(orderId);
  await life.orders(held, { type: 'HoldOrder', cause: 'SUPPORT' });
  const entries = await queue(merchantId);
  assert.deepEqual(
    entries.map(({ orderId, onHold, dueBy }) => [orderId, onHold, dueBy?.toISOString()]),
    [
      [other, false, '2026-03-03T12:00:00.000Z'],
      [held, true, undefined],
    ],
  );
});

test('a cancelled line waits for nobody', async () => {
  const merchantId = randomUUID();
  const orderId = await life.place([{ merchantId }, { merchantId }]);
  await life.confirm(orderId);
  const [line] = life.state.order(orderId).lines;
  await life.orders(orderId, { type: 'CancelLine', lineId: line!.lineId, cause: 'CUSTOMER' });
  assert.equal((await queue(merchantId)).length, 1);
  await life.orders(orderId, { type: 'CancelOrder', cause: 'CUSTOMER' });
  assert.deepEqual(await queue(merchantId), []);
});

test('a queue is paged through lines and returns alike, most urgent first, and by kind', async () => {
  const merchantId = randomUUID();
  const { orderId: shipped } = await life.delivered([{ merchantId, ordered: 3 }]);
  for (const kind of ['WARRANTY', 'WITHDRAWAL'] as const) await life.giveBack(shipped, kind, 'no');
  for (let index = 0; index < 3; index += 1) await life.confirm(await life.place([{ merchantId }]));
  const whole = await queue(merchantId);
  assert.deepEqual(
    whole.map(({ kind }) => kind),
    ['ACCEPT', 'ACCEPT', 'ACCEPT', 'DECIDE', 'RECEIVE'],
  );
  const seen: unknown[] = [];
  let pageToken = '';
  do {
    const page = messageOf(await ask(ofMerchant(merchantId), { pageSize: 2, pageToken }));
    seen.push(...page.entries);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.deepEqual(seen, whole);
  assert.deepEqual(
    (await queue(merchantId, { kind: MerchantQueueEntry_Kind.DECIDE })).map(({ kind }) => kind),
    ['DECIDE'],
  );
  const { nextPageToken } = messageOf(await ask(ofMerchant(merchantId), { pageSize: 2 }));
  const invalid = { status: 'invalid', code: 'INVALID_PAGE_TOKEN' };
  assert.deepEqual(refusalOf(await ask(ofMerchant(merchantId), { pageToken: nextPageToken, kind: MerchantQueueEntry_Kind.ACCEPT })), invalid);
  assert.deepEqual(refusalOf(await ask(support, { merchantId, pageToken: nextPageToken })), invalid);
});

test('a queue is its merchant’s alone', async () => {
  const [merchantId, other] = [randomUUID(), randomUUID()];
  await life.confirm(await life.place([{ merchantId }, { merchantId: other }]));
  await caughtUp(stand);
  assert.equal((await queue(merchantId)).length, 1);
  assert.equal(messageOf(await ask(support, { merchantId: merchantId.toUpperCase() })).entries.length, 1);
  assert.deepEqual(refusalOf(await ask(ofMerchant(other), { merchantId })), forbidden);
  assert.deepEqual(refusalOf(await ask(callerWith(['fulfilment:write'], { customerId: randomUUID() }), { merchantId })), forbidden);
  assert.deepEqual(refusalOf(await ask(callerWith(['fulfilment:write']), { merchantId })), forbidden);
  assert.equal(refusalOf(await ask(support)).status, 'invalid');
});

const tasks = (caller: Caller, request: Partial<ListTasksRequest> = {}) =>
  queries.listTasks(
    {
      status: SupportTask_Status.STATUS_UNSPECIFIED,
      kind: SupportTask_Kind.KIND_UNSPECIFIED,
      orderId: '',
      pageSize: undefined,
      pageToken: '',
      ...request,
    },
    callOf(caller),
  );

test('tasks are listed oldest first with what they are about, until they are resolved and afterwards', async () => {
  const orderId = await life.place();
  const [first, second, shipmentId] = [randomUUID(), randomUUID(), randomUUID()];
  await life.orders(orderId, { type: 'RaiseTask', taskId: first, kind: 'NOT_DELIVERED', shipmentId });
  await life.orders(orderId, { type: 'RaiseTask', taskId: second, kind: 'REFUND_FAILED', code: 'gone' });
  await life.orders(orderId, { type: 'ResolveTask', taskId: first });
  await caughtUp(stand);
  const listed = messageOf(await tasks(support, { orderId })).tasks;
  assert.deepEqual(
    listed.map((task) => [task.taskId, task.orderId, task.kind, task.status, task.shipmentId, task.code, task.resolvedAt !== undefined]),
    [
      [first, orderId, 'NOT_DELIVERED', 'RESOLVED', shipmentId, '', true],
      [second, orderId, 'REFUND_FAILED', 'OPEN', '', 'gone', false],
    ],
  );
  assert.ok(listed[0]!.raisedAt! < listed[0]!.resolvedAt!);
  const ids = async (request: Partial<ListTasksRequest>) =>
    messageOf(await tasks(support, { orderId, ...request })).tasks.map(({ taskId }) => taskId);
  assert.deepEqual(await ids({ status: SupportTask_Status.OPEN }), [second]);
  assert.deepEqual(await ids({ kind: SupportTask_Kind.NOT_DELIVERED }), [first]);
  const page = messageOf(await tasks(support, { orderId, pageSize: 1 }));
  assert.deepEqual(
    messageOf(await tasks(support, { orderId, pageSize: 1, pageToken: page.nextPageToken })).tasks.map(({ taskId }) => taskId),
    [second],
  );
});

test('tasks are for support of all tenants only', async () => {
  for (const caller of [
    callerWith(['orders:support']),
    callerWith(['orders:support'], { customerId: randomUUID() }),
    callerWith(['orders:support'], { merchantId: randomUUID() }),
  ])
    assert.deepEqual(refusalOf(await tasks(caller)), forbidden);
});
