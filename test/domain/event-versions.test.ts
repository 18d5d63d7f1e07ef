import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { event } from '../../src/domain/event.ts';
import { decoder, EventNewerThanReader, writtenVersions } from '../../src/eventstore/event-versions.ts';

const definitions = [
  event('PartWeighed', {
    version: 3,
    means: 'A part was put on the scale.',
    data: { grams: Type.Integer(), by: Type.String() },
    upcasts: {
      1: ({ kilograms }: { kilograms: number }) => ({ grams: kilograms * 1_000 }),
      2: ({ grams }: { grams: number }) => ({ grams, by: 'unknown' }),
    },
  }),
  event('PartLost', { version: 2, means: 'A part is gone.', data: {} }),
] as const;
const decode = decoder(definitions);

test('an event of the newest version is read as it is stored', () =>
  assert.deepEqual(decode({ type: 'PartWeighed', schemaVersion: 3, data: { grams: 5, by: 'ann' } }), {
    type: 'PartWeighed',
    data: { grams: 5, by: 'ann' },
  }));

test('an older event goes through every upcaster from its version on', () => {
  assert.deepEqual(decode({ type: 'PartWeighed', schemaVersion: 1, data: { kilograms: 2 } }).data, { grams: 2_000, by: 'unknown' });
  assert.deepEqual(decode({ type: 'PartWeighed', schemaVersion: 2, data: { grams: 7 } }).data, { grams: 7, by: 'unknown' });
});

test('an event of a newer version is newer than its reader, which is no poison but unavailable', () =>
  assert.throws(
    () => decode({ type: 'PartWeighed', schemaVersion: 4, data: {} }),
    (error) => error instanceof EventNewerThanReader && error.unavailable && /version 4 of PartWeighed .* up to version 3/.test(error.message),
  ));

test('an event of an unknown type is newer than its reader', () =>
  assert.throws(() => decode({ type: 'PartFound', schemaVersion: 1, data: {} }), EventNewerThanReader));

test('a version without an upcaster is a bug of this release, not a newer event', () =>
  assert.throws(
    () => decode({ type: 'PartLost', schemaVersion: 1, data: {} }),
    (error) => !(error instanceof EventNewerThanReader) && /PartLost has no upcaster from version 1/.test((error as Error).message),
  ));

test('events are written in the version that their catalogue declares', () =>
  assert.deepEqual(
    [...writtenVersions(definitions)],
    [
      ['PartWeighed', 3],
      ['PartLost', 2],
    ],
  ));
