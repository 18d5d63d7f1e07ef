import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventCatalogueFile, eventCataloguePage } from '../../infra/contract/event-catalogue.ts';
import { catalogue } from '../../src/domain/catalogue.ts';

const committed = readFileSync(new URL(`../../${eventCatalogueFile}`, import.meta.url), 'utf8');

test('the page about events is what the domain declares', () =>
  assert.equal(committed, eventCataloguePage(), `${eventCatalogueFile} is stale: run npm run generate and commit`));

test('the page about events names every one with its version and meaning', () => {
  for (const { type, version, means } of catalogue) assert.ok(committed.includes(`### ${type}, version ${version}\n\n${means}`), type);
});
