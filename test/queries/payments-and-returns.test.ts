import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Payment_Status, type ListPaymentsRequest } from '../../src/contract/generated/orders/v1/payments.ts';
import { Return_Status, type ListReturnsRequest } from '../../src/contract/generated/orders/v1/returns.ts';
import { encodeToken } from '../../src/eventstore/consistency-token.ts';
import { silent } from '../../src/platform/logging.ts';
import type { Caller } from '../../src/platform/call.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { customerQueries } from '../../src/queries/customer-queries.ts';
import { paymentQueries, type PaymentQueries } from '../../src/queries/payment-queries.ts';
import { returnQueries, type ReturnQueries } from '../../src/queries/return-queries.ts';
import { openLife, type Life } from '../projections/life.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { appendTo, newEvent, openStand, type Stand } from '../support/stand.ts';
import { callerWith, callOf, messageOf, openerOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let payments: PaymentQueries;
let returns: ReturnQueries;
let life: Life;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  const consistency = openConsistency({ pool, store, logger: silent });
  life = openLife(store);
  payments = paymentQueries({ pool, consistency });
  returns = returnQueries({ pool, consistency, open: openerOf() });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const read = ['orders:read', 'orders:personal'];
const ofCustomer = (customerId: string): Caller => callerWith(read, { customerId });
const ofMerchant = (merchantId: string): Caller => callerWith(read, { merchantId });
const support = callerWith([...read, 'tenants:any-customer', 'tenants:any-merchant']);
const finance = callerWith(['orders:read', 'tenants:any-merchant']);
const bound = callerWith(read);
const forbidden = { status: 'forbidden', code: 'FORBIDDEN' };

const listPayments = (caller: Caller, request: Partial<ListPaymentsRequest> = {}) =>
  payments.listPayments(
    { orderId: '', customerId: '', status: Payment_Status.STATUS_UNSPECIFIED, pageSize: undefined, pageToken: '', ...request },
    callOf(caller),
  );
const listReturns = (caller: Caller, request: Partial<ListReturnsRequest> = {}) =>
  returns.listReturns(
    { orderId: '', customerId: '', merchantId: '', status: Return_Status.STATUS_UNSPECIFIED, pageSize: undefined, pageToken: '', ...request },
    callOf(caller),
  );

test('a payment reads with what was authorised, captured and refunded, and why something failed', async () => {
  const customerId = randomUUID();
  const { orderId, paymentId } = await life.delivered([{ ordered: 2 }], customerId);
  const [captureId, failedId, refundId] = [randomUUID(), randomUUID(), randomUUID()];
  const { shipmentId, amountMinor } = life.state.order(orderId).shipments[0]!;
  await life.payments(paymentId, { type: 'RequestCapture', orderId, captureId: failedId, shipmentId, amountMinor });
  await life.payments(paymentId, { type: 'RecordCaptureFailed', captureId: failedId, code: 'insufficient_funds' });
  await life.payments(paymentId, { type: 'RequestCapture', orderId, captureId, shipmentId, amountMinor });
  await life.payments(paymentId, { type: 'RecordCaptured', captureId, providerReference: 'ch_1' });
  await life.payments(paymentId, { type: 'RequestRefund', refundId, cause: 'GOODWILL', amountMinor: 900 });
  await life.payments(paymentId, { type: 'RecordRefunded', refundId, providerReference: 're_1' });
  await caughtUp(stand);
  const payment = messageOf(await payments.getPayment({ paymentId: paymentId.toUpperCase() }, callOf(ofCustomer(customerId))));
  const euros = (amount: bigint) => ({ amountMinor: amount, currency: 'EUR' });
  assert.deepEqual(
    [payment.orderId, payment.customerId, payment.status, payment.amount, payment.captured, payment.refunded, payment.providerReference],
    [orderId, customerId, 'AUTHORISED', euros(79_800n), euros(79_800n), euros(900n), 'pi_1'],
  );
  assert.deepEqual(payment.captures, [
    { captureId: failedId, shipmentId, amount: euros(79_800n), outcome: 'FAILED', code: 'insufficient_funds' },
    { captureId, shipmentId, amount: euros(79_800n), outcome: 'SUCCEEDED', code: '' },
  ]);
  assert.deepEqual(
    payment.refunds.map(({ refundId: id, cause, amount, outcome }) => [id, cause, amount, outcome]),
    [[refundId, 'GOODWILL', euros(900n), 'SUCCEEDED']],
  );
  assert.equal(payment.captureBefore?.toISOString(), '2026-03-08T12:00:00.000Z');
});

test('a declined payment says why', async () => {
  const paymentId = randomUUID();
  await life.payments(paymentId, {
    type: 'RequestPayment',
    orderId: randomUUID(),
    customerId: randomUUID(),
    amountMinor: 100,
    currency: 'EUR',
    paymentMethod: 'pm_1',
    payBy: '2026-03-01T12:30:00.000Z',
  });
  await life.payments(paymentId, { type: 'RecordDeclined', code: 'card_declined' });
  await caughtUp(stand);
  const { status, declineCode } = messageOf(await payments.getPayment({ paymentId }, callOf(support)));
  assert.deepEqual([status, declineCode], ['DECLINED', 'card_declined']);
});

test('payments are for their customer and staff: not for other customers, merchants, or a token bound to nobody', async () => {
  const customerId = randomUUID();
  const merchantId = randomUUID();
  const orderId = await life.place([{ merchantId }], customerId);
  const paymentId = await life.confirm(orderId);
  await caughtUp(stand);
  const get = (caller: Caller) => payments.getPayment({ paymentId }, callOf(caller));
  for (const caller of [ofCustomer(randomUUID()), ofMerchant(merchantId), bound]) assert.deepEqual(refusalOf(await get(caller)), forbidden);
  assert.equal(messageOf(await get(support)).customerId, customerId);
  assert.equal(messageOf(await get(finance)).customerId, '', 'finance reads amounts, not customers');

  const ids = async (caller: Caller, request: Partial<ListPaymentsRequest> = {}) =>
    messageOf(await listPayments(caller, request)).payments.map((each) => each.paymentId);
  assert.deepEqual(await ids(ofCustomer(customerId)), [paymentId]);
  assert.deepEqual(await ids(ofCustomer(randomUUID()), { orderId }), []);
  assert.deepEqual(await ids(support, { orderId }), [paymentId]);
  assert.deepEqual(await ids(support, { orderId, status: Payment_Status.DECLINED }), []);
  for (const [caller, request] of [
    [ofCustomer(randomUUID()), { customerId }],
    [ofMerchant(merchantId), { orderId }],
    [bound, {}],
  ] as const)
    assert.deepEqual(refusalOf(await listPayments(caller, request)), forbidden);
  assert.deepEqual(refusalOf(await payments.getPayment({ paymentId: randomUUID() }, callOf(support))), {
    status: 'not_found',
    code: 'PAYMENT_NOT_FOUND',
  });
});

test('payments are listed newest first, page by page, and a page token is for one filter and one caller', async () => {
  const customerId = randomUUID();
  const made: string[] = [];
  for (let index = 0; index < 5; index += 1) made.push(await life.confirm(await life.place([{}], customerId)));
  await caughtUp(stand);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = messageOf(await listPayments(support, { customerId, pageSize: 2, pageToken }));
    seen.push(...page.payments.map(({ paymentId }) => paymentId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.deepEqual(seen, made.toReversed());
  const { nextPageToken } = messageOf(await listPayments(support, { customerId, pageSize: 2 }));
  const invalid = { status: 'invalid', code: 'INVALID_PAGE_TOKEN' };
  assert.deepEqual(refusalOf(await listPayments(support, { pageToken: nextPageToken })), invalid);
  assert.deepEqual(refusalOf(await listPayments(ofCustomer(customerId), { customerId, pageToken: nextPageToken })), invalid);
});

test('a return reads from the request to its end, with the reason in the customer’s words', async () => {
  const [customerId, merchantId] = [randomUUID(), randomUUID()];
  const { orderId } = await life.delivered([{ merchantId, ordered: 2 }], customerId);
  const { lineId, offerId } = life.state.order(orderId).lines[0]!;
  const returnId = await life.giveBack(orderId, 'WARRANTY', 'flickers');
  const get = async (caller = ofMerchant(merchantId)) => {
    await caughtUp(stand);
    return messageOf(await returns.getReturn({ returnId }, callOf(caller)));
  };
  const euros = (amount: bigint) => ({ amountMinor: amount, currency: 'EUR' });
  const requested = await get();
  assert.deepEqual(
    [
      requested.kind,
      requested.status,
      requested.customerId,
      requested.merchantId,
      requested.reason,
      requested.decideBy?.toISOString(),
      requested.refund,
    ],
    ['WARRANTY', 'REQUESTED', '', merchantId, { availability: 'AVAILABLE', text: 'open flickers' }, '2026-03-08T12:00:00.000Z', undefined],
  );
  assert.deepEqual(requested.lines, [{ lineId, offerId, quantity: 1, grade: 'B', amount: euros(39_900n) }]);
  await life.returned(returnId, { type: 'ApproveReturn' });
  const approved = await get();
  assert.deepEqual([approved.status, approved.decideBy, approved.returnBy?.toISOString()], ['APPROVED', undefined, '2026-03-22T12:00:00.000Z']);
  await life.returned(returnId, { type: 'ReceiveReturn' });
  assert.deepEqual([(await get()).status, (await get()).inspectBy?.toISOString()], ['RECEIVED', '2026-03-15T12:00:00.000Z']);
  await life.returned(returnId, { type: 'InspectReturn', lines: [{ lineId, quantity: 1, outcome: 'RESTOCK', grade: 'C', deductionMinor: 900 }] });
  const inspected = await get(ofCustomer(customerId));
  assert.deepEqual(
    [inspected.status, inspected.refund, inspected.ending, inspected.customerId],
    ['INSPECTED', euros(39_000n), 'ENDING_UNSPECIFIED', customerId],
  );
  assert.deepEqual(inspected.inspected, [
    { lineId, offerId, quantity: 1, outcome: 'RESTOCK', grade: 'C', deduction: euros(900n), refund: euros(39_000n) },
  ]);
  await life.returned(returnId, { type: 'CloseReturn', cause: 'REFUNDED' });
  assert.deepEqual([(await get()).status, (await get()).ending], ['CLOSED', 'REFUNDED']);
  assert.equal((await get(callerWith(['orders:read'], { customerId }))).reason?.availability, 'WITHHELD');
});

test('a return that was refused says by whom', async () => {
  const { orderId } = await life.delivered([{ ordered: 3 }]);
  const endings: string[] = [];
  for (const refuse of [
    { type: 'RejectReturn' },
    { type: 'RefuseReturn', cause: 'RETURNED_TOO_MANY' },
    { type: 'RefuseReturn', cause: 'WITHDRAWAL_OVER' },
  ] as const) {
    const returnId = randomUUID();
    const lines = [{ lineId: life.state.order(orderId).lines[0]!.lineId, quantity: 1 }];
    await life.returned(returnId, { type: 'RequestReturn', orderId, kind: 'WARRANTY', order: life.state.order(orderId), lines });
    if (refuse.type === 'RejectReturn') await life.returned(returnId, { type: 'AdmitReturn' });
    await life.returned(returnId, refuse);
    await caughtUp(stand);
    const { status, ending } = messageOf(await returns.getReturn({ returnId }, callOf(support)));
    assert.equal(status, 'REJECTED');
    endings.push(ending);
  }
  assert.deepEqual(endings, ['REFUSED_BY_MERCHANT', 'RETURNED_TOO_MANY', 'REFUSED_BY_ORDER']);
});

test('returns are for their customer, their merchant and staff', async () => {
  const [customerId, merchantId] = [randomUUID(), randomUUID()];
  const { orderId } = await life.delivered([{ merchantId }, {}], customerId);
  const returnId = await life.giveBack(orderId, 'WITHDRAWAL', 'too big');
  const other = life.state.order(orderId).lines[1]!.merchantId;
  await caughtUp(stand);
  const get = (caller: Caller) => returns.getReturn({ returnId }, callOf(caller));
  for (const caller of [ofCustomer(randomUUID()), ofMerchant(other), bound]) assert.deepEqual(refusalOf(await get(caller)), forbidden);
  for (const caller of [ofCustomer(customerId), ofMerchant(merchantId), support, finance])
    assert.equal(messageOf(await get(caller)).returnId, returnId);

  const ids = async (caller: Caller, request: Partial<ListReturnsRequest> = {}) =>
    messageOf(await listReturns(caller, request)).returns.map((each) => each.returnId);
  assert.deepEqual(await ids(ofCustomer(customerId)), [returnId]);
  assert.deepEqual(await ids(ofMerchant(merchantId)), [returnId]);
  assert.deepEqual(await ids(ofMerchant(other), { orderId }), []);
  assert.deepEqual(await ids(support, { orderId }), [returnId]);
  assert.deepEqual(await ids(support, { orderId, status: Return_Status.CLOSED }), []);
  for (const [caller, request] of [
    [ofCustomer(randomUUID()), { customerId }],
    [ofMerchant(other), { merchantId }],
    [ofMerchant(merchantId), { customerId }],
    [bound, {}],
  ] as const)
    assert.deepEqual(refusalOf(await listReturns(caller, request)), forbidden);
  assert.deepEqual(refusalOf(await returns.getReturn({ returnId: randomUUID() }, callOf(support))), {
    status: 'not_found',
    code: 'RETURN_NOT_FOUND',
  });
});

test('who brings the token of a command reads what it wrote, whichever read model that is in', async () => {
  const orderId = await life.place();
  const paymentId = await life.confirm(orderId);
  const { id } = await stand.store.identity();
  const consistencyToken = encodeToken({ logId: id, position: await stand.store.head() });
  const payment = messageOf(await payments.getPayment({ paymentId }, callOf(support, { consistencyToken })));
  assert.equal(payment.status, 'AUTHORISED');

  const { orderId: delivered } = await life.delivered();
  const returnId = await life.giveBack(delivered, 'WITHDRAWAL', 'no');
  const later = encodeToken({ logId: id, position: await stand.store.head() });
  assert.equal(messageOf(await returns.getReturn({ returnId }, callOf(support, { consistencyToken: later }))).status, 'APPROVED');
});

test('a customer reads with the legal holds that stand, straight from the log', async () => {
  const customerId = randomUUID();
  const { getCustomer } = customerQueries({ store: stand.store });
  const staff = callerWith(['orders:support', 'tenants:any-customer']);
  const [lifted, standing] = [randomUUID(), randomUUID()];
  assert.deepEqual(messageOf(await getCustomer({ customerId }, callOf(staff))), { customerId, revision: -1n, legalHolds: [] });
  await appendTo(
    stand.store,
    `customer-${customerId}`,
    newEvent('LegalHoldPlaced', { holdId: lifted, kind: 'OTHER' }),
    newEvent('LegalHoldPlaced', { holdId: standing, kind: 'DISPUTE' }),
    newEvent('LegalHoldLifted', { holdId: lifted }),
  );
  const { revision, legalHolds } = messageOf(await getCustomer({ customerId }, callOf(staff)));
  assert.equal(revision, 2n);
  assert.deepEqual(
    legalHolds.map(({ holdId, kind, placedAt }) => [holdId, kind, placedAt instanceof Date]),
    [[standing, 'DISPUTE', true]],
  );
  for (const caller of [callerWith(['orders:support']), callerWith(['orders:support'], { customerId: randomUUID() })])
    assert.deepEqual(refusalOf(await getCustomer({ customerId }, callOf(caller))), forbidden);
});
