import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { idOf } from '../../src/domain/ids.ts';
import { offer, type Offer } from '../../src/domain/offer.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { callAs } from '../support/calls.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros, publishOfferRequest } from '../support/requests.ts';

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

/** What is on hand after every event of an offer. */
const stockAlong = (events: readonly Recorded[]): readonly number[] => {
  let state: Offer = offer.initial;
  return events.map((event) => {
    state = offer.evolve(state, event as never);
    return state.status === 'unpublished' ? 0 : state.onHand;
  });
};

describe('many at once at one offer', () => {
  test('in one process all have their turn: of 200 that take one of 200 pieces none fails', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here, { quantity: 200 });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => here.adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, asMerchant())),
    );
    assert.deepEqual(
      outcomes.map((outcome) => Number(answerOf(outcome).revision)),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      stockAlong(await here.eventsOf(stream)),
      Array.from({ length: 201 }, (_, index) => 200 - index),
    );
    const { values } = await here.metrics.getSingleMetric('command_conflicts_total')!.get();
    assert.deepEqual(
      values.filter(({ value }) => value > 0),
      [],
    );
  });

  test('what waits for its turn when its caller goes is not done', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here, { quantity: 200 });
    const caller = new AbortController();
    const take = (more: object) => here.adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, { ...asMerchant(), ...more });
    const staying = Array.from({ length: 10 }, () => take({}));
    const gone = Array.from({ length: 10 }, () => assert.rejects(take({ signal: caller.signal }), { name: 'AbortError' }));
    caller.abort();
    await Promise.all(gone);
    for (const outcome of await Promise.all(staying)) answerOf(outcome);
    assert.equal(stockAlong(await here.eventsOf(stream)).at(-1), 190);
  });

  test('in one process the last piece goes once', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here, { quantity: 3 });
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => here.adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, asMerchant())),
    );
    assert.equal(outcomes.filter(({ kind }) => kind === 'answered').length, 3);
    for (const outcome of outcomes.slice(3)) refusalOf(outcome, 'STOCK_BELOW_ZERO');
    assert.deepEqual(stockAlong(await here.eventsOf(stream)), [3, 2, 1, 0]);
  });

  test('in two processes each is taken once or told to try again, and the pieces are right', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here, { quantity: 200 });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? here : there).adjustStock({ offerId, difference: -1, reason: '', requestId: '', etag: '' }, asMerchant()),
      ),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome] : []));
    for (const { code, status, retryAfterMs } of refusals)
      assert.deepEqual({ code, status, retryAfterMs }, { code: 'CONTENDED', status: 'unavailable', retryAfterMs: 100 });
    const taken = outcomes.length - refusals.length;
    const stock = stockAlong(await here.eventsOf(stream));
    assert.ok(taken > 0);
    assert.equal(stock.length, taken + 1);
    assert.equal(stock.at(-1), 200 - taken);
    assert.ok(stock.every((pieces) => pieces >= 0));
  });

  test('in two processes conflicts are settled by deciding again', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    for (let price = 1; price <= 20; price += 1) {
      const [adjusted, changed] = await Promise.all([
        here.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant()),
        there.changePrice({ offerId, unitPrice: euros(price), requestId: '', etag: '' }, asMerchant()),
      ]);
      answerOf(adjusted);
      answerOf(changed);
    }
    assert.equal((await here.eventsOf(stream)).length, 41);
  });

  test('a conflict is no reason to overrule the revision that the caller named', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const outcomes = await Promise.all(
      [here, there].map((process) => process.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '"0"' }, asMerchant())),
    );
    const [won, lost] = outcomes.toSorted((one) => (one.kind === 'answered' ? -1 : 1));
    answerOf(won!);
    refusalOf(lost!, 'ETAG_MISMATCH');
    assert.equal((await here.eventsOf(stream)).length, 2);
  });
});

describe('endless conflicts', () => {
  /** A process before whose every append another one is faster. */
  const outrun = (limit: number) => {
    let appends = 0;
    const process = openCommandProcess(database, {
      through: (store) => ({
        append: async (stream, events, expected) => {
          appends += 1;
          if (appends <= limit) {
            const adjustment = { offerId: idOf(stream), difference: 1, reason: '', requestId: '', etag: '' };
            answerOf(await there.adjustStock(adjustment, callAs('support')));
          }
          return store.append(stream, events, expected);
        },
      }),
    });
    return { process, appends: () => appends };
  };

  test('end after a bounded number of tries', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const { process, appends } = outrun(Infinity);
    try {
      const refusal = refusalOf(await process.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag: '' }, asMerchant()), 'CONTENDED');
      assert.deepEqual([refusal.status, refusal.retryAfterMs, appends()], ['unavailable', 100, 8]);
      assert.ok((await here.eventsOf(stream)).every(({ type }) => type !== 'PriceChanged'));
    } finally {
      await process.close();
    }
  });

  test('that end in time are no failure', async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const { process, appends } = outrun(7);
    try {
      assert.equal(answerOf(await process.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag: '' }, asMerchant())).revision, 8n);
      assert.equal(appends(), 8);
    } finally {
      await process.close();
    }
  });

  test("end at the caller's deadline", async () => {
    const { offerId, asMerchant } = await offerOf(here);
    const { process, appends } = outrun(Infinity);
    try {
      refusalOf(
        await process.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag: '' }, { ...asMerchant(), deadline: performance.now() }),
        'CONTENDED',
      );
      assert.equal(appends(), 1);
    } finally {
      await process.close();
    }
  });
});

describe('the queue at one stream', () => {
  /** A process whose first append waits until it is let go. */
  const held = () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const process = openCommandProcess(database, {
      through: (store) => ({
        append: async (...given) => {
          begun.resolve();
          await released.promise;
          return store.append(...given);
        },
      }),
    });
    return { process, begun: begun.promise, release: released.resolve };
  };

  test('is bounded: who comes when it is full is told to try again later', async () => {
    const { offerId, asMerchant, stream } = await offerOf(here, { quantity: 0 });
    const { process, begun, release } = held();
    try {
      const adjust = () => process.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant());
      const waiting = Array.from({ length: 1_001 }, adjust);
      await begun;
      const refusal = refusalOf(await adjust(), 'CONTENDED');
      assert.deepEqual([refusal.status, refusal.retryAfterMs], ['unavailable', 500]);
      release();
      for (const outcome of await Promise.all(waiting)) answerOf(outcome);
      assert.equal(stockAlong(await here.eventsOf(stream)).at(-1), 1_001);
    } finally {
      await process.close();
    }
  });

  test("ends a wait at the caller's deadline, and nothing is done for it later", async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const { process, begun, release } = held();
    try {
      const adjust = (deadlineMs: number) =>
        process.adjustStock({ offerId, difference: 1, reason: '', requestId: '', etag: '' }, asMerchant({ deadlineMs }));
      const first = adjust(20_000);
      await begun;
      const [late, patient] = [adjust(20), adjust(20_000)];
      refusalOf(await late, 'CONTENDED');
      release();
      assert.deepEqual([answerOf(await first).revision, answerOf(await patient).revision], [1n, 2n]);
      assert.equal((await here.eventsOf(stream)).length, 3);
    } finally {
      await process.close();
    }
  });

  test('does not hold up other streams', async () => {
    const [one, other] = [await offerOf(here), await offerOf(here)];
    const { process, begun, release } = held();
    try {
      const waiting = process.adjustStock({ offerId: one.offerId, difference: 1, reason: '', requestId: '', etag: '' }, one.asMerchant());
      await begun;
      refusalOf(
        await process.adjustStock({ offerId: other.offerId, difference: -11, reason: '', requestId: '', etag: '' }, other.asMerchant()),
        'STOCK_BELOW_ZERO',
      );
      release();
      answerOf(await waiting);
    } finally {
      await process.close();
    }
  });

  test('goes on after a command that failed', async () => {
    const merchantId = randomUUID();
    let failures = 1;
    const process = openCommandProcess(database, {
      through: (store) => ({
        append: async (...given) => {
          if (failures-- > 0) throw new Error('the disk is on fire');
          return store.append(...given);
        },
      }),
    });
    try {
      const request = publishOfferRequest({ offerId: randomUUID() });
      const [failed, next] = await Promise.allSettled([
        process.publishOffer(request, callAs('merchant', { merchantId })),
        process.publishOffer(request, callAs('merchant', { merchantId })),
      ]);
      assert.equal(failed.status, 'rejected');
      assert.ok(next.status === 'fulfilled');
      answerOf(next.value);
    } finally {
      await process.close();
    }
  });
});
