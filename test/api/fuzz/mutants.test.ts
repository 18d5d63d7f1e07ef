import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { FieldRules } from '../../../src/api/descriptors.ts';
import type { Message } from '../../../src/api/read-json.ts';
import { wireReader } from '../../../src/api/read-wire.ts';
import { validators } from '../../../src/api/validate.ts';
import type { FieldViolation } from '../../../src/platform/call.ts';
import { contract } from '../../support/any-method.ts';
import { placesIn, tries, validDrafts, withValue } from './drafts.ts';
import { declaredRules, violationsIn } from './rule-book.ts';
import { bytesOf } from './wire.ts';

/** A validator that differs from the contract in one rule of one field. */
type Mutant = { readonly what: string; readonly rules: (field: DescField) => FieldRules | undefined };

const mutantsOf = (message: DescMessage): readonly Mutant[] =>
  [...new Set(placesIn(message).map(({ field }) => field))].flatMap((field) => {
    const rules = contract.rules(field);
    return changesOf(field, rules).map((change) => ({
      what: `${field.toString()} ${JSON.stringify(change, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
      rules: (each: DescField) => (each === field ? { ...none, ...rules, ...change } : contract.rules(each)),
    }));
  });

const none: FieldRules = { required: false, maxLength: 0, pattern: '', uuid: false, minItems: 0, maxItems: 0, email: false, means: '' };

/** What may be wrong with one rule: it is forgotten, or off by one. */
const changesOf = (field: DescField, rules: FieldRules | undefined): readonly Partial<FieldRules>[] => {
  const { required, maxLength, pattern, uuid, email, min, max, minItems, maxItems } = { ...none, ...rules };
  const isBareText = field.fieldKind === 'scalar' && field.proto.type === 9 && maxLength === 0 && pattern === '' && !uuid;
  const offByOne = (name: 'min' | 'max', bound: bigint | undefined): readonly Partial<FieldRules>[] =>
    bound === undefined ? [] : [{ [name]: bound - 1n }, { [name]: bound + 1n }];
  return [
    ...(required ? [{ required: false }] : []),
    ...(maxLength > 0 ? [{ maxLength: maxLength + 1 }, { maxLength: maxLength - 1 }] : []),
    ...(isBareText ? [{ maxLength: 201 }, { maxLength: 199 }] : []),
    ...(pattern === '' ? [] : [{ pattern: '' }]),
    ...(uuid ? [{ uuid: false }] : []),
    ...(email ? [{ email: false }] : []),
    ...offByOne('min', min),
    ...offByOne('max', max),
    ...(minItems > 0 ? [{ minItems: minItems - 1 }, { minItems: minItems + 1 }] : []),
    ...(maxItems > 0 ? [{ maxItems: maxItems - 1 }, { maxItems: maxItems + 1 }] : []),
  ];
};

const read = wireReader();

type Try = { readonly message: Message; readonly isValid: boolean };

/** What the fuzzer tries at each place, decoded, and whether the contract allows it: the same each time, so that nothing here is a matter of luck. */
const triesOf = (message: DescMessage): readonly Try[] => {
  const drafts = fc.sample(validDrafts(message), { seed: 1, numRuns: 10 });
  return placesIn(message).flatMap(({ path, field }) =>
    fc.sample(tries(field, declaredRules(field)), { seed: 1, numRuns: 150 }).map((value, index) => {
      const draft = withValue(drafts[index % drafts.length]!, path, value);
      return { message: read(message)(bytesOf(message, draft)), isValid: violationsIn(message, draft).length === 0 };
    }),
  );
};

/** Whether the fuzzer would see what is wrong with a validator. */
const isNoticed = (message: DescMessage, rules: Mutant['rules'], tried: readonly Try[]): boolean => {
  const validate = validators({ rules })(message);
  return tried.some((each) => {
    const violations: FieldViolation[] = [];
    validate(each.message, violations);
    return (violations.length === 0) !== each.isValid;
  });
};

for (const { service, name, input } of contract.methods) {
  test(`the fuzzer of ${service}/${name} notices every rule that is forgotten or off by one`, () => {
    const tried = triesOf(input);
    assert.ok(!isNoticed(input, contract.rules, tried), 'the validator as it is does what the contract says');
    const unnoticed = mutantsOf(input).filter(({ rules }) => !isNoticed(input, rules, tried));
    assert.deepEqual(
      unnoticed.map(({ what }) => what),
      [],
    );
  });
}
