import { createFileRegistry, fromBinary, getOption, hasOption, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptors } from '../../../src/contract/generated/descriptors.ts';

/** The rules of a field as options.proto words them; nothing of the validator is used. */
export type Rules = {
  readonly required: boolean;
  readonly maxLength: number;
  readonly pattern: string;
  readonly uuid: boolean;
  readonly email: boolean;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly minItems: number;
  readonly maxItems: number;
};

/** Says what the rules of a field are. */
export type RuleBook = (field: DescField) => Rules;

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64')));
const option = registry.getExtension('orders.options.v1.rules')!;

/** What the model knows to judge by. A rule that is new to the contract has to be taught here first. */
const taught = new Set(['required', 'max_length', 'pattern', 'uuid', 'min', 'max', 'min_items', 'max_items', 'email', 'means']);
const untaught = registry.getMessage('orders.options.v1.Rules')!.fields.filter(({ name }) => !taught.has(name));
if (untaught.length > 0) throw new Error(`the fuzzer's model knows nothing of the rules ${untaught.map(({ name }) => name).join(', ')}`);

/** The rules that the contract declares. */
export const declaredRules: RuleBook = (field) => {
  const given = (hasOption(field, option) ? getOption(field, option) : {}) as Partial<Rules>;
  const { required = false, maxLength = 0, pattern = '', uuid = false, email = false, min, max, minItems = 0, maxItems = 0 } = given;
  return { required, maxLength: maxLength || 200, pattern, uuid, email, min, max, minItems, maxItems };
};

/** The paths of what the contract forbids in a request's proto3 JSON, in no order; none: the request is valid. */
export const violationsIn = (message: DescMessage, json: unknown, rulesOf: RuleBook = declaredRules): readonly string[] => {
  const paths: string[] = [];
  judgeMessage({ rulesOf, paths }, message, json, '');
  return paths;
};

type Judge = { readonly rulesOf: RuleBook; readonly paths: string[] };

const judgeMessage = (judge: Judge, message: DescMessage, json: unknown, path: string): void => {
  if (message.typeName === 'google.protobuf.Timestamp') {
    if (!isTime(json)) judge.paths.push(path);
    return;
  }
  if (!isObject(json)) return void judge.paths.push(path);
  if (message.typeName === 'google.protobuf.Struct') return;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of Object.keys(json)) if (!message.fields.some((field) => field.name === name)) judge.paths.push(at(name));
  for (const field of message.fields) judgeField(judge, field, Object.hasOwn(json, field.name) ? json[field.name] : undefined, at(field.name));
};

const judgeField = (judge: Judge, field: DescField, value: unknown, path: string): void => {
  const rules = judge.rulesOf(field);
  if (field.fieldKind === 'list') {
    const items = value === undefined ? [] : value;
    if (!Array.isArray(items)) return void judge.paths.push(path);
    if (items.length < rules.minItems || (rules.maxItems > 0 && items.length > rules.maxItems)) return void judge.paths.push(path);
    items.forEach((item, index) => {
      if (field.listKind === 'message') judgeMessage(judge, field.message, item, `${path}[${index}]`);
      else if (!isValue(field, rules, item)) judge.paths.push(`${path}[${index}]`);
    });
  } else if (value === undefined) {
    if (rules.required) judge.paths.push(path);
    else if (field.fieldKind === 'scalar' && !field.proto.proto3Optional && isNumber(field.scalar) && !isWithin(rules, 0n)) judge.paths.push(path);
  } else if (field.fieldKind === 'message') judgeMessage(judge, field.message, value, path);
  else if (!isValue(field, rules, value)) judge.paths.push(path);
};

/** Whether a scalar or an enum is of its type and keeps its rules. */
const isValue = (field: DescField, rules: Rules, value: unknown): boolean => {
  if (field.enum) {
    if (typeof value !== 'string') return false;
    const found = field.enum.values.find(({ name }) => name === value);
    return found !== undefined && (found.number !== 0 || !rules.required);
  }
  switch (field.scalar) {
    case undefined:
      return false;
    case ScalarType.STRING:
      return typeof value === 'string' && (value === '' ? !rules.required : isText(rules, value));
    case ScalarType.BOOL:
      return typeof value === 'boolean';
    case ScalarType.BYTES:
      return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return typeof value === 'number';
    default: {
      const whole = wholeNumber(field.scalar, value);
      return whole !== undefined && isWithin(rules, whole);
    }
  }
};

const isText = (rules: Rules, text: string): boolean => {
  const characters = Array.from(text);
  if (characters.length > rules.maxLength || characters.some((character) => character === '\0' || /^\p{Cs}$/u.test(character))) return false;
  if (rules.uuid) return isUuid(text);
  if (rules.email) return isEmail(text);
  return rules.pattern === '' || new RegExp(rules.pattern, 'u').exec(text)?.[0] === text;
};

const isUuid = (text: string): boolean => {
  const groups = text.split('-');
  return groups.length === 5 && [8, 4, 4, 4, 12].every((length, index) => groups[index]!.length === length) && /^[0-9a-fA-F]+$/.test(groups.join(''));
};

/** As much of RFC 5321 as mail systems take in practice: no quoted local parts, no address literals, a domain of at least two labels. */
const isEmail = (text: string): boolean => {
  const [local = '', domain = '', ...others] = text.split('@');
  if (others.length > 0 || local.length === 0 || Array.from(local).length > 64 || /[\s\p{Cc}"(),:;<>[\\\]]/u.test(local)) return false;
  const labels = domain.split('.');
  const isLabel = (label: string): boolean => {
    const characters = Array.from(label);
    const isEdge = (character: string | undefined): boolean => character !== undefined && /^[\p{L}\p{N}]$/u.test(character);
    return characters.length <= 63 && isEdge(characters[0]) && isEdge(characters.at(-1)) && /^[\p{L}\p{M}\p{N}-]+$/u.test(label);
  };
  return Array.from(domain).length <= 253 && labels.length >= 2 && labels.every(isLabel);
};

const isWithin = ({ min, max }: Rules, value: bigint): boolean => (min === undefined || value >= min) && (max === undefined || value <= max);

const ranges: Readonly<Partial<Record<ScalarType, readonly [bigint, bigint]>>> = Object.fromEntries(
  [
    [-(2n ** 31n), 2n ** 31n - 1n, ScalarType.INT32, ScalarType.SINT32, ScalarType.SFIXED32] as const,
    [0n, 2n ** 32n - 1n, ScalarType.UINT32, ScalarType.FIXED32] as const,
    [-(2n ** 63n), 2n ** 63n - 1n, ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64] as const,
    [0n, 2n ** 64n - 1n, ScalarType.UINT64, ScalarType.FIXED64] as const,
  ].flatMap(([low, high, ...types]) => types.map((type) => [type, [low, high]])),
);

/** Whether the type is one of the whole numbers. */
export const isNumber = (scalar: ScalarType): boolean => ranges[scalar] !== undefined;

/** Whether it is one of 64 bits, which JSON may write as text. */
export const isLong = (scalar: ScalarType): boolean => ranges[scalar] !== undefined && ranges[scalar][1] > 2n ** 32n;

const wholeNumber = (scalar: ScalarType, value: unknown): bigint | undefined => {
  const [low, high] = ranges[scalar]!;
  let whole: bigint;
  if (typeof value === 'number' && Number.isSafeInteger(value)) whole = BigInt(value);
  else if (typeof value === 'string' && isLong(scalar) && /^-?\d{1,20}$/.test(value) && BigInt(value).toString() === value) whole = BigInt(value);
  else return undefined;
  return whole >= low && whole <= high ? whole : undefined;
};

/** RFC 3339, from year 1 to year 9999, as google.protobuf.Timestamp allows. */
const isTime = (value: unknown): boolean => {
  const parts =
    typeof value === 'string'
      ? /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/.exec(value)?.slice(1).map(Number)
      : undefined;
  if (!parts) return false;
  const [year, month, day, hour, minute, second, offsetHour = 0, offsetMinute = 0] = parts as [number, number, number, number, number, number];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (days === undefined || day < 1 || day > days || hour > 23 || minute > 59 || second > 59 || (offsetHour || 0) > 23 || (offsetMinute || 0) > 59)
    return false;
  const milliseconds = Date.parse(value as string);
  return milliseconds >= firstMs && milliseconds < endMs;
};

const firstMs = Date.parse('0001-01-01T00:00:00Z');
const endMs = Date.parse('9999-12-31T23:59:59.999Z') + 1;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
