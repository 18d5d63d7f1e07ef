import { isConnectionError, openPool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../../platform/retry.ts';
import type { AppendResult } from '../event-store.ts';
import type { LogOperations } from '../log-operations.ts';
import { appendBatch } from './append-batch.ts';
import { serialiseAppend, type SerialisedAppend } from './serialised-append.ts';

/** An operator's hand on a log in PostgreSQL; the URL is that of the role that owns the log's schema. */
export const openPostgresOperations = ({ url, logger }: { readonly url: string; readonly logger: Logger }): LogOperations => {
  const pool = openPool({
    url,
    name: 'orders log operator',
    max: 1,
    logger,
    settings: { lock_timeout: '30s', statement_timeout: '60s', synchronous_commit: 'on', default_transaction_isolation: 'read committed' },
  });

  return {
    async close() {
      // One transaction under the lock that every append holds through its commit: whoever appends later sees it closed.
      await pool.query('select pg_advisory_xact_lock(7308322); update log.identity set closed_at = coalesce(closed_at, clock_timestamp())');
      return { kind: 'closed' };
    },

    async reopen() {
      await pool.query('update log.identity set closed_at = null');
    },

    async succeed(predecessors, generation) {
      await pool.query('update log.identity set predecessors = $1, generation = $2', [JSON.stringify(predecessors), generation]);
    },

    async appendInOrder(appends, signal) {
      const batch: SerialisedAppend[] = [];
      for (const { stream, events, expected } of appends) {
        const serialised = serialiseAppend(stream, events, expected);
        if (serialised.kind === 'refused') return { ...serialised, stream };
        batch.push(serialised);
      }
      const results = await untilAnswered(() => appendBatch(pool, batch, { logger, sending: () => {} }), signal);
      const index = results.findIndex(({ kind }) => kind !== 'appended');
      return { ...results.at(index)!, stream: appends.at(index)!.stream };
    },

    async end() {
      await pool.end();
    },
  };
};

/** The procedure recognises what it has stored, so a batch without an answer is sent again as it is. */
const untilAnswered = async (send: () => Promise<readonly AppendResult[]>, signal: AbortSignal): Promise<readonly AppendResult[]> => {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (code === 'OP001') return [{ kind: 'refused', code: 'LOG_CLOSED', because: 'The log is closed.' }];
      if (!isConnectionError(error) && !/^(53|55P03|57)/.test(code)) throw error;
      await pause(backoffMs(reconnecting, failures), signal);
    }
  }
};
