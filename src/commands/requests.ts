import { actsForMerchant, authorityOf } from '../domain/authority.ts';
import { refused, type Caller, type FieldViolation, type Refusal } from '../platform/call.ts';

/** The request breaks rules that need more than its fields to be told. */
export const invalid = (...fields: readonly FieldViolation[]): Refusal =>
  refused('invalid', 'INVALID_REQUEST', 'The request breaks the rules of some fields.', { fields });

/** The merchant that a caller acts for: the one it names, or else its own; or why it acts for none. */
export const merchantFor = (named: string, caller: Caller): string | Refusal => {
  const merchantId = named || caller.merchantId;
  if (!merchantId) return invalid({ field: 'merchant_id', description: 'is required: the token names no merchant' });
  if (!actsForMerchant(authorityOf(caller), merchantId)) return refused('forbidden', 'FORBIDDEN', 'The token does not act for this merchant.');
  return merchantId;
};

/** A value of an enum that the contract requires. The validator lets only real ones pass. */
export const real = <Value extends string>(value: Value): Exclude<Value, `${string}UNSPECIFIED` | 'UNRECOGNIZED'> => {
  if (value === 'UNRECOGNIZED' || value.endsWith('UNSPECIFIED')) throw new Error(`${value} passed the validator`);
  return value as Exclude<Value, `${string}UNSPECIFIED` | 'UNRECOGNIZED'>;
};
