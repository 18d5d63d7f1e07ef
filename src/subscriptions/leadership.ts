import { LogChanged } from '../eventstore/event-store.ts';
import { EventNewerThanReader } from '../eventstore/event-versions.ts';
import { backoffMs, pause, reconnecting, type RetryPolicy } from '../platform/retry.ts';
import { holdSubscription, LeaseLost, type Following, type Held } from './subscription.ts';

/** A follower at work: a leader, or a stand-by. */
export type Leading = {
  /** Why this process cannot follow as it should, or stand by for who does; undefined while all is well. */
  readonly problem: () => string | undefined;
  readonly leads: () => boolean;
  /** Resolves when the signal has aborted and the lease was given back. */
  readonly done: Promise<void>;
};

/** A release with readers that know the event, or an operator's decision, is a matter of minutes; asking again costs little. */
const newer: RetryPolicy = { attempts: Infinity, baseMs: 5_000, capMs: 5_000 };
const decision: RetryPolicy = { attempts: Infinity, baseMs: 30_000, capMs: 30_000 };

/**
 * Follows the log whenever this process holds the lease, until the signal aborts. `follow` works until `held.signal` aborts and
 * calls `well` when something took effect; whatever it throws, the lease is given back, and held again after a while:
 * an event newer than its reader and a changed log are reported until they are overcome, and never skipped.
 */
export const lead = (options: Following & { readonly follow: (held: Held, well: () => void) => Promise<void> }): Leading => {
  const { name, logger, signal } = options;
  let problem: { readonly because: string; readonly stays: boolean } | undefined = { because: `${name}: starting`, stays: false };
  let leads = false;
  let failures = 0;
  const well = (): void => {
    problem = undefined;
    failures = 0;
  };

  const asked = (trouble: string | undefined): void => {
    if (!problem?.stays) problem = trouble === undefined ? undefined : { because: `${name}: ${trouble}`, stays: false };
  };

  const failed = async (error: unknown): Promise<void> => {
    if (signal.aborted) return;
    const because = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    const stays = error instanceof LogChanged || error instanceof EventNewerThanReader;
    if (problem?.because !== because) logger.error({ err: error, subscription: name }, 'cannot follow the log');
    problem = { because, stays };
    await pause(backoffMs(error instanceof LogChanged ? decision : error instanceof EventNewerThanReader ? newer : reconnecting, failures), signal);
    failures += 1;
  };

  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      let held: Held | undefined;
      try {
        held = await holdSubscription({ ...options, asked });
        if (!held) return;
        leads = true;
        if (!problem?.stays) problem = undefined;
        await options.follow(held, well);
      } catch (error) {
        leads = false;
        // Whatever went wrong after the lease was lost went wrong because of that.
        const lost = error instanceof LeaseLost || held?.signal.reason instanceof LeaseLost;
        await held?.release();
        if (!lost) await failed(error);
      } finally {
        leads = false;
        await held?.release();
      }
    }
  };

  return { problem: () => problem?.because, leads: () => leads, done: work() };
};
