import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { StoreUnavailable, type LogIdentity } from '../event-store.ts';
import type { Appender } from './append.ts';
import type { Connection } from './connection.ts';
import { recordedOf } from './events.ts';
import { readFew } from './read.ts';
import { streamRequest } from './requests.ts';
import { serialise } from './serialised-append.ts';

/** The stream that says which log this is. Its name is none that an append takes. */
export const identityStream = 'log:identity';
/** Begins as a system event's type does, so that no reader of the log meets it. */
const type = '$log-identity';
/** Shorter than whoever asks for readiness waits: the answer then says what is wrong. */
const patienceMs = 1_500;

export type Identity = {
  readonly read: () => Promise<LogIdentity>;
  /** Whether the log is closed. Writes nothing: also who may not write can ask. */
  readonly isClosed: () => Promise<boolean>;
  /** Writes what the identity is from now on; two changes at once do not overwrite each other. */
  readonly change: (change: (now: LogIdentity) => LogIdentity) => Promise<LogIdentity>;
};

/** The identity of a log in EventStoreDB: the last event of its stream. Whoever asks first in a new log writes it. */
export const openIdentity = (connection: Connection, send: Appender['send']): Identity => {
  const last = async (): Promise<{ readonly identity: LogIdentity; readonly revision: number } | undefined> => {
    const request = streamRequest(identityStream, { from: 'end', backwards: true, count: 1 });
    const [sent] = await readFew(connection, request, { leader: true, patienceMs });
    if (!sent) return undefined;
    const { data, revision, type: found } = recordedOf(sent);
    if (found !== type || !isIdentity(data))
      throw new StoreUnavailable(`revision ${revision} of the stream ${identityStream} says nothing of a log: somebody else wrote it`);
    return { identity: data, revision };
  };

  const write = async (identity: LogIdentity, expected: 'none' | number, deadline?: number): Promise<boolean> => {
    const meta = { commandId: randomUUID(), commandHash: '', correlationId: identity.id, actor: 'process:event-store' };
    const event = { id: randomUUIDv7(), type, schemaVersion: 1, data: identity, meta };
    const serialised = serialise(identityStream, [event], expected);
    if (serialised.kind === 'refused') throw new Error(serialised.because);
    const result = await send(serialised, deadline).catch((error: unknown) => {
      const what = expected === 'none' ? 'the log has no identity yet, and it cannot be written' : "the log's identity cannot be written";
      throw new StoreUnavailable(`${what}: ${(error as Error).message}`, { cause: error });
    });
    if (result.kind === 'refused') throw new StoreUnavailable(`the log's identity cannot be written: ${result.because}`);
    return result.kind === 'appended';
  };

  const read = async (): Promise<LogIdentity> => {
    for (;;) {
      const found = await last();
      if (found) return found.identity;
      const first: LogIdentity = { id: randomUUID(), generation: 1, predecessors: [], closed: false };
      if (await write(first, 'none', performance.now() + patienceMs)) return first;
    }
  };

  return {
    read,
    isClosed: async () => (await last())?.identity.closed === true,
    async change(change) {
      for (;;) {
        await read();
        const found = (await last())!;
        const next = change(found.identity);
        if (await write(next, found.revision)) return next;
      }
    },
  };
};

const isIdentity = (data: unknown): data is LogIdentity => {
  const { id, generation, predecessors, closed } = (data ?? {}) as Partial<Record<keyof LogIdentity, unknown>>;
  return typeof id === 'string' && id !== '' && Number.isSafeInteger(generation) && Array.isArray(predecessors) && typeof closed === 'boolean';
};
