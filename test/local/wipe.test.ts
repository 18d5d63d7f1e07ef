import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInstance, secret, takeInstance } from '../../infra/local/instance.ts';
import { Refusal } from '../../infra/local/terminal.ts';
import { wipe } from '../../infra/local/wipe.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('reset removes .local and nothing beside it', async (context) => {
  const clone = temporaryFolder(context);
  writeFileSync(join(clone, 'README.md'), 'mine');
  secret(openInstance('start', join(clone, '.local')), 'postgres');
  await wipe(join(clone, '.local'));
  assert.equal(existsSync(join(clone, '.local')), false);
  assert.equal(existsSync(join(clone, 'README.md')), true);
});

test('reset does not follow a link to a folder that it did not make', async (context) => {
  const clone = temporaryFolder(context);
  const precious = join(temporaryFolder(context), 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'data'), 'mine');
  openInstance('start', join(clone, '.local'));
  symlinkSync(precious, join(clone, '.local', 'outside'));
  symlinkSync(precious, join(clone, '.local', 'start', 'data'));
  await wipe(join(clone, '.local'));
  assert.equal(existsSync(join(precious, 'data')), true);
});

test('reset refuses while an instance runs', async (context) => {
  const local = join(temporaryFolder(context), '.local');
  takeInstance(openInstance('start', local));
  await assert.rejects(wipe(local), Refusal);
  assert.equal(existsSync(local), true);
});

test('reset of a clone that never ran has nothing to do', async (context) => {
  assert.deepEqual(await wipe(join(temporaryFolder(context), '.local')), []);
});
