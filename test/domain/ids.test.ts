import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { derivedId, idOf, isUuid, offerStream, orderStream } from '../../src/domain/ids.ts';

test('derived ids stay what they are for ever', () => {
  assert.deepEqual(
    [
      derivedId(),
      derivedId('command', 'issuer', 'subject', '', '', 'PlaceOrder', '', 'key-1'),
      derivedId('line', '0192f0a0-0000-7000-8000-000000000001', '0'),
      derivedId('ü'),
    ],
    [
      '22ee783a-4101-535f-8ffd-9345f974a853',
      '3f88acd2-5869-5f14-98cc-a5c7b0adc690',
      '41c47b48-d0ef-531e-8bc1-8390a4f69bd1',
      '074bc33c-6b96-5054-abb8-b284a3ddfcfc',
    ],
  );
});

test('a derived id is a UUID of version 5 and of the RFC 9562 variant', () =>
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
      const id = derivedId(...parts);
      assert.ok(isUuid(id) && id === id.toLowerCase());
      assert.match(id, /^.{14}5.{4}[89ab]/);
    }),
  ));

test('the same parts give the same id, and other parts another', () =>
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (some, others) => {
      const same = some.length === others.length && some.every((part, index) => part === others[index]);
      assert.equal(derivedId(...some) === derivedId(...others), same);
    }),
  ));

test('the same text cut elsewhere gives another id', () =>
  fc.assert(
    fc.property(fc.string({ minLength: 2 }), fc.nat(), fc.nat(), (text, first, second) => {
      const [one, other] = [first % text.length, second % text.length];
      fc.pre(one !== other);
      assert.notEqual(derivedId(text.slice(0, one), text.slice(one)), derivedId(text.slice(0, other), text.slice(other)));
    }),
  ));

test('parts that look like lengths are parts all the same', () => assert.notEqual(derivedId('a', 'b'), derivedId('a1:b')));

test("an aggregate's id is read back from its stream", () => {
  const id = '0192f0a0-0000-7000-8000-000000000001';
  assert.deepEqual([idOf(orderStream(id)), idOf(offerStream(id))], [id, id]);
});

test('upper case, braces and missing hyphens tell what is a UUID', () => {
  assert.equal(isUuid('0192F0A0-0000-7000-8000-00000000000A'), true);
  for (const text of ['{0192f0a0-0000-7000-8000-00000000000a}', '0192f0a000007000800000000000000a', '0192f0a0-0000-7000-8000-00000000000g', ''])
    assert.equal(isUuid(text), false, text);
});
