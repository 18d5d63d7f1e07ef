import type { FieldViolation } from '../platform/call.ts';

/** So many violations are reported at once; whoever has more sees the rest on the next try. */
export const maxViolations = 20;

/** Notes what is wrong with the value at hand. Its place is put before it by those who know it, from the inside out. */
export const violate = (violations: FieldViolation[], description: string): undefined => violateAt(violations, '', description);

/** Notes what is wrong at a place that is known already. */
export const violateAt = (violations: FieldViolation[], field: string, description: string): undefined => {
  if (violations.length < maxViolations) violations.push({ field, description });
  return undefined;
};

/** Puts the place (`lines`, `[2]`) before all violations from number `from` on. Nothing is built while nothing is wrong. */
export const locate = (violations: FieldViolation[], from: number, place: string): void => {
  for (let index = from; index < violations.length; index += 1) {
    const { field, description } = violations[index]!;
    violations[index] = { field: field === '' || field.startsWith('[') ? place + field : `${place}.${field}`, description };
  }
};
