import assert from 'node:assert/strict';
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Sealed } from '../../src/domain/event.ts';
import type { Keys, SubjectKey } from '../../src/privacy/keys.ts';
import { keyedHash, opener, seal } from '../../src/privacy/sealing.ts';

const newKey = () => createSecretKey(randomBytes(32));
const subject = randomUUID();
const key = newKey();

/** Keys that are known from the start. */
const keysOf = (...known: readonly (readonly [string, SubjectKey])[]): Keys => {
  const keys = new Map(known);
  return {
    of: async (asked) => keys.get(asked),
    find: async (subjects) => new Map([...keys].filter(([each]) => subjects.includes(each))),
  };
};
const open = opener(keysOf([subject, key]));

/** The sealed value with one bit of its bytes turned over. */
const tampered = (value: Sealed, bit: number): Sealed => {
  const bytes = Buffer.from(value.sealed, 'base64url');
  const at = bit % (bytes.length * 8);
  bytes[at >> 3]! ^= 1 << (at & 7);
  return { ...value, sealed: bytes.toString('base64url') };
};

describe('a sealed value', () => {
  test('opens to its text', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
        assert.deepEqual(await open([seal(key, subject, 'name', text)]), [{ kind: 'open', text }]);
      }),
    ));

  test('says nothing of its text, not even whether it is the same as another', () => {
    const [one, other] = [seal(key, subject, 'name', 'Annegret'), seal(key, subject, 'name', 'Annegret')];
    assert.notEqual(one.sealed, other.sealed);
    assert.ok(!Buffer.from(one.sealed, 'base64url').includes('Annegret'));
  });

  test('opens beside others, in order', async () => {
    const [second, secondKey] = [randomUUID(), newKey()];
    const values = [seal(secondKey, second, 'name', 'b'), seal(key, subject, 'name', 'a'), seal(secondKey, second, 'email', 'c')];
    assert.deepEqual(await opener(keysOf([subject, key], [second, secondKey]))(values), [
      { kind: 'open', text: 'b' },
      { kind: 'open', text: 'a' },
      { kind: 'open', text: 'c' },
    ]);
  });

  test('does not open in another field', async () => {
    await assert.rejects(open([{ ...seal(key, subject, 'name', 'Annegret'), field: 'email' }]));
  });

  test('does not open for another subject, not even under the same key', async () => {
    const other = randomUUID();
    await assert.rejects(opener(keysOf([subject, key], [other, key]))([{ ...seal(key, subject, 'name', 'Annegret'), subject: other }]));
  });

  test('does not open once a single bit of it is another', () =>
    fc.assert(
      fc.asyncProperty(fc.string(), fc.nat(), async (text, bit) => {
        await assert.rejects(open([tampered(seal(key, subject, 'name', text), bit)]));
      }),
    ));

  test('does not open when it is cut short', async () => {
    const value = seal(key, subject, 'name', 'Annegret');
    await assert.rejects(open([{ ...value, sealed: value.sealed.slice(0, -4) }]));
    await assert.rejects(open([{ ...value, sealed: '' }]));
  });

  test('that was opened before opens in its own field, for its own subject and under its own key only', async () => {
    const other = randomUUID();
    const keys = new Map([[subject, newKey()]]);
    const openNow = (value: Sealed) => opener(keysOf(...keys, [other, keys.get(subject)]))([value]);
    const value = seal(keys.get(subject)!, subject, 'name', 'Annegret');
    for (let times = 0; times < 2; times += 1) assert.deepEqual(await openNow(value), [{ kind: 'open', text: 'Annegret' }]);
    await assert.rejects(openNow({ ...value, field: 'email' }));
    await assert.rejects(openNow({ ...value, subject: other }));
    keys.set(subject, newKey());
    await assert.rejects(openNow(value));
  });

  test('that was opened before reads as erased once its subject is', async () => {
    const value = seal(key, subject, 'name', 'Annegret');
    assert.deepEqual(await open([value]), [{ kind: 'open', text: 'Annegret' }]);
    assert.deepEqual(await opener(keysOf([subject, undefined]))([value]), [{ kind: 'erased' }]);
  });

  test('opens beside many others of its subject, again and again', async () => {
    const texts = Array.from({ length: 40 }, (_, nth) => `text ${nth}`);
    const values = texts.map((text) => seal(key, subject, 'reason', text));
    for (let times = 0; times < 2; times += 1)
      assert.deepEqual(
        await open(values),
        texts.map((text) => ({ kind: 'open', text })),
      );
  });

  test('of an erased subject reads as erased, whatever is left of it', async () => {
    const erased = opener(keysOf([subject, undefined]));
    const value = seal(key, subject, 'name', 'Annegret');
    assert.deepEqual(await erased([value, tampered(value, 7)]), [{ kind: 'erased' }, { kind: 'erased' }]);
  });

  test('of a subject without key or tombstone says that the keys are those of another log', async () => {
    await assert.rejects(opener(keysOf())([seal(key, subject, 'name', 'Annegret')]), /neither a key nor a tombstone/);
  });
});

test('opening nothing asks for no keys', async () => {
  const none = opener({ of: () => assert.fail('asked'), find: () => assert.fail('asked') });
  assert.deepEqual(await none([]), []);
});

test('the hash of a request is the same under the same key only', () => {
  const bytes = Buffer.from('request');
  assert.equal(keyedHash(key, bytes), keyedHash(key, bytes));
  assert.notEqual(keyedHash(key, bytes), keyedHash(newKey(), bytes));
  assert.notEqual(keyedHash(key, bytes), keyedHash(key, Buffer.from('requesu')));
});
