import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { blank, type Message } from './read-json.ts';

/** Reads the protobuf bytes of a message. Throws where they are none. */
export type ReadWire = (bytes: Uint8Array) => Message;

/**
 * Compiles the strict reader of a message (https://protobuf.dev/programming-guides/encoding/); what it does not know it skips. Generated
 * decoders are more lenient than they may be: they stop at a stray end of a group, read on behind the end of an embedded message, and
 * forget the first part of one that comes in two. Throws for shapes it does not know.
 */
export const wireReader = (): ((message: DescMessage) => ReadWire) => {
  const readers = new Map<string, ReadFields>();

  const ofMessage = (message: DescMessage): ReadFields => {
    const known = readers.get(message.typeName);
    if (known) return known;
    const fields: (Field | undefined)[] = [];
    const template: Message = Object.fromEntries(message.fields.map((field) => [field.localName, blank(field)]));
    const lists = message.fields.filter(({ fieldKind }) => fieldKind === 'list').map(({ localName }) => localName);
    const begin = (): Message => {
      const begun = { ...template };
      for (const list of lists) begun[list] = [];
      return begun;
    };
    const read: ReadFields = (reader, end, before) => {
      const result = before ?? begin();
      while (reader.pos < end) {
        const [number, wireType] = reader.tag();
        const field = fields[number];
        if (field?.wireType === wireType) put(result, field, reader);
        else if (field?.isList && wireType === WireType.LengthDelimited) {
          const stop = endOf(reader);
          while (reader.pos < stop) put(result, field, reader);
          if (reader.pos !== stop) throw new RangeError('a value goes on behind the end of its list');
        } else if (wireType === WireType.LengthDelimited) reader.pos = endOf(reader);
        else if (wireType === WireType.Varint) reader.uint64();
        else reader.skip(wireType, number);
      }
      if (reader.pos !== end) throw new RangeError(`a field goes on behind the end of its ${message.typeName}`);
      return result;
    };
    readers.set(message.typeName, read);
    for (const field of message.fields) fields[field.number] = ofField(field);
    return read;
  };

  const ofField = (field: DescField): Field => {
    if (field.fieldKind === 'map') throw new Error(`${field.toString()}: maps are not supported in requests`);
    if (field.oneof) throw new Error(`${field.toString()}: oneofs are not supported in requests`);
    const { localName } = field;
    const isList = field.fieldKind === 'list';
    if (field.message) return { localName, isList, wireType: WireType.LengthDelimited, read: ofEmbedded(field.message) };
    if (field.enum) {
      const names = new Map(field.enum.values.map(({ number, name }) => [number, name]));
      return { localName, isList, wireType: WireType.Varint, read: (reader) => names.get(reader.int32()) ?? 'UNRECOGNIZED' };
    }
    const [wireType, read] = scalars[field.scalar];
    return { localName, isList, wireType, read };
  };

  const ofEmbedded = (message: DescMessage): ReadValue => {
    if (message.typeName === 'google.protobuf.Struct') throw new Error(`${message.typeName} is not supported in requests`);
    const read = ofMessage(message);
    if (message.typeName === 'google.protobuf.Timestamp') return (reader) => dateOf(read(reader, endOf(reader), undefined));
    return (reader, before) => read(reader, endOf(reader), before as Message | undefined);
  };

  return (message) => {
    const read = ofMessage(message);
    return (bytes) => read(new BinaryReader(bytes, decodeUtf8), bytes.length, undefined);
  };
};

/** Reads fields up to `end`, into what was read before. */
type ReadFields = (reader: BinaryReader, end: number, before: Message | undefined) => Message;
/** Reads one value; of an embedded message, what was read before goes on. */
type ReadValue = (reader: BinaryReader, before: unknown) => unknown;
type Field = { readonly localName: string; readonly isList: boolean; readonly wireType: WireType; readonly read: ReadValue };

const put = (message: Message, { localName, isList, read }: Field, reader: BinaryReader): void => {
  if (isList) (message[localName] as unknown[]).push(read(reader, undefined));
  else message[localName] = read(reader, message[localName]);
};

/** Where what begins with its length ends. */
const endOf = (reader: BinaryReader): number => {
  const start = reader.pos;
  let length = reader.uint32();
  if (reader.pos - start >= 5) {
    // A number that may have more than 32 bits, of which uint32 leaves out the others.
    reader.pos = start;
    length = Number(reader.uint64());
  }
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a length beyond the end');
  return end;
};

/** An invalid date where the numbers are no time that google.protobuf.Timestamp allows. */
const dateOf = ({ seconds, nanos }: Message): Date => {
  const isTime =
    Number(seconds) >= -62_135_596_800 && Number(seconds) <= 253_402_300_799 && (nanos as number) >= 0 && (nanos as number) <= 999_999_999;
  return new Date(isTime ? Number(seconds) * 1_000 + Math.floor((nanos as number) / 1e6) : Number.NaN);
};

/** Text that is not UTF-8 is no valid message (https://protobuf.dev/programming-guides/proto3/#scalar). */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decodeUtf8 = (bytes: Uint8Array): string => strictUtf8.decode(bytes);

/** Looks whether the length is one before the reader takes it for one. */
const delimited =
  <Value>(read: (reader: BinaryReader) => Value): ((reader: BinaryReader) => Value) =>
  (reader) => {
    const start = reader.pos;
    endOf(reader);
    reader.pos = start;
    return read(reader);
  };

const scalars: Readonly<Record<ScalarType, readonly [WireType, ReadValue]>> = {
  [ScalarType.STRING]: [WireType.LengthDelimited, delimited((reader) => reader.string())],
  [ScalarType.BYTES]: [WireType.LengthDelimited, delimited((reader) => Buffer.from(reader.bytes()))],
  [ScalarType.BOOL]: [WireType.Varint, (reader) => reader.bool()],
  [ScalarType.INT32]: [WireType.Varint, (reader) => reader.int32()],
  [ScalarType.SINT32]: [WireType.Varint, (reader) => reader.sint32()],
  [ScalarType.UINT32]: [WireType.Varint, (reader) => reader.uint32()],
  [ScalarType.SFIXED32]: [WireType.Bit32, (reader) => reader.sfixed32()],
  [ScalarType.FIXED32]: [WireType.Bit32, (reader) => reader.fixed32()],
  [ScalarType.INT64]: [WireType.Varint, (reader) => BigInt(reader.int64())],
  [ScalarType.SINT64]: [WireType.Varint, (reader) => BigInt(reader.sint64())],
  [ScalarType.UINT64]: [WireType.Varint, (reader) => BigInt(reader.uint64())],
  [ScalarType.SFIXED64]: [WireType.Bit64, (reader) => BigInt(reader.sfixed64())],
  [ScalarType.FIXED64]: [WireType.Bit64, (reader) => BigInt(reader.fixed64())],
  [ScalarType.FLOAT]: [WireType.Bit32, (reader) => reader.float()],
  [ScalarType.DOUBLE]: [WireType.Bit64, (reader) => reader.double()],
};
