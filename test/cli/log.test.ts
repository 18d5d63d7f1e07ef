import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { market } from '../projections/histories.ts';
import { caughtUp, startProjector } from '../projections/projector.ts';
import { contentsOf, openLogs, type Log } from '../operations/two-logs.ts';

const opened = openLogs(2);

/** Runs the command as an operator would. */
const cli = async (
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly said: string }> => {
  const [source, target] = opened() as [Log, Log];
  const file = fileURLToPath(new URL('../../src/cli/log.ts', import.meta.url));
  const env = {
    PATH: process.env['PATH'],
    SOURCE_LOG_URL: source.database.ownerUrl,
    TARGET_LOG_URL: target.database.ownerUrl,
    DATABASE_URL: source.database.runtimeUrl,
    ...variables,
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { env });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, said: stderr };
  }
};

test('a log is copied, moved and its read models are translated; the status tells how it stands', async () => {
  const [source, target] = opened() as [Log, Log];
  await market(source.store, 10);
  const projector = startProjector(source);
  await caughtUp(source);
  await projector.stop();
  const head = await source.store.head();
  assert.match(
    (await cli(['status'])).said,
    new RegExp(`source: log [0-9a-f-]{36}, generation 1, up to position ${head}\ntarget: .* up to position 0{16}\n`),
  );
  assert.match((await cli(['copy'])).said, new RegExp(`events were copied now; the target equals the source up to position ${head}`));
  const moved = await cli(['move']);
  assert.match(moved.said, /The source is closed\.\nThe log has moved, generation 2/);
  assert.match((await cli(['status'])).said, /generation 1, up to position \d+, closed\ntarget: .*generation 2.*\n {2}holds all of log/);
  const translated = await cli(['translate']);
  assert.equal(translated.code, 0);
  assert.match(translated.said, /orders_v2 goes on after position/);
  assert.match((await cli(['translate'])).said, /No subscription stands in another log/);
  assert.deepEqual(await contentsOf(target.store), await contentsOf(source.store));
});

test('a log is closed and opened again', async () => {
  const [source] = opened() as [Log, Log];
  assert.match((await cli(['reopen'])).said, /takes appends again/);
  assert.equal((await source.store.identity()).closed, false);
  assert.match((await cli(['close'])).said, /is closed/);
  assert.equal((await source.store.identity()).closed, true);
});

test('the runtime role is refused, with the variables that must name the owner', async () => {
  const [source] = opened() as [Log, Log];
  const { code, said } = await cli(['reopen'], { SOURCE_LOG_URL: source.database.runtimeUrl });
  assert.equal(code, 1);
  assert.match(said, /permission denied.*SOURCE_LOG_URL and TARGET_LOG_URL must name the roles that own the logs/);
});

test('a copy that cannot be says why and fails', async () => {
  const [source] = opened() as [Log, Log];
  const { code, said } = await cli(['copy'], { TARGET_LOG_URL: source.database.ownerUrl });
  assert.equal(code, 1);
  assert.match(said, /^Not copied: source and target are the same log/);
});

test('what is missing or not known is answered with the usage', async () => {
  for (const [args, variables, answer] of [
    [['dance'], {}, /^usage: npm run log/],
    [['copy'], { TARGET_LOG_URL: '' }, /^TARGET_LOG_URL must be set/],
    [[], {}, /^usage: npm run log/],
  ] as const) {
    const { code, said } = await cli(args, variables);
    assert.equal(code, 2);
    assert.match(said, answer);
  }
});
