import type { Progress } from '../eventstore/event-store.ts';
import type { ClientBase, Pool, QueryConfig } from '../platform/database.ts';
import { advanceAll, type Held } from './subscription.ts';

/** A process that stops in the middle of a transaction keeps its stand-by waiting this long. */
const idleInTransaction = '5s';

/**
 * Moves the checkpoint and does `work` with it in one transaction: both take effect or neither. The commit does not wait for
 * the disk, unless the work sets `synchronous_commit`: what a crash of the database loses is lost together and done again. Throws `LeaseLost`, and nothing has happened, when another took over.
 * `work` may be done again when a first try did not commit.
 */
export type Advance = <Result>(held: Held, to: Progress, work: Work<Result>) => Promise<Result>;

/** What is done in the transaction. Statements that it leaves to the end go out with the commit, and save a round trip. */
export type Work<Result> = (client: ClientBase, atTheEnd: (statement: QueryConfig) => void) => Promise<Result>;

/** See {@link Advance}; a transaction for each. */
export const advancing = async <Result>(pool: Pool, held: Held, to: Progress, work: Work<Result>): Promise<Result> =>
  (await together(pool, [{ held, to, work }]))[0] as Result;

/**
 * See {@link Advance}; those that move to the same place at the same moment share a transaction, and with it the round trips and the commit.
 * Where one of them fails, each is tried again by itself: nobody fails for its neighbour.
 */
export const advancer = (pool: Pool): Advance => {
  type Waiting = Step & { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void };
  let waiting: Waiting[] = [];

  const alone = ({ held, to, work, resolve, reject }: Waiting): void => void advancing(pool, held, to, work).then(resolve, reject);
  const flush = (): void => {
    const groups = Map.groupBy(waiting, ({ to }) => to.position);
    waiting = [];
    for (const group of groups.values()) {
      if (group.length === 1) alone(group[0]!);
      else
        together(pool, group).then(
          (results) => group.forEach(({ resolve }, index) => resolve(results[index])),
          () => group.forEach(alone),
        );
    }
  };
  return <Result>(held: Held, to: Progress, work: Work<Result>) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ held, to, work, resolve: resolve as (result: unknown) => void, reject });
      if (waiting.length === 1) setImmediate(flush);
    });
};

type Step = { readonly held: Held; readonly to: Progress; readonly work: Work<unknown> };

const together = async (pool: Pool, steps: readonly Step[]): Promise<readonly unknown[]> => {
  const client = await pool.connect();
  let failed = true;
  try {
    const last: QueryConfig[] = [];
    const begun = allOf([
      client.query(`begin; set local synchronous_commit = off; set local idle_in_transaction_session_timeout = '${idleInTransaction}'`),
      advanceAll(client, steps),
    ]);
    // Heard below, when the work has ended.
    begun.catch(() => {});
    const worked = allOf(steps.map(({ work }) => work(client, (statement) => last.push(statement))));
    // Work that has nothing to read is done by now, and all of the transaction goes out at once: where the checkpoints do not move, or a
    // statement fails, the commit behind it is a rollback.
    const results = await worked.catch(async (error: unknown) => {
      await begun;
      throw error;
    });
    await allOf([begun, ...last.map((statement) => client.query(statement)), client.query('commit')]);
    failed = false;
    for (const { held, to } of steps) held.advanced(to);
    return results;
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

/** The results of all; once all have ended, throws what the first of them that failed threw. */
const allOf = async (asked: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(asked)).map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
