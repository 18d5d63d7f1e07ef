import { randomUUIDv7 } from 'node:crypto';
import { refused } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import type { Failure } from './errors.ts';

/** What callers are told of something that a method threw: that a dependency is away, that nobody knows the outcome, or an incident of ours. */
export const failureOfThrown = (logger: Logger, error: unknown, method: string, correlationId: string): Failure => {
  const { name, unavailable } = (error ?? {}) as { readonly name?: unknown; readonly unavailable?: unknown };
  if (name === 'OutcomeUnknown')
    return refused('outcome_unknown', 'OUTCOME_UNKNOWN', 'Whether this took effect is not known; send it again with the same key.');
  // Aborted: the deadline passed, or the caller went away and hears nothing of this.
  if (name === 'TimeoutError' || name === 'AbortError') return deadlineExceeded;
  if (name === 'StoreUnavailable' || unavailable === true) {
    logger.warn({ err: error, method, correlationId }, 'a dependency is unavailable');
    return refused('unavailable', 'UNAVAILABLE', 'Something this depends on does not answer; try again.');
  }
  const incident = randomUUIDv7();
  logger.error({ err: error, incident, method, correlationId }, 'a method failed');
  return { kind: 'failed', incident };
};

export const deadlineExceeded = refused(
  'outcome_unknown',
  'DEADLINE_EXCEEDED',
  'The deadline passed before the outcome was known; send it again with the same key.',
);
