import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endLeftovers, isSameProcess, launch, startedAt, type Program } from '../../infra/local/processes.ts';
import { supervise } from '../../infra/local/supervisor.ts';
import { temporaryFolder } from './temporary-folder.ts';

const quick = { attempts: Infinity, baseMs: 1, capMs: 1 };

/** A program that says a line and then stays; `next` is the next line that it, or its successor, says. */
const saying = (context: TestContext, script: string) => {
  const folder = temporaryFolder(context);
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const program: Program = {
    name: 'sayer',
    command: process.execPath,
    args: ['--eval', `${script}; setInterval(() => {}, 1000)`],
    env: { OWN: 'yes' },
    cwd: folder,
    stopSignal: 'SIGTERM',
    logFile: join(folder, 'sayer.log'),
    onLine: (line) => {
      const taker = waiting.shift();
      if (taker) taker(line);
      else lines.push(line);
    },
  };
  const next = (): Promise<string> => new Promise((resolve) => (lines.length > 0 ? resolve(lines.shift()!) : waiting.push(resolve)));
  return { folder, program, next };
};

test('a child that is killed is started again', async (context) => {
  const { folder, program, next } = saying(context, 'console.log(process.pid)');
  const endings: (string | null)[] = [];
  const supervised = supervise(folder, program, ({ signal }) => endings.push(signal), quick);
  const first = Number(await next());
  process.kill(first, 'SIGKILL');
  const second = Number(await next());
  await supervised.stop(5_000);
  assert.notEqual(second, first);
  assert.deepEqual(endings, ['SIGKILL']);
});

test('a child gets its own variables and nothing of ours', async (context) => {
  const { folder, program, next } = saying(context, 'console.log(JSON.stringify(process.env))');
  const supervised = supervise(folder, program, () => undefined, quick);
  const seen = JSON.parse(await next()) as Record<string, string>;
  await supervised.stop(5_000);
  assert.deepEqual(seen, { OWN: 'yes' });
});

test('a stopped child is not started again', async (context) => {
  const { folder, program, next } = saying(context, 'console.log(process.pid)');
  const supervised = supervise(folder, program, () => undefined, quick);
  const pid = Number(await next());
  await supervised.stop(5_000);
  assert.equal(startedAt(pid), undefined);
  assert.equal(supervised.pid(), undefined);
});

test('a child that does not listen is killed when its time is over', async (context) => {
  const { folder, program, next } = saying(context, `process.on('SIGTERM', () => {}); console.log(process.pid)`);
  const supervised = supervise(folder, program, () => undefined, quick);
  const pid = Number(await next());
  await supervised.stop(50);
  assert.equal(startedAt(pid), undefined);
});

test('what a killed run left behind is found and ended by the next', async (context) => {
  const { folder, program, next } = saying(context, 'console.log(process.pid)');
  const left = launch(folder, program);
  await next();
  assert.deepEqual(await endLeftovers(folder, 5_000), ['sayer']);
  assert.equal((await left.ended).signal, 'SIGTERM');
});

test('a process id that was given to somebody else is not taken for ours', () => {
  assert.equal(isSameProcess({ pid: process.pid, started: '1' }), false);
});

test('what a child says is kept in its log', async (context) => {
  const { folder, program, next } = saying(context, `console.log('first')`);
  const supervised = supervise(folder, program, () => undefined, quick);
  await next();
  await supervised.stop(5_000);
  assert.equal(readFileSync(program.logFile, 'utf8'), 'first\n');
});
