import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { EventStore, NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import type { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { euros } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';

describe('a long stream', () => {
  let database: TestDatabase;
  let observer: pg.Client;
  before(async () => {
    database = await testDatabase();
    observer = new pg.Client({ connectionString: database.ownerUrl });
    await observer.connect();
  });
  after(async () => {
    await observer.end();
    await database.drop();
  });

  /** A process that counts the events it reads from streams. */
  const counting = (fold?: string) => {
    const read: Recorded[] = [];
    const process = openCommandProcess(database, {
      ...(fold === undefined ? {} : { fold }),
      through: (store: EventStore) => ({
        async readTails(streams) {
          const tails = await store.readTails(streams);
          read.push(...tails.flat());
          return tails;
        },
      }),
    });
    return { process, read };
  };

  /** Appends price changes as another process would, each a command of its own. */
  const lengthen = async (process: CommandProcess, { stream, merchantId }: { stream: string; merchantId: string }, events: number, from = 1) => {
    for (let next = from; next < from + events; next += 500) {
      const batch = Array.from({ length: Math.min(500, from + events - next) }, (_, index): NewEvent => ({
        id: randomUUID(),
        type: 'PriceChanged',
        schemaVersion: 1,
        data: { merchantId, currency: 'EUR', unitPriceMinor: 40_000 + next + index },
        meta: { commandId: randomUUID(), commandHash: 'hash', correlationId: randomUUID(), actor: 'user:another' },
      }));
      assert.equal((await process.store.append(stream, batch, next - 1)).kind, 'appended');
    }
  };

  const saved = (stream: string, atLeast: number) =>
    eventually(`a snapshot of ${stream} at ${atLeast}`, async () => {
      const { rows } = await observer.query('select from snapshots.states where stream = $1 and revision >= $2', [stream, atLeast]);
      return rows.length > 0;
    });

  const change = (process: CommandProcess, offer: { offerId: string; asMerchant: () => ReturnType<typeof callAs> }, amount: number, requestId = '') =>
    process.changePrice({ offerId: offer.offerId, unitPrice: euros(amount), requestId, etag: '' }, offer.asMerchant());

  test('of 100,000 events is not read again by the next process, which decides on the same state', async () => {
    const first = counting();
    const offer = await offerOf(first.process);
    await lengthen(first.process, offer, 100_000);
    answerOf(await change(first.process, offer, 1_111));
    await saved(offer.stream, 100_000);
    await first.process.close();

    const next = counting();
    const { revision } = answerOf(await change(next.process, offer, 2_222));
    assert.equal(revision, 100_002n);
    assert.ok(next.read.length <= 2, `${next.read.length} events were read`);
    assert.equal(answerOf(await change(next.process, offer, 2_222)).revision, 100_002n, 'the price is known to be that already');
    await next.process.close();
  });

  test('remembers the commands from before its snapshot', async () => {
    const first = counting();
    const offer = await offerOf(first.process);
    const answer = answerOf(await change(first.process, offer, 1_111, 'key'));
    await lengthen(first.process, offer, 600, 2);
    answerOf(await change(first.process, offer, 3_333));
    await saved(offer.stream, 600);
    await first.process.close();

    const next = counting();
    assert.equal(answerOf(await change(next.process, offer, 1_111, 'key')).revision, answer.revision);
    refusalOf(await change(next.process, offer, 1_112, 'key'), 'KEY_REUSED');
    assert.ok(next.read.length <= 4, 'nothing from before the snapshot was read');
    await next.process.close();
  });

  /** An offer with a snapshot, left by a process that is gone. */
  const withSnapshot = async () => {
    const first = counting();
    const offer = await offerOf(first.process);
    await lengthen(first.process, offer, 600);
    answerOf(await change(first.process, offer, 1_111));
    await saved(offer.stream, 600);
    await first.process.close();
    return offer;
  };

  test('is folded from its start by other code', async () => {
    const offer = await withSnapshot();
    const { process, read } = counting('other code');
    assert.equal(answerOf(await change(process, offer, 2_222)).revision, 602n);
    assert.equal(read.length, 602);
    await process.close();
  });

  test('whose snapshot is of another history is folded from its start, and the other history forgotten', async () => {
    const offer = await withSnapshot();
    const foreign = randomUUID();
    await observer.query('update snapshots.states set event_id = $2 where stream = $1', [offer.stream, foreign]);
    const { process, read } = counting();
    assert.equal(answerOf(await change(process, offer, 2_222)).revision, 602n);
    assert.ok(read.length >= 602);
    const { rows } = await observer.query('select from snapshots.states where stream = $1 and event_id = $2', [offer.stream, foreign]);
    assert.equal(rows.length, 0);
    await process.close();
  });

  test('of a restored log, shorter than its snapshot, is folded from its start', async () => {
    const offer = await withSnapshot();
    await observer.query('delete from log.events where stream = $1 and revision > 300', [offer.stream]);
    const { process } = counting();
    assert.equal(answerOf(await change(process, offer, 2_222)).revision, 301n);
    await process.close();
  });

  test('is folded from its start when the snapshots cannot be read', async () => {
    const offer = await withSnapshot();
    await observer.query('alter table snapshots.states rename to away');
    const { process, read } = counting();
    try {
      assert.equal(answerOf(await change(process, offer, 2_222)).revision, 602n);
      assert.equal(read.length, 602);
    } finally {
      await observer.query('alter table snapshots.away rename to states');
      await process.close();
    }
  });

  test('takes no new command for an old one when the commands before its snapshot cannot be asked for', async () => {
    const offer = await withSnapshot();
    await observer.query('alter table snapshots.commands rename to away');
    const { process } = counting();
    try {
      await assert.rejects(change(process, offer, 2_222, 'key'));
      const { rows } = await observer.query('select from log.events where stream = $1', [offer.stream]);
      assert.equal(rows.length, 602);
    } finally {
      await observer.query('alter table snapshots.away rename to commands');
      await process.close();
    }
  });
});
