import { ScalarType, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { contract } from '../support/any-method.ts';

/** A request that breaks one rule of one field, and how the violation names that field. */
export type Breach = { readonly field: string; readonly request: JsonObject };

/** From a good request, one for every rule that the contract declares for its fields, nested ones too. Fields in the path stay. */
export const breachesOf = function* (message: DescMessage, good: JsonObject, inPath: ReadonlySet<string>, at = ''): Generator<Breach> {
  for (const field of message.fields) {
    const { name } = field;
    const path = `${at}${name}`;
    const given = good[name];
    for (const bad of wrongValues(field)) {
      if (bad === undefined && inPath.has(path)) continue;
      const { [name]: _, ...others } = good;
      yield { field: path, request: bad === undefined ? others : { ...others, [name]: bad } };
    }
    if (!field.message || given === undefined || field.message.typeName === 'google.protobuf.Timestamp') continue;
    const [first, ...rest] = Array.isArray(given) ? given : [given];
    const inner = Array.isArray(given) ? `${path}[0].` : `${path}.`;
    for (const breach of breachesOf(field.message, first as JsonObject, inPath, inner)) {
      yield { ...breach, request: { ...good, [name]: Array.isArray(given) ? [breach.request, ...rest] : breach.request } };
    }
  }
};

/** Values that a field's rules forbid; undefined: none at all. */
const wrongValues = function* (field: DescField): Generator<JsonValue | undefined> {
  const rules = contract.rules(field);
  if (!rules) return;
  if (rules.required) yield undefined;
  if (rules.uuid) yield 'no-uuid';
  if (rules.pattern !== '') yield '\u00a7\u00a7';
  if (rules.email) yield 'nobody';
  if (rules.maxLength > 0) yield 'x'.repeat(rules.maxLength + 1);
  if (rules.minItems > 0) yield [];
  if (field.fieldKind === 'enum' && rules.required) yield 99;
  if (field.fieldKind !== 'scalar') return;
  const number = (value: bigint): JsonValue => (field.scalar === ScalarType.INT64 ? String(value) : Number(value));
  if (rules.min !== undefined) yield number(rules.min - 1n);
  if (rules.max !== undefined) yield number(rules.max + 1n);
};
