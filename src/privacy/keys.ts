import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';

/** One subject's key; undefined: the subject was erased, and stays so. */
export type SubjectKey = KeyObject | undefined;

/** The keys under which personal data is sealed, one per subject. */
export type Keys = {
  /** The subject's key, made and committed when there is none yet. */
  readonly of: (subject: string) => Promise<SubjectKey>;
  /** The keys of subjects that have one; a subject that never had a key is absent, an erased one undefined. */
  readonly find: (subjects: readonly string[]) => Promise<ReadonlyMap<string, SubjectKey>>;
};

/** A row of the key store; without a key it is the tombstone of an erased subject. */
type Stored = { readonly subject: string; readonly wrapped: Buffer | null };

/** How long a key is remembered, and so how long after its destruction a process may still open what it sealed. */
const cacheMs = 60_000;

/**
 * Opens the key store. Keys are 256 random bits, wrapped by the master key with AES-256-GCM, bound to their subject, and
 * committed before their first use: of two processes that make one at once, the first wins and both read it back.
 */
export const openKeys = ({ pool, masterKey }: { readonly pool: Pool; readonly masterKey: KeyObject }): Keys => {
  const cache = new LRUCache<string, { readonly key: SubjectKey }>({ max: 50_000, ttl: cacheMs });

  const remember = (subject: string, key: SubjectKey): SubjectKey => {
    cache.set(subject, { key });
    return key;
  };

  const opened = ({ subject, wrapped }: Stored): SubjectKey => remember(subject, wrapped ? unwrap(masterKey, subject, wrapped) : undefined);

  /** Keys are forgotten after a minute, many at the same time: those who ask for them share a statement. Undefined: there is none. */
  const stored = gather(
    async (subjects: readonly string[]): Promise<readonly (Stored | undefined)[]> => {
      const { rows } = await pool.query<Stored>({
        name: 'privacy.find',
        text: 'select subject, wrapped from privacy.keys where subject = any($1::uuid[])',
        values: [[...new Set(subjects)]],
      });
      const found = new Map(rows.map((row) => [row.subject, row]));
      return subjects.map((subject) => found.get(subject));
    },
    { maxBatch: 500, inFlight: 2 },
  );

  /** A key for each subject, found or made, in one round trip; only what another process makes at this moment is read back in one more. */
  const findOrMake = async (subjects: readonly string[]): Promise<readonly SubjectKey[]> => {
    const made = [...new Set(subjects)].map((subject) => {
      const key = randomBytes(32);
      return { subject, key, wrapped: wrap(masterKey, subject, key) };
    });
    const { rows } = await pool.query<{ subject: string; wrapped: Buffer | null; made: boolean }>({
      name: 'privacy.find-or-make',
      text: `with made as (
               insert into privacy.keys (subject, wrapped) select * from unnest($1::uuid[], $2::bytea[])
                   on conflict (subject) do nothing
            returning subject)
             select subject, null as wrapped, true as made from made
              union all
             select subject, wrapped, false from privacy.keys where subject = any($1::uuid[])`,
      values: [made.map(({ subject }) => subject), made.map(({ wrapped }) => wrapped)],
    });
    const answered = new Map(rows.map((row) => [row.subject, row]));
    const found = new Map<string, SubjectKey>();
    const theirs: string[] = [];
    for (const { subject, key } of made) {
      const row = answered.get(subject);
      if (!row) theirs.push(subject);
      else found.set(subject, row.made ? remember(subject, createSecretKey(key)) : opened(row));
    }
    for (const row of await Promise.all(theirs.map(stored))) if (row) found.set(row.subject, opened(row));
    return subjects.map((subject) => found.get(subject));
  };
  const findOrMakeOne = gather(findOrMake, { maxBatch: 500, inFlight: 1 });

  return {
    of: async (subject) => {
      const cached = cache.get(subject);
      return cached ? cached.key : findOrMakeOne(subject);
    },
    find: async (subjects) => {
      const keys = new Map<string, SubjectKey>();
      const unknown: string[] = [];
      for (const subject of new Set(subjects)) {
        const cached = cache.get(subject);
        if (cached) keys.set(subject, cached.key);
        else unknown.push(subject);
      }
      if (unknown.length === 0) return keys;
      for (const row of await Promise.all(unknown.map(stored))) if (row) keys.set(row.subject, opened(row));
      return keys;
    },
  };
};

const format = 1;

const wrap = (masterKey: KeyObject, subject: string, key: Buffer): Buffer => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from(subject));
  const body = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), body]);
};

const unwrap = (masterKey: KeyObject, subject: string, wrapped: Buffer): KeyObject => {
  if (wrapped[0] !== format) throw new Error(`the key of subject ${subject} is wrapped in an unknown format`);
  const decipher = createDecipheriv('aes-256-gcm', masterKey, wrapped.subarray(1, 13))
    .setAAD(Buffer.from(subject))
    .setAuthTag(wrapped.subarray(13, 29));
  try {
    return createSecretKey(Buffer.concat([decipher.update(wrapped.subarray(29)), decipher.final()]));
  } catch (error) {
    throw new Error(`the key of subject ${subject} does not open: PRIVACY_MASTER_KEY is not the one it was wrapped with`, { cause: error });
  }
};
