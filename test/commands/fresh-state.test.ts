import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { orderStream } from '../../src/domain/ids.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros, placeOrderRequest } from '../support/requests.ts';

describe('what one process holds in memory while another changes it', () => {
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

  test('never prices an order: a price changed through another process is the price', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    answerOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')));
    answerOf(await there.changePrice({ offerId, unitPrice: euros(44_900), requestId: '', etag: '' }, asMerchant()));

    const refusal = refusalOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), 'PRICE_CHANGED');
    assert.equal(refusal.status, 'precondition_failed');
    const { orderId } = answerOf(await here.placeOrder(placeOrderRequest([offerId], { priceMinor: 44_900 }), callAs('checkout')));

    const [placed] = await here.eventsOf(orderStream(orderId));
    assert.partialDeepStrictEqual(placed!.data, { lines: [{ offerId, unitPriceMinor: 44_900 }] });
  });

  test('never refuses an order: stock freed through another process after an OUT_OF_STOCK can be ordered', async () => {
    const { offerId, asMerchant } = await offerOf(here, { quantity: 0 });
    refusalOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), 'OUT_OF_STOCK');
    answerOf(await there.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()));
    answerOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')));
  });

  test('never sells what another process has sold out', async () => {
    const { offerId, asMerchant } = await offerOf(here, { quantity: 1 });
    answerOf(await there.adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, asMerchant()));
    refusalOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), 'OUT_OF_STOCK');
  });

  test('never sells what another process has withdrawn', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    answerOf(await there.withdrawOffer({ offerId, reason: '', requestId: '', etag: '' }, asMerchant()));
    refusalOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), 'OFFER_WITHDRAWN');
  });

  test('refuses nothing of the stream itself: a command is judged anew on what another process made of it', async () => {
    const { offerId, asMerchant } = await offerOf(here, { quantity: 0 });
    answerOf(await there.adjustStock({ offerId, difference: 5, reason: '', requestId: '', etag: '' }, asMerchant()));
    const { revision } = answerOf(await here.adjustStock({ offerId, difference: -5, reason: '', requestId: '', etag: '' }, asMerchant()));
    assert.equal(revision, 2n);
  });

  test('does not make a change look made: what another process undid is done again', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    answerOf(await there.changePrice({ offerId, unitPrice: euros(44_900), requestId: '', etag: '' }, asMerchant()));
    const { revision } = answerOf(await here.changePrice({ offerId, unitPrice: euros(39_900), requestId: '', etag: '' }, asMerchant()));
    assert.equal(revision, 2n);
    assert.deepEqual(
      (await here.eventsOf(stream)).map(({ type }) => type),
      ['OfferPublished', 'PriceChanged', 'PriceChanged'],
    );
  });

  test('does not outlive its room: more streams than fit in memory are as good as any', async () => {
    const small = openCommandProcess(database, { maxStreams: 1 });
    try {
      const [first, second, third] = [await offerOf(small), await offerOf(small), await offerOf(small)];
      for (const offerIds of [
        [third.offerId, first.offerId, second.offerId],
        [second.offerId, third.offerId, first.offerId],
      ]) {
        answerOf(await small.placeOrder(placeOrderRequest(offerIds), callAs('checkout')));
      }
      const adjusting = [first, second, third].flatMap(({ offerId, asMerchant }) =>
        Array.from({ length: 5 }, () => small.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant())),
      );
      for (const outcome of await Promise.all(adjusting)) answerOf(outcome);
      for (const { stream } of [first, second, third]) assert.equal((await small.eventsOf(stream)).length, 6);
    } finally {
      await small.close();
    }
  });

  test('gives way to the store in a race: of two processes that create one id, one is told that it is taken', async () => {
    const { offerId } = await offerOf(here);
    const orderId = randomUUID();
    const outcomes = await Promise.all(
      [here, there].map((process, index) =>
        process.placeOrder(placeOrderRequest([offerId], { orderId }), callAs('checkout', { subject: `checkout ${index}` })),
      ),
    );
    const [won, lost] = outcomes.toSorted((one) => (one.kind === 'answered' ? -1 : 1));
    assert.equal(answerOf(won!).orderId, orderId);
    assert.equal(refusalOf(lost!, 'ID_TAKEN').status, 'id_taken');
    assert.equal((await here.eventsOf(orderStream(orderId))).length, 1);
  });
});
