import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cloneName, leaveInstance, openInstance, secret, takeInstance } from '../../infra/local/instance.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('a secret stays the same, and only its owner can read it', (context) => {
  const instance = openInstance('start', join(temporaryFolder(context), '.local'));
  assert.equal(secret(instance, 'one'), secret(instance, 'one'));
  assert.notEqual(secret(instance, 'one'), secret(instance, 'two'));
  assert.equal(statSync(join(instance.folder, 'secrets.json')).mode & 0o777, 0o600);
});

test('an instance is run by one process at a time', (context) => {
  const instance = openInstance('start', join(temporaryFolder(context), '.local'));
  assert.equal(takeInstance(instance), true);
  assert.equal(takeInstance(instance), false);
  leaveInstance(instance);
  assert.equal(takeInstance(instance), true);
});

test('an instance whose process was killed is free again', (context) => {
  const instance = openInstance('start', join(temporaryFolder(context), '.local'));
  writeFileSync(join(instance.folder, 'running.json'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
  assert.equal(takeInstance(instance), true);
});

test('every path has a name of its own', () => {
  assert.notEqual(cloneName('/home/a/b'), cloneName('/home/a-b'));
});
