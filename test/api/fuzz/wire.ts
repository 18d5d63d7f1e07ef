import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isNumber } from './rule-book.ts';

type Json = Readonly<Record<string, unknown>>;

/** The protobuf bytes of proto3 JSON whose values are of their types, valid or not. */
export const bytesOf = (message: DescMessage, json: Json): Buffer => Buffer.from(write(message, json, new BinaryWriter()).finish());

const write = (message: DescMessage, json: Json, writer: BinaryWriter): BinaryWriter => {
  for (const field of message.fields) {
    const value = json[field.name];
    if (value === undefined) continue;
    for (const each of field.fieldKind === 'list' ? (value as unknown[]) : [value]) writeValue(field, each, writer);
  }
  return writer;
};

const writeValue = (field: DescField, value: unknown, writer: BinaryWriter): void => {
  if (field.message?.typeName === 'google.protobuf.Timestamp') {
    const milliseconds = Date.parse(value as string);
    const nanos = Number(/\.(\d+)/.exec(value as string)?.[1]?.padEnd(9, '0') ?? 0);
    writer.tag(field.number, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(BigInt(Math.floor(milliseconds / 1_000)));
    writer.tag(2, WireType.Varint).int32(nanos).join();
  } else if (field.message) {
    write(field.message, value as Json, writer.tag(field.number, WireType.LengthDelimited).fork()).join();
  } else if (field.enum) {
    writer.tag(field.number, WireType.Varint).int32(field.enum.values.find(({ name }) => name === value)!.number);
  } else if (field.scalar === ScalarType.STRING) writer.tag(field.number, WireType.LengthDelimited).string(value as string);
  else if (field.scalar === ScalarType.BOOL) writer.tag(field.number, WireType.Varint).bool(value as boolean);
  else if (field.scalar !== undefined && isNumber(field.scalar)) writer.tag(field.number, WireType.Varint).int64(BigInt(value as string | number));
  else throw new Error(`${field.toString()}: the fuzzer cannot write this type yet`);
};

/** A value that proto3 JSON has no place for: every judge finds it wrong where it stands. */
const impossible: unique symbol = Symbol('impossible');

/**
 * Reads protobuf bytes as https://protobuf.dev/programming-guides/encoding/ describes them, into proto3 JSON; undefined: they are no
 * such message. Written for this comparison alone, so that a mistake of the decoder in use is not made twice.
 */
export const jsonOfBytes = (message: DescMessage, bytes: Uint8Array): Json | undefined => {
  try {
    return readMessage(message, { bytes: Buffer.from(bytes), at: 0 }, bytes.length, 0);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
};

class Malformed extends Error {}

type Cursor = { readonly bytes: Buffer; at: number };

const readMessage = (
  message: DescMessage,
  cursor: Cursor,
  end: number,
  depth: number,
  into: Record<string, unknown> = {},
): Record<string, unknown> => {
  while (cursor.at < end) {
    const [number, type] = tagAt(cursor, end);
    const field = message.fields.find((each) => each.number === number);
    if (!field || !fits(field, type)) skip(cursor, end, number, type, 0);
    else readField(field, cursor, end, depth, into);
  }
  if (cursor.at !== end) throw new Malformed('a field goes on after its message');
  return into;
};

const isLengthDelimited = (field: DescField): boolean =>
  field.message !== undefined || field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;

const fits = (field: DescField, type: number): boolean => type === (isLengthDelimited(field) ? WireType.LengthDelimited : WireType.Varint);

const readField = (field: DescField, cursor: Cursor, end: number, depth: number, into: Record<string, unknown>): void => {
  if (!isLengthDelimited(field)) {
    into[field.name] = ofVarint(field, varint(cursor, end));
    return;
  }
  const stop = lengthOf(cursor, end);
  if (field.message) {
    const isList = field.fieldKind === 'list';
    const before = isList ? undefined : into[field.name];
    const value =
      field.message.typeName === 'google.protobuf.Timestamp'
        ? readTime(field.message, cursor, stop, depth)
        : readMessage(field.message, cursor, stop, depth + 1, before as Record<string, unknown> | undefined);
    if (isList) ((into[field.name] ??= []) as unknown[]).push(value);
    else into[field.name] = value;
    return;
  }
  const bytes = cursor.bytes.subarray(cursor.at, stop);
  cursor.at = stop;
  if (field.scalar === ScalarType.BYTES) into[field.name] = bytes.toString('base64');
  else {
    const text = bytes.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Malformed('text that is no UTF-8');
    into[field.name] = text;
  }
};

const readTime = (message: DescMessage, cursor: Cursor, end: number, depth: number): unknown => {
  const { seconds = '0', nanos = 0 } = readMessage(message, cursor, end, depth + 1) as { seconds?: string; nanos?: number };
  if (Number(seconds) < -62_135_596_800 || Number(seconds) > 253_402_300_799 || nanos < 0 || nanos > 999_999_999) return impossible;
  const time = new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1e6));
  return time.toISOString();
};

const ofVarint = (field: DescField, value: bigint): unknown => {
  if (field.enum) return field.enum.values.find(({ number }) => number === Number(BigInt.asIntN(32, value)))?.name ?? impossible;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return value !== 0n;
    case ScalarType.INT32:
      return Number(BigInt.asIntN(32, value));
    case ScalarType.INT64:
      return BigInt.asIntN(64, value).toString();
    default:
      throw new Error(`${field.toString()}: the fuzzer cannot read this type yet`);
  }
};

const varint = (cursor: Cursor, end: number, maxBytes = 10): bigint => {
  let value = 0n;
  for (let shift = 0n; shift < 7n * BigInt(maxBytes); shift += 7n) {
    if (cursor.at >= end) throw new Malformed('a number is cut off');
    const byte = cursor.bytes[cursor.at]!;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw new Malformed('a number of too many bytes');
};

const tagAt = (cursor: Cursor, end: number): readonly [number: number, type: number] => {
  const tag = varint(cursor, end, 5);
  if (tag >= 2n ** 32n || tag < 8n) throw new Malformed('no number of a field');
  return [Number(tag >> 3n), Number(tag & 7n)];
};

const lengthOf = (cursor: Cursor, end: number): number => {
  const length = varint(cursor, end);
  if (length > BigInt(end - cursor.at)) throw new Malformed('a length beyond the end');
  return cursor.at + Number(length);
};

const skip = (cursor: Cursor, end: number, number: number, type: number, depth: number): void => {
  const advance = (bytes: number): void => {
    if (cursor.at + bytes > end) throw new Malformed('a field is cut off');
    cursor.at += bytes;
  };
  switch (type) {
    case 0:
      return void varint(cursor, end, depth > 0 ? 1_000 : 10);
    case 1:
      return advance(8);
    case 2:
      cursor.at = lengthOf(cursor, end);
      return undefined;
    case 3:
      if (depth >= 100) throw new Malformed('groups in groups without end');
      for (;;) {
        const [inner, innerType] = tagAt(cursor, end);
        if (innerType !== 4) skip(cursor, end, inner, innerType, depth + 1);
        else if (inner === number) return undefined;
        else throw new Malformed('the end of another group');
      }
    case 5:
      return advance(4);
    default:
      throw new Malformed('an end without a beginning, or a type that does not exist');
  }
};
