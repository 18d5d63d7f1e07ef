import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Contract, MethodDescription } from './descriptors.ts';
import { errorTable } from './errors.ts';
import type { HttpRoute } from './http-rule.ts';

/** A piece of an OpenAPI 3.1 document. */
type Json = Readonly<Record<string, unknown>>;

/** The REST API in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), derived from the contract: paths, schemas with their rules, comments. */
export const openapi = (contract: Contract, options: { readonly version: string }): Json => {
  const methods = contract.methods.filter(({ routes }) => routes.length > 0);
  const requested = reachable(methods.map(({ input }) => input));
  const answered = reachable(methods.map(({ output }) => output));
  const requestsOnly = new Set(methods.map(({ input }) => input.typeName));
  const schemas = [...new Set([...requested, ...answered])].filter(({ typeName }) => !requestsOnly.has(typeName));
  const services = [...new Set(methods.map(({ descriptor }) => descriptor.parent))];
  const paths: Record<string, Record<string, Json>> = {};
  for (const method of methods) {
    for (const route of method.routes) (paths[route.path] ??= {})[route.verb.toLowerCase()] = operation(contract, method, route);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Orders',
      version: options.version,
      description: 'Offers, orders and their histories, payments and returns. Every method is served over gRPC as well; see `proto/orders/v1`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: services.map((service) => ({ name: service.name, description: contract.comment(service) })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of the OpenID Connect issuer.' },
      },
      parameters,
      headers,
      responses: {
        Problem: {
          description: 'A problem (RFC 9457); clients switch on its `code`.',
          content: { 'application/problem+json': { schema: reference('Problem') } },
        },
      },
      schemas: {
        ...Object.fromEntries(schemas.map((message) => [nameOf(message), schemaOf(contract, message, message.fields, requested.has(message))])),
        Problem: problemSchema,
      },
    },
    security: [{ bearer: [] }],
  };
};

const operation = (contract: Contract, method: MethodDescription, route: HttpRoute): Json => {
  const { input, output, descriptor, scope, creates } = method;
  const others = input.fields.filter((field) => !route.pathFields.includes(field));
  const has = (name: string): boolean => input.fields.some((field) => field.name === name);
  const [summary = '', ...rest] = contract.comment(descriptor).split(/(?<=\.) /);
  const successHeaders = {
    'x-correlation-id': { $ref: '#/components/headers/CorrelationId' },
    ...(output.field['revision'] ? { etag: { $ref: '#/components/headers/ETag' } } : {}),
    ...(creates ? { location: { $ref: '#/components/headers/Location' } } : {}),
  };
  const failures = [400, 401, 403, 404, 429, 500, 503, 504, ...(route.verb === 'GET' ? [409] : [409, 412, 413, 415, 422])];
  return {
    operationId: method.name,
    tags: [descriptor.parent.name],
    summary: summary.replace(/\.$/, ''),
    description: [...rest, `Scope: \`${scope}\`.`].join(' '),
    parameters: [
      ...route.pathFields.map((field) => ({ ...parameter(contract, field), in: 'path', required: true })),
      ...(route.hasBody ? [] : others.map((field) => ({ ...parameter(contract, field), in: 'query', required: isRequired(contract, field) }))),
      ...(has('request_id') ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
      ...(has('etag') ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
      ...(route.verb === 'GET' ? [{ $ref: '#/components/parameters/ConsistencyToken' }] : []),
      { $ref: '#/components/parameters/CorrelationId' },
    ],
    ...(route.hasBody
      ? {
          requestBody: {
            required: others.some((field) => isRequired(contract, field)),
            content: { 'application/json': { schema: schemaOf(contract, input, others, true) } },
          },
        }
      : {}),
    responses: {
      [creates ? '201' : '200']: {
        description: creates ? 'Created' : 'Done',
        headers: successHeaders,
        content: { 'application/json': { schema: reference(nameOf(output)) } },
      },
      ...Object.fromEntries(failures.toSorted((a, b) => a - b).map((status) => [String(status), { $ref: '#/components/responses/Problem' }])),
    },
    security: [{ bearer: [scope] }],
  };
};

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const text = (description: string): Json => ({ description, schema: { type: 'string' } });

const parameters: Json = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same key again gets the first answer again. The same as `request_id` in the body.',
    schema: { type: 'string', maxLength: 200 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag that the caller saw, or `*`. The same as `etag` in the body, there without quotes.',
    schema: { type: 'string' },
  },
  ConsistencyToken: {
    name: 'consistency-token',
    in: 'header',
    description: 'From a command’s answer: the reading has what that command wrote.',
    schema: { type: 'string' },
  },
  CorrelationId: {
    name: 'x-correlation-id',
    in: 'header',
    description: 'Goes into logs and events; made where it is missing.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,100}$' },
  },
};

const headers: Json = {
  CorrelationId: text('What finds this request in logs.'),
  ETag: text('The revision, in quotes.'),
  Location: text('Where to read what was created.'),
};

const problemSchema: Json = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', const: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer', enum: [...new Set([405, ...Object.values(errorTable).map(({ http }) => http)])].toSorted((a, b) => a - b) },
    detail: { type: 'string', description: 'For people.' },
    code: { type: 'string', description: 'For programs: stable, in upper snake case.' },
    fields: {
      type: 'array',
      description: 'What is wrong with the request.',
      items: { type: 'object', required: ['field', 'description'], properties: { field: { type: 'string' }, description: { type: 'string' } } },
    },
    metadata: { type: 'object', additionalProperties: { type: 'string' } },
    incident: { type: 'string', description: 'Of a failure on our side: quote it to support.' },
  },
};

const reachable = (roots: readonly DescMessage[]): ReadonlySet<DescMessage> => {
  const found = new Set<DescMessage>();
  const visit = (message: DescMessage): void => {
    if (found.has(message) || wellKnown[message.typeName]) return;
    found.add(message);
    for (const { message: next } of message.fields) if (next) visit(next);
  };
  roots.forEach(visit);
  return found;
};

/** `PlaceOrderRequest.Line`: the name without its package. */
const nameOf = ({ typeName, file }: DescMessage | DescEnum): string => typeName.slice(file.proto.package.length + 1);

const isRequired = (contract: Contract, field: DescField): boolean => {
  const rules = contract.rules(field);
  return rules !== undefined && (rules.required || rules.minItems > 0 || (rules.min !== undefined && rules.min > 0n && !field.proto.proto3Optional));
};

const schemaOf = (contract: Contract, message: DescMessage, fields: readonly DescField[], isRequest: boolean): Json => {
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

const parameter = (contract: Contract, field: DescField): Json => ({
  name: field.name,
  ...described(contract.comment(field)),
  schema: valueSchema(contract, field),
});

const fieldSchema = (contract: Contract, field: DescField): Json => {
  const description = described(contract.comment(field));
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
