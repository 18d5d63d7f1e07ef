import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { orderStream } from '../../src/domain/ids.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros, placeOrderRequest } from '../support/requests.ts';

const aYearMs = 365 * 24 * 3_600_000;
const aDayMs = 24 * 3_600_000;

describe('a command that is sent again', () => {
  let database: TestDatabase;
  let here: CommandProcess;
  let there: CommandProcess;
  before(async () => {
    database = await testDatabase();
    here = openCommandProcess(database);
    there = openCommandProcess(database);
  });
  after(async () => {
    await Promise.all([here.close(), there.close()]);
    await database.drop();
  });

  const head = async (): Promise<string> => here.store.head();

  test('gets the first answer, and nothing is written', async () => {
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId], { requestId: 'key-1' });
    const first = answerOf(await here.placeOrder(request, callAs('checkout')));
    const before = await head();
    assert.deepEqual(answerOf(await here.placeOrder(request, callAs('checkout'))), first);
    assert.equal(await head(), before);
  });

  test('gets the first answer from another process', async () => {
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId], { requestId: 'key-2' });
    const first = answerOf(await here.placeOrder(request, callAs('checkout')));
    assert.deepEqual(answerOf(await there.placeOrder(request, callAs('checkout'))), first);
  });

  test('gets the first answer after the clock moved by a year, and the VAT rate with it', async () => {
    let nowMs = Date.parse('2025-06-30T12:00:00Z');
    const process = openCommandProcess(database, { now: () => new Date(nowMs) });
    try {
      const { offerId } = await offerOf(process);
      const request = placeOrderRequest([offerId], { requestId: 'key-3' });
      const estonian = { ...request, shippingAddress: { ...request.shippingAddress!, countryCode: 'EE' } };
      const first = answerOf(await process.placeOrder(estonian, callAs('checkout')));
      const before = await head();

      nowMs += aYearMs;
      assert.deepEqual(answerOf(await process.placeOrder(estonian, callAs('checkout'))), first);
      assert.deepEqual(answerOf(await there.placeOrder(estonian, callAs('checkout'))), first);

      assert.equal(await head(), before);
      const [placed] = await here.eventsOf(orderStream(first.orderId));
      assert.partialDeepStrictEqual(placed!.data, { lines: [{ vatRateBasisPoints: 2_200 }] });
    } finally {
      await process.close();
    }
  });

  test('is remembered by an offer whatever the clock of the process says meanwhile', async () => {
    let nowMs = Date.now();
    const process = openCommandProcess(database, { now: () => new Date(nowMs) });
    try {
      const { offerId, asMerchant, stream } = await offerOf(process);
      const adjust = (requestId: string) => process.adjustStock({ offerId, difference: 1, reason: '', requestId, etag: '' }, asMerchant());
      const first = answerOf(await adjust('key-1'));
      nowMs += aYearMs;
      answerOf(await adjust('key-2'));
      assert.deepEqual(answerOf(await adjust('key-1')), first);
      assert.equal((await process.eventsOf(stream)).length, 3);
    } finally {
      await process.close();
    }
  });

  test('gets the first answer through another process when it took the last item', async () => {
    const { offerId, asMerchant } = await offerOf(here, { quantity: 1 });
    const request = placeOrderRequest([offerId], { requestId: 'key-4' });
    const first = answerOf(await here.placeOrder(request, callAs('checkout')));
    answerOf(await here.adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, asMerchant()));
    refusalOf(await there.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), 'OUT_OF_STOCK');
    assert.deepEqual(answerOf(await there.placeOrder(request, callAs('checkout'))), first);
  });

  test('gets the first answer through another process when the price has changed since', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const request = placeOrderRequest([offerId], { orderId: randomUUID(), requestId: 'key-5' });
    const first = answerOf(await here.placeOrder(request, callAs('checkout')));
    answerOf(await here.changePrice({ offerId, unitPrice: euros(44_900), requestId: '', etag: '' }, asMerchant()));
    assert.deepEqual(answerOf(await there.placeOrder(request, callAs('checkout'))), first);
  });

  test('gets the answer it had, and not that of what came later', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const first = { offerId, difference: 1, reason: '', requestId: 'first', etag: '' };
    const answer = answerOf(await here.adjustStock(first, asMerchant()));
    answerOf(await there.adjustStock({ ...first, requestId: 'second' }, asMerchant()));
    assert.deepEqual(answerOf(await there.adjustStock(first, asMerchant())), answer);
    assert.deepEqual(answerOf(await here.adjustStock(first, asMerchant())), answer);
    assert.equal(answer.revision, 1n);
  });

  test('at once through two processes gets one answer and makes one thing', async () => {
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId], { requestId: 'key-6' });
    const answers = await Promise.all(
      [here, there, here, there].map(async (process) => answerOf(await process.placeOrder(request, callAs('checkout')))),
    );
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal((await here.eventsOf(orderStream(answers[0]!.orderId))).length, 1);
  });

  test('is told so when its payload is another', async () => {
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId], { requestId: 'key-7' });
    answerOf(await here.placeOrder(request, callAs('checkout')));
    const before = await head();
    for (const process of [here, there]) {
      assert.equal(
        refusalOf(await process.placeOrder({ ...request, paymentMethod: 'pm_other' }, callAs('checkout')), 'KEY_REUSED').status,
        'key_reused',
      );
    }
    assert.equal(await head(), before);
  });

  test('is the same under another etag: the key comes first', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const request = { offerId, difference: 1, reason: '', requestId: 'key-8', etag: '"0"' };
    const first = answerOf(await here.adjustStock(request, asMerchant()));
    for (const etag of ['"0"', '"7"', '']) assert.deepEqual(answerOf(await here.adjustStock({ ...request, etag }, asMerchant())), first);
  });

  test('without a key is a new command', async () => {
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId]);
    const [one, other] = [answerOf(await here.placeOrder(request, callAs('checkout'))), answerOf(await here.placeOrder(request, callAs('checkout')))];
    assert.notEqual(one.orderId, other.orderId);
    // RFC 9562: version 7 is minted, and sorts by time; version 5 is derived.
    assert.match(one.orderId, /^.{14}7/);
    assert.ok(one.orderId < other.orderId);
    const keyed = answerOf(await here.placeOrder({ ...request, requestId: 'key-of-an-id' }, callAs('checkout')));
    assert.match(keyed.orderId, /^.{14}5/);
  });

  test('under the key of another caller, method or target is a new command', async () => {
    const [one, other] = [await offerOf(here), await offerOf(here)];
    const placed = async (subject: string) =>
      answerOf(await here.placeOrder(placeOrderRequest([one.offerId], { requestId: 'shared' }), callAs('checkout', { subject })));
    assert.notEqual((await placed('one')).orderId, (await placed('other')).orderId);
    const adjusted = async ({ offerId, asMerchant }: typeof one) =>
      answerOf(await here.adjustStock({ offerId, difference: 1, reason: '', requestId: 'shared', etag: '' }, asMerchant()));
    assert.deepEqual([(await adjusted(one)).revision, (await adjusted(other)).revision], [1n, 1n]);
    assert.equal(
      answerOf(await here.withdrawOffer({ offerId: one.offerId, reason: '', requestId: 'shared', etag: '' }, one.asMerchant())).revision,
      2n,
    );
  });

  test('after a refusal is judged anew: nothing had happened', async () => {
    const { offerId, asMerchant } = await offerOf(here, { quantity: 0 });
    const request = placeOrderRequest([offerId], { requestId: 'key-9' });
    refusalOf(await here.placeOrder(request, callAs('checkout')), 'OUT_OF_STOCK');
    answerOf(await here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()));
    answerOf(await here.placeOrder(request, callAs('checkout')));
  });

  test("never learns anything of another caller's order: its id is taken", async () => {
    const { offerId } = await offerOf(here);
    const orderId = randomUUID();
    const request = placeOrderRequest([offerId], { orderId, requestId: 'key-10' });
    const { revision, consistencyToken } = answerOf(await here.placeOrder(request, callAs('customer', { customerId: request.customer!.customerId })));
    const curious = randomUUID();
    for (const process of [here, there]) {
      const mine = { ...request, customer: { ...request.customer!, customerId: curious } };
      const refusal = refusalOf(await process.placeOrder(mine, callAs('customer', { customerId: curious, subject: 'curious' })), 'ID_TAKEN');
      assert.deepEqual(refusal, { kind: 'refused', status: 'id_taken', code: 'ID_TAKEN', because: 'This id is taken.' });
      assert.ok(![String(revision), consistencyToken].some((secret) => Object.values(refusal).includes(secret)));
    }
    for (const process of [here, there])
      refusalOf(await process.placeOrder(request, callAs('checkout', { subject: 'another checkout' })), 'ID_TAKEN');
  });

  test('is forgotten by an offer after thirty days of the log, and not before', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const adjust = (process: CommandProcess, requestId: string) =>
      process.adjustStock({ offerId, difference: 1, reason: '', requestId, etag: '' }, asMerchant());
    const old = answerOf(await adjust(here, 'old'));
    const recent = answerOf(await adjust(here, 'recent'));
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    for (const [revision, days] of [32, 31, 29].entries()) {
      await owner.query('update log.events set recorded_at = $1 where stream = $2 and revision = $3', [
        new Date(Date.now() - days * aDayMs),
        stream,
        revision,
      ]);
    }
    await owner.end();
    answerOf(await adjust(there, 'new'));

    assert.deepEqual([old.revision, recent.revision], [1n, 2n]);
    assert.deepEqual(answerOf(await adjust(there, 'recent')), recent);
    assert.equal(answerOf(await adjust(there, 'old')).revision, 4n);
  });
});
