import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventNewerThanReader } from '../../src/eventstore/event-versions.ts';
import { callAs } from '../support/calls.ts';
import { offerOf, openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros, placeOrderRequest } from '../support/requests.ts';
import { newEvent } from '../support/stand.ts';

describe('an event newer than its reader', () => {
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

  const newer = {
    'of a type that this release does not know': newEvent('OfferRegraded', { grade: 'B' }),
    'in a version that this release does not know': newEvent('PriceChanged', { amount: '349.00' }, 2),
  };
  const unavailable = (error: unknown): boolean => error instanceof EventNewerThanReader && error.unavailable;

  for (const [what, event] of Object.entries(newer)) {
    test(`${what} makes its stream unavailable, and nothing is written, whether or not the stream is in memory`, async () => {
      const { offerId, asMerchant, stream } = await offerOf(here);
      assert.equal((await here.store.append(stream, [event], 0)).kind, 'appended');
      const before = await here.store.head();
      for (const process of [here, there]) {
        await assert.rejects(process.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag: '' }, asMerchant()), unavailable);
        await assert.rejects(process.adjustStock({ offerId, difference: -100, reason: '', requestId: '', etag: '' }, asMerchant()), unavailable);
        await assert.rejects(process.placeOrder(placeOrderRequest([offerId]), callAs('checkout')), unavailable);
      }
      assert.equal(await here.store.head(), before);
    });
  }

  test('does not harm other streams', async () => {
    const [sick, well] = [await offerOf(here), await offerOf(here)];
    await here.store.append(sick.stream, [newEvent('OfferRegraded', {})], 0);
    const both = await Promise.allSettled([sick, well].map(({ offerId }) => there.placeOrder(placeOrderRequest([offerId]), callAs('checkout'))));
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });
});
