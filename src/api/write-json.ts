import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Message } from './read-json.ts';

/** Turns a value into JSON text. */
export type WriteJson = (value: never) => string;

/**
 * Compiles the writer of a message: proto3 JSON with the proto's own field names, fields without presence always there, 64-bit numbers as
 * text. Straight to text, because `toJson` and `JSON.stringify` took more of a request than all the rest. Throws for shapes it does not know.
 */
export const jsonWriter = (): ((message: DescMessage) => WriteJson) => {
  const writers = new Map<string, WriteJson>();
  const ofMessage = (message: DescMessage): WriteJson => {
    const known = wellKnown[message.typeName] ?? writers.get(message.typeName);
    if (known) return known;
    const fields: { readonly localName: string; readonly before: string; readonly write: WriteJson }[] = [];
    const write = (value: Message): string => {
      let json = '';
      for (const field of fields) {
        const part = value[field.localName];
        if (part !== undefined) json += field.before + field.write(part as never);
      }
      return json === '' ? '{}' : `{${json.slice(1)}}`;
    };
    writers.set(message.typeName, write);
    for (const field of message.fields) fields.push({ localName: field.localName, before: `,${JSON.stringify(field.name)}:`, write: ofField(field) });
    return write;
  };

  const ofField = (field: DescField): WriteJson => {
    switch (field.fieldKind) {
      case 'scalar':
        if (field.oneof) throw new Error(`${field.toString()}: oneofs are not supported in answers`);
        return scalars[field.scalar];
      case 'enum':
        return quoted;
      case 'message':
        return ofMessage(field.message);
      case 'list':
        return ofList(field.listKind === 'message' ? ofMessage(field.message) : field.listKind === 'enum' ? quoted : scalars[field.scalar]);
      case 'map':
        throw new Error(`${field.toString()}: maps are not supported in answers`);
    }
  };
  return ofMessage;
};

const ofList =
  (item: WriteJson): WriteJson =>
  (values: readonly never[]) => {
    let json = '';
    for (const value of values) json += (json === '' ? '' : ',') + item(value);
    return `[${json}]`;
  };

const text = (value: string): string => JSON.stringify(value);
const quoted = (value: string | bigint): string => `"${value}"`;
const literal = (value: boolean): string => String(value);
const number = (value: number): string => (Number.isFinite(value) ? String(value) : `"${value}"`);
const bytes = (value: Uint8Array): string => `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
const timestamp = (value: Date): string => `"${value.toISOString().replace('.000Z', 'Z')}"`;
const struct = (value: object): string => JSON.stringify(value);

const wellKnown: Readonly<Record<string, WriteJson>> = { 'google.protobuf.Timestamp': timestamp, 'google.protobuf.Struct': struct };

const scalars: Readonly<Record<ScalarType, WriteJson>> = {
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
  [ScalarType.BOOL]: literal,
  [ScalarType.INT32]: number,
  [ScalarType.SINT32]: number,
  [ScalarType.SFIXED32]: number,
  [ScalarType.UINT32]: number,
  [ScalarType.FIXED32]: number,
  [ScalarType.INT64]: quoted,
  [ScalarType.SINT64]: quoted,
  [ScalarType.SFIXED64]: quoted,
  [ScalarType.UINT64]: quoted,
  [ScalarType.FIXED64]: quoted,
  [ScalarType.FLOAT]: number,
  [ScalarType.DOUBLE]: number,
};
