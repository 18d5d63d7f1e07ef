import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { LogChanged, type Progress } from '../../src/eventstore/event-store.ts';
import { silent } from '../../src/platform/logging.ts';
import { advancer, advancing } from '../../src/subscriptions/advancing.ts';
import { resetCheckpoint } from '../../src/subscriptions/checkpoints.ts';
import { advanceAll, holdSubscription, LeaseLost, type Held } from '../../src/subscriptions/subscription.ts';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';

let stand: Stand;
const everHeld: Held[] = [];
before(async () => {
  stand = await openStand();
});
after(async () => {
  await Promise.all(everHeld.map((held) => held.release()));
  await stand.close();
});

const hold = async (
  name: string,
  options: { readonly leaseMs?: number; readonly signal?: AbortSignal; readonly holder?: string } = {},
): Promise<Held> => {
  const { pool, store } = stand;
  const held = await holdSubscription({
    pool,
    store,
    name,
    holder: options.holder ?? 'one',
    leaseMs: options.leaseMs ?? 60_000,
    logger: silent,
    signal: options.signal ?? new AbortController().signal,
  });
  assert.ok(held);
  everHeld.push(held);
  return held;
};

/** Appends an event and answers where it stands. */
const happen = async (): Promise<Progress> => {
  const event = newEvent('SomethingHappened', {});
  const { position } = await appendTo(stand.store, `thing-${randomUUID()}`, event);
  return { position: stand.store.parsePosition(position)!, eventId: event.id };
};

const moveTo = async (held: Held, to: Progress): Promise<void> => {
  const client = await stand.pool.connect();
  try {
    await client.query('begin');
    await advanceAll(client, [{ held, to }]);
    await client.query('commit');
    held.advanced(to);
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
};

/** As if the lease had run out by the database's clock. */
const letLeaseEnd = (name: string) => stand.pool.query(`update subscriptions.checkpoints set lease_until = '-infinity' where name = $1`, [name]);

test('a subscription goes on where its checkpoint stands', async () => {
  const first = await hold('goes-on');
  assert.equal(first.progress, undefined);
  const there = await happen();
  await moveTo(first, there);
  await first.release();
  const second = await hold('goes-on');
  assert.deepEqual(second.progress, there);
  assert.equal(second.term, first.term + 1);
  await second.release();
});

test('a stand-by waits while the lease is held, and takes over when it is given back', async () => {
  const first = await hold('hand-over');
  let taken = false;
  const second = hold('hand-over', { holder: 'two', leaseMs: 400 }).then((held) => {
    taken = true;
    return held;
  });
  // Two rounds of the stand-by's questions.
  const asked = performance.now() + 400;
  await until('the stand-by has asked twice', () => taken || performance.now() > asked);
  assert.equal(taken, false);
  await first.release();
  const held = await second;
  assert.ok(first.signal.aborted);
  await held.release();
});

test('a stand-by stops waiting when its signal aborts', async () => {
  const first = await hold('stops');
  const stop = new AbortController();
  const second = holdSubscription({
    pool: stand.pool,
    store: stand.store,
    name: 'stops',
    holder: 'two',
    leaseMs: 60_000,
    logger: silent,
    signal: stop.signal,
  });
  stop.abort();
  assert.equal(await second, undefined);
  await first.release();
});

test('a stopped leader that wakes up after another took over can write nothing', async () => {
  const stopped = await hold('fenced');
  await moveTo(stopped, await happen());
  await letLeaseEnd('fenced');
  const second = await hold('fenced', { holder: 'two' });
  await assert.rejects(moveTo(stopped, await happen()), LeaseLost);
  assert.ok(stopped.signal.aborted);
  await moveTo(second, await happen());
  await second.release();
});

test('a leader whose commit was lost with the database cannot go on from where it thought it was', async () => {
  const held = await hold('lost-commit');
  await moveTo(held, await happen());
  await stand.pool.query(
    `update subscriptions.checkpoints set position = null, event_id = null, log_id = null, generation = null where name = 'lost-commit'`,
  );
  await assert.rejects(moveTo(held, await happen()), LeaseLost);
  await held.release();
});

test('a process that stops in the middle of its work loses the transaction, and another takes over', async () => {
  const stopped = await hold('mid-work');
  const there = await happen();
  const work = advancing(stand.pool, stopped, there, () => once(new EventTarget(), 'never'));
  work.catch(() => {});
  await until(
    'its transaction holds the row',
    async () =>
      (await stand.pool.query(`select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`)).rowCount === 1,
  );
  await letLeaseEnd('mid-work');
  const second = await hold('mid-work', { holder: 'two' });
  assert.equal(second.progress, undefined);
  await moveTo(second, there);
  await second.release();
  await stopped.release();
});

test('subscriptions that move to the same place share a transaction, and one that lost its lease fails alone', async () => {
  const advance = advancer(stand.pool);
  const [one, two, overtaken] = [await hold('together-one'), await hold('together-two'), await hold('together-overtaken')];
  const transactionOf = async (held: Held, to: Progress): Promise<string> =>
    advance(held, to, async (client) => (await client.query<{ id: string }>('select pg_current_xact_id()::text as id')).rows[0]!.id);
  const first = await happen();
  const [a, b] = await Promise.all([transactionOf(one, first), transactionOf(two, first)]);
  assert.equal(a, b);

  await letLeaseEnd('together-overtaken');
  const second = await hold('together-overtaken', { holder: 'two' });
  const there = await happen();
  const results = await Promise.allSettled([transactionOf(one, there), transactionOf(overtaken, there), transactionOf(two, there)]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'moved' : (result.reason as Error).name)),
    ['moved', 'LeaseLost', 'moved'],
  );
  assert.deepEqual([one.progress, two.progress, second.progress], [there, there, undefined]);
});

test('the lease is renewed as long as it is held', async () => {
  const held = await hold('renewed', { leaseMs: 300 });
  const leaseUntil = async (): Promise<Date> =>
    (await stand.pool.query<{ lease_until: Date }>(`select lease_until from subscriptions.checkpoints where name = 'renewed'`)).rows[0]!.lease_until;
  const first = await leaseUntil();
  await until('the lease reaches well past its first end', async () => (await leaseUntil()).getTime() > first.getTime() + 600);
  assert.equal(held.signal.aborted, false);
  await held.release();
});

test('a leader learns from its renewal that another took over', async () => {
  const first = await hold('overtaken', { leaseMs: 600 });
  await stand.pool.query(`update subscriptions.checkpoints set term = term + 1, lease_until = 'infinity' where name = 'overtaken'`);
  await until('the first is told', () => first.signal.aborted);
});

test('a leader that cannot renew in time gives up by its own clock', async () => {
  const held = await hold('cut-off', { leaseMs: 400 });
  const blocker = await stand.pool.connect();
  await blocker.query('begin');
  await blocker.query(`select from subscriptions.checkpoints where name = 'cut-off' for update`);
  await until('the leader gives up', () => held.signal.aborted);
  await blocker.query('rollback');
  blocker.release();
  await held.release();
});

test("a log that was restored from a backup stops the subscription with the operator's choices", async () => {
  const held = await hold('restored');
  const there = await happen();
  await moveTo(held, { position: there.position, eventId: randomUUID() });
  await held.release();
  await assert.rejects(hold('restored'), (error) => error instanceof LogChanged && /restored from a backup.*choose/.test(error.message));
});

test('another log under the same checkpoint stops the subscription', async () => {
  const held = await hold('other-log');
  await moveTo(held, await happen());
  await held.release();
  await stand.pool.query('update subscriptions.checkpoints set log_id = $1 where name = $2', [randomUUID(), 'other-log']);
  await assert.rejects(hold('other-log'), LogChanged);
});

test('a checkpoint past the end of the log stops the subscription', async () => {
  const held = await hold('shorter');
  const { position } = await happen();
  await moveTo(held, {
    position: stand.store.parsePosition(position.replace(/^(.*)(.{6})$/, (_, before: string) => `${before}999999`))!,
    eventId: randomUUID(),
  });
  await held.release();
  await assert.rejects(hold('shorter'), LogChanged);
});

test('a reset subscription begins again, and fences off whoever followed', async () => {
  const held = await hold('reset');
  await moveTo(held, await happen());
  const client = await stand.pool.connect();
  await resetCheckpoint(client, 'reset');
  client.release();
  await assert.rejects(moveTo(held, await happen()), LeaseLost);
  const again = await hold('reset');
  assert.equal(again.progress, undefined);
  await again.release();
});
