import { createHash } from 'node:crypto';
import { ScalarType, type DescField } from '@bufbuild/protobuf';
import type { Contract } from './descriptors.ts';

/** A value of proto3 JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Fields that stand for headers of REST: a body says them only where there are no headers. */
const saidByHeaders = new Set(['request_id', 'etag']);

/** A message as it may look in JSON, made of the examples of its fields; of a request without what headers say. */
export const exampleOf = (contract: Contract, fields: readonly DescField[], isRequest: boolean): { readonly [name: string]: JsonValue } => {
  const shown = fields.filter(({ name }) => !(isRequest && saidByHeaders.has(name)));
  return Object.fromEntries(
    shown.map((field) => [field.name, fieldExample(contract, field, isRequest)] as const).filter(([, value]) => value !== null),
  );
};

/** The example of a field: null where it is left out. */
export const fieldExample = (contract: Contract, field: DescField, isRequest: boolean): JsonValue => {
  const given = contract.example(field);
  if (given === 'null' || given === '[]') return field.fieldKind === 'list' ? [] : null;
  const value = valueExample(contract, field, given, isRequest);
  return field.fieldKind === 'list' ? [value] : value;
};

const valueExample = (contract: Contract, field: DescField, given: string, isRequest: boolean): JsonValue => {
  if (field.message) {
    if (given !== '') return JSON.parse(given) as JsonValue;
    if (field.message.typeName === 'google.protobuf.Timestamp') return isAhead.test(field.name) ? '2026-02-14T12:00:00Z' : '2026-01-31T12:00:00Z';
    return wellKnown[field.message.typeName] ?? exampleOf(contract, field.message.fields, isRequest);
  }
  if (field.enum) return given || field.enum.values[1]!.name;
  switch (field.scalar) {
    case ScalarType.STRING:
      return given || textExample(contract, field);
    case ScalarType.BOOL:
      return given === 'true';
    case ScalarType.BYTES:
      return given;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return given || String(contract.rules(field)?.min ?? 1n);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return Number(given || Math.max(1, Number(contract.rules(field)?.min ?? 1n)));
  }
};

/** What every contract says in the same way needs no example of its own. */
const everywhere: Readonly<Record<string, string>> = {
  request_id: '8e03978e-40d5-43e8-bc93-6894a57f9324',
  etag: '1',
  consistency_token: 'AQ.ZTNiMGM0NDI.000000000000002a',
  page_token: '',
  next_page_token: '',
};

const textExample = (contract: Contract, field: DescField): string =>
  everywhere[field.name] ?? (contract.rules(field)?.uuid || /_ids?$/.test(field.name) ? idExample(field.name) : '');

/** The same id wherever the same thing is meant, of UUID's version 7. */
const idExample = (name: string): string => {
  const digits = createHash('sha256')
    .update(name.replace(/_ids?$/, ''))
    .digest('hex');
  return `0198c5f0-${digits.slice(0, 4)}-7${digits.slice(4, 7)}-8${digits.slice(7, 10)}-${digits.slice(10, 22)}`;
};

/** Times by which something is to happen. */
const isAhead = /_(by|before|ends)$|^until$/;

const wellKnown: Readonly<Record<string, JsonValue>> = { 'google.protobuf.Struct': {} };
