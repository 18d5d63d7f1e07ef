import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import { declaredRules, isLong, isNumber, type RuleBook, type Rules } from './rule-book.ts';

/** A request in proto3 JSON with the proto's names. Every value is of its type, so that both transports can say it; valid it need not be. */
export type Draft = Readonly<Record<string, unknown>>;

/** Ids that stand for something on the other side, by the name of the field they belong into. */
export type KnownIds = Readonly<Record<string, readonly string[]>>;

/** Where in a draft a value stands: names of fields, and indices of lists. */
export type Path = readonly (string | number)[];

/** Drafts that keep every rule, as far as the contract tells. */
export const validDrafts = (message: DescMessage, known: KnownIds = {}): Arbitrary<Draft> => {
  const required: Record<string, Arbitrary<unknown>> = {};
  const keys: string[] = [];
  for (const field of message.fields) {
    const rules = declaredRules(field);
    required[field.name] = validField(field, rules, known);
    if (rules.required || rules.minItems > 0 || needsValue(field, rules)) keys.push(field.name);
  }
  return fc.record(required, { requiredKeys: keys, noNullPrototype: true });
};

/** Numbers without presence are zero when left out, which their rules may not allow. */
const needsValue = (field: DescField, { min, max }: Rules): boolean =>
  field.fieldKind === 'scalar' &&
  isNumber(field.scalar) &&
  !field.proto.proto3Optional &&
  ((min !== undefined && min > 0n) || (max !== undefined && max < 0n));

const validField = (field: DescField, rules: Rules, known: KnownIds): Arbitrary<unknown> => {
  if (field.fieldKind !== 'list') return validValue(field, rules, known);
  return fc.array(validValue(field, rules, known), { minLength: rules.minItems, maxLength: Math.min(rules.maxItems || 4, rules.minItems + 3) });
};

const validValue = (field: DescField, rules: Rules, known: KnownIds): Arbitrary<unknown> => {
  if (field.message?.typeName === 'google.protobuf.Timestamp') return times;
  if (field.message) return validDrafts(field.message, known);
  if (field.enum) return fc.constantFrom(...field.enum.values.filter(({ number }) => number !== 0 || !rules.required).map(({ name }) => name));
  if (field.scalar === ScalarType.STRING) return validText(field, rules, known);
  if (field.scalar === ScalarType.BOOL) return fc.boolean();
  if (field.scalar !== undefined && isNumber(field.scalar)) {
    const min = rules.min ?? -(2n ** 31n);
    const max = rules.max ?? 2n ** 31n - 1n;
    const small = min > 5n || max < 1n ? min : min > 1n ? min : 1n;
    return fc.oneof(fc.constantFrom(min, max, small), fc.bigInt({ min, max })).map((value) => numberOf(field, value));
  }
  throw new Error(`${field.toString()}: the fuzzer cannot make this type yet`);
};

const numberOf = (field: DescField, value: bigint): number | string =>
  isLong(field.scalar!) ? (value % 2n === 0n && Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()) : Number(value);

const times = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((time) => time.toISOString());

const validText = (field: DescField, rules: Rules, known: KnownIds): Arbitrary<string> => {
  const ids = known[field.name] ?? [];
  const optional = rules.required ? [] : [{ weight: 1, arbitrary: fc.constant('') }];
  if (rules.uuid) {
    const some = fc.uuid();
    return fc.oneof(
      ...optional,
      ...(ids.length > 0 ? [{ weight: 6, arbitrary: fc.constantFrom(...ids) }] : []),
      { weight: 1, arbitrary: some },
      { weight: 1, arbitrary: some.map((id) => id.toUpperCase()) },
    );
  }
  if (rules.email) return fc.oneof(...optional, { weight: 3, arbitrary: fc.constantFrom(...goodAddresses) });
  if (rules.pattern !== '') {
    const matching = fc.stringMatching(new RegExp(`^(?:${rules.pattern})$`)).filter((text) => text.length <= rules.maxLength);
    const familiar = ['EUR', 'DE', 'de', 'pm_card'].filter((text) => new RegExp(`^(?:${rules.pattern})$`).test(text));
    return fc.oneof(
      ...optional,
      { weight: 2, arbitrary: matching },
      ...(familiar.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...familiar) }] : []),
    );
  }
  return fc.oneof(...optional, ...(ids.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...ids) }] : []), {
    weight: 3,
    arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: Math.min(rules.maxLength, 40) }).map((text) => text.replaceAll('\0', '?')),
  });
};

const goodAddresses = ['ada@example.org', 'ü.ß+tag@sub.exämple.museum', `${'a'.repeat(64)}@b.co`, '!#$%&*/=?^`{|}~@x-1.example', '..@a.b'];

/** Drafts with a value or two in them that try the rules: on both sides of every bound, and what text can do. */
export const triedDrafts = (message: DescMessage, rulesOf: RuleBook = declaredRules, known: KnownIds = {}): Arbitrary<Draft> => {
  const places = placesIn(message);
  if (places.length === 0) return validDrafts(message, known);
  const change = fc.constantFrom(...places).chain(({ path, field }) => tries(field, rulesOf(field)).map((value) => ({ path, value })));
  return fc
    .tuple(
      fc.constant(undefined).chain(() => validDrafts(message, known)),
      fc.array(change, { minLength: 1, maxLength: 2 }),
    )
    .map(([draft, changes]) => changes.reduce((changed, { path, value }) => withValue(changed, path, value), draft));
};

/** A value of a field, or nothing. */
type Value = { readonly value: unknown } | undefined;

/** Every place of a message where a value can stand; of lists, the first item stands for all. */
export const placesIn = (message: DescMessage, path: Path = []): readonly { readonly path: Path; readonly field: DescField }[] =>
  message.fields.flatMap((field) => {
    const here = [...path, field.name];
    const inner = field.fieldKind === 'list' ? [...here, 0] : here;
    const isOpaque = field.message === undefined || field.message.typeName.startsWith('google.');
    return [{ path: here, field }, ...(isOpaque ? [] : placesIn(field.message, inner))];
  });

/** The draft with another value at a place, or without the one that stood there; as it was where the place is not there. */
export const withValue = (draft: Draft, [name, ...rest]: Path, value: Value): Draft => {
  if (Array.isArray(draft)) {
    const items = draft as unknown as readonly Draft[];
    if (items.length === 0) return draft;
    return [withValue(items[0]!, rest, value), ...items.slice(1)] as unknown as Draft;
  }
  if (rest.length === 0) {
    const { [name!]: _, ...others } = draft;
    return value === undefined ? others : { ...others, [name!]: value.value };
  }
  const inner = draft[name!];
  if (inner === undefined) return draft;
  return { ...draft, [name!]: withValue(inner as Draft, Array.isArray(inner) ? rest : rest, value) };
};

/** Values that try the rules of a field. */
export const tries = (field: DescField, rules: Rules): Arbitrary<Value> => {
  const values =
    field.fieldKind === 'list' ? triedLists(field, rules) : field.message ? triedMessages(field) : fc.oneof(...triedValues(field, rules));
  return fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 6, arbitrary: values.map((value) => ({ value })) });
};

const triedLists = (field: DescField, rules: Rules): Arbitrary<unknown> => {
  const bound = rules.maxItems || 200;
  const item = validValue(field, rules, {});
  const lengths = [0, 0, 0, 1, rules.minItems - 1, rules.minItems, bound - 1, bound, bound + 1, bound + 1, 300].filter((length) => length >= 0);
  return fc.tuple(item, fc.constantFrom(...lengths)).map(([each, length]) => Array.from({ length }, () => each));
};

const triedMessages = (field: DescField): Arbitrary<unknown> =>
  field.message!.typeName === 'google.protobuf.Timestamp'
    ? fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '1970-01-01T00:00:00Z', '1969-12-31T23:59:59.5Z')
    : fc.constantFrom(
        {},
        Object.fromEntries(field.message!.fields.filter(({ scalar }) => scalar === ScalarType.STRING).map(({ name }) => [name, ''])),
      );

const triedValues = (field: DescField, rules: Rules): Arbitrary<unknown>[] => {
  if (field.enum) return [fc.constantFrom(...field.enum.values.map(({ name }) => name))];
  if (field.scalar === ScalarType.BOOL) return [fc.boolean()];
  if (field.scalar === ScalarType.STRING) return triedTexts(rules);
  const long = isLong(field.scalar!);
  const [low, high] = long ? [-(2n ** 63n), 2n ** 63n - 1n] : [-(2n ** 31n), 2n ** 31n - 1n];
  const bounds = [rules.min, rules.max].filter((bound) => bound !== undefined).flatMap((bound) => [bound - 1n, bound, bound + 1n]);
  const others = [0n, 1n, -1n, low, high, ...(long ? [2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 32n] : [])];
  return [fc.constantFrom(...bounds, ...bounds, ...others).map((value) => numberOf(field, value))];
};

const triedTexts = (rules: Rules): Arbitrary<string>[] => {
  const { maxLength: max } = rules;
  const lengths = fc.tuple(fc.constantFrom(max - 1, max, max + 1, 2 * max, 2 * max + 1), fc.constantFrom('a', 'é', '漢', '🦜', '👩🏽‍🚀'));
  const shaped = [
    ...(rules.uuid ? [fc.constantFrom(...almostUuids)] : []),
    ...(rules.email ? [fc.constantFrom(...almostAddresses, ...longAddresses(max)), fc.constantFrom(...goodAddresses)] : []),
    ...(rules.pattern === ''
      ? []
      : [
          fc.constantFrom(...longTags, ...[max - 1, max, max + 1].map((length) => 'A'.repeat(length))),
          fc
            .stringMatching(new RegExp(`^(?:${rules.pattern})$`))
            .chain((text) => fc.constantFrom(`${text}\n`, ` ${text}`, text.toLowerCase(), text + text, `${text}é`)),
        ]),
  ];
  return [
    ...shaped,
    ...shaped,
    lengths.map(([length, character]) => character.repeat(length).slice(0, length * 4)),
    fc.constantFrom(max - 1, max, max + 1).map((length) => '🦜'.repeat(length)),
    fc.constantFrom(...oddTexts),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(''),
  ];
};

/** Addresses that are good but for their length: one less than is taken, as many, one more. */
const longAddresses = (max: number): readonly string[] =>
  [max - 1, max, max + 1].map((length) => {
    const start = `${'a'.repeat(60)}@${'b'.repeat(60)}.`;
    return `${start}${'c'.repeat(60)}.${'d'.repeat(Math.max(1, length - start.length - 61))}`;
  });

/** Language tags around the longest. */
const longTags = ['de', 'deu'].map((language) => `${language}${'-aa'.repeat(11)}`);

const aUuid = '0193f2a0-0000-7000-8000-0000000000ff';
const almostUuids = [
  aUuid.toUpperCase(),
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  aUuid.replaceAll('-', ''),
  `{${aUuid}}`,
  `urn:uuid:${aUuid}`,
  `${aUuid}\n`,
  ` ${aUuid}`,
  `${aUuid}0`,
  aUuid.slice(1),
  aUuid.replace('f', 'g'),
  aUuid.replace('-', '–'),
  aUuid.replace('0', '٠'),
  `${aUuid}:cancel`,
  `${aUuid}/lines`,
];

const almostAddresses = [
  'ada',
  '@example.org',
  'ada@',
  'ada@localhost',
  'ada@@example.org',
  'ada@exa mple.org',
  'a da@example.org',
  'ada@-example.org',
  'ada@example-.org',
  'ada@example..org',
  'ada@.org',
  'ada@example.org.',
  '"ada"@example.org',
  'ada@[127.0.0.1]',
  'ada@example.org\n',
  'ada\r\nBcc: x@example.org',
  `${'a'.repeat(65)}@example.org`,
  `ada@${'a'.repeat(64)}.org`,
  `ada@${'a.'.repeat(126)}org`,
  'ada@example.org, eve@example.org',
  'ada@exam_ple.org',
  'ada@\u0301xample.org',
  'a\0da@example.org',
];

const oddTexts = [
  '\0',
  'a\0b',
  "'; drop table orders; --",
  '$1',
  '%00',
  '%',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '*',
  '"0"',
  '-1',
  '9'.repeat(25),
  '\u202Eright to left',
  'e\u0301\u0301\u0301',
  '\u2028\u2029\u0085',
  '\uFEFF',
  '\uFFFD\uFFFE\uFFFF',
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '\t\r\n',
  ' ',
  '\u007F\u0001',
  'x'.repeat(5_000),
  '🦜'.repeat(1_000),
];
