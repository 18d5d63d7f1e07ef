import { isUtf8 } from 'node:buffer';
import { ScalarType, type DescField } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import { refused, type FieldViolation } from '../platform/call.ts';
import { entityTag } from './conditional.ts';
import type { HttpRoute } from './http-rule.ts';
import type { Ready } from './methods.ts';
import { jsonOfText, type Message, type ReadJson } from './read-json.ts';
import type { Decoded } from './transport.ts';
import { violateAt } from './violations.ts';

/** Puts a method's message together from path, query, body and headers. */
export type ReadRequest = (request: FastifyRequest, violations: FieldViolation[]) => Decoded;

/** Compiles what one route does with a request. */
export const requestReader = (method: Ready, route: HttpRoute, read: ReadJson): ReadRequest => {
  const { pathFields, hasBody } = route;
  const pathNames = pathFields.map(({ name }) => name);
  const queryFields = new Map(
    hasBody ? [] : method.description.input.fields.filter((field) => !pathFields.includes(field)).map((field) => [field.name, field]),
  );
  const takesKey = method.textField('request_id') !== undefined;
  const takesEtag = method.textField('etag') !== undefined;
  const resumes = method.description.streams && method.description.input.fields.some(({ name }) => name === 'after_revision');

  return (request, violations) => {
    let json: Message = {};
    if (hasBody) {
      if (!isPlain(request.raw.headers['content-encoding']))
        return refused('unsupported_media_type', 'UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
      const body = parseBody(request.body as Buffer | undefined);
      if (body === undefined) return refused('invalid', 'INVALID_JSON', 'The body is not valid JSON in UTF-8.');
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        return refused('invalid', 'INVALID_JSON', 'The body is not a JSON object.');
      json = body as Message;
    }
    fromQuery(queryFields, request.query as Readonly<Record<string, string | readonly string[]>>, json, violations);
    for (const name of pathNames) {
      if (Object.hasOwn(json, name)) violateAt(violations, name, 'is given by the path');
      json[name] = (request.params as Readonly<Record<string, string>>)[name];
    }
    const headers = request.raw.headers;
    const key = headers['idempotency-key'];
    if (takesKey && typeof key === 'string') fromHeader('Idempotency-Key', 'request_id', idempotencyKey(key), json, violations);
    const ifMatch = headers['if-match'];
    if (ifMatch !== undefined && route.verb !== 'GET') {
      const tag = entityTag(ifMatch);
      if (!takesEtag) violateAt(violations, 'If-Match', 'is not taken here');
      else if (tag === undefined) violateAt(violations, 'If-Match', 'must be one entity tag, such as "3", or *');
      else fromHeader('If-Match', 'etag', tag, json, violations);
    }
    const lastEventId = headers['last-event-id'];
    // Who comes back says where it was; the query, which it repeats, only says where it began.
    if (resumes && typeof lastEventId === 'string' && lastEventId !== '') json['after_revision'] = lastEventId;
    return { kind: 'decoded', message: read(json, violations) as Message };
  };
};

const isPlain = (encoding: string | undefined): boolean => encoding === undefined || encoding === 'identity';

/** What the bytes say; an absent body is an empty object, undefined is no JSON. */
const parseBody = (body: Buffer | undefined): unknown => {
  if (body === undefined || body.length === 0) return {};
  if (!isUtf8(body)) return undefined;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
};

const fromQuery = (
  fields: ReadonlyMap<string, DescField>,
  query: Readonly<Record<string, string | readonly string[]>>,
  json: Message,
  violations: FieldViolation[],
): void => {
  for (const [name, given] of Object.entries(query)) {
    const field = fields.get(name);
    if (!field) violateAt(violations, name.slice(0, 100), 'is not a known query parameter');
    else if (typeof given !== 'string') violateAt(violations, name, 'is given more than once');
    else {
      const value = jsonOfText(field, given);
      if (value === undefined) violateAt(violations, name, `must be ${field.scalar === ScalarType.BOOL ? 'true or false' : 'a number'}`);
      else json[name] = value;
    }
  }
};

/** A header stands for a field of the body; where both are given they have to agree. */
const fromHeader = (header: string, field: string, value: string, json: Message, violations: FieldViolation[]): void => {
  if (value === '') violateAt(violations, header, 'must not be empty');
  else if (Object.hasOwn(json, field) && json[field] !== '' && json[field] !== value)
    violateAt(violations, header, `is not the same as ${field} in the body`);
  else json[field] = value;
};

/** A key is text in quotes (draft-ietf-httpapi-idempotency-key-header-07: a string of RFC 9651 §3.3.3); bare ones are taken as well. */
const idempotencyKey = (value: string): string =>
  /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
