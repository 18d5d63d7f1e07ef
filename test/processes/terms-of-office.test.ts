import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { silent } from '../../src/platform/logging.ts';
import type { PoolClient } from 'pg';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { openProxy } from '../support/proxy.ts';
import { openStand, until, type Stand } from '../support/stand.ts';
import { ask, breaking, deed, doing, doneTo, memoryOf, scripted, settled, startRunner, textsOf, type Running } from './scripted.ts';

// One program after another: take-over, fencing, a changed release, and a network that breaks.

let stand: Stand;
let key = '';
const running: Running[] = [];
/** What a test opened beside the stand, to be closed when its runners have stopped. */
const closing: (() => Promise<void>)[] = [];
before(async () => {
  stand = await openStand();
});
after(() => stand.close());
beforeEach(() => {
  key = randomUUID();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
  for (const close of closing.splice(0)) await close();
});
const start = (options?: Parameters<typeof startRunner>[1], on: Parameters<typeof startRunner>[0] = stand): Running => {
  const runner = startRunner(on, options);
  running.push(runner);
  return runner;
};
const storedFor = async (): Promise<number> => (await stand.pool.query('select from processes.outgoing where key = $1', [key])).rowCount!;
/** As if the leader had fallen silent for longer than its lease. */
const endLease = () => stand.pool.query(`update subscriptions.checkpoints set lease_until = '-infinity' where name = 'scripted'`);

test('a stand-by takes over, sends what is stored and goes on', async () => {
  const gate = Promise.withResolvers<void>();
  const first = start({ send: () => gate.promise.then(() => Promise.reject(new Error('too late'))) });
  await ask(stand.store, key, [deed(key, 'one'), deed(key, 'two')]);
  await until('they are stored', async () => (await storedFor()) === 2);
  start();
  gate.resolve();
  await first.stop();
  await ask(stand.store, key, [deed(key, 'three')]);
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['one', 'two', 'three']);
});

test('a leader that was replaced while a command was under way can write nothing: a refusal that it hears late is not answered by it', async () => {
  const gate = Promise.withResolvers<void>();
  const send = doing(stand.store);
  let heard = 0;
  start({
    async send() {
      await gate.promise;
      heard += 1;
      return { kind: 'refused', status: 'precondition_failed', code: 'NO', because: 'by the one who was replaced' };
    },
    leaseMs: 60_000,
  });
  await ask(stand.store, key, [deed(key, 'done', { instead: [deed(key, 'instead')] })]);
  await until('it is stored', async () => (await storedFor()) === 1);
  await endLease();
  start({ send });
  await until('the next one has done it', async () => (await textsOf(stand.store, key)).length === 1);
  gate.resolve();
  await until('the first heard its refusal', () => heard === 1);
  await settled(stand);
  await ask(stand.store, key, [deed(key, 'later')]);
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['done', 'later']);
});

test('a crash between a refusal and its being written down leads to the same answer', async () => {
  const refusals: string[] = [];
  const crashed = Promise.withResolvers<never>();
  const send = doing(stand.store);
  // The program hears the refusal, and nothing more comes of it.
  start({
    async send(command, signal) {
      const answer = await send(command, signal);
      refusals.push(answer.kind);
      return answer.kind === 'refused' ? crashed.promise : answer;
    },
  });
  const asked = deed(key, 'never', { refused: 'NO', instead: [deed(key, 'instead')] });
  await ask(stand.store, key, [asked]);
  await until('it is refused', () => refusals.includes('refused'));
  await endLease();
  start();
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['instead']);
  crashed.reject(new Error('nobody hears this'));
});

test('a changed process folds its memories again from the log, sends nothing for what is past, and goes on', async () => {
  const first = start();
  const one = await ask(stand.store, key, [deed(key, 'one')]);
  await settled(stand);
  await first.stop();
  const before_ = (await doneTo(stand.store, key)).length;
  start({ processes: [scripted('scripted', 2)] });
  const two = await ask(stand.store, key, [deed(key, 'two')]);
  await settled(stand);
  assert.deepEqual(await memoryOf(stand, key), { seen: [one.id, two.id], version: 2 });
  assert.deepEqual(await textsOf(stand.store, key), ['one', 'two']);
  assert.equal((await doneTo(stand.store, key)).length, before_ + 1);
  const { rows } = await stand.pool.query<{ version: number }>(`select distinct version from processes.memories where process = 'scripted'`);
  assert.deepEqual(rows, [{ version: 2 }]);
});

test('a changed process sends what the one before had stored, as it was stored, and keeps what was parked', async () => {
  const stuck = randomUUID();
  breaking.add(stuck);
  const first = start({ processes: [scripted('other')], send: () => Promise.reject(Object.assign(new Error('away'), { unavailable: true })) });
  const parked = await ask(stand.store, stuck, [deed(stuck, 'parked')], { breaks: true });
  await ask(stand.store, key, [deed(key, 'one')]);
  await until('it is stored', async () => (await storedFor()) === 1);
  await first.stop();
  start({ processes: [{ ...scripted('other', 2), react: (memory: object) => ({ memory: { ...memory, changed: true }, commands: [] }) }] });
  await settled(stand, 'other');
  assert.deepEqual(await textsOf(stand.store, key), ['one']);
  assert.deepEqual(await memoryOf(stand, key, 'other'), { seen: [], changed: true });
  const { rows } = await stand.pool.query<{ event_id: string }>(`select event_id from subscriptions.parked where subscription = 'other'`);
  assert.deepEqual(rows, [{ event_id: parked.id }]);
  breaking.clear();
});

test('after a commit whose answer was lost nothing goes on before the next term has seen what is stored', async () => {
  const lost = Promise.withResolvers<void>();
  const committed = Promise.withResolvers<void>();
  const handedOut = new Set<string>();
  let isNext = false;
  const pool = changedQueries(stand.pool, async (text, result) => {
    if (text !== 'commit' || !isNext) return;
    isNext = false;
    await result;
    committed.resolve();
    await lost.promise;
    throw new Error('Connection terminated unexpectedly');
  });
  const store: EventStore = {
    ...stand.store,
    async *subscribe(options) {
      for await (const batch of stand.store.subscribe(options)) {
        for (const { data } of batch.events) handedOut.add((data as { key?: string }).key ?? '');
        yield batch;
      }
    },
  };
  const send = doing(stand.store);
  start(
    {
      async send(command, signal) {
        const answer = await send(command, signal);
        // What is stored next is the answer to the refusal.
        if (answer.kind === 'refused') isNext = true;
        return answer;
      },
    },
    { store, pool, signal: stand.signal },
  );
  await ask(stand.store, key, [deed(key, 'first')]);
  await settled(stand);
  await ask(stand.store, key, [deed(key, 'no', { refused: 'NO', instead: [deed(key, 'instead')] })]);
  await committed.promise;
  const other = randomUUID();
  await ask(stand.store, other, [deed(other, 'one')]);
  await until('the next events wait for their turn', () => handedOut.has(other));
  await new Promise(setImmediate);
  lost.resolve();
  await settled(stand);
  assert.deepEqual([await textsOf(stand.store, key), await textsOf(stand.store, other)], [['first', 'instead'], ['one']]);
});

test('a network that breaks, hangs and comes back costs nothing and doubles nothing', async () => {
  const proxy = await openProxy(stand.database.runtimeUrl);
  const store = openPostgresStore({ url: proxy.url, name: 'far', logger: silent, metrics: createMetrics('far') });
  const pool = openPool({ url: proxy.url, name: 'far', max: 8, logger: silent, settings: { statement_timeout: '2s' }, connectTimeoutMs: 1_000 });
  closing.push(store.close, () => pool.end(), proxy.close);
  start({}, { store, pool, signal: stand.signal });
  const keys = Array.from({ length: 60 }, () => randomUUID());
  const asking = (async () => {
    for (const each of keys) await ask(stand.store, each, [deed(each, 'one'), deed(each, 'no', { refused: 'NO', instead: [deed(each, 'two')] })]);
  })();
  const done = async (): Promise<number> =>
    (
      await stand.pool.query<{ count: number }>(`select count(*) as count from log.events where type = 'Done' and stream = any($1)`, [
        keys.map((each) => `thing-${each}`),
      ])
    ).rows[0]!.count;
  const goesOn = async (): Promise<void> => {
    const enough = Math.min((await done()) + 5, 2 * keys.length);
    await until('it goes on', async () => (await done()) >= enough);
  };
  await goesOn();
  for (const breaks of [proxy.cut, proxy.refuse, proxy.cut]) {
    breaks();
    await asking;
    proxy.pass();
    await goesOn();
  }
  await asking;
  await settled(stand);
  for (const each of keys) assert.deepEqual(await textsOf(stand.store, each), ['one', 'two']);
});

/** A pool whose statements on connections of their own end as is said. */
const changedQueries = (pool: Pool, instead: (text: unknown, result: Promise<unknown>) => Promise<void>): Pool => {
  const changed = (client: PoolClient): PoolClient =>
    new Proxy(client, {
      get(target, name) {
        if (name !== 'query') return Reflect.get(target, name);
        return async (...given: [string]) => {
          const result = target.query(...given);
          await instead(given[0], result);
          return result;
        };
      },
    });
  return new Proxy(pool, {
    get: (target, name) => (name === 'connect' ? () => target.connect().then(changed) : Reflect.get(target, name)),
  });
};
