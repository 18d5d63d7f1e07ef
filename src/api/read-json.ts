import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { scalarZeroValue } from '@bufbuild/protobuf/reflect';
import type { FieldViolation } from '../platform/call.ts';
import { locate, maxViolations, violate } from './violations.ts';

/** Takes a parsed JSON value and gives the decoded value; undefined where it cannot, which it notes as a violation. */
export type ReadJson = (value: unknown, violations: FieldViolation[]) => unknown;

/** Messages as the generated code has them: plain objects with names in camel case. */
export type Message = Record<string, unknown>;

/**
 * Compiles the strict reader of a message: proto3 JSON (https://protobuf.dev/programming-guides/json/) with the proto's own field names,
 * enums by name, and nothing coerced: unknown fields, null and values of another type are violations. Throws for shapes it does not know.
 */
export const jsonReader = (): ((message: DescMessage) => ReadJson) => {
  const readers = new Map<string, ReadJson>();
  const ofMessage = (message: DescMessage): ReadJson => {
    const known = wellKnown[message.typeName] ?? readers.get(message.typeName);
    if (known) return known;
    const fields = new Map<string, { readonly localName: string; readonly read: ReadJson }>();
    const template: Message = Object.fromEntries(message.fields.map((field) => [field.localName, blank(field)]));
    const lists = message.fields.filter(({ fieldKind }) => fieldKind === 'list').map(({ localName }) => localName);

    const read: ReadJson = (value, violations) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return violate(violations, `must be an object, not ${nameOf(value)}`);
      const result = { ...template };
      for (const list of lists) result[list] = [];
      for (const name of Object.keys(value)) {
        const before = violations.length;
        const field = fields.get(name);
        const part = field ? field.read((value as Message)[name], violations) : violate(violations, 'is not a known field');
        if (field && part !== undefined) result[field.localName] = part;
        if (violations.length > before) locate(violations, before, name.length > 100 ? `${name.slice(0, 100)}…` : name);
      }
      return result;
    };
    readers.set(message.typeName, read);
    for (const field of message.fields) fields.set(field.name, { localName: field.localName, read: ofField(field) });
    return read;
  };

  const ofField = (field: DescField): ReadJson => {
    switch (field.fieldKind) {
      case 'scalar':
        if (field.oneof) throw new Error(`${field.toString()}: oneofs are not supported in requests`);
        return scalars[field.scalar];
      case 'enum':
        return ofEnum(field.enum);
      case 'message':
        return ofMessage(field.message);
      case 'list':
        return ofList(
          field.listKind === 'message' ? ofMessage(field.message) : field.listKind === 'enum' ? ofEnum(field.enum) : scalars[field.scalar],
        );
      case 'map':
        throw new Error(`${field.toString()}: maps are not supported in requests`);
    }
  };
  return ofMessage;
};

/** The JSON value that a text in a path or query stands for; undefined where it is none of the field's type. */
export const jsonOfText = (field: DescField, text: string): unknown => {
  if (field.fieldKind !== 'scalar') return text;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return wholeNumber.test(text) ? Number(text) : undefined;
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return text;
  }
};

const wholeNumber = /^(0|-?[1-9]\d{0,18})$/;

const nameOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;

const ofList =
  (item: ReadJson): ReadJson =>
  (value, violations) => {
    if (!Array.isArray(value)) return violate(violations, `must be a list, not ${nameOf(value)}`);
    const items = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index += 1) {
      const before = violations.length;
      items[index] = item(value[index], violations);
      if (violations.length > before) locate(violations, before, `[${index}]`);
      if (violations.length >= maxViolations) return undefined;
    }
    return items;
  };

const ofEnum = (type: DescEnum): ReadJson => {
  const names = new Set(type.values.map(({ name }) => name));
  const allowed = type.values.filter(({ number }) => number !== 0).map(({ name }) => name);
  return (value, violations) => (typeof value === 'string' && names.has(value) ? value : violate(violations, `must be one of ${allowed.join(', ')}`));
};

const text: ReadJson = (value, violations) => (typeof value === 'string' ? value : violate(violations, `must be text, not ${nameOf(value)}`));

const boolean: ReadJson = (value, violations) =>
  typeof value === 'boolean' ? value : violate(violations, `must be true or false, not ${nameOf(value)}`);

const number: ReadJson = (value, violations) => (typeof value === 'number' ? value : violate(violations, `must be a number, not ${nameOf(value)}`));

const whole =
  (min: number, max: number): ReadJson =>
  (value, violations) => {
    if (typeof value !== 'number') return violate(violations, `must be a whole number, not ${nameOf(value)}`);
    if (!Number.isInteger(value) || value < min || value > max) return violate(violations, `must be a whole number from ${min} to ${max}`);
    return value;
  };

const long =
  (min: bigint, max: bigint): ReadJson =>
  (value, violations) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && BigInt(value) >= min) return BigInt(value);
    if (typeof value === 'string' && wholeNumber.test(value)) {
      const parsed = BigInt(value);
      if (parsed >= min && parsed <= max) return parsed;
    }
    return violate(violations, 'must be a whole number of 64 bits, as text where it is beyond 2^53');
  };

const bytes: ReadJson = (value, violations) =>
  typeof value === 'string' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
    ? Buffer.from(value, 'base64')
    : violate(violations, 'must be base64 text');

const timestamp: ReadJson = (value, violations) => {
  const match = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.exec(value) : null;
  const date = new Date(match ? match[0] : Number.NaN);
  const isDay = match && Number(match[3]) <= new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  return isDay && !Number.isNaN(date.getTime()) ? date : violate(violations, 'must be a time such as 2026-01-31T12:00:00Z (RFC 3339)');
};

const struct: ReadJson = (value, violations) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : violate(violations, `must be an object, not ${nameOf(value)}`);

const wellKnown: Readonly<Record<string, ReadJson>> = { 'google.protobuf.Timestamp': timestamp, 'google.protobuf.Struct': struct };

const int32 = whole(-(2 ** 31), 2 ** 31 - 1);
const uint32 = whole(0, 2 ** 32 - 1);
const int64 = long(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = long(0n, 2n ** 64n - 1n);

const scalars: Readonly<Record<ScalarType, ReadJson>> = {
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
  [ScalarType.BOOL]: boolean,
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.FLOAT]: number,
  [ScalarType.DOUBLE]: number,
};

/** What a field holds that was not given. */
export const blank = (field: DescField): unknown => {
  const isOptional = field.proto.proto3Optional;
  switch (field.fieldKind) {
    case 'enum':
      return isOptional ? undefined : field.enum.values[0]!.name;
    case 'scalar':
      if (isOptional) return undefined;
      return field.scalar === ScalarType.BYTES ? Buffer.alloc(0) : scalarZeroValue(field.scalar, false);
    case 'list':
      return [];
    case 'message':
    case 'map':
      return undefined;
  }
};
