import { refused } from '../platform/call.ts';
import { problem } from './errors.ts';

/** A piece of an OpenAPI 3.1 document. */
type Json = Readonly<Record<string, unknown>>;

/** What a request may meet instead of an answer: the name of the response, when it comes, an example, headers of its own. */
type Problem = { readonly name: string; readonly description: string; readonly example: Parameters<typeof problem>[0]; readonly headers?: Json };

const example = (...given: Parameters<typeof refused>): Problem['example'] => refused(...given);
const header = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
const retryable = { 'retry-after': header('RetryAfter') };

/** Every problem, by its HTTP status. */
const problems: Readonly<Record<number, Problem>> = {
  400: {
    name: 'BadRequest',
    description: 'The request breaks rules; `fields` names each place.',
    example: example('invalid', 'INVALID_REQUEST', 'The request breaks the rules of some fields.', {
      fields: [{ field: 'lines[0].quantity', description: 'must be from 1 to 1000' }],
    }),
  },
  401: {
    name: 'Unauthenticated',
    description: 'There is no valid bearer token.',
    example: example('unauthenticated', 'TOKEN_INVALID', 'The bearer token is not valid, or not any more.'),
    headers: { 'www-authenticate': header('WwwAuthenticate') },
  },
  403: {
    name: 'Forbidden',
    description: 'The token lacks the scope (SCOPE_MISSING), or this belongs to somebody else (FORBIDDEN).',
    example: example('forbidden', 'SCOPE_MISSING', 'This needs the scope orders:read.', { metadata: { scope: 'orders:read' } }),
  },
  404: {
    name: 'NotFound',
    description: 'What the request is about is not known.',
    example: example('not_found', 'ORDER_NOT_FOUND', 'No such order is known.'),
  },
  409: {
    name: 'Conflict',
    description: 'It cannot be done as things stand; the code says why. Sent again it is refused again, unless something has changed.',
    example: example('precondition_failed', 'OUT_OF_STOCK', 'One left, two asked for.'),
  },
  412: {
    name: 'PreconditionFailed',
    description: 'Something has changed since: read it again and decide anew.',
    example: example('etag_mismatch', 'ETAG_MISMATCH', 'The revision is 5 now.', { metadata: { revision: '5' } }),
  },
  413: {
    name: 'ContentTooLarge',
    description: 'The body is larger than 1 MiB.',
    example: example('too_large', 'BODY_TOO_LARGE', 'The body is larger than 1048576 bytes.'),
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The body is not application/json, or compressed.',
    example: example('unsupported_media_type', 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.'),
  },
  422: {
    name: 'KeyReused',
    description: 'The idempotency key came with another request before.',
    example: example('key_reused', 'KEY_REUSED', 'This idempotency key was used for another request.'),
  },
  429: {
    name: 'TooManyRequests',
    description: 'Too many requests of one caller: try again after the time in Retry-After.',
    example: example('too_many', 'RATE_LIMITED', 'Too many requests; try again later.'),
    headers: { ...retryable, ratelimit: header('RateLimit'), 'ratelimit-policy': header('RateLimitPolicy') },
  },
  500: {
    name: 'InternalError',
    description: 'A failure on our side, recorded under the incident.',
    example: { kind: 'failed', incident: '0198c5f0-3c1f-7a52-8b1e-2f6d8a9b0c1d' },
  },
  503: {
    name: 'Unavailable',
    description: 'Nothing was done: try again after the time in Retry-After.',
    example: example('unavailable', 'DRAINING', 'This server is shutting down; try again.'),
    headers: retryable,
  },
  504: {
    name: 'OutcomeUnknown',
    description: 'Whether this took effect is not known: send it again with the same idempotency key.',
    example: example('outcome_unknown', 'DEADLINE_EXCEEDED', 'The deadline passed before the outcome was known; send it again with the same key.'),
  },
};

/** The responses of a document's components. */
export const problemResponses: Json = Object.fromEntries(
  Object.values(problems).map(({ name, description, example: failure, headers = {} }) => [
    name,
    {
      description,
      headers: { 'x-correlation-id': header('CorrelationId'), ...headers },
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example: JSON.parse(problem(failure).body) as unknown },
      },
    },
  ]),
);

/** The problems that an operation may answer with, by HTTP status, in ascending order. */
export const problemsOf = (operation: {
  readonly changes: boolean;
  readonly isAboutOne: boolean;
  readonly takesEtag: boolean;
  readonly takesKey: boolean;
  readonly hasBody: boolean;
}): Json => {
  const { changes, isAboutOne, takesEtag, takesKey, hasBody } = operation;
  const statuses = [
    ...[400, 401, 403],
    ...(isAboutOne || changes ? [404] : []),
    409, // of a query: its consistency token is of a log that is no more (LOG_CHANGED)
    ...(takesEtag ? [412] : []),
    ...(hasBody ? [413, 415] : []),
    ...(takesKey ? [422] : []),
    ...[429, 500, 503, 504],
  ];
  return Object.fromEntries(statuses.map((status) => [String(status), { $ref: `#/components/responses/${problems[status]!.name}` }]));
};

/** The HTTP statuses of problems that name no operation: a path that takes other methods, a request that does not arrive, headers that are too large. */
const ofNoOperation = [405, 408, 431];

/** Problem details (RFC 9457) as a schema. */
export const problemSchema: Json = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', const: 'about:blank' },
    title: { type: 'string', description: 'What the status means.' },
    status: {
      type: 'integer',
      description: 'The HTTP status.',
      enum: [...Object.keys(problems).map(Number), ...ofNoOperation].toSorted((a, b) => a - b),
    },
    detail: { type: 'string', description: 'What is wrong, for people.' },
    code: { type: 'string', description: 'What is wrong, for programs: stable, in upper snake case.', pattern: '^[A-Z][A-Z0-9_]*$' },
    fields: {
      type: 'array',
      description: 'What is wrong with the request.',
      items: {
        type: 'object',
        required: ['field', 'description'],
        properties: {
          field: { type: 'string', description: 'The path of the field, such as `lines[0].quantity`, or the name of a header.' },
          description: { type: 'string', description: 'What is wrong with it.' },
        },
      },
    },
    metadata: { type: 'object', description: 'More about it, by code.', additionalProperties: { type: 'string' } },
    incident: { type: 'string', description: 'Of a failure on our side: quote it to support.' },
  },
};
