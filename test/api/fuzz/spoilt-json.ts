import fc, { type Arbitrary } from 'fast-check';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import { placesIn, triedDrafts, validDrafts, withValue, type Draft, type Path } from './drafts.ts';
import type { RestRequest } from './raw-rest.ts';
import { isNumber, violationsIn } from './rule-book.ts';
import { saidInRest } from './said.ts';

/** A request over REST, and what should become of it. */
export type Spoilt = {
  readonly request: RestRequest;
  readonly expected: 'allowed' | 'refused' | 'either';
  /** The code it should be refused with, where it is known. */
  readonly code?: string;
};

/** REST requests of the method that say what no protobuf can: values of other types, text that is no JSON, queries and bodies after accidents. */
export const spoiltJson = (method: MethodDescription): Arbitrary<Spoilt> =>
  method.routes[0]!.hasBody ? fc.oneof(wrongTypes(method), brokenBodies(method), rawValues(method)) : spoiltQueries(method);

const otherValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  1e21,
  2 ** 31,
  2 ** 53,
  '',
  '1',
  '01',
  '1e3',
  '1.0',
  'NaN',
  'Infinity',
  'A',
  'STANDARD',
  'GRADE_UNSPECIFIED',
  '\uD800',
  'a\uDFFFb',
  '2026-02-30T00:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01:00',
  '10000-01-01T00:00:00Z',
  [],
  [[]],
  [null],
  ['a'],
  {},
  { a: 1 },
];

/** What somebody might take for a whole number. */
const almostNumbers: readonly unknown[] = [
  1.5,
  0.1,
  '1',
  '1.5',
  '01',
  true,
  null,
  [1],
  1e21,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  '9223372036854775808',
];

const wrongTypes = (method: MethodDescription): Arbitrary<Spoilt> => {
  const { input } = method;
  const inPath = new Set(method.routes[0]!.pathFields.map(({ name }) => name));
  const places = placesIn(input).filter(({ path: [name] }) => !inPath.has(String(name)));
  const paths = places.map(({ path }) => path);
  const numbers = places.filter(({ field: { scalar } }) => scalar !== undefined && isNumber(scalar)).map(({ path }) => path);
  const strange = fc.constantFrom(...strangeNames(method));
  const change = fc.oneof(
    ...(numbers.length > 0 ? [{ weight: 1, arbitrary: fc.tuple(fc.constantFrom<Path[]>(...numbers), fc.constantFrom(...almostNumbers)) }] : []),
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...paths, ['request_id'] as Path), fc.constantFrom(...otherValues)) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.tuple(fc.constantFrom(...paths, [] as Path), strange).map(([path, name]) => [...path.slice(0, -1), name]),
        fc.constantFrom<unknown>('x', null, {}, 1),
      ),
    },
  );
  return fc.tuple(validDrafts(input), fc.array(change, { minLength: 1, maxLength: 3 })).map(([draft, changes]) => {
    const spoilt = changes.reduce((changed, [path, value]) => withValueAnyway(changed, path, value), draft);
    const broken = violationsIn(input, spoilt);
    return {
      request: saidInRest(method, spoilt, {}, false),
      expected: broken.length > 0 ? 'refused' : 'allowed',
      ...(broken.length > 0 ? { code: 'INVALID_REQUEST' } : {}),
    };
  });
};

const withValueAnyway = (draft: Draft, path: Path, value: unknown): Draft => {
  try {
    return withValue(draft, path, { value });
  } catch {
    return draft; // What was changed before is in the way.
  }
};

/** Names that the message does not have, but somebody might think so. */
const strangeNames = ({ input }: MethodDescription): readonly string[] => [
  ...input.fields.map(({ localName }) => localName).filter((name) => !input.fields.some((field) => field.name === name)),
  'extra',
  'constructor',
  'toString',
  'Order_id',
  ' order_id',
  'x'.repeat(300),
  '\uD800',
  '',
];

/** JSON whose text is made by hand: numbers no double holds, names twice, nesting without end. */
const rawValues = (method: MethodDescription): Arbitrary<Spoilt> => {
  const raw = fc.constantFrom(
    '1e400',
    '-1e400',
    '-0',
    '123456789012345678901234567890',
    '0.1e1',
    '1E0',
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    `"${'x'.repeat(900_000)}"`,
    `[${'0,'.repeat(200_000)}0]`,
    String.raw`"\u0000"`,
    String.raw`"\ud800"`,
    String.raw`"\x41"`,
    'NaN',
    'undefined',
    '01',
    '+1',
    '.5',
    "'a'",
    '/**/1',
    'tru',
  );
  const names = fc.constantFrom(...method.input.fields.map(({ name }) => name), 'extra', '__proto__');
  return fc.tuple(validDrafts(method.input), names, raw, fc.boolean()).map(([draft, name, text, isFirst]) => {
    const request = saidInRest(method, draft, {}, false);
    const inner = request.body!.toString().slice(1, -1);
    const member = `"${name}":${text}`;
    const parts = (isFirst ? [member, inner] : [inner, member]).filter((part) => part !== '');
    return judged(method, request, draft, Buffer.from(`{${parts.join(',')}}`));
  });
};

/** Bodies that lost something, won something, or never were any. */
const brokenBodies = (method: MethodDescription): Arbitrary<Spoilt> =>
  fc
    .tuple(
      fc.oneof(validDrafts(method.input), triedDrafts(method.input)),
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom<(text: Buffer, at: number, bytes: Uint8Array) => Buffer>(
        (text, at) => text.subarray(0, at % text.length),
        (text, at, bytes) => Buffer.concat([text.subarray(0, at % text.length), bytes, text.subarray(at % text.length)]),
        (text, at, bytes) => Buffer.concat([text.subarray(0, at % text.length), bytes, text.subarray((at % text.length) + bytes.length)]),
        (text) => Buffer.concat([Buffer.from('\uFEFF'), text]),
        (text) => Buffer.from(text.toString(), 'utf16le'),
        (text) => Buffer.concat([text, Buffer.from('}')]),
        (text) => Buffer.concat([text, text]),
        (text) => Buffer.from(`[${text.toString()}]`),
        (_, __, bytes) => Buffer.from(bytes),
        () => Buffer.from('null'),
        () => Buffer.from('"text"'),
        () => Buffer.from('0'),
        () => Buffer.from(' '),
        () => Buffer.alloc(0),
        (text) => Buffer.from(text.toString().replace(':', ' : \t\r\n')),
        (text) => Buffer.from(text.toString().replace(':', '=')),
        (text) => Buffer.from(text.toString().replaceAll('"', "'")),
        (text) => Buffer.from(text.toString().replace('}', ',}')),
        (text) => Buffer.concat([text, Buffer.alloc(1_100_000, 0x20)]),
      ),
    )
    .map(([draft, at, bytes, spoil]) => {
      const request = saidInRest(method, draft, {}, false);
      return judged(method, request, draft, spoil(request.body!, at, bytes));
    });

const maxBodyBytes = 1024 * 1024;

const judged = (method: MethodDescription, sent: RestRequest, draft: Draft, body: Buffer): Spoilt => {
  const request = { ...sent, body };
  const inPath = method.routes[0]!.pathFields.map(({ name }) => name);
  // A path with something else in it may be no path at all.
  const broken = violationsIn(method.input, draft);
  if (inPath.some((name) => broken.includes(name))) return { request, expected: 'refused' };
  if (body.length > maxBodyBytes) return { request, expected: 'refused', code: 'BODY_TOO_LARGE' };
  const json = jsonIn(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { request, expected: 'refused', code: 'INVALID_JSON' };
  if (inPath.some((name) => Object.hasOwn(json, name))) return { request, expected: 'refused' };
  const whole = { ...json, ...Object.fromEntries(inPath.map((name) => [name, draft[name] ?? ''])) };
  return { request, expected: violationsIn(method.input, whole).length > 0 || Object.hasOwn(json, '__proto__') ? 'refused' : 'allowed' };
};

const jsonIn = (body: Buffer): unknown => {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
};

const spoiltQueries = (method: MethodDescription): Arbitrary<Spoilt> => {
  const inPath = new Set(method.routes[0]!.pathFields.map(({ name }) => name));
  const given = fc.constantFrom(
    ...method.input.fields.map(({ name }) => name).filter((name) => !inPath.has(name)),
    'extra',
    '__proto__',
    'constructor',
    '',
    '%00',
    '%',
    '%ff',
  );
  const texts = fc.constantFrom(
    '',
    '1',
    '0',
    '-0',
    '01',
    '+1',
    '1e1',
    '1.0',
    '%201',
    '%31',
    '200',
    '201',
    'A',
    '%',
    '%zz',
    '%ff%fe',
    '%00',
    '%F0%9F%A6%9C',
    'x'.repeat(3_000),
    'a&b',
    'a=b',
    '[]',
    'true',
  );
  return fc
    .tuple(
      validDrafts(method.input),
      fc.array(fc.tuple(given, texts), { minLength: 1, maxLength: 3 }),
      fc.constantFrom('&', '&', '&', ';', '&&', '&='),
    )
    .map(([draft, more, separator]) => {
      const request = saidInRest(method, draft, {}, false);
      const text = more.map(([name, value]) => `${name}=${value}`).join(separator);
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}${text}`;
      const known = new Set(method.input.fields.map(({ name }) => name));
      const names = path
        .slice(path.indexOf('?') + 1)
        .split('&')
        .map((part) => part.split('=')[0]!);
      const isTwice = names.some((name, index) => known.has(name) && names.indexOf(name) !== index);
      const isStrange = separator !== ';' && (isTwice || more.some(([name, value]) => (name !== '' || value !== '') && !known.has(name)));
      return { request: { ...request, path }, expected: isStrange ? 'refused' : 'either' };
    });
};
