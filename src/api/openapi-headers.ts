/** A piece of an OpenAPI 3.1 document. */
type Json = Readonly<Record<string, unknown>>;

/** The headers that requests bring, as parameters of a document's components. */
export const parameters: Json = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'The same key again gets the first answer again, in quotes or bare (draft-ietf-httpapi-idempotency-key-header). The same as `request_id` in the body.',
    schema: { type: 'string', maxLength: 200 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag that the caller saw, strong or weak, or `*`. The same as `etag` in the body, there without quotes.',
    schema: { type: 'string', pattern: '^(?:\\*|(?:W/)?"[\\x21\\x23-\\x7e]+")$' },
  },
  ConsistencyToken: {
    name: 'consistency-token',
    in: 'header',
    description: 'From the answer of a command: the reading has what that command wrote.',
    schema: { type: 'string' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event that the caller has; browsers send it by themselves when they come back.',
    schema: { type: 'string', pattern: '^[0-9]*$' },
  },
  CorrelationId: {
    name: 'x-correlation-id',
    in: 'header',
    description: 'Goes into logs and events; made where it is missing.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,100}$' },
  },
};

const header = (description: string, example: string): Json => ({ description, schema: { type: 'string' }, example });

/** The headers that answers bring, of a document's components. */
export const headers: Json = {
  CorrelationId: header('What finds this request in logs.', '0198c5f0-3c1f-7a52-8b1e-2f6d8a9b0c1d'),
  ETag: header('The revision, in quotes; weak where the answer is compressed.', '"1"'),
  Location: header('Where to read what was created.', '/v1/orders/0198c5f0-3c1f-7a52-8b1e-2f6d8a9b0c1d'),
  RateLimit: header('What is left of the budget of this caller (draft-ietf-httpapi-ratelimit-headers).', '"reads";r=599;t=60'),
  RateLimitPolicy: header('The budget of this caller.', '"reads";q=600;w=60'),
  RetryAfter: { description: 'After so many seconds it is worth trying again.', schema: { type: 'integer', minimum: 1 }, example: 1 },
  WwwAuthenticate: header('What is asked for (RFC 6750).', 'Bearer realm="orders"'),
};

/** What answers of an operation that goes away bring beside; in the document only where one does. */
export const deprecationDocs = {
  deprecation: header('Since when this operation should not be used any more (RFC 9745).', '@1801353600'),
  sunset: header('From when it may be gone (RFC 8594).', 'Sat, 31 Jul 2027 00:00:00 GMT'),
} as const;
