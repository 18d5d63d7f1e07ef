import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');

/** Runs a program through the bootstrap; `said` is the first thing that it writes. */
const run = (context: TestContext, source: string, ...args: readonly string[]): { readonly child: ChildProcess; readonly said: Promise<string> } => {
  const program = join(temporaryFolder(context), 'program.ts');
  writeFileSync(program, source);
  const child = spawn(process.execPath, [join(root, 'infra/bootstrap.mjs'), relative(root, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  return { child, said: once(child.stdout!, 'data').then(([chunk]) => String(chunk)) };
};

const lasting = `const lasting = setInterval(() => {}, 1000); process.on('disconnect', () => { console.log('alone'); clearInterval(lasting); });`;

test('a program runs under the pinned Node, with its arguments', async (context) => {
  const { said } = run(context, `console.log(process.version, process.argv.slice(2).join(' '))`, 'one', '--two');
  assert.match(await said, /^v24\.21\.\d+ one --two$/m);
});

test('the exit code is the program’s', async (context) => {
  const { child } = run(context, 'process.exitCode = 7');
  assert.equal((await once(child, 'exit'))[0], 7);
});

test('a signal reaches the program, whose answer is the exit code', async (context) => {
  const { child, said } = run(context, `${lasting} process.on('SIGTERM', () => process.exit(3)); console.log('here')`);
  await said;
  child.kill('SIGTERM');
  assert.equal((await once(child, 'exit'))[0], 3);
});

test('a program whose bootstrap is killed outright learns of it', async (context) => {
  const { child, said } = run(context, `${lasting} console.log('here')`);
  await said;
  child.kill('SIGKILL');
  const [chunk] = await once(child.stdout!, 'data');
  assert.equal(String(chunk), 'alone\n');
});
