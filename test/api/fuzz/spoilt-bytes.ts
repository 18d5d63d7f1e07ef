import type { DescMessage } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import { triedDrafts, validDrafts } from './drafts.ts';
import { bytesOf } from './wire.ts';

/** Protobuf bytes of the method's request after accidents, and bytes that never were any. */
export const spoiltBytes = ({ input }: MethodDescription): Arbitrary<Buffer> => {
  const good = fc
    .oneof({ weight: 3, arbitrary: validDrafts(input) }, { weight: 1, arbitrary: triedDrafts(input) })
    .map((draft) => bytesOf(input, draft));
  const some = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const at = fc.nat();
  return fc.oneof(
    fc.tuple(good, at).map(([bytes, index]) => bytes.subarray(0, bytes.length === 0 ? 0 : index % bytes.length)),
    fc.tuple(good, at, fc.integer({ min: 1, max: 255 })).map(([bytes, index, flip]) => changed(bytes, index, (byte) => byte ^ flip)),
    fc.tuple(good, at, some).map(([bytes, index, more]) => spliced(bytes, index, 0, more)),
    fc.tuple(good, at, fc.nat({ max: 6 })).map(([bytes, index, count]) => spliced(bytes, index, count, Buffer.alloc(0))),
    fc.tuple(good, foreignFields(input)).map(([bytes, more]) => Buffer.concat([bytes, more])),
    fc.tuple(foreignFields(input), good).map(([more, bytes]) => Buffer.concat([more, bytes])),
    fc.tuple(good, good).map(([bytes, more]) => Buffer.concat([bytes, more])),
    fc.tuple(oddFields(input), good).map(([more, bytes]) => Buffer.concat([bytes, more])),
    ...(input.fields.some((field) => field.enum) ? [fc.tuple(good, unheardOf(input)).map((parts) => Buffer.concat(parts))] : []),
    some,
    fc.uint8Array({ minLength: 200, maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  );
};

const changed = (bytes: Buffer, index: number, change: (byte: number) => number): Buffer => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[index % copy.length] = change(copy[index % copy.length]!);
  return copy;
};

const spliced = (bytes: Buffer, index: number, remove: number, insert: Buffer): Buffer => {
  const from = index % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
};

/** A varint as it is written, or in more bytes than it needs. */
const varint = (value: bigint, bytes = 1): Buffer => {
  const parts: number[] = [];
  for (let rest = BigInt.asUintN(64, value); rest > 0n || parts.length < bytes; rest >>= 7n) parts.push(Number(rest & 0x7fn));
  return Buffer.from(parts.map((part, index) => (index < parts.length - 1 ? part | 0x80 : part)));
};
const tag = (number: number, type: number): Buffer => varint((BigInt(number) << 3n) | BigInt(type));
const delimited = (number: number, bytes: Uint8Array): Buffer => Buffer.concat([tag(number, 2), varint(BigInt(bytes.length)), bytes]);

/** Well-formed fields that the message does not have: another version's, or nobody's. */
const foreignFields = (message: DescMessage): Arbitrary<Buffer> => {
  const free = fc.constantFrom(100, 15_000, 18_999, 536_870_911).filter((number) => !message.fields.some((field) => field.number === number));
  const content = fc.uint8Array({ maxLength: 20 });
  return free.chain((number) =>
    fc.oneof(
      content.map((bytes) => delimited(number, bytes)),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => Buffer.concat([tag(number, 0), varint(value)])),
      fc.constant(Buffer.concat([tag(number, 1), Buffer.alloc(8, 0xff)])),
      fc.constant(Buffer.concat([tag(number, 5), Buffer.alloc(4, 0xff)])),
      fc.nat({ max: 90 }).map((depth) => groups(number, depth)),
    ),
  );
};

const groups = (number: number, depth: number): Buffer =>
  Buffer.concat([...Array.from({ length: depth + 1 }, () => tag(number, 3)), ...Array.from({ length: depth + 1 }, () => tag(number, 4))]);

/** Values of enums that another version may have. */
const unheardOf = (message: DescMessage): Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...message.fields.filter((field) => field.enum).map(({ number }) => number)),
      fc.constantFrom(99n, -1n, 2n ** 31n, 2n ** 32n + 1n),
    )
    .map(([number, value]) => Buffer.concat([tag(number, 0), varint(value)]));

/** Fields of the message's own that are said oddly: another wire type, an unheard-of number, text that is none, bytes beyond the end. */
const oddFields = (message: DescMessage): Arbitrary<Buffer> => {
  const own = message.fields.length > 0 ? fc.constantFrom(...message.fields.map(({ number }) => number)) : fc.constant(1);
  return own.chain((number) =>
    fc.oneof(
      fc.constantFrom(0n, 99n, 2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n).map((value) => Buffer.concat([tag(number, 0), varint(value)])),
      fc.nat({ max: 12 }).map((bytes) => Buffer.concat([tag(number, 0), varint(1n, bytes)])),
      fc
        .constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82])
        .map((bytes) => delimited(number, Buffer.from(bytes))),
      fc.constant(Buffer.concat([tag(number, 1), Buffer.alloc(8, 1)])),
      fc.constant(Buffer.concat([tag(number, 5), Buffer.alloc(4, 1)])),
      fc.constant(groups(number, 3)),
      fc.constant(Buffer.concat([...Array.from({ length: 20_000 }, () => tag(number, 3))])),
      fc.constant(tag(number, 4)),
      fc.constantFrom(6, 7).map((type) => tag(number, type)),
      fc.constantFrom(1n, 2n ** 31n, 2n ** 32n + 1n, 2n ** 63n).map((length) => Buffer.concat([tag(number, 2), varint(length)])),
      fc.constant(Buffer.from([0])),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => delimited(number, bytes)),
      // A Timestamp as far off as its numbers go.
      fc
        .constantFrom(2n ** 62n, -(2n ** 62n), 253_402_300_800n, -62_135_596_801n, 253_402_300_799n)
        .map((seconds) => delimited(number, Buffer.concat([tag(1, 0), varint(seconds)]))),
      fc.constantFrom(-1n, 1_000_000_000n, 999_999_999n).map((nanos) => delimited(number, Buffer.concat([tag(2, 0), varint(nanos)]))),
      fc.constant(delimited(number, Buffer.alloc(900_000, 0x61))),
    ),
  );
};
