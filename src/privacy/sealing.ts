import { createCipheriv, createDecipheriv, createHmac, randomFillSync, type KeyObject } from 'node:crypto';
import type { Sealed } from '../domain/event.ts';
import type { Keys } from './keys.ts';

/** What a sealed value reads as: its text, or that its subject was erased. */
export type Opened = { readonly kind: 'open'; readonly text: string } | { readonly kind: 'erased' };

/** Seals a text under a subject's key with AES-256-GCM, bound to subject and field: moved elsewhere, it does not open. */
export const seal = (key: KeyObject, subject: string, field: string, text: string): Sealed => {
  const nonce = freshNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(subject, field));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { subject, field, sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url') };
};

/** Opens sealed values, in order, with one look-up for all their subjects. Throws when one was tampered with or moved. */
export const opener =
  (keys: Keys) =>
  async (values: readonly Sealed[]): Promise<readonly Opened[]> => {
    if (values.length === 0) return [];
    const found = await keys.find(values.map(({ subject }) => subject));
    return values.map((value): Opened => {
      const key = found.get(value.subject);
      if (!key && !found.has(value.subject))
        throw new Error(`subject ${value.subject} has neither a key nor a tombstone: the keys' database is not the one it was sealed with`);
      return key ? { kind: 'open', text: openedBefore(key, value) ?? openWith(key, value) } : { kind: 'erased' };
    });
  };

/** A hash of a request that carries personal data, keyed so that nobody can try guesses against it. */
export const keyedHash = (key: KeyObject, bytes: Uint8Array): string =>
  createHmac('sha256', key).update('command\n').update(bytes).digest('base64url');

const nonceBytes = 12;
const pool = Buffer.alloc(256 * nonceBytes);
let used = pool.length;

/** 96 random bits, drawn from the generator in bulk; no bytes are given out twice. */
const freshNonce = (): Buffer => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += nonceBytes;
  return Buffer.from(pool.subarray(used - nonceBytes, used));
};

/**
 * What was opened under each key: opening takes longer than everything else about a value, and who shows an order shows it again. It is
 * remembered with the key itself and so exactly as long: an erased subject's is out of reach with its key.
 */
const openedUnder = new WeakMap<KeyObject, (Sealed & { readonly text: string })[]>();
/** Values that are remembered of one key; more, and it begins anew. */
const maxRemembered = 12;

/** They are few and differ in their first characters: comparing finds one sooner than hashing all of it would. */
const openedBefore = (key: KeyObject, { subject, field, sealed }: Sealed): string | undefined =>
  openedUnder.get(key)?.find((known) => known.sealed === sealed && known.field === field && known.subject === subject)?.text;

const openWith = (key: KeyObject, { subject, field, sealed }: Sealed): string => {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(boundTo(subject, field)).setAuthTag(bytes.subarray(12, 28));
  const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  const known = openedUnder.get(key);
  if (known === undefined || known.length === maxRemembered) openedUnder.set(key, [{ subject, field, sealed, text }]);
  else known.push({ subject, field, sealed, text });
  return text;
};

const boundTo = (subject: string, field: string): Buffer => Buffer.from(`${subject}\n${field}`);
