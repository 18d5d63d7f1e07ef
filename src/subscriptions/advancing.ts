import type { Progress } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';
import type { Held } from './subscription.ts';

/** A process that stops in the middle of a transaction keeps its stand-by waiting this long. */
const idleInTransaction = '5s';

/**
 * Moves the checkpoint and does `work` with it in one transaction: both take effect or neither. The commit does not wait for
 * the disk: what a crash of the database loses is lost together and done again. Throws `LeaseLost`, and nothing has happened, when another took over.
 */
export const advancing = async <Result>(pool: Pool, held: Held, to: Progress, work: (client: ClientBase) => Promise<Result>): Promise<Result> => {
  const client = await pool.connect();
  let failed = true;
  try {
    // What the work asks for first goes out in the same round trip; nothing commits unless the checkpoint was moved.
    const [begun, moved, done] = await Promise.allSettled([
      client.query(`begin; set local synchronous_commit = off; set local idle_in_transaction_session_timeout = '${idleInTransaction}'`),
      held.advance(client, to),
      work(client),
    ]);
    for (const step of [begun, moved]) if (step.status === 'rejected') throw step.reason;
    if (done.status === 'rejected') throw done.reason;
    await client.query('commit');
    failed = false;
    held.advanced(to);
    return done.value;
  } finally {
    const usable =
      !failed ||
      (await client.query('rollback').then(
        () => true,
        () => false,
      ));
    client.release(!usable);
  }
};
