import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { orderStream } from '../../src/domain/ids.ts';
import { OutcomeUnknown, StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { openProxy } from '../support/proxy.ts';
import { placeOrderRequest } from '../support/requests.ts';

describe('a client cut off before the answer', () => {
  let database: TestDatabase;
  let there: CommandProcess;
  before(async () => {
    database = await testDatabase();
    there = openCommandProcess(database);
  });
  after(async () => {
    await there.close();
    await database.drop();
  });

  const placedOf = async (process: CommandProcess, orderId: string) => (await process.eventsOf(orderStream(orderId))).length;

  test('finds with the same key the order that was stored without an answer', async () => {
    const { offerId } = await offerOf(there);
    let lose = true;
    const here = openCommandProcess(database, {
      through: (store) => ({
        append: async (...given) => {
          const result = await store.append(...given);
          if (lose) throw new OutcomeUnknown('the answer was lost');
          return result;
        },
      }),
    });
    try {
      const request = placeOrderRequest([offerId], { requestId: 'lost answer' });
      await assert.rejects(here.placeOrder(request, callAs('checkout')), OutcomeUnknown);
      lose = false;
      const retried = answerOf(await here.placeOrder(request, callAs('checkout')));
      assert.deepEqual(answerOf(await there.placeOrder(request, callAs('checkout'))), retried);
      assert.equal(retried.revision, 0n);
      assert.equal(await placedOf(there, retried.orderId), 1);
    } finally {
      await here.close();
    }
  });

  test('finds with the same key the change that was stored without an answer, made once', async () => {
    const { offerId, asMerchant, stream } = await offerOf(there);
    let lose = true;
    const here = openCommandProcess(database, {
      through: (store) => ({
        append: async (...given) => {
          const result = await store.append(...given);
          if (lose) throw new OutcomeUnknown('the answer was lost');
          return result;
        },
      }),
    });
    try {
      const request = { offerId, difference: -1, reason: '', requestId: 'lost answer', etag: '' };
      await assert.rejects(here.adjustStock(request, asMerchant()), OutcomeUnknown);
      lose = false;
      assert.equal(answerOf(await here.adjustStock(request, asMerchant())).revision, 1n);
      assert.equal((await there.eventsOf(stream)).length, 2);
    } finally {
      await here.close();
    }
  });

  test('orders once when the network swallowed the append and gave it back', async () => {
    const { offerId } = await offerOf(there);
    const proxy = await openProxy(database.runtimeUrl);
    let swallow = false;
    const here = openCommandProcess(database, {
      url: proxy.url,
      through: (store) => ({
        append: (...given) => {
          if (swallow) proxy.blackhole();
          return store.append(...given);
        },
      }),
    });
    try {
      answerOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')));
      swallow = true;
      const request = placeOrderRequest([offerId], { requestId: 'swallowed' });
      await assert.rejects(here.placeOrder(request, callAs('checkout', { deadlineMs: 300 })), OutcomeUnknown);
      swallow = false;
      proxy.pass();
      const { orderId } = answerOf(await here.placeOrder(request, callAs('checkout')));
      assert.equal(answerOf(await there.placeOrder(request, callAs('checkout'))).orderId, orderId);
      assert.equal(await placedOf(there, orderId), 1);
    } finally {
      await here.close();
      await proxy.close();
    }
  });

  test('orders once when every connection broke under the append', async () => {
    const { offerId } = await offerOf(there);
    const proxy = await openProxy(database.runtimeUrl);
    let breaks = 0;
    const here = openCommandProcess(database, {
      url: proxy.url,
      through: (store) => ({
        append: (...given) => {
          const result = store.append(...given);
          if (breaks-- > 0) setImmediate(() => setImmediate(proxy.cut));
          return result;
        },
      }),
    });
    try {
      answerOf(await here.placeOrder(placeOrderRequest([offerId]), callAs('checkout')));
      breaks = 1;
      const request = placeOrderRequest([offerId], { requestId: 'broken' });
      const { orderId } = answerOf(await here.placeOrder(request, callAs('checkout')));
      assert.equal(await placedOf(there, orderId), 1);
    } finally {
      await here.close();
      await proxy.close();
    }
  });

  test('is told that the store is away when it certainly stored nothing', async () => {
    const { offerId, asMerchant, stream } = await offerOf(there);
    const here = openCommandProcess(database, { through: () => ({ append: () => Promise.reject(new StoreUnavailable('no room')) }) });
    try {
      await assert.rejects(here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()), StoreUnavailable);
      assert.equal((await there.eventsOf(stream)).length, 1);
    } finally {
      await here.close();
    }
  });
});
