import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';

/** Turns a message into JSON text. */
export type WriteJson = (message: never) => string;

/**
 * Compiles the writer of a message: proto3 JSON with the proto's own field names, fields without presence always there, 64-bit numbers as
 * text. What makes a message the object that JSON.stringify takes becomes JavaScript source, as fast-json-stringify does it: a loop over
 * fields took three times as long, and `toJson` ten times. Nothing but names of the contract gets into the source. Throws for shapes it does
 * not know.
 */
export const jsonWriter = (): ((message: DescMessage) => WriteJson) => {
  const names = new Map<string, string>();
  const shapes: Record<string, (message: never) => object> = {};

  /** The source of the JSON value of `value`, an expression. */
  const ofMessage = (message: DescMessage, value: string): string => {
    const known = wellKnown[message.typeName];
    return known ? known(value) : `shapes.${compile(message)}(${value})`;
  };
  const ofValue = (field: DescField, value: string): string => {
    if (field.message) return ofMessage(field.message, value);
    if (field.enum) return value;
    if (field.fieldKind === 'map') throw new Error(`${field.toString()}: maps are not supported in answers`);
    return scalars[field.scalar](value);
  };
  const ofField = (field: DescField): string => {
    if (field.fieldKind !== 'list' && field.oneof) throw new Error(`${field.toString()}: oneofs are not supported in answers`);
    const value = `message.${field.localName}`;
    if (field.fieldKind === 'list') return ofValue(field, 'item') === 'item' ? value : `${value}.map((item) => ${ofValue(field, 'item')})`;
    const isAlways = field.fieldKind !== 'message' && !field.proto.proto3Optional;
    // JSON.stringify leaves out what is undefined.
    return isAlways ? ofValue(field, value) : `${value} === undefined ? undefined : ${ofValue(field, value)}`;
  };

  /** The name of what makes the object, which is there when the first message is written. */
  const compile = (message: DescMessage): string => {
    const known = names.get(message.typeName);
    if (known) return known;
    const name = `shape${names.size}`;
    names.set(message.typeName, name);
    const source = message.fields.map((field) => `${JSON.stringify(field.name)}: ${ofField(field)}`).join(', ');
    // oxlint-disable-next-line no-implied-eval
    shapes[name] = new Function('shapes', 'tools', `const { number, bytes, timestamp } = tools; return (message) => ({ ${source} });`)(
      shapes,
      tools,
    ) as (message: never) => object;
    return name;
  };

  return (message) => {
    const shape = shapes[compile(message)]!;
    return (value) => JSON.stringify(shape(value));
  };
};

const number = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
const bytes = (value: Uint8Array): string => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');

const dayMs = 86_400_000;
const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));
const fractions = Array.from({ length: 1_000 }, (_, value) => (value === 0 ? '' : `.${String(value).padStart(3, '0')}`));
/** The day of the last timestamp and its text: the next one is most often of the same. */
let lastDay = Number.NaN;
let lastDayText = '';
/** As `toISOString`, which takes several times as long, without a fraction of nothing. */
const timestamp = (value: Date): string => {
  const at = value.getTime();
  const day = Math.floor(at / dayMs);
  if (day !== lastDay) {
    lastDayText = value.toISOString().replace(/T.*/, '');
    lastDay = day;
  }
  const ofDay = at - day * dayMs;
  const seconds = Math.floor(ofDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${lastDayText}T${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}${fractions[ofDay % 1_000]}Z`;
};

/** What compiled writers call. */
const tools = { number, bytes, timestamp };

type Source = (value: string) => string;
const calling =
  (tool: keyof typeof tools): Source =>
  (value) =>
    `${tool}(${value})`;
const asText: Source = (value) => `String(${value})`;
const plain: Source = (value) => value;

const wellKnown: Readonly<Record<string, Source>> = {
  'google.protobuf.Timestamp': calling('timestamp'),
  'google.protobuf.Struct': plain,
};

const scalars: Readonly<Record<ScalarType, Source>> = {
  [ScalarType.STRING]: plain,
  [ScalarType.BYTES]: calling('bytes'),
  [ScalarType.BOOL]: plain,
  [ScalarType.INT32]: plain,
  [ScalarType.SINT32]: plain,
  [ScalarType.SFIXED32]: plain,
  [ScalarType.UINT32]: plain,
  [ScalarType.FIXED32]: plain,
  [ScalarType.INT64]: asText,
  [ScalarType.SINT64]: asText,
  [ScalarType.SFIXED64]: asText,
  [ScalarType.UINT64]: asText,
  [ScalarType.FIXED64]: asText,
  [ScalarType.FLOAT]: calling('number'),
  [ScalarType.DOUBLE]: calling('number'),
};
