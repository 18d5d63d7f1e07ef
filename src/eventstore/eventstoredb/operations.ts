import { randomUUID, randomUUIDv7 } from 'node:crypto';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { backoffMs, pause, reconnecting } from '../../platform/retry.ts';
import { OutcomeUnknown, StoreUnavailable, type AppendResult } from '../event-store.ts';
import type { LogOperations, OrderedAppend } from '../log-operations.ts';
import { openAppender } from './append.ts';
import { openConnection } from './connection.ts';
import { parseConnectionString } from './connection-string.ts';
import { positionOf, recordedOf } from './events.ts';
import { openIdentity } from './identity.ts';
import { readFew, tailReader } from './read.ts';
import { headRequest, streamRequest } from './requests.ts';
import { serialise, serialiseAppend } from './serialised-append.ts';

/** The server's default access, which streams without access lists of their own have. */
const settingsStream = '$settings';
type Settings = { readonly $userStreamAcl?: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;
type Changed = { readonly data: Settings; readonly revision: number; readonly replaced: Settings | undefined };

/** How long nothing may come in before a log counts as closed: what was let in before may still be on its way. */
const quietMs = { withUsers: 3_000, insecure: 5_000 } as const;

/**
 * An operator's hand on a log in EventStoreDB; the URL names a user of the group `$admins`. Closing takes write access to
 * the log's streams from everybody else. An insecure server knows no users: there its writers must be stopped first.
 */
export const openEventStoreDbOperations = (options: { readonly url: string; readonly logger: Logger; readonly metrics: Registry }): LogOperations => {
  const { logger, metrics } = options;
  const settings = parseConnectionString(options.url);
  const connection = openConnection({ settings: { ...settings, nodePreference: 'leader' }, name: 'orders log operator', logger });
  const appender = openAppender({ connection, readTails: tailReader(connection), logger, metrics, closed: async () => false });
  const identity = openIdentity(connection, appender.send);
  const hasUsers = settings.tls;

  const head = async (): Promise<string> => {
    const [newest] = await readFew(connection, headRequest(), { leader: true });
    return newest ? positionOf(newest) : '';
  };

  const isQuiet = async (ms: number): Promise<boolean> => {
    const before = await head();
    const until = performance.now() + ms;
    while (performance.now() < until) {
      await pause(500);
      if ((await head()) !== before) return false;
    }
    return true;
  };

  const readSettings = async (): Promise<Changed | undefined> => {
    const [sent] = await readFew(connection, streamRequest(settingsStream, { from: 'end', backwards: true, count: 1 }), { leader: true });
    if (!sent) return undefined;
    const { data, revision, meta } = recordedOf(sent);
    return { data: data as Settings, revision, replaced: (meta as { readonly replaced?: Settings }).replaced };
  };

  /** Writes the default access; what it replaces is kept beside it, so that it can be put back. */
  const writeSettings = async (data: Settings, before: Changed | undefined, replaced: Settings | undefined): Promise<void> => {
    const meta = {
      commandId: randomUUID(),
      commandHash: '',
      correlationId: randomUUID(),
      actor: 'process:log-operator',
      ...(replaced ? { replaced } : {}),
    };
    const serialised = serialise(
      settingsStream,
      [{ id: randomUUIDv7(), type: '$settings', schemaVersion: 1, data, meta }],
      before?.revision ?? 'none',
    );
    const result = serialised.kind === 'refused' ? serialised : await appender.send(serialised);
    if (result.kind !== 'appended') throw new StoreUnavailable(`the server's default access could not be changed: ${result.kind}`);
  };

  return {
    async close() {
      if (!hasUsers && !(await isQuiet(quietMs.insecure)))
        return { kind: 'open', because: 'the server knows no users and events still come in: stop everything that writes to the log first' };
      // Only administrators may read it: whoever could not take access away changes nothing either.
      const before = hasUsers ? await readSettings() : undefined;
      await identity.change((now) => ({ ...now, closed: true }));
      if (!hasUsers) return { kind: 'closed' };
      const current = before?.data ?? {};
      if (before?.replaced === undefined)
        await writeSettings({ ...current, $userStreamAcl: { ...current.$userStreamAcl, $w: '$admins' } }, before, current);
      if (await isQuiet(quietMs.withUsers)) return { kind: 'closed' };
      return { kind: 'open', because: 'events still come in although only administrators may write: no role may be one' };
    },

    async reopen() {
      const before = hasUsers ? await readSettings() : undefined;
      if (before?.replaced) await writeSettings(before.replaced, before, undefined);
      await identity.change((now) => ({ ...now, closed: false }));
    },

    async succeed(predecessors, generation) {
      await identity.change((now) => ({ ...now, predecessors, generation }));
    },

    async appendInOrder(appends, signal) {
      let last: (AppendResult & { readonly stream: string }) | undefined;
      // One after another: only what is stored is surely before what is not sent yet.
      for (const append of appends) {
        last = { ...(await untilAnswered(append, signal)), stream: append.stream };
        if (last.kind !== 'appended') break;
      }
      return last!;
    },

    async end() {
      await appender.close();
      connection.close();
    },
  };

  async function untilAnswered({ stream, events, expected }: OrderedAppend, signal: AbortSignal): Promise<AppendResult> {
    const serialised = serialiseAppend(stream, events, expected);
    if (serialised.kind === 'refused') return serialised;
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await appender.send(serialised);
      } catch (error) {
        if (!(error instanceof OutcomeUnknown || error instanceof StoreUnavailable)) throw error;
        await pause(backoffMs(reconnecting, failures), signal);
      }
    }
  }
};
