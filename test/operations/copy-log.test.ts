import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LogOperations } from '../../src/eventstore/log-operations.ts';
import { copyLog, type CopyOptions, type CopyOutcome, type CopyProgress } from '../../src/operations/copy-log.ts';
import { all } from '../eventstore/contract.ts';
import { market } from '../projections/histories.ts';
import { appendTo, newEvent } from '../support/stand.ts';
import { contentsOf, holdAppendLock, openLogs, untilWaiting, type Log } from './two-logs.ts';

const opened = openLogs(6);

const copy = (source: Log, target: Log, more: Partial<CopyOptions> = {}): Promise<CopyOutcome> =>
  copyLog({ source: source.store, target: target.store, targetOperations: target.operations, signal: AbortSignal.timeout(60_000), ...more });

const copiedEvents = (outcome: CopyOutcome): number => (outcome.kind === 'copied' ? outcome.events : assert.fail(outcome.because));
const refusal = (outcome: CopyOutcome): string => (outcome.kind === 'refused' ? outcome.because : assert.fail('it was not refused'));

test('an empty log is copied to an empty log', async () => {
  const [source, target] = opened() as [Log, Log];
  assert.equal(copiedEvents(await copy(source, target)), 0);
});

test('a copy holds the same events in the same order, with the time at which they were recorded', async () => {
  const [source, target] = opened() as [Log, Log];
  await market(source.store, 40);
  await appendTo(source.store, 'long', ...Array.from({ length: 450 }, (_, index) => newEvent('Numbered', { index, text: 'ü \u2028 \n 📱 ,' })));
  await appendTo(source.store, 'long', ...Array.from({ length: 450 }, (_, index) => newEvent('Numbered', 'x'.repeat(index))));
  for (const letter of 'xyz') await appendTo(source.store, 'large', newEvent('Large', letter.repeat(900_000)));
  await source.owner.query(`update log.events set recorded_at = recorded_at - interval '1 day'`);
  const before = await contentsOf(source.store);
  assert.equal(copiedEvents(await copy(source, target)), before.length);
  assert.deepEqual(await contentsOf(target.store), before);
  const [copied] = await all(target.store.read('long', { limit: 1 }));
  const [original] = await all(source.store.read('long', { limit: 1 }));
  assert.deepEqual(copied!.recordedAt, original!.recordedAt);
  assert.ok((await target.store.behind(target.store.start)).seconds > 86_000);
});

test('a copy that is begun again copies only what came since', async () => {
  const [source, target] = opened() as [Log, Log];
  assert.equal(copiedEvents(await copy(source, target)), 0);
  await appendTo(source.store, `more-${randomUUID()}`, newEvent('More', {}), newEvent('More', {}));
  assert.equal(copiedEvents(await copy(source, target)), 2);
});

test('a copy that broke off anywhere goes on where it was, and stores nothing twice', async () => {
  const [, , source, target] = opened() as [Log, Log, Log, Log];
  for (let round = 0; round < 12; round += 1) for (const stream of ['one', 'two']) await appendTo(source.store, stream, newEvent('Counted', round));
  for (const when of ['before', 'after'] as const) {
    for (const batches of [1, 2]) {
      let left = batches;
      const breaking: LogOperations['appendInOrder'] = async (appends, signal) => {
        if (when === 'before' && (left -= 1) < 0) throw new Error('broken off');
        const result = await target.operations.appendInOrder(appends, signal);
        if (when === 'after' && (left -= 1) < 0) throw new Error('broken off');
        return result;
      };
      await assert.rejects(copy(source, target, { targetOperations: { appendInOrder: breaking } }), /broken off/);
    }
  }
  const had = (await contentsOf(target.store)).length;
  const all = await contentsOf(source.store);
  assert.ok(had > 0 && had < all.length, `${had} of ${all.length}`);
  assert.equal(copiedEvents(await copy(source, target)), all.length - had);
  assert.deepEqual(await contentsOf(target.store), all);
});

test('what is appended during the copy is copied as well', async () => {
  const [, , source, target] = opened() as [Log, Log, Log, Log];
  await market(source.store, 60);
  let more = 5;
  const busy: LogOperations['appendInOrder'] = async (appends, signal) => {
    if ((more -= 1) >= 0) {
      await market(source.store, 4);
    }
    return target.operations.appendInOrder(appends, signal);
  };
  const outcome = await copy(source, target, { targetOperations: { appendInOrder: busy }, toTheEnd: true });
  assert.equal(outcome.kind, 'copied');
  assert.ok(more < 0);
  assert.deepEqual(await contentsOf(target.store), await contentsOf(source.store));
});

test('an append to the target that got no answer is sent again', async () => {
  const [, , source, target] = opened() as [Log, Log, Log, Log];
  await appendTo(source.store, `more-${randomUUID()}`, newEvent('More', {}));
  let cut = false;
  const cutting: LogOperations['appendInOrder'] = async (appends, signal) => {
    if (cut) return target.operations.appendInOrder(appends, signal);
    cut = true;
    const release = await holdAppendLock(target);
    const appending = target.operations.appendInOrder(appends, signal);
    await untilWaiting(target);
    await target.owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orders log operator' and datname = current_database()`,
    );
    await release();
    return appending;
  };
  assert.equal(copiedEvents(await copy(source, target, { targetOperations: { appendInOrder: cutting } })), 1);
  assert.ok(cut);
});

test('a copy that is stopped says so and no more', async () => {
  const [, , , , source, target] = opened() as [Log, Log, Log, Log, Log, Log];
  await market(source.store, 20);
  const stop = new AbortController();
  const stopping: LogOperations['appendInOrder'] = (appends, signal) => {
    stop.abort(new Error('stopped'));
    return target.operations.appendInOrder(appends, signal);
  };
  await assert.rejects(copy(source, target, { targetOperations: { appendInOrder: stopping }, signal: stop.signal }), /stopped/);
  assert.equal(copiedEvents(await copy(source, target)), (await contentsOf(source.store)).length);
});

test('a long copy reports how far it is', async (t) => {
  const [, , , , source, target] = opened() as [Log, Log, Log, Log, Log, Log];
  const told: CopyProgress[] = [];
  let now = 0;
  t.mock.method(performance, 'now', () => (now += 600));
  await copy(source, target, { report: (progress) => told.push(progress) });
  await source.store.head();
  assert.ok(told.length > 0);
  assert.ok(told.every(({ doing, share, eventsPerSecond }) => doing === 'comparing' && share > 0 && share <= 1 && eventsPerSecond > 0));
});

test('a log is not copied to itself, nor to one with events of its own', async () => {
  const [source, , , other] = opened() as [Log, Log, Log, Log];
  assert.match(refusal(await copy(source, source)), /same log/);
  assert.match(refusal(await copy(source, other)), /no copy of the source: where the source has event/);
});

test('a target that has more than the source is no copy of it', async () => {
  const [, , , , source, target] = opened() as [Log, Log, Log, Log, Log, Log];
  await appendTo(target.store, 'foreign', newEvent('Foreign', {}));
  assert.match(
    refusal(await copy(source, { ...target, store: target.fresh() })),
    /the target has event 0 of foreign .*, which the source does not have/,
  );
  await target.owner.query(`delete from log.events where stream = 'foreign'`);
  assert.equal(copiedEvents(await copy(source, { ...target, store: target.fresh() })), 0);
});

test('the first difference is named, whatever was changed', async () => {
  const [, , , , source, target] = opened() as [Log, Log, Log, Log, Log, Log];
  const changes: Readonly<Record<string, string>> = {
    id: 'id = gen_random_uuid()',
    type: `type = 'Other'`,
    schemaVersion: 'schema_version = 9',
    data: `data = '{"other":true}'`,
    recordedAt: `meta = (meta::jsonb || '{"recordedAt":"2020-01-01T00:00:00.000Z"}')::json`,
    meta: `meta = (meta::jsonb || '{"actor":"user:other"}')::json`,
  };
  const { rows } = await target.owner.query<{ stream: string; revision: number }>('select stream, revision from log.events where position = 7');
  const { stream, revision } = rows[0]!;
  for (const [field, change] of Object.entries(changes)) {
    await target.owner.query('create temporary table kept as select * from log.events where position = 7');
    await target.owner.query(`update log.events set ${change} where position = 7`);
    assert.match(
      refusal(await copy(source, { ...target, store: target.fresh() })),
      new RegExp(`event ${revision} of ${stream} \\(position 0+7\\) has another ${field} `),
    );
    await target.owner.query('delete from log.events where position = 7');
    await target.owner.query('insert into log.events select * from kept');
    await target.owner.query('drop table kept');
  }
  assert.equal(copiedEvents(await copy(source, { ...target, store: target.fresh() })), 0);
});
