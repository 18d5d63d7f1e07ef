import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { offer } from '../../src/domain/offer.ts';
import { standardTerms } from '../../src/domain/terms.ts';
import { offerOf, openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

const buyers = 100;
const rounds = 100;

describe('a rush on the last piece of an offer', () => {
  let database: TestDatabase;
  let processes: readonly CommandProcess[];
  before(async () => {
    database = await testDatabase();
    processes = [openCommandProcess(database), openCommandProcess(database)];
  });
  after(async () => {
    await Promise.all(processes.map((process) => process.close()));
    await database.drop();
  });

  /** What a placed order asks of an offer, through one of the processes. */
  const reserve = (process: CommandProcess, stream: string) => {
    const [commandId, orderId, lineId] = [randomUUID(), randomUUID(), randomUUID()];
    return process.execute(offer, {
      name: 'ReserveStock',
      stream,
      creates: false,
      meta: { commandId, commandHash: 'hash', correlationId: randomUUID(), actor: 'process:placement' },
      deadline: performance.now() + 30_000,
      signal: new AbortController().signal,
      command: ({ now }) => ({
        type: 'ReserveStock' as const,
        orderId,
        lineId,
        quantity: 1,
        reserveBy: new Date(now.getTime() + standardTerms.reserveMs).toISOString(),
        now: now.toISOString(),
        terms: standardTerms,
      }),
    });
  };

  test(`has one winner among ${buyers} buyers, who are served by two processes, ${rounds} times over`, async () => {
    const [here, there] = processes as [CommandProcess, CommandProcess];
    for (let round = 0; round < rounds; round += 1) {
      const { stream } = await offerOf(here, { quantity: 1 });
      const outcomes = await Promise.all(Array.from({ length: buyers }, (_, buyer) => reserve(buyer % 2 === 0 ? here : there, stream)));
      const told = outcomes.map((outcome) => (outcome.kind === 'settled' ? 'won' : outcome.code));
      assert.equal(told.filter((word) => word === 'won').length, 1);
      assert.equal(told.filter((word) => word === 'OUT_OF_STOCK').length, buyers - 1);
      const events = await there.eventsOf(stream);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['OfferPublished', 'StockReserved'],
      );
    }
  });

  test('is served in order within a process: nobody is turned away for the crowd', async () => {
    const [here] = processes as [CommandProcess];
    const { stream } = await offerOf(here, { quantity: 200 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => reserve(here, stream)));
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['settled']));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind === 'settled' && outcome.revision),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });
});
