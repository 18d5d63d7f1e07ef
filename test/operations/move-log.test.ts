import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { openPostgresOperations } from '../../src/eventstore/postgres/operations.ts';
import { copyLog } from '../../src/operations/copy-log.ts';
import { moveLog, type MoveOptions, type MoveOutcome } from '../../src/operations/move-log.ts';
import { silent } from '../../src/platform/logging.ts';
import { market } from '../projections/histories.ts';
import { callAs } from '../support/calls.ts';
import { offerOf, openCommandProcess, refusalOf } from '../support/command-process.ts';
import { publishOfferRequest } from '../support/requests.ts';
import { appendTo, newEvent } from '../support/stand.ts';
import { contentsOf, holdAppendLock, openLogs, shiftPositions, untilWaiting, type Log } from './two-logs.ts';

const opened = openLogs(6);

const move = (source: Log, target: Log, more: Partial<MoveOptions> = {}): Promise<MoveOutcome> =>
  moveLog({
    source: source.store,
    target: target.store,
    sourceOperations: source.operations,
    targetOperations: target.operations,
    signal: AbortSignal.timeout(60_000),
    ...more,
  });

test('under appenders that never rest the log moves: what was acknowledged is in the target, and nothing else is anywhere', async () => {
  const [source, target] = opened() as [Log, Log];
  await market(source.store, 30);
  const ended = new AbortController();
  const acknowledged = new Map<string, number>();
  const appenders = Array.from({ length: 8 }, async (_, index) => {
    for (let revision = 0; !ended.signal.aborted; revision += 1) {
      const result = await source.store.append(`busy-${index}`, [newEvent('Counted', revision)], revision === 0 ? 'none' : revision - 1);
      if (result.kind !== 'appended') return result;
      acknowledged.set(`busy-${index}`, revision);
    }
    return undefined;
  });
  const outcome = await move(source, target);
  if (outcome.kind !== 'moved') ended.abort();
  const refusals = await Promise.all(appenders);
  assert.equal(outcome.kind, 'moved');
  assert.deepEqual(new Set(refusals.map((result) => (result?.kind === 'refused' ? result.code : result?.kind))), new Set(['LOG_CLOSED']));
  const contents = await contentsOf(target.store);
  assert.deepEqual(contents, await contentsOf(source.store));
  for (const [stream, revision] of acknowledged) assert.equal(contents.filter((event) => event.stream === stream).length, revision + 1);
  assert.equal(acknowledged.size, 8);
});

test('the target knows its predecessor and is a generation ahead; the source is closed', async () => {
  const [source, target] = opened() as [Log, Log];
  const [from, to] = [await source.store.identity(), await target.store.identity()];
  assert.equal(from.closed, true);
  assert.deepEqual(to, {
    id: to.id,
    generation: 2,
    closed: false,
    predecessors: [{ id: from.id, generation: 1, copiedTo: await source.store.head(), here: await target.store.head() }],
  });
});

test('a move that is done is done, also when it is asked for again and the target has gone on', async () => {
  const [source, target] = opened() as [Log, Log];
  const before = await target.store.identity();
  await appendTo(target.store, 'busy-0', newEvent('Counted', {}));
  const outcome = await move(source, target);
  assert.ok(outcome.kind === 'moved' && outcome.generation === 2);
  assert.deepEqual(await target.store.identity(), before);
});

test('a log that moves on takes its predecessors with it, to the places of their last events', async () => {
  const [first, source, target] = opened() as [Log, Log, Log];
  const between = await source.store.identity();
  const lastOfFirst = (await first.store.eventAt(await first.store.head()))!.id;
  const copying = { source: source.store, target: target.store, targetOperations: target.operations, signal: AbortSignal.timeout(60_000) };
  assert.equal((await copyLog(copying)).kind, 'copied');
  await shiftPositions(target, 1_000);
  const outcome = await move(source, { ...target, store: target.fresh() });
  assert.ok(outcome.kind === 'moved', JSON.stringify(outcome));
  assert.equal(outcome.generation, 3);
  const { predecessors } = await target.store.identity();
  assert.deepEqual(
    predecessors.map(({ id }) => id),
    [between.id, (await first.store.identity()).id],
  );
  assert.equal((await target.store.eventAt(predecessors[1]!.here))!.id, lastOfFirst);
  assert.ok(predecessors[1]!.here < predecessors[0]!.here);
});

test('a log whose copy differs is not closed', async () => {
  const [, , , source, target] = opened() as [Log, Log, Log, Log, Log];
  await market(source.store, 5);
  await appendTo(target.store, 'foreign', newEvent('Foreign', {}));
  const outcome = await move(source, target);
  assert.ok(outcome.kind === 'refused' && /no copy of the source/.test(outcome.because), JSON.stringify(outcome));
  assert.equal((await source.store.identity()).closed, false);
  assert.deepEqual((await target.store.identity()).predecessors, []);
});

test('a closed log answers commands UNAVAILABLE and can be opened again', async () => {
  const [, , , source] = opened() as [Log, Log, Log, Log];
  await source.operations.close();
  await source.operations.close();
  const process = openCommandProcess(source.database);
  const merchant = { merchantId: randomUUID() };
  try {
    const outcome = await process.publishOffer(publishOfferRequest(), callAs('merchant', merchant));
    assert.equal(refusalOf(outcome, 'LOG_CLOSED').status, 'unavailable');
    await source.operations.reopen();
    await offerOf(process);
  } finally {
    await process.close();
  }
});

test('a log is closed only when the appends under way have ended', async () => {
  const [, , , source] = opened() as [Log, Log, Log, Log];
  const release = await holdAppendLock(source);
  const closing = source.operations.close();
  await untilWaiting(source);
  assert.equal((await source.store.identity()).closed, false);
  await release();
  assert.deepEqual(await closing, { kind: 'closed' });
  assert.equal((await source.store.identity()).closed, true);
});

test('the runtime role can neither close a log nor name its predecessors', async () => {
  const [, , , , , log] = opened() as [Log, Log, Log, Log, Log, Log];
  const runtime = openPostgresOperations({ url: log.database.runtimeUrl, logger: silent });
  await assert.rejects(runtime.close(), { code: '42501' });
  await assert.rejects(runtime.succeed([], 9), { code: '42501' });
  await runtime.end();
  assert.deepEqual([(await log.store.identity()).closed, (await log.store.identity()).generation], [false, 1]);
});
