import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { derivedId } from '../../src/domain/ids.ts';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';
import { ask, deed, doing, doneTo, memoryOf, scripted, settled, startRunner, textsOf, type Deed, type Running } from './scripted.ts';

let stand: Stand;
const running: Running[] = [];
before(async () => {
  stand = await openStand();
});
after(() => stand.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
});
const start = (...given: Parameters<typeof startRunner> extends [unknown, ...infer Rest] ? Rest : never): Running => {
  const runner = startRunner(stand, ...given);
  running.push(runner);
  return runner;
};
let key = '';
beforeEach(() => {
  key = randomUUID();
});

test('a process remembers and asks, event by event', async () => {
  start();
  const first = await ask(stand.store, key, [deed(key, 'one'), deed(key, 'two')]);
  const second = await ask(stand.store, key, [deed(key, 'three')]);
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['one', 'two', 'three']);
  assert.deepEqual(await memoryOf(stand, key), { seen: [first.id, second.id] });
});

test('a command says which event caused it, for whom and by which process; its id follows from process, key, event and ordinal', async () => {
  start();
  const event = newEvent('Asked', { key, deeds: [deed(key, 'one'), deed(key, 'two')] });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await appendTo(stand.store, `asker-${key}`, { ...event, meta: { ...event.meta, traceparent } });
  await settled(stand);
  const metas = (await doneTo(stand.store, key)).map(({ meta }) => meta);
  assert.deepEqual(
    metas.map(({ commandId, causationId, correlationId, actor }) => ({ commandId, causationId, correlationId, actor })),
    [0, 1].map((ordinal) => ({
      commandId: derivedId('scripted', key, event.id, String(ordinal)),
      causationId: event.id,
      correlationId: event.meta.correlationId,
      actor: 'process:scripted',
    })),
  );
});

test('what a command leads to comes back to the process', async () => {
  start();
  const last = deed(key, 'last');
  const middle = deed(key, 'middle', { key, next: [last] });
  await ask(stand.store, key, [deed(key, 'first', { key, next: [middle] })]);
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['first', 'middle', 'last']);
});

test('a refusal is answered by commands that come last of their key and change no memory', async () => {
  start();
  const answer: Deed = deed(key, 'instead');
  const asked = await ask(stand.store, key, [deed(key, 'never', { refused: 'NO', instead: [answer] }), deed(key, 'second')]);
  await settled(stand);
  const done = await doneTo(stand.store, key);
  assert.deepEqual(
    done.map(({ data }) => (data as { text: string }).text),
    ['second', 'instead'],
  );
  const refusedId = derivedId('scripted', key, asked.id, '0');
  assert.equal(done[1]!.meta.commandId, derivedId(refusedId, 'NO', '0'));
  assert.equal(done[1]!.meta.causationId, refusedId);
  assert.deepEqual(await memoryOf(stand, key), { seen: [asked.id] });
});

test('a refusal that nothing is to be done about is the end of its command', async () => {
  start();
  await ask(stand.store, key, [deed(key, 'never', { refused: 'NO' }), deed(key, 'second')]);
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['second']);
});

test('nothing is sent before memory, commands and checkpoint are committed', async () => {
  const send = doing(stand.store);
  const stored: number[] = [];
  start({
    async send(command, signal) {
      const { rowCount } = await stand.pool.query(
        `select from processes.outgoing o join processes.memories m using (process, key)
           join subscriptions.checkpoints c on c.name = o.process and c.position >= m.position
          where command_id = $1`,
        [command.commandId],
      );
      stored.push(rowCount!);
      return send(command, signal);
    },
  });
  await ask(stand.store, key, [deed(key, 'one'), deed(key, 'two', { refused: 'NO', instead: [deed(key, 'three')] })]);
  await settled(stand);
  assert.deepEqual(stored, [1, 1, 1]);
});

test('keys go side by side, and the commands of one key one after another', async () => {
  const send = doing(stand.store);
  const underWay = new Map<string, number>();
  let mostKeys = 0;
  let mostOfOne = 0;
  start({
    async send(command, signal) {
      underWay.set(command.key, (underWay.get(command.key) ?? 0) + 1);
      mostKeys = Math.max(mostKeys, underWay.size);
      mostOfOne = Math.max(mostOfOne, underWay.get(command.key)!);
      const answer = await send(command, signal);
      underWay.set(command.key, underWay.get(command.key)! - 1);
      if (underWay.get(command.key) === 0) underWay.delete(command.key);
      return answer;
    },
  });
  const keys = Array.from({ length: 40 }, () => randomUUID());
  await Promise.all(keys.map((each) => ask(stand.store, each, [deed(each, 'a'), deed(each, 'b'), deed(each, 'c')])));
  await settled(stand);
  for (const each of keys) assert.deepEqual(await textsOf(stand.store, each), ['a', 'b', 'c']);
  assert.equal(mostOfOne, 1);
  assert.ok(mostKeys > 1, 'they went side by side');
});

test('the log is not read on while too many commands wait', async () => {
  const send = doing(stand.store);
  const gate = Promise.withResolvers<void>();
  let most = 0;
  const runner = start({
    limits: { capacity: 10 },
    async send(command, signal) {
      await gate.promise;
      return send(command, signal);
    },
  });
  const keys = Array.from({ length: 30 }, () => randomUUID());
  // One page each: the next is asked for when the one before is applied.
  for (const each of keys) {
    await ask(stand.store, each, [deed(each, 'a')]);
    most = Math.max(most, await outstanding(runner));
  }
  await until('it waits', async () => (await outstanding(runner)) >= 10);
  gate.resolve();
  await settled(stand);
  assert.ok(most <= 20, `${most} were outstanding`);
  for (const each of keys) assert.deepEqual(await textsOf(stand.store, each), ['a']);
});

test('what a program left is sent first and in order by the next, as it was stored', async () => {
  const never = new AbortController();
  const first = start({ send: () => new Promise((_, reject) => never.signal.addEventListener('abort', () => reject(new Error('too late')))) });
  await ask(stand.store, key, [deed(key, 'one'), deed(key, 'two')]);
  await until('they are stored', async () => (await stand.pool.query('select from processes.outgoing where key = $1', [key])).rowCount === 2);
  never.abort();
  await first.stop();
  await ask(stand.store, key, [deed(key, 'three')]);
  start({ processes: [{ ...scripted(), react: (memory: unknown) => ({ memory, commands: [] }) }] });
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['one', 'two'], 'as stored, and nothing of what the changed process no longer asks for');
});

test('an event newer than its reader stops the process before it, once what came before is done', async () => {
  const runner = start();
  const newer = `newer-${randomUUID()}`;
  await ask(stand.store, key, [deed(key, 'before')]);
  await appendTo(stand.store, newer, newEvent('Asked', { key, deeds: [deed(key, 'newer')] }, 2));
  await ask(stand.store, key, [deed(key, 'after')]);
  await until('it says so', () => runner.ready().some((problem) => problem.includes('version 2 of Asked is not known')));
  assert.deepEqual(await textsOf(stand.store, key), ['before']);
  const { rows } = await stand.pool.query(`select from subscriptions.checkpoints where name = 'scripted' and lease_until > clock_timestamp()`);
  assert.equal(rows.length, 0, 'another may have the lease');
});

const outstanding = async ({ metrics }: Running): Promise<number> => {
  const gauge = await metrics.getSingleMetric('process_outstanding_commands')!.get();
  return gauge.values.find(({ labels }) => labels['process'] === 'scripted')?.value ?? 0;
};
