import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { copyLog } from '../../src/operations/copy-log.ts';
import { moveLog } from '../../src/operations/move-log.ts';
import { translateCheckpoints } from '../../src/operations/translate-checkpoints.ts';
import { listParked, requestRetry } from '../../src/subscriptions/parking.ts';
import { ask, broken, deed, memoryOf, settled, startRunner, textsOf } from '../processes/scripted.ts';
import { until } from '../support/stand.ts';
import { openLogs, shiftPositions, type Log } from './two-logs.ts';

const opened = openLogs(2);
const signal = AbortSignal.timeout(120_000);

test('processes go on in the new log: what was decided on is sent there, what was parked is tried there, nothing is done twice', async () => {
  const [source, target] = opened() as [Log, Log];
  // Places in the new log come before those of the old one.
  await ask(source.store, randomUUID());
  await shiftPositions(source, 1_000);
  const [steady, waiting, stopped] = [randomUUID(), randomUUID(), randomUUID()];
  broken.add('bug');
  const before = startRunner({ ...source, signal });
  const first = await ask(source.store, steady, [deed(steady, 'one')]);
  await ask(source.store, stopped, [deed(stopped, 'bug')]);
  await until('it is parked', async () => (await listParked(source.pool, 'scripted')).has(stopped));
  await settled(source);

  await copyLog({ source: source.store, target: target.store, targetOperations: target.operations, signal });
  // What comes before the source is closed is decided on, and can no longer be done there.
  await before.stop();
  const decided = startRunner({ ...source, signal }, { send: () => Promise.reject(Object.assign(new Error('closed'), { unavailable: true })) });
  await ask(source.store, waiting, [deed(waiting, 'decided')]);
  await until('it is stored', async () => (await source.pool.query('select from processes.outgoing where key = $1', [waiting])).rowCount === 1);
  await decided.stop();
  const moved = await moveLog({
    ...{ source: source.store, target: target.fresh(), targetOperations: target.operations, sourceOperations: source.operations, signal },
  });
  assert.equal(moved.kind, 'moved', JSON.stringify(moved));
  const outcomes = await translateCheckpoints({ pool: source.pool, store: target.fresh(), drained: [], signal });
  assert.deepEqual(
    outcomes.map(({ name, kind }) => [name, kind]),
    [['scripted', 'translated']],
  );

  broken.clear();
  const store = target.fresh();
  const after = startRunner({ ...source, store, signal });
  await requestRetry(source.pool, 'scripted', stopped);
  const second = await ask(store, steady, [deed(steady, 'two')]);
  await until('the parked one is done', async () => (await textsOf(store, stopped)).length === 1);
  await settled({ store, pool: source.pool });
  await after.stop();
  assert.deepEqual(await textsOf(store, steady), ['one', 'two']);
  assert.deepEqual(await textsOf(store, waiting), ['decided']);
  assert.deepEqual(await memoryOf(source, steady), { seen: [first.id, second.id] });
});
