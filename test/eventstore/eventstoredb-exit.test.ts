import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventStoreDbName, startEventStoreDb } from '../support/eventstoredb-under-test.ts';

test(`${eventStoreDbName}: a process that has closed its store exits by itself`, async (t) => {
  const server = await startEventStoreDb();
  t.after(() => server.close());
  const program = fileURLToPath(new URL('eventstoredb-exit.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, server.url], { timeout: 120_000 });
  assert.deepEqual([stdout, stderr], ['closed\n', '']);
});
