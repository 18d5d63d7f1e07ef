import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { orderStream } from '../../src/domain/ids.ts';
import { decodeToken } from '../../src/eventstore/consistency-token.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros, placeOrderRequest, publishOfferRequest } from '../support/requests.ts';

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

const anOrder = async () => {
  const customerId = randomUUID();
  const { offerId } = await offerOf(here);
  const { orderId } = answerOf(await here.placeOrder(placeOrderRequest([offerId], { customerId }), callAs('checkout')));
  return { orderId, customerId, asCustomer: callAs('customer', { customerId }), cancel: { orderId, reason: '', requestId: '', etag: '' } };
};

describe('an etag', () => {
  test('that is the revision lets the command pass, quoted, bare or weak', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    for (const [revision, etag] of ['"0"', '1', 'W/"2"'].entries()) {
      assert.equal(
        answerOf(await here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag }, asMerchant())).revision,
        BigInt(revision + 1),
      );
    }
  });

  test('of an older revision is refused with the one it is now', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const request = { offerId, difference: 1, reason: '', requestId: '', etag: '"0"' };
    answerOf(await here.adjustStock(request, asMerchant()));
    const { status, metadata } = refusalOf(await here.adjustStock(request, asMerchant()), 'ETAG_MISMATCH');
    assert.deepEqual({ status, metadata }, { status: 'etag_mismatch', metadata: { revision: '1' } });
    assert.equal((await here.eventsOf(stream)).length, 2);
  });

  test('of the revision that another process made is not held against an older memory', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    answerOf(await there.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()));
    assert.equal(answerOf(await here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '"1"' }, asMerchant())).revision, 2n);
  });

  test('is held against the store, and not against a memory that it matches', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    answerOf(await there.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()));
    refusalOf(await here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '"0"' }, asMerchant()), 'ETAG_MISMATCH');
  });

  test('comes before the decision', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    refusalOf(await here.adjustStock({ offerId, difference: -100, reason: '', requestId: '', etag: '"9"' }, asMerchant()), 'ETAG_MISMATCH');
  });

  test('of * is any revision', async () => {
    const { cancel, asCustomer } = await anOrder();
    assert.equal(answerOf(await here.cancelOrder({ ...cancel, etag: '*' }, asCustomer)).revision, 1n);
  });

  test('of what does not exist is not looked at: it is not found', async () => {
    for (const etag of ['"0"', '*', '"nonsense']) {
      const offerId = randomUUID();
      assert.equal(
        refusalOf(
          await here.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag }, callAs('merchant', { merchantId: randomUUID() })),
          'OFFER_NOT_FOUND',
        ).status,
        'not_found',
      );
      assert.equal(
        refusalOf(await here.cancelOrder({ orderId: randomUUID(), reason: 'mine', requestId: '', etag }, callAs('checkout')), 'ORDER_NOT_FOUND')
          .status,
        'not_found',
      );
    }
  });
});

describe('who may', () => {
  test("not: a merchant change another's offer, whether or not it is in memory", async () => {
    const { offerId, stream } = await offerOf(here);
    const stranger = callAs('merchant', { merchantId: randomUUID() });
    for (const process of [here, there]) {
      const target = { offerId, requestId: '', etag: '' };
      const outcomes = [
        await process.changePrice({ ...target, unitPrice: euros(1) }, stranger),
        await process.adjustStock({ ...target, difference: -1, reason: '' }, stranger),
        await process.withdrawOffer({ ...target, reason: 'because' }, stranger),
      ];
      for (const outcome of outcomes) assert.equal(refusalOf(outcome, 'FORBIDDEN').status, 'forbidden');
    }
    assert.equal((await here.eventsOf(stream)).length, 1);
  });

  test('not: learn from its etag where the offer of another stands', async () => {
    const { offerId } = await offerOf(here);
    refusalOf(
      await here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '"9"' }, callAs('merchant', { merchantId: randomUUID() })),
      'FORBIDDEN',
    );
  });

  test('not: a caller without any merchant publish an offer', async () => {
    assert.equal(refusalOf(await here.publishOffer(publishOfferRequest(), callAs('checkout')), 'INVALID_REQUEST').fields?.[0]?.field, 'merchant_id');
  });

  test('not: a merchant publish for another', async () => {
    refusalOf(
      await here.publishOffer(publishOfferRequest({ merchantId: randomUUID() }), callAs('merchant', { merchantId: randomUUID() })),
      'FORBIDDEN',
    );
  });

  test('whoever acts for every merchant publish for one', async () => {
    const merchantId = randomUUID();
    const { offerId } = answerOf(await here.publishOffer(publishOfferRequest({ merchantId }), callAs('support')));
    const [published] = await here.eventsOf(`offer-${offerId}`);
    assert.partialDeepStrictEqual(published!.data, { merchantId });
  });

  test('not: a customer order for another, or cancel what another ordered', async () => {
    const { cancel, orderId } = await anOrder();
    const stranger = callAs('customer', { customerId: randomUUID() });
    const { offerId } = await offerOf(here);
    refusalOf(await here.placeOrder(placeOrderRequest([offerId]), stranger), 'FORBIDDEN');
    for (const process of [here, there]) refusalOf(await process.cancelOrder({ ...cancel, reason: 'mischief' }, stranger), 'FORBIDDEN');
    assert.equal((await here.eventsOf(orderStream(orderId))).length, 1);
  });
});

describe('a domain refusal', () => {
  test('of an unknown offer in an order is that it is not found', async () => {
    assert.equal(refusalOf(await here.placeOrder(placeOrderRequest([randomUUID()]), callAs('checkout')), 'OFFER_NOT_FOUND').status, 'not_found');
  });

  test('of another currency is a failed precondition', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const request = placeOrderRequest([offerId]);
    const inFrancs = { ...request, lines: [{ ...request.lines[0]!, shownUnitPrice: euros(39_900, 'CHF') }] };
    assert.equal(refusalOf(await here.placeOrder(inFrancs, callAs('checkout')), 'CURRENCY_MISMATCH').status, 'precondition_failed');
    refusalOf(await here.changePrice({ offerId, unitPrice: euros(1, 'CHF'), requestId: '', etag: '' }, asMerchant()), 'CURRENCY_MISMATCH');
    refusalOf(await here.publishOffer(publishOfferRequest({ purchasePrice: euros(1, 'CHF') }), asMerchant()), 'CURRENCY_MISMATCH');
  });

  test('writes nothing', async () => {
    const before = await here.store.head();
    const { offerId, asMerchant } = await offerOf(here);
    refusalOf(
      await here.adjustStock({ offerId, difference: -11, reason: 'inventory', requestId: 'key', etag: '' }, asMerchant()),
      'STOCK_BELOW_ZERO',
    );
    refusalOf(await here.placeOrder(placeOrderRequest([offerId], { priceMinor: 1 }), callAs('checkout')), 'PRICE_CHANGED');
    const stored = await here.store.behind(before);
    assert.equal(stored.events, 1);
  });
});

describe('what had happened already', () => {
  test("is answered with the revision as it is, and a token of the stream's newest event", async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const withdraw = { offerId, reason: '', requestId: '', etag: '' };
    const first = answerOf(await here.withdrawOffer(withdraw, asMerchant()));
    await offerOf(here);
    for (const process of [here, there]) assert.deepEqual(answerOf(await process.withdrawOffer(withdraw, asMerchant())), first);
    const events = await here.eventsOf(stream);
    assert.deepEqual([events.length, events[1]!.position], [2, decodeToken(first.consistencyToken)!.position]);
  });

  test('names the log in its token', async () => {
    const { cancel, asCustomer } = await anOrder();
    const { consistencyToken } = answerOf(await here.cancelOrder(cancel, asCustomer));
    assert.equal(decodeToken(consistencyToken)?.logId, (await here.store.identity()).id);
  });
});
