import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Deadline } from '../../src/domain/deadlines.ts';
import { derivedId } from '../../src/domain/ids.ts';
import { refused } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';
import type { Commission, Commissioner } from '../../src/processes/commission.ts';
import { runDeadlines } from '../../src/processes/run-deadlines.ts';
import { deadlines } from '../../src/projections/deadlines.ts';
import { prepareReadModels } from '../../src/projections/versions.ts';
import { openStand, until, type Stand } from '../support/stand.ts';

// The runner alone: deadlines stand in the read model, and commands go nowhere.

let stand: Stand;
const ended: (() => Promise<void>)[] = [];
before(async () => {
  stand = await openStand();
  await prepareReadModels(stand.pool, [deadlines]);
});
after(() => stand.close());
beforeEach(() => stand.pool.query('delete from read_models.deadlines_v1; delete from processes.served_deadlines'));
afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()));
});

const noon = new Date('2026-11-23T12:00:00.000Z');
const later = (ms: number): Date => new Date(noon.getTime() + ms);
const minute = 60_000;

let events = 0;
/** Stands in the read model until somebody takes it out. */
const stands = async (due: Date, change: Partial<Deadline> = {}): Promise<Deadline> => {
  const deadline: Deadline = {
    kind: 'payBy',
    stream: `order-${randomUUID()}`,
    subject: '',
    dueAt: due.toISOString(),
    eventId: randomUUID(),
    ...change,
  };
  const { stream, kind, subject, dueAt, eventId } = deadline;
  await stand.pool.query(
    `insert into read_models.deadlines_v1 (stream, kind, subject, group_key, due_at, fact, event_id, set_at, correlation_id) values ($1, $2, $3, $1, $4::text::timestamptz, $4, $5, $6, 'request')
         on conflict (stream, kind, subject) do update set (due_at, fact, event_id, set_at) = row (excluded.due_at, excluded.fact, excluded.event_id, excluded.set_at)`,
    [stream, kind, subject, dueAt, eventId, later((events += 1))],
  );
  return deadline;
};

/** A runner with clocks that a test moves; by default every command is accepted. */
const start = (options: { readonly commission?: Commissioner } = {}) => {
  const clock = { ours: noon, theirs: noon };
  const asked: Commission[] = [];
  let polls = 0;
  const stop = new AbortController();
  const metrics = createMetrics('processes');
  const running = runDeadlines({
    store: stand.store,
    pool: stand.pool,
    async commission(commission, signal) {
      asked.push(commission);
      return options.commission ? options.commission(commission, signal) : { kind: 'settled' };
    },
    clock: {
      now: () => clock.ours,
      async database() {
        polls += 1;
        return clock.theirs;
      },
    },
    holder: randomUUID(),
    limits: { leaseMs: 1_000, pollMs: 5 },
    logger: silent,
    metrics,
    signal: AbortSignal.any([stop.signal, stand.signal]),
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await running.done;
  };
  ended.push(end);
  return {
    clock,
    asked,
    metrics,
    end,
    /** Waits until it has looked again, with whatever the clocks say now. */
    async looks() {
      const enough = polls + 3;
      await until('it has looked', () => polls >= enough);
    },
    streams: () => asked.map(({ command }) => (JSON.parse(command) as { id: string }).id),
  };
};
const served = async (): Promise<number> => (await stand.pool.query('select from processes.served_deadlines')).rowCount!;

test('a deadline is served when it has come and not before, with the fact that it names', async () => {
  const deadline = await stands(later(minute));
  const { clock, asked, looks } = start();
  await looks();
  clock.ours = clock.theirs = later(minute - 1);
  await looks();
  assert.deepEqual(asked, []);
  clock.ours = clock.theirs = later(minute);
  await until('it is served', async () => (await served()) === 1);
  assert.deepEqual(asked, [
    {
      actor: 'deadline:payBy',
      commandId: derivedId('deadline:payBy', deadline.stream, '', deadline.eventId),
      command: JSON.stringify({ to: 'order', id: deadline.stream.slice('order-'.length), command: { type: 'ExpireOrder', payBy: deadline.dueAt } }),
      causationId: deadline.eventId,
      correlationId: 'request',
      traceparent: null,
    },
  ]);
});

for (const which of ['ours', 'theirs'] as const)
  test(`a clock that jumps ahead serves nothing early (${which === 'ours' ? "this program's" : "the database's"})`, async () => {
    await stands(later(minute));
    const { clock, asked, metrics, looks } = start();
    clock[which] = later(90 * 24 * 60 * minute);
    await looks();
    assert.deepEqual(asked, []);
    assert.equal(Math.abs(await gauge(metrics, 'clock_skew_seconds')), 90 * 24 * 3_600);
    clock[which] = noon;
    await looks();
    clock.ours = clock.theirs = later(minute);
    await until('it is served in time', () => asked.length === 1);
  });

test('a clock that jumps back makes it late, and serves it once', async () => {
  await stands(later(minute));
  const { clock, asked, looks } = start();
  clock.ours = clock.theirs = later(minute);
  await until('it is served', async () => (await served()) === 1);
  clock.ours = clock.theirs = later(-60 * minute);
  await looks();
  clock.ours = clock.theirs = later(minute);
  await looks();
  assert.equal(asked.length, 1);
});

test('a deadline that goes on standing is served once, also by the next runner; a new fact under it is served anew', async () => {
  const { stream } = await stands(noon);
  const first = start();
  await until('it is served', async () => (await served()) === 1);
  await first.end();
  const second = start();
  await second.looks();
  assert.deepEqual(second.asked, []);
  await stands(noon, { stream });
  await until('the new one is served', () => second.asked.length === 1);
});

test('a deadline that is refused or fails is tried again and holds no other up', async () => {
  const [stuck, broken] = [await stands(later(-2 * minute)), await stands(later(-minute))];
  let healed = false;
  const isOne = ({ stream }: Deadline, { command }: Commission): boolean => stream.endsWith((JSON.parse(command) as { id: string }).id);
  const runner = start({
    async commission(commission) {
      if (healed) return { kind: 'settled' };
      if (isOne(stuck, commission)) return refused('precondition_failed', 'NOT_NOW', 'Not now.');
      if (isOne(broken, commission)) throw new Error('broken');
      return { kind: 'settled' };
    },
  });
  await stands(noon);
  await until('the other is served', async () => (await served()) === 1);
  await until('both were tried again', () => runner.asked.length >= 5);
  assert.equal(await gauge(runner.metrics, 'deadlines_due'), 2);
  assert.equal(await gauge(runner.metrics, 'deadlines_overdue_seconds'), 120);
  healed = true;
  await until('both are served', async () => (await served()) === 3);
  assert.equal(await gauge(runner.metrics, 'deadlines_due'), 0);
});

test('a fact that the read model comes to late is served at once, however long ago it was due', async () => {
  const { asked, looks } = start();
  await stands(noon);
  await until('the first is served', async () => (await served()) === 1);
  await looks();
  await stands(later(-90 * 24 * 60 * minute));
  await until('the late one is served', () => asked.length === 2);
});

test('more deadlines than are served at once are all served, each once', async () => {
  for (let nth = 0; nth < 300; nth += 1) await stands(later(-nth));
  const { asked } = start();
  await until('all are served', async () => (await served()) === 300);
  assert.equal(new Set(asked.map(({ commandId }) => commandId)).size, 300);
  assert.equal(asked.length, 300);
});

test('two runners serve what is due under the same ids, and one takes over from the other', async () => {
  const one = start();
  await one.looks();
  const two = start();
  await stands(noon);
  await until('it is served', async () => (await served()) === 1);
  assert.equal(one.asked.length + two.asked.length, 1, 'one of them leads');
  await one.end();
  await stands(noon);
  await until('the other serves the next', async () => (await served()) === 2);
  assert.equal(two.asked.length, 1);
});

test('a runner that thinks it leads still, and the next one, send the same command', async () => {
  const gate = Promise.withResolvers<void>();
  const deadline = await stands(noon);
  const stopped = start({
    async commission() {
      await gate.promise;
      return { kind: 'settled' };
    },
  });
  await until('it is under way', () => stopped.asked.length === 1);
  await stand.pool.query(`update subscriptions.checkpoints set lease_until = '-infinity', term = term + 1 where name = 'deadline_runner'`);
  const next = start();
  await until('the next one serves it', async () => (await served()) === 1);
  gate.resolve();
  assert.deepEqual([stopped.asked[0]!.commandId, stopped.asked[0]!.command], [next.asked[0]!.commandId, next.asked[0]!.command]);
  assert.equal(next.asked[0]!.causationId, deadline.eventId);
});

const gauge = async (metrics: Registry, name: string): Promise<number> => (await metrics.getSingleMetric(name)!.get()).values[0]!.value;
