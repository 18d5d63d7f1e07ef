import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, fromJson, ScalarType, toBinary, toJson, type DescField, type DescMessage, type JsonValue } from '@bufbuild/protobuf';
import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import { services } from '../../src/contract/generated/services.ts';
import { readContract } from '../../src/api/descriptors.ts';
import { jsonReader, type Message } from '../../src/api/read-json.ts';
import { jsonWriter } from '../../src/api/write-json.ts';

const contract = readContract(Buffer.from(descriptors, 'base64'));
type Codec = { decode(input: BinaryReader | Uint8Array): Message; encode(message: Message): BinaryWriter };
const codecs = services as unknown as Readonly<Record<string, Readonly<Record<string, { readonly request: Codec; readonly response: Codec }>>>>;

/** Proto3 JSON of a message, any field there or not. */
const jsonOf = (message: DescMessage): fc.Arbitrary<JsonValue> => {
  if (message.typeName === 'google.protobuf.Timestamp')
    return fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
  if (message.typeName === 'google.protobuf.Struct')
    return fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null), fc.array(fc.integer())), {
      maxKeys: 3,
    }) as fc.Arbitrary<JsonValue>;
  return fc.record(Object.fromEntries(message.fields.map((field) => [field.name, fieldOf(field)])), { requiredKeys: [] }) as fc.Arbitrary<JsonValue>;
};
const fieldOf = (field: DescField): fc.Arbitrary<unknown> =>
  field.fieldKind === 'list' ? fc.array(valueOf(field), { maxLength: 3 }) : valueOf(field);
const valueOf = (field: DescField): fc.Arbitrary<unknown> => {
  if (field.message) return jsonOf(field.message);
  if (field.enum) return fc.constantFrom(...field.enum.values.map(({ name }) => name));
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('"\\\n\u2028', ''));
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT32:
      return fc.integer();
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    default:
      throw new Error(`no generator for ${field.toString()}`);
  }
};

const readerOf = jsonReader();
const writerOf = jsonWriter();

for (const { service, name, key, input, output } of contract.methods) {
  const { request, response } = codecs[service]![key]!;

  test(`${name}'s request is read from JSON as protobuf-es reads it`, () =>
    fc.assert(
      fc.property(jsonOf(input), (json) => {
        const violations: never[] = [];
        const message = readerOf(input)(json, violations) as Message;
        assert.deepEqual(violations, []);
        assert.deepEqual(message, request.decode(toBinary(input, fromJson(input, json))));
      }),
      { numRuns: 50 },
    ));

  test(`${name}'s answer is written as JSON as protobuf-es writes it`, () =>
    fc.assert(
      fc.property(jsonOf(output), (json) => {
        const message = response.decode(toBinary(output, fromJson(output, json)));
        const expected = toJson(output, fromBinary(output, response.encode(message).finish()), { useProtoFieldName: true, alwaysEmitImplicit: true });
        assert.deepEqual(JSON.parse(writerOf(output)(message as never)), expected);
      }),
      { numRuns: 50 },
    ));

  test(`${name}'s request never makes the reader throw, whatever the JSON`, () =>
    fc.assert(
      fc.property(fc.jsonValue(), (json) => void readerOf(input)(json, [])),
      { numRuns: 50 },
    ));
}

const timestamp = (text: unknown): unknown =>
  readerOf(contract.methods.find(({ name }) => name === 'GetOrder')!.output)({ placed_at: text }, violations);
let violations: { field: string; description: string }[] = [];

for (const text of ['2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T25:00:00Z', '2026-01-01 00:00:00Z', '2026-01-01T00:00:00', 'now', 5]) {
  test(`${text} is no time`, () => {
    violations = [];
    timestamp(text);
    assert.deepEqual(violations, [{ field: 'placed_at', description: 'must be a time such as 2026-01-31T12:00:00Z (RFC 3339)' }]);
  });
}

test('a time with an offset is the same moment', () => {
  violations = [];
  assert.deepEqual((timestamp('2024-02-29T01:30:00.25+01:30') as { placedAt: Date }).placedAt, new Date('2024-02-29T00:00:00.250Z'));
});

test('a time of any year is written as it is in ISO 8601, without a fraction of nothing', () => {
  const write = writerOf(contract.methods.find(({ name }) => name === 'GetOrderAt')!.input);
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
      fc.boolean(),
      (date, whole) => {
        const time = whole ? new Date(Math.floor(date.getTime() / 1_000) * 1_000) : date;
        assert.equal((JSON.parse(write({ orderId: '', time } as never)) as { time: string }).time, time.toISOString().replace('.000Z', 'Z'));
      },
    ),
  );
});
