import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Every code of the sources: those that deciders declare, and those that everything behind the API's edge refuses with. */
const codesInSources = async (): Promise<ReadonlySet<string>> => {
  const codes = new Set<string>();
  const declared = /export type \w+Code =((?:\s*\|?\s*'[A-Z_]+')+);/g;
  const refusing = /\b(?:refused\(\s*'[a-z_]+',\s*|comeBack\()('[A-Z_]+')/g;
  for (const [folder, pattern] of [['domain', declared], ...['api', 'commands', 'queries'].map((name) => [name, refusing] as const)] as const) {
    const files = (await readdir(join(root, 'src', folder), { recursive: true })).filter((file) => /^(?!openapi).*\.ts$/.test(file));
    for (const file of files) {
      const text = await readFile(join(root, 'src', folder, file), 'utf8');
      for (const [, found] of text.matchAll(pattern)) for (const [, code] of found!.matchAll(/'([A-Z_]+)'/g)) codes.add(code!);
    }
  }
  return codes;
};

/** A bug of ours. */
const saidOtherwise = ['INTERNAL'];
test('every code that callers can hear is documented, and no other', async () => {
  const page = await readFile(join(root, 'docs/api.md'), 'utf8');
  const codes = page.slice(page.indexOf('\n## Codes'), page.indexOf('\n## Releasing'));
  const documented = new Set([...codes.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`/g)].map(([, code]) => code!));
  const said = new Set([...(await codesInSources()), ...saidOtherwise]);
  assert.ok(said.size > 80);
  assert.deepEqual([...said.difference(documented)], []);
  assert.deepEqual([...documented.difference(said)], []);
});
