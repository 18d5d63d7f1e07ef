import { LogChanged, type EventStore, type LogIdentity, type Progress } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../platform/retry.ts';
import { createCheckpoint, moveCheckpoints, releaseLease, renewLease, takeLease, type Checkpoint, type Lease, type Move } from './checkpoints.ts';

/** The right to follow the log under a name, as long as it lasts. */
export type Held = {
  /** One more than the holder before; every write is fenced by it. */
  readonly term: number;
  /** The last event that took effect; undefined: none yet. */
  readonly progress: Progress | undefined;
  /** Aborts when the lease was lost, could not be renewed in time by the monotonic clock, or the subscription is to end. */
  readonly signal: AbortSignal;
  /** The step to a place, for {@link advanceAll}. */
  readonly moveTo: (to: Progress) => Move;
  /** To be called when that step was not possible: another holder or another place stands in the checkpoint. */
  readonly overtaken: () => LeaseLost;
  /** To be called when that transaction has committed. */
  readonly advanced: (to: Progress) => void;
  /** Ends renewal and gives the lease back. Safe to call twice. */
  readonly release: () => Promise<void>;
};

export type Following = {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly name: string;
  /** Unique per process: names it to operators. */
  readonly holder: string;
  /** How long a holder that fell silent keeps the others waiting. */
  readonly leaseMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Hears how each asking for the lease went: why it could not be asked for; undefined: it could, and another has it. */
  readonly asked?: (trouble: string | undefined) => void;
};

/** Another process follows under this name now, or did so in between. What was not committed is lost, and folded again by the other. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * Moves the checkpoints of subscriptions inside the caller's transaction, as its first statement: what follows is then fenced off
 * from holders of later terms. Throws unless all of them moved, {@link LeaseLost} where it is known whose lease that was; the transaction
 * has failed then. It needs an `idle_in_transaction_session_timeout`, or a stopped process keeps the rows.
 */
export const advanceAll = async (client: ClientBase, steps: readonly { readonly held: Held; readonly to: Progress }[]): Promise<void> => {
  if (
    await moveCheckpoints(
      client,
      steps.map(({ held, to }) => held.moveTo(to)),
    )
  )
    return;
  throw steps.length === 1 ? steps[0]!.held.overtaken() : new Error('one of several subscriptions went to another holder');
};

/**
 * Waits as a stand-by until the lease is had, then makes sure that the log is the one the checkpoint was made in.
 * Undefined when the signal aborted first. Throws {@link LogChanged}, with the operator's choices in its message.
 */
export const holdSubscription = async (options: Following): Promise<Held | undefined> => {
  const { pool, store, name, leaseMs, logger, signal } = options;
  const pollMs = Math.min(500, leaseMs / 4);
  let created = false;
  let failures = 0;
  while (!signal.aborted) {
    let waitMs = pollMs * (0.5 + Math.random());
    const askedAt = performance.now();
    try {
      if (!created) await createCheckpoint(pool, name);
      created = true;
      const taken = await takeLease(pool, options);
      failures = 0;
      if (taken) {
        const lease = { name, term: taken.term, leaseMs };
        try {
          const log = await store.identity();
          if (taken.checkpoint) await verifyCheckpoint(store, name, taken.checkpoint, log);
          logger.info({ subscription: name, term: taken.term, position: taken.checkpoint?.progress.position }, 'follows the log');
          return keepHeld(options, lease, taken.checkpoint?.progress, log, askedAt + leaseMs);
        } catch (error) {
          await releaseLease(pool, lease);
          throw error;
        }
      }
      options.asked?.(undefined);
    } catch (error) {
      if (error instanceof LogChanged) throw error;
      options.asked?.(error instanceof Error ? error.message : String(error));
      logger.warn({ err: error, subscription: name }, 'could not ask for the lease');
      waitMs = backoffMs(reconnecting, failures);
      failures += 1;
    }
    await pause(waitMs, signal);
  }
  return undefined;
};

/** Throws {@link LogChanged} unless this log has the checkpoint's event at its place. A generation that rose is a restore or copy that an operator accepted. */
const verifyCheckpoint = async (store: EventStore, name: string, { progress, log }: Checkpoint, actual: LogIdentity): Promise<void> => {
  const choices =
    'An operator has to choose: bring back the log that was read; accept the restored log for this subscription, if nothing it did after the restored point matters; ' +
    'or build it again from the start. Until then it stays stopped.';
  const stood = `Subscription ${name} stands at position ${progress.position} (event ${progress.eventId}) of log ${log.id}`;
  if (actual.predecessors.some(({ id }) => id === log.id))
    throw new LogChanged(`${stood}, which was moved to log ${actual.id}. Until an operator has the checkpoint translated it stays stopped.`);
  if (log.id !== actual.id) throw new LogChanged(`${stood}, but this is log ${actual.id}. ${choices}`);
  const position = store.parsePosition(progress.position);
  const found = position && (await store.eventAt(position));
  if (found?.id === progress.eventId) return;
  throw new LogChanged(`${stood}, but the log has ${found ? `event ${found.id}` : 'no event'} there: it was restored from a backup. ${choices}`);
};

/** Renews the lease in the background and judges by the monotonic clock whether it may still be relied on. */
const keepHeld = ({ pool, logger, signal }: Following, lease: Lease, from: Progress | undefined, log: LogIdentity, until: number): Held => {
  const { name, term, leaseMs } = lease;
  const lost = new AbortController();
  let progress = from;
  let validUntil = until;
  let movedAt = 0;
  let released: Promise<void> | undefined;
  let releasing = false;

  const lose = (because: string): void => {
    if (lost.signal.aborted) return;
    clearTimeout(renewal);
    clearTimeout(expiry);
    if (!releasing) logger.warn({ subscription: name, term }, because);
    lost.abort(new LeaseLost(`${name}, term ${term}: ${because}`));
  };

  const renew = async (): Promise<void> => {
    const askedAt = performance.now();
    let nextMs = leaseMs / 3;
    // Moving the checkpoint renews as well; a busy follower needs nothing beside.
    if (validUntil - askedAt < (leaseMs * 2) / 3) {
      try {
        if (!(await renewLease(pool, lease))) return lose('the lease went to another');
        validUntil = Math.max(validUntil, askedAt + leaseMs);
      } catch (error) {
        logger.warn({ err: error, subscription: name }, 'could not renew the lease');
        nextMs = leaseMs / 10;
      }
    }
    if (!lost.signal.aborted) renewal = setTimeout(() => void renew(), nextMs);
  };

  const judge = (): void => {
    const leftMs = validUntil - performance.now();
    if (leftMs <= 0) lose('the lease could not be renewed in time');
    else expiry = setTimeout(judge, leftMs);
  };

  let renewal = setTimeout(() => void renew(), leaseMs / 3);
  let expiry = setTimeout(judge, Math.max(0, validUntil - performance.now()));

  return {
    term,
    get progress() {
      return progress;
    },
    signal: AbortSignal.any([signal, lost.signal]),
    moveTo(to) {
      movedAt = performance.now();
      return { ...lease, from: progress, to: { progress: to, log } };
    },
    overtaken() {
      lose('the checkpoint was moved by another');
      return new LeaseLost(`${name}, term ${term}: another holder or an earlier place stands in the checkpoint`);
    },
    advanced(to) {
      progress = to;
      validUntil = Math.max(validUntil, movedAt + leaseMs);
    },
    release() {
      releasing = true;
      released ??= (async () => {
        lose('released');
        await releaseLease(pool, lease).catch((error: unknown) =>
          logger.warn({ err: error, subscription: name }, 'could not give the lease back; it ends by itself'),
        );
      })();
      return released;
    },
  };
};
