import { createHash, randomUUIDv7, type KeyObject } from 'node:crypto';
import { derivedId } from '../domain/ids.ts';
import type { Caller } from '../platform/call.ts';
import { keyedHash } from '../privacy/sealing.ts';

/**
 * The id of a command. With an idempotency key it follows from caller, method, target and key, so that a retry is the
 * same command through whichever API or process it comes; without one it is random, and a retry is a new request.
 */
export const commandIdOf = (caller: Caller, method: string, target: string, requestId: string): string =>
  requestId === ''
    ? randomUUIDv7()
    : derivedId('command', caller.issuer, caller.subject, caller.customerId ?? '', caller.merchantId ?? '', method, target, requestId);

/** The id of a thing that a command creates without naming one; it follows from the command's, so that a retry finds the first try's. */
export const createdIdOf = (commandId: string): string => derivedId('created', commandId);

/** The subject under whose key an author's own texts are sealed. */
export const authorOf = (caller: Caller): string => derivedId('author', caller.issuer, caller.subject);

/** The hash of a request as it was received (its canonical bytes); keyed where it carries personal data. */
export const requestHash = (bytes: Uint8Array, key: KeyObject | undefined): string =>
  key ? keyedHash(key, bytes) : createHash('sha256').update(bytes).digest('base64url');
