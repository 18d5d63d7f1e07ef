import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { readModels } from '../../src/projections/read-models.ts';
import { openStand, until, type Stand } from '../support/stand.ts';
import { expectedRows, market, rowsOf } from './histories.ts';
import { caughtUp } from './projector.ts';

let stand: Stand;
before(async () => {
  stand = await openStand();
});
after(() => stand.close());

const startProcess = (): ChildProcess => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./projector-process.ts', import.meta.url)), stand.database.runtimeUrl], {
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: stand.signal,
    killSignal: 'SIGKILL',
  });
  // Ending the file ends its processes, which a child reports as an error.
  child.on('error', () => {});
  return child;
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

/** Terms of all leases together: it rises when somebody takes one. */
const terms = async (): Promise<number> =>
  (await stand.pool.query<{ terms: number }>('select coalesce(sum(term), 0)::bigint as terms from subscriptions.checkpoints')).rows[0]!.terms;

const assertComplete = async (): Promise<void> => {
  for (const projection of readModels)
    assert.deepEqual(await rowsOf(stand.pool, projection), await expectedRows(stand.store, stand.pool, projection), projection.name);
};

test('processes killed under load leave nothing out and nothing twice', async () => {
  let writing = true;
  const written = (async () => {
    while (writing) await market(stand.store, 10);
  })();
  for (let round = 0; round < 4; round += 1) {
    const before_ = await terms();
    const child = startProcess();
    await until('it leads', async () => (await terms()) >= before_ + readModels.length);
    await until(
      'it moved on',
      async () =>
        (await stand.pool.query(`select from subscriptions.checkpoints where position is null or updated_at < clock_timestamp() - interval '2 s'`))
          .rowCount === 0,
    );
    await end(child);
  }
  writing = false;
  await written;
  const last = startProcess();
  await caughtUp(stand);
  await end(last);
  await assertComplete();
});

test('a leader that is stopped is replaced within its lease, and changes nothing when it wakes up', async () => {
  const stopped = startProcess();
  await market(stand.store, 5);
  await caughtUp(stand);
  stopped.kill('SIGSTOP');
  const before_ = await terms();
  const other = startProcess();
  await market(stand.store, 10);
  await until('the other leads', async () => (await terms()) >= before_ + readModels.length);
  await caughtUp(stand);
  stopped.kill('SIGCONT');
  await market(stand.store, 10);
  await caughtUp(stand);
  await end(other);
  await market(stand.store, 5);
  await caughtUp(stand);
  await end(stopped);
  await assertComplete();
});
