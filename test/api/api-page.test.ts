import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Every code that the sources refuse with, as it stands in a call of `refused` or `rejected` or in a table of codes. */
const codesInSources = async (): Promise<ReadonlySet<string>> => {
  const codes = new Set<string>();
  for (const folder of ['api', 'commands', 'queries', 'domain']) {
    const files = (await readdir(join(root, 'src', folder), { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('openapi'),
    );
    for (const file of files) {
      const text = await readFile(join(root, 'src', folder, file), 'utf8');
      for (const [, code] of text.matchAll(/\b(?:refused|rejected)\(\s*(?:'[a-z_]+',\s*)?'([A-Z][A-Z0-9_]+)'/g)) codes.add(code!);
    }
  }
  return codes;
};

/** A bug of ours. */
const saidOtherwise = ['INTERNAL'];
/** Refused with by the event store for names of ours: a bug, never told. */
const neverTold = ['INVALID_NAME'];

test('every code that callers can hear is documented, and no other', async () => {
  const page = await readFile(join(root, 'docs/api.md'), 'utf8');
  const codes = page.slice(page.indexOf('\n## Codes'), page.indexOf('\n## Releasing'));
  const documented = new Set([...codes.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`/g)].map(([, code]) => code!));
  const said = new Set([...(await codesInSources()), ...saidOtherwise].filter((code) => !neverTold.includes(code)));
  assert.ok(said.size > 80);
  assert.deepEqual([...said.difference(documented)], []);
  assert.deepEqual([...documented.difference(said)], []);
});
