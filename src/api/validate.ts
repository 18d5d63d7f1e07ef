import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { FieldViolation } from '../platform/call.ts';
import type { Contract, FieldRules } from './descriptors.ts';
import type { Message } from './read-json.ts';
import { locate, maxViolations, violate } from './violations.ts';

/** Checks a decoded message against the rules of its fields and lower-cases its UUIDs in place. */
export type Validate = (message: Message, violations: FieldViolation[]) => void;

/** Checks one value; what it gives back replaces the value. */
type Check = (value: unknown, violations: FieldViolation[]) => unknown;

/** Text without a rule of its own is bounded all the same. */
const defaultMaxLength = 200;

/** Compiles the validators of messages from `orders.options.v1.rules`. Throws, naming the field, for rules that do not fit its type. */
export const validators = (contract: Pick<Contract, 'rules'>): ((message: DescMessage) => Validate) => {
  const known = new Map<string, Validate>();
  const ofMessage = (message: DescMessage): Validate => {
    const before = known.get(message.typeName);
    if (before) return before;
    const fields: { readonly name: string; readonly localName: string; readonly check: Check }[] = [];
    const validate: Validate = (value, violations) => {
      for (const { name, localName, check } of fields) {
        const from = violations.length;
        const given = value[localName];
        const checked = check(given, violations);
        if (violations.length > from) locate(violations, from, name);
        else if (checked !== given) value[localName] = checked;
        if (violations.length >= maxViolations) return;
      }
    };
    known.set(message.typeName, validate);
    if (opaque.has(message.typeName)) return validate;
    for (const field of message.fields) {
      const check = ofField(field, contract.rules(field));
      if (check) fields.push({ name: field.name, localName: field.localName, check });
    }
    return validate;
  };

  const ofField = (field: DescField, rules: FieldRules | undefined): Check | undefined => {
    switch (field.fieldKind) {
      case 'list': {
        const item =
          field.listKind === 'message'
            ? nested(ofMessage(field.message))
            : ofValue(field, field.listKind === 'scalar' ? field.scalar : undefined, rules);
        return items(item, rules?.minItems ?? 0, rules?.maxItems ?? 0);
      }
      case 'message':
        return given(field.message.typeName === 'google.protobuf.Timestamp' ? time : nested(ofMessage(field.message)), rules);
      case 'enum':
        return given(ofValue(field, undefined, rules), rules);
      case 'scalar':
        return given(ofValue(field, field.scalar, rules), rules);
      case 'map':
        throw new Error(`${field.toString()}: maps cannot be validated`);
    }
  };
  return ofMessage;
};

const opaque = new Set(['google.protobuf.Struct']);

/** Years 1 to 9999, as google.protobuf.Timestamp has them. */
const time: Check = (value, violations) => {
  const milliseconds = (value as Date).getTime();
  return milliseconds >= firstMs && milliseconds <= lastMs ? value : violate(violations, 'must be a time from year 1 to year 9999');
};
const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

const nested =
  (validate: Validate): Check =>
  (value, violations) => {
    if (value !== undefined) validate(value as Message, violations);
    return value;
  };

/** Nothing is checked of what is not given, except that it has to be. */
const given = (check: Check | undefined, rules: FieldRules | undefined): Check | undefined => {
  if (!check) return undefined;
  const required = rules?.required === true;
  return (value, violations) => (value === undefined ? (required ? violate(violations, 'is required') : value) : check(value, violations));
};

const items =
  (check: Check | undefined, min: number, max: number): Check =>
  (value, violations) => {
    const list = value as unknown[];
    if (list.length < min) return violate(violations, min === 1 ? 'must not be empty' : `must have at least ${min} items`);
    if (max > 0 && list.length > max) return violate(violations, `must have at most ${max} items, not ${list.length}`);
    if (!check) return value;
    for (let index = 0; index < list.length; index += 1) {
      const from = violations.length;
      const checked = check(list[index], violations);
      if (violations.length > from) locate(violations, from, `[${index}]`);
      else if (checked !== list[index]) list[index] = checked;
      if (violations.length >= maxViolations) break;
    }
    return value;
  };

/** The check of an enum (no scalar type), text or number; undefined where nothing needs checking. */
const ofValue = (field: DescField, scalar: ScalarType | undefined, rules: FieldRules | undefined): Check | undefined => {
  if (scalar === undefined) return enumeration(field, rules?.required === true);
  if (scalar === ScalarType.STRING) return text(field, rules);
  const hasPresence = field.proto.proto3Optional;
  if (rules?.required && !hasPresence)
    throw new Error(`${field.toString()} is required and must be optional: otherwise nobody can tell whether it was given`);
  const { min, max } = rules ?? {};
  if (min !== undefined || max !== undefined) return within(min, max, longs.has(scalar));
  return hasPresence ? asIs : undefined;
};

const longs = new Set([ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64, ScalarType.UINT64, ScalarType.FIXED64]);

const asIs: Check = (value) => value;

const enumeration = (field: DescField, required: boolean): Check => {
  const unspecified = field.enum!.values[0]!.name;
  const allowed = field.enum!.values.slice(1).map(({ name }) => name);
  return (value, violations) => {
    if (value === 'UNRECOGNIZED') return violate(violations, `must be one of ${allowed.join(', ')}`);
    return required && value === unspecified ? violate(violations, 'is required') : value;
  };
};

const within = (min: bigint | undefined, max: bigint | undefined, isLong: boolean): Check => {
  const low = min === undefined ? -Infinity : isLong ? min : Number(min);
  const high = max === undefined ? Infinity : isLong ? max : Number(max);
  const range = max === undefined ? `must be at least ${min}` : min === undefined ? `must be at most ${max}` : `must be from ${min} to ${max}`;
  return (value, violations) => ((value as number) >= low && (value as number) <= high ? value : violate(violations, range));
};

const text = (field: DescField, rules: FieldRules | undefined): Check => {
  const required = rules?.required === true;
  const maxLength = rules?.maxLength || defaultMaxLength;
  const form = textForm(field, rules);
  return (value, violations) => {
    const given = value as string;
    if (given === '') return required ? violate(violations, 'is required') : value;
    if (given.length > maxLength && codePoints(given, maxLength) > maxLength) return violate(violations, `must have at most ${maxLength} characters`);
    if (!given.isWellFormed() || given.includes('\0')) return violate(violations, 'must be text without NUL and unpaired surrogates');
    if (!form) return value;
    if (!form.expression.test(given)) return violate(violations, form.description);
    return form.isUuid ? given.toLowerCase() : value;
  };
};

const textForm = (
  field: DescField,
  rules: FieldRules | undefined,
): { readonly expression: RegExp; readonly description: string; readonly isUuid: boolean } | undefined => {
  if (rules?.uuid) return { expression: uuid, description: 'must be a UUID', isUuid: true };
  if (rules?.email) return { expression: email, description: 'must be an e-mail address', isUuid: false };
  if (!rules?.pattern) return undefined;
  if (!rules.means) throw new Error(`${field.toString()} has a pattern and must say what it means`);
  return { expression: new RegExp(`^(?:${rules.pattern})$`, 'u'), description: `must be ${rules.means}`, isUuid: false };
};

/** RFC 9562, any version, in any case. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A local part without quotes, comments and controls, and a domain of at least two labels: what mail systems take in practice. */
const email =
  /^[^\s\p{Cc}"(),:;<>@[\\\]]{1,64}@(?=.{1,253}$)(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;

/** Code points, counted no further than is needed to know whether there are more than `limit`. */
const codePoints = (value: string, limit: number): number => {
  if (value.length > 2 * limit) return value.length;
  let count = 0;
  for (const _ of value) count += 1;
  return count;
};
