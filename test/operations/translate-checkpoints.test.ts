import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { encodeToken } from '../../src/eventstore/consistency-token.ts';
import { copyLog } from '../../src/operations/copy-log.ts';
import { moveLog } from '../../src/operations/move-log.ts';
import { translateCheckpoints } from '../../src/operations/translate-checkpoints.ts';
import { silent } from '../../src/platform/logging.ts';
import { orders } from '../../src/projections/orders.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { createCheckpoint, readCheckpoints, resumeAt } from '../../src/subscriptions/checkpoints.ts';
import { listParked, park } from '../../src/subscriptions/parking.ts';
import { foreignCheckpoints, translateCheckpoint } from '../../src/subscriptions/translation.ts';
import { expectedRows, market, orderPlaced, rowsOf } from '../projections/histories.ts';
import { caughtUp, startProjector } from '../projections/projector.ts';
import { callerWith, callOf } from '../queries/asking.ts';
import { appendTo, until } from '../support/stand.ts';
import { openLogs, shiftPositions, type Log } from './two-logs.ts';

// The read models and checkpoints stay in the source's database; only the log moves.
const opened = openLogs(2);
const signal = AbortSignal.timeout(120_000);

test('read models go on in the new log after the event that they saw last in the old one', async () => {
  const [source, target] = opened() as [Log, Log];
  await market(source.store, 20);
  const projector = startProjector(source);
  await caughtUp(source);
  await projector.stop();
  // One read model has stood still before the end.
  const here = await source.store.head();
  await market(source.store, 10);
  const some = startProjector(source, { projections: readModels.filter((readModel) => readModel !== orders) });
  await caughtUp(
    source,
    readModels.filter((readModel) => readModel !== orders),
  );
  await some.stop();
  await createCheckpoint(source.pool, 'forwarder');
  await resumeAt(source.pool, 'forwarder', {
    progress: { position: here, eventId: (await source.store.eventAt(here))!.id },
    log: await source.store.identity(),
  });

  const parts = { source: source.store, target: target.store, targetOperations: target.operations, signal };
  await copyLog(parts);
  await shiftPositions(target, 1_000);
  const moved = await moveLog({ ...parts, target: target.fresh(), sourceOperations: source.operations });
  assert.equal(moved.kind, 'moved', JSON.stringify(moved));

  const follower = startProjector({ ...source, store: target.fresh() });
  await until('it says that the log was moved', () => follower.ready().some((problem) => problem.includes('which was moved to log')));
  await follower.stop();

  const outcomes = await translateCheckpoints({ pool: source.pool, store: target.fresh(), drained: ['forwarder'], signal });
  assert.deepEqual(
    outcomes.map(({ name, kind }) => [name, kind]),
    [['forwarder', 'behind'], ...readModels.map((readModel) => [subscriptionOf(readModel), 'translated'])].toSorted(([a], [b]) => (a! < b! ? -1 : 1)),
  );
  const store = target.fresh();
  await market(store, 10);
  const after = startProjector({ ...source, store });
  await caughtUp({ ...source, store });
  await after.stop();
  for (const readModel of readModels)
    assert.deepEqual(await rowsOf(source.pool, readModel), await expectedRows(store, source.pool, readModel), readModel.name);
});

test('a forwarder that has not come to the end goes on where it was when the operator accepts that, with what it had parked', async () => {
  const [source, target] = opened() as [Log, Log];
  const { id } = await source.store.identity();
  const old = (await readCheckpoints(source.pool, ['forwarder'])).get('forwarder')!;
  assert.equal(old.log.id, id);
  const parkedAt = source.store.parsePosition('0000000000000002')!;
  const parkedId = (await source.store.eventAt(parkedAt))!.id;
  await park(source.pool as never, 'forwarder', [
    { group: 'g', position: parkedAt, eventId: parkedId, stream: 'order-x', revision: 0, type: 'OrderPlaced', attempts: 1, error: 'no' },
  ]);
  assert.deepEqual(
    (await translateCheckpoints({ pool: source.pool, store: target.fresh(), drained: [], signal })).map(({ name, kind }) => [name, kind]),
    [['forwarder', 'translated']],
  );
  const now = (await readCheckpoints(source.pool, ['forwarder'])).get('forwarder')!;
  const { id: newId, generation } = await target.store.identity();
  assert.deepEqual(now.log, { id: newId, generation });
  assert.equal(now.progress.eventId, old.progress.eventId);
  assert.notEqual(now.progress.position, old.progress.position);
  assert.equal((await target.store.eventAt(now.progress.position))!.id, old.progress.eventId);
  const [parked] = (await listParked(source.pool, 'forwarder')).get('g')!.events;
  assert.equal((await target.store.eventAt(parked!.position))!.id, parkedId);
  assert.deepEqual(await translateCheckpoints({ pool: source.pool, store: target.fresh(), drained: [], signal }), []);
});

test('a checkpoint whose log is not in the new log, or whose event is not there once, is left as it is', async () => {
  const [source, target] = opened() as [Log, Log];
  const position = source.store.parsePosition('0000000000000003')!;
  const log = { id: (await source.store.identity()).id, generation: 1 };
  await source.pool.query(`insert into subscriptions.checkpoints (name) values ('stranger'), ('lost')`);
  await resumeAt(source.pool, 'lost', { progress: { position, eventId: randomUUID() }, log });
  await resumeAt(source.pool, 'stranger', { progress: { position, eventId: randomUUID() }, log: { ...log, id: randomUUID() } });
  const twice = randomUUID();
  await source.pool.query(`insert into subscriptions.checkpoints (name) values ('twice')`);
  await resumeAt(source.pool, 'twice', { progress: { position, eventId: twice }, log });
  await target.owner.query('update log.events set id = $1 where position in (select position from log.events order by position limit 2)', [twice]);
  const outcomes = await translateCheckpoints({ pool: source.pool, store: target.fresh(), drained: [], signal });
  assert.deepEqual(
    outcomes.map(({ name, kind }) => [name, kind]),
    [
      ['lost', 'left'],
      ['stranger', 'left'],
      ['twice', 'left'],
    ],
  );
  assert.equal((await readCheckpoints(source.pool, ['lost'])).get('lost')!.progress.position, position);
});

test('a checkpoint that moves on meanwhile is not translated to where it was', async () => {
  const [source, target] = opened() as [Log, Log];
  const log = await target.store.identity();
  const stale = (await foreignCheckpoints(source.pool, log.id)).find(({ name }) => name === 'lost')!;
  const position = source.store.parsePosition('0000000000000004')!;
  await resumeAt(source.pool, 'lost', { progress: { position, eventId: randomUUID() }, log: { id: stale.logId, generation: 1 } });
  const client = await source.pool.connect();
  assert.equal(await translateCheckpoint(client, stale, log, () => log.predecessors[0]!.here), false);
  client.release();
  assert.equal((await readCheckpoints(source.pool, ['lost'])).get('lost')!.progress.position, position);
});

test('a token of the old log is good for a query on the new one, once the read model has passed the last copied event', async () => {
  const [source, target] = opened() as [Log, Log];
  const [predecessor] = (await target.store.identity()).predecessors;
  const token = (position: string): string => encodeToken({ logId: predecessor!.id, position });
  const consistency = openConsistency({ pool: source.pool, store: target.store, logger: silent });
  const reached = (consistencyToken: string) =>
    consistency.reached(callOf(callerWith([]), { consistencyToken, deadline: performance.now() + 500 }), ['orders']);
  assert.equal(await reached(token(predecessor!.copiedTo)), undefined);
  assert.equal(await reached(token('0000000000000001')), undefined);
  assert.equal((await reached(token('0000000000009999')))?.code, 'LOG_CHANGED', 'what was appended to the old log after the copy is nowhere');

  const first = { progress: { position: predecessor!.here, eventId: (await target.store.eventAt(predecessor!.here))!.id } };
  const before = source.store.parsePosition('0000000000000001')!;
  assert.ok(before < predecessor!.here);
  await resumeAt(source.pool, 'orders_v2', { progress: { ...first.progress, position: before }, log: await target.store.identity() });
  await appendTo(target.store, `order-${randomUUID()}`, orderPlaced());
  const fresh = openConsistency({ pool: source.pool, store: target.store, logger: silent });
  const behind = await fresh.reached(callOf(callerWith([]), { consistencyToken: token('0000000000000001'), deadline: performance.now() + 200 }), [
    'orders',
  ]);
  assert.equal(behind?.code, 'READ_MODEL_BEHIND');
});
