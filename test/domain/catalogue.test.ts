import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue } from '../../src/domain/catalogue.ts';

test('every event of the catalogue has a name of its own and says what it means', () => {
  assert.equal(new Set(catalogue.map(({ type }) => type)).size, catalogue.length);
  for (const { type, version, means } of catalogue) assert.ok(/^[A-Z][A-Za-z]+$/.test(type) && version >= 1 && means.endsWith('.'), type);
});
