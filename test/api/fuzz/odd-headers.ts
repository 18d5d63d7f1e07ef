import { gzipSync, deflateSync } from 'node:zlib';
import type { OutgoingHttpHeaders } from 'node:http';
import fc, { type Arbitrary } from 'fast-check';
import { framed } from './raw-grpc.ts';

/** Headers beside what a good request brings, and whether it still is one. */
export type Odd = { readonly headers: OutgoingHttpHeaders; readonly expected: 'allowed' | 'refused' | 'either' };

const odd = (expected: Odd['expected'], name: string, ...values: readonly (string | readonly string[] | undefined)[]): readonly Odd[] =>
  values.map((value) => ({ headers: { [name]: value as string }, expected }));

const segment = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
const claims = { iss: 'urn:orders:development', aud: 'orders', sub: 'eve', exp: 4_000_000_000, scope: 'orders:read orders:place' };

const tokens: readonly Odd[] = odd(
  'refused',
  'authorization',
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Basic ZXZlOmV2ZQ==',
  'Bearer null',
  'Bearer a.b.c',
  `Bearer ${segment({ alg: 'none' })}.${segment(claims)}.`,
  `Bearer ${segment({ alg: 'none' })}.${segment(claims)}.AAAA`,
  `Bearer ${segment({ alg: 'HS256' })}.${segment(claims)}.AAAA`,
  `Bearer ${segment({ alg: 'EdDSA' })}.${segment(claims)}.${'A'.repeat(86)}`,
  `Bearer ${segment({ alg: 'EdDSA', crit: ['exp'], b64: false })}.${segment(claims)}.${'A'.repeat(86)}`,
  `Bearer ${segment({ alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } })}.${segment(claims)}.${'A'.repeat(86)}`,
  `Bearer ${segment([])}.${segment([])}.AAAA`,
  `Bearer ${'['.repeat(3_000)}.${'A'.repeat(3_000)}.A`,
  `Bearer ${'A'.repeat(3_000)}.${'A'.repeat(3_000)}.${'A'.repeat(3_000)}`,
);

const harmless: readonly Odd[] = [
  ...odd(
    'allowed',
    'traceparent',
    '',
    '00',
    `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`,
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    'x'.repeat(500),
  ),
  ...odd('allowed', 'tracestate', 'a=1,b=2', ','.repeat(600)),
  ...odd('allowed', 'x-request-id', '${jndi:ldap://x}', "' or 1=1"),
  ...odd('allowed', 'user-agent', '', 'x'.repeat(4_000)),
  ...odd('allowed', 'cookie', 'a=b; '.repeat(500)),
  ...odd('allowed', 'x-forwarded-for', '::1, "', '127.0.0.1'),
];

const restOnly: readonly Odd[] = [
  ...odd('allowed', 'accept', 'text/html', 'application/xml;q=0', '*/*;q=x'),
  ...odd('allowed', 'accept-encoding', 'gzip;q=0', 'zstd, br', '*', 'gzip;q=9', ';'),
  ...odd('allowed', 'if-none-match', '*', '"0"', '0', ',,', '"a",'.repeat(500)),
  ...odd('allowed', 'range', 'bytes=0-1'),
  ...odd('allowed', 'origin', 'null', 'https://evil.example'),
  ...odd('either', 'x-http-method-override', 'DELETE'),
  ...odd('either', 'last-event-id', '', '-1', '1e3', 'x', '99999999999999999999', '0'),
];

const bodyOnly: readonly Odd[] = [
  ...odd(
    'refused',
    'content-type',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application',
    '/',
    ';',
    'application/jsonp',
  ),
  ...odd('either', 'content-type', 'application/json; charset=latin1', 'application/json;', 'APPLICATION/JSON', 'application/json; charset="utf-8"'),
  ...odd('refused', 'content-encoding', 'gzip', 'br', 'identity, gzip', 'x'),
  ...odd('allowed', 'content-encoding', 'identity'),
  ...odd('either', 'expect', '100-continue'),
];

const keys: readonly Odd[] = [
  ...odd('refused', 'idempotency-key', '', 'k'.repeat(201), 'k'.repeat(5_000)),
  ...odd('either', 'idempotency-key', '"', 'a b', 'a, b', '\xfc', '\t', '"quoted"', '*', 'k'.repeat(200)),
];
const tags: readonly Odd[] = [
  ...odd('refused', 'if-match', '', '3', '"3', '"3", "4"', 'W/3', 'w/"3"', '""', '"a b"', `"${'9'.repeat(41)}"`, `"${'9'.repeat(4_000)}"`),
  ...odd('allowed', 'if-match', '*', '"3"', 'W/"3"', `"${'9'.repeat(40)}"`),
];

/** Odd headers for REST, by what the request can take. */
export const oddRestHeaders = (takes: { readonly body: boolean; readonly key: boolean; readonly etag: boolean }): Arbitrary<Odd> =>
  fc.constantFrom(...tokens, ...harmless, ...restOnly, ...(takes.body ? bodyOnly : []), ...(takes.key ? keys : []), ...(takes.etag ? tags : []));

/** Odd metadata for gRPC. */
export const oddMetadata: Arbitrary<Odd> = fc.constantFrom(
  ...tokens,
  ...harmless,
  ...odd('allowed', 'grpc-timeout', '10000S', '5M', '1H'),
  ...odd('either', 'grpc-timeout', '', '0S', '1n', '99999999n', '-1S', '1', 'S', '1.5S', '123456789S', '99999999H', '99999999S', '1S1S', 'NaN', '1w'),
  ...odd('allowed', 'content-type', 'application/grpc', 'application/grpc+proto'),
  ...odd('either', 'content-type', 'application/grpc+json', 'application/grpc;x', 'application/grpcx'),
  ...odd('refused', 'content-type', 'application/json', 'text/plain', ''),
  ...odd('allowed', 'grpc-accept-encoding', 'gzip', 'snappy', ''),
  ...odd('allowed', 'grpc-encoding', 'identity', 'gzip', 'snappy', ''),
  ...odd('allowed', 'x-odd-bin', '', 'AAAA', 'A', '!!!', 'ä'),
  ...odd('allowed', 'grpc-status-details-bin', 'AAAA', '%'),
  ...odd('allowed', 'grpc-trace-bin', 'AAAA'),
  ...odd('allowed', 'grpc-previous-rpc-attempts', '1', 'x'),
);

/** Fifty MiB, in fifty KiB. */
const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));

/** What a call's body may be in place of one good frame, and what its metadata says of it. */
const frames: readonly (readonly [body: (bytes: Buffer) => Buffer, expected: Odd['expected'], encoding?: string])[] = [
  [(bytes) => framed(gzipSync(bytes), 1), 'allowed', 'gzip'],
  [(bytes) => framed(deflateSync(bytes), 1), 'allowed', 'deflate'],
  [(bytes) => framed(bytes), 'allowed', 'gzip'],
  [(bytes) => framed(gzipSync(bytes), 1), 'refused', 'snappy'],
  [(bytes) => framed(gzipSync(bytes).subarray(0, 10), 1), 'refused', 'gzip'],
  [() => framed(Buffer.from('this is not compressed'), 1), 'refused', 'gzip'],
  [() => framed(Buffer.from('this is not compressed'), 1), 'refused', 'deflate'],
  [() => framed(bomb, 1), 'refused', 'gzip'],
  [(bytes) => framed(bytes, 1), 'either'],
  [(bytes) => framed(bytes, 2), 'either'],
  [(bytes) => framed(bytes, 255), 'either', 'gzip'],
  [() => Buffer.alloc(0), 'refused'],
  [() => Buffer.from([0]), 'refused'],
  [(bytes) => framed(bytes, 0, bytes.length + 1), 'refused'],
  [(bytes) => framed(bytes, 0, bytes.length + 1_000_000), 'refused'],
  [(bytes) => framed(bytes, 0, 2 ** 32 - 1), 'refused'],
  [(bytes) => framed(bytes, 0, 1024 * 1024 + 1), 'refused'],
  [(bytes) => Buffer.concat([framed(bytes), framed(bytes)]), 'either'],
  [(bytes) => Buffer.concat([framed(bytes), Buffer.from([1, 2, 3])]), 'either'],
  [(bytes) => Buffer.concat([framed(bytes), framed(Buffer.alloc(2 * 1024 * 1024))]), 'either'],
  [() => Buffer.alloc(5, 0xff), 'refused'],
];

/** Odd frames around the bytes of a good request. */
export const oddFrames = (bytes: Buffer): Arbitrary<Odd & { readonly body: Buffer }> =>
  fc.constantFrom(...frames).map(([body, expected, encoding]) => ({
    body: body(bytes),
    expected,
    headers: encoding === undefined ? {} : { 'grpc-encoding': encoding },
  }));
