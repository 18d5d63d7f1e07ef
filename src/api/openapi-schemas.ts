import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Contract } from './descriptors.ts';
import { fieldExample } from './openapi-examples.ts';

/** A piece of an OpenAPI 3.1 document. */
type Json = Readonly<Record<string, unknown>>;

/** The messages that some consist of, themselves among them. */
export const reachable = (roots: readonly DescMessage[]): ReadonlySet<DescMessage> => {
  const found = new Set<DescMessage>();
  const visit = (message: DescMessage): void => {
    if (found.has(message) || wellKnown[message.typeName]) return;
    found.add(message);
    for (const { message: next } of message.fields) if (next) visit(next);
  };
  roots.forEach(visit);
  return found;
};

/** A schema of the document's components. */
export const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** `PlaceOrderRequest.Line`: the name without its package. */
export const nameOf = ({ typeName, file }: DescMessage | DescEnum): string => typeName.slice(file.proto.package.length + 1);

export const isRequired = (contract: Contract, field: DescField): boolean => {
  const rules = contract.rules(field);
  return rules !== undefined && (rules.required || rules.minItems > 0 || (rules.min !== undefined && rules.min > 0n && !field.proto.proto3Optional));
};

/** A message as a JSON Schema: of a request what may be sent and nothing else, of an answer what is always there. */
export const schemaOf = (contract: Contract, message: DescMessage, fields: readonly DescField[], isRequest: boolean): Json => {
  const always = (field: DescField): boolean => field.fieldKind !== 'message' && !field.proto.proto3Optional;
  const required = fields.filter((field) => (isRequest ? isRequired(contract, field) : always(field))).map(({ name }) => name);
  return {
    type: 'object',
    ...described(contract.comment(message)),
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(contract, field)])),
    ...(isRequest ? { additionalProperties: false } : {}),
  };
};

const described = (description: string): Json => (description === '' ? {} : { description });

/** A field in a path or a query. */
export const parameter = (contract: Contract, field: DescField): Json => ({
  name: field.name,
  ...described(descriptionOf(contract, field)),
  schema: valueSchema(contract, field),
  ...(contract.rules(field)?.uuid ? { example: fieldExample(contract, field, true) } : {}),
});

const fieldSchema = (contract: Contract, field: DescField): Json => {
  const description = { ...described(descriptionOf(contract, field)), ...(field.proto.options?.deprecated ? { deprecated: true } : {}) };
  if (field.fieldKind !== 'list') return { ...description, ...valueSchema(contract, field) };
  const { minItems = 0, maxItems = 0 } = contract.rules(field) ?? {};
  return {
    type: 'array',
    ...description,
    ...(minItems > 0 ? { minItems } : {}),
    ...(maxItems > 0 ? { maxItems } : {}),
    items: valueSchema(contract, field),
  };
};

const valueSchema = (contract: Contract, field: DescField): Json => {
  if (field.message) return wellKnown[field.message.typeName] ?? reference(nameOf(field.message));
  if (field.enum)
    return { type: 'string', enum: field.enum.values.filter(({ number }) => number !== 0 || !isRequired(contract, field)).map(({ name }) => name) };
  const { maxLength = 0, pattern = '', uuid = false, email = false, min, max } = contract.rules(field) ?? {};
  return {
    ...scalars[field.scalar],
    ...(maxLength > 0 ? { maxLength } : {}),
    ...(pattern === '' ? {} : { pattern: `^(?:${pattern})$` }),
    ...(uuid ? { format: 'uuid' } : {}),
    ...(email ? { format: 'email' } : {}),
    ...(min === undefined || isLong(field.scalar) ? {} : { minimum: Number(min) }),
    ...(max === undefined || isLong(field.scalar) ? {} : { maximum: Number(max) }),
  };
};

/** What a field says of itself, and of each value that it takes. */
const descriptionOf = (contract: Contract, field: DescField): string => {
  const values = field.enum?.values ?? [];
  const meanings = values.flatMap((value) => (contract.comment(value) === '' ? [] : [`- \`${value.name}\`: ${contract.comment(value)}`]));
  return [contract.comment(field), ...(meanings.length > 0 ? [meanings.join('\n')] : [])].join('\n\n');
};

const wellKnown: Readonly<Record<string, Json>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
};

const int32: Json = { type: 'integer', format: 'int32' };
const uint32: Json = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 };
const int64: Json = { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' };
const uint64: Json = { type: 'string', format: 'uint64', pattern: '^[0-9]+$' };

const isLong = (scalar: ScalarType): boolean => scalars[scalar] === int64 || scalars[scalar] === uint64;

const scalars: Readonly<Record<ScalarType, Json>> = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.BOOL]: { type: 'boolean' },
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
  [ScalarType.FLOAT]: { type: 'number', format: 'float' },
  [ScalarType.DOUBLE]: { type: 'number', format: 'double' },
};
