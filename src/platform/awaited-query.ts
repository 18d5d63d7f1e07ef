import pg, { type QueryConfig, type QueryResult, type QueryResultRow } from 'pg';
import type { Pool } from './database.ts';
import { pause } from './retry.ts';

/**
 * Runs a query for somebody who may stop waiting: it is not begun once the signal has aborted, and cancelled on the server where it
 * runs. Rejects with the signal's reason then.
 */
export const awaitedQuery = async <Row extends QueryResultRow>(pool: Pool, signal: AbortSignal, query: QueryConfig): Promise<QueryResult<Row>> => {
  signal.throwIfAborted();
  const client = await pool.connect();
  // The server's process behind the connection (protocol message BackendKeyData); the driver has it, its types do not.
  const { processID } = client as unknown as { readonly processID: number };
  let ended = false;
  let cancelled: Promise<void> | undefined;
  const cancel = (): void => void (cancelled ??= cancelUntil(() => ended));
  // Again and again: a cancellation that overtakes its query finds nothing to cancel.
  const cancelUntil = async (isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      await cancellerOf(pool)
        .query('select pg_cancel_backend($1)', [processID])
        .catch(() => {});
      if (!isOver()) await pause(20);
    }
  };
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', cancel, { once: true });
    return await client.query<Row>(query);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    ended = true;
    signal.removeEventListener('abort', cancel);
    // Given back only now: a cancellation that is still under way would hit whoever has the connection next.
    await cancelled;
    client.release();
  }
};

/** Cancelling has a connection of its own, closed again soon after: when callers go away the others may all be busy for them. */
const cancellerOf = (pool: Pool): pg.Pool => {
  const known = cancellers.get(pool);
  if (known) return known;
  const canceller = new pg.Pool({ ...pool.options, max: 1, idleTimeoutMillis: 1_000, allowExitOnIdle: true });
  canceller.on('error', () => {});
  cancellers.set(pool, canceller);
  return canceller;
};
const cancellers = new WeakMap<Pool, pg.Pool>();
