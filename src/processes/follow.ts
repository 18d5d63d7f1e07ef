import type { Batch, EventStore } from '../eventstore/event-store.ts';
import { EventNewerThanReader } from '../eventstore/event-versions.ts';
import { isConnectionError, type Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { pause } from '../platform/retry.ts';
import type { Decode, Page } from '../projections/page.ts';
import type { Advance } from '../subscriptions/advancing.ts';
import { inTurn } from '../subscriptions/in-turn.ts';
import { loadParked } from '../subscriptions/parking.ts';
import { LeaseLost, type Held } from '../subscriptions/subscription.ts';
import type { AnyProcess } from './any-process.ts';
import { openLanes, type Lanes, type Send } from './lanes.ts';
import type { ProcessMetrics } from './metrics.ts';
import { loadOutgoing, nextSeq, stoppedKeys, type Outgoing } from './outgoing.ts';
import { slicesOf, type Slice } from './react.ts';
import { rebuildMemories } from './rebuild.ts';
import { retryParked } from './retry-parked.ts';
import { onDisk, takeTurn, type Term } from './turns.ts';

export type Runner = {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly decode: Decode;
  /** Shared by the processes of this program: those at the same place move in one transaction. */
  readonly advance: Advance;
  readonly pageOf: (batch: Batch) => Page;
  /** By the process's name, which is the actor. */
  readonly send: (process: string) => Send;
  readonly limits: RunnerLimits;
  readonly logger: Logger;
  readonly metrics: ProcessMetrics;
};

export type RunnerLimits = {
  /** Commands under way at once, per process. */
  readonly maxInFlight: number;
  /** Commands that may be decided on and not answered; beyond, the log is not read on. */
  readonly capacity: number;
};

/** What was answered is deleted with the next page of the log, or after this. */
const tidyAfterMs = 50;
/** How often keys that wait are looked at while there are any: an operator may have asked for them. */
const lookAtParkedMs = 500;
/** How long an ending process waits for the answers to what is under way. */
const farewellMs = 3_000;

/**
 * Runs one process for a term of leadership: sends first what is stored, then follows the log. Memory, commands and checkpoint are
 * committed together, and on disk, before a command is sent; what a restart finds stored is sent as it was.
 */
export const followWith = async (
  runner: Runner,
  process: AnyProcess,
  held: Held,
  well: () => void,
  opened: (lanes: Lanes | undefined) => void,
): Promise<void> => {
  const { store, pool, advance, pageOf, logger, metrics, limits } = runner;
  await rebuildMemories(runner, process, held);
  const { stored, seq, waiting } = await takeUp(pool, process);
  const failed = new AbortController();
  const signal = AbortSignal.any([held.signal, failed.signal]);
  const fail = (error: unknown): void => failed.abort(error);

  let tidying: NodeJS.Timeout | undefined;
  const lanes = openLanes({
    ...limits,
    send: counting(process.name, metrics, runner.send(process.name)),
    settled(urgent) {
      if (urgent) {
        clearTimeout(tidying);
        tidying = setTimeout(tidy, 0);
      } else tidying ??= setTimeout(tidy, tidyAfterMs);
    },
  });
  const term: Term = { process, held, advance, lanes, seq, waiting };

  /**
   * Each turn goes on from what the one before has stored. After one that failed nobody here knows what that is: the commit may have
   * been the last that the database heard. No other follows in this term.
   */
  const turns = inTurn();
  const next = <Result>(work: () => Promise<Result>): Promise<Result> =>
    turns.take(() => {
      failed.signal.throwIfAborted();
      return work();
    });
  const take = async (slice: Slice | undefined): Promise<void> => {
    clearTimeout(tidying);
    tidying = undefined;
    const { reactions, parked } = await takeTurn(term, slice).catch((error: unknown) => {
      fail(error);
      throw error;
    });
    metrics.events.inc({ process: process.name }, reactions.reacted);
    for (const { group, type, error } of parked)
      if (error !== undefined)
        logger.error({ process: process.name, key: group, event: type, error }, 'parked: it waits for an operator, all others go on');
  };
  const tidy = (): void => {
    if (held.progress && !signal.aborted) next(() => take(undefined)).catch(() => {});
  };
  const retry = async (): Promise<void> => {
    const to = held.progress;
    if (!term.waiting || !to || signal.aborted) return;
    const retried = await advance(held, to, async (client) => {
      await onDisk(client);
      return retryParked(runner, process, client, term.seq);
    }).catch((error: unknown) => {
      if (error instanceof LeaseLost || isConnectionError(error)) fail(error);
      throw error;
    });
    term.seq = retried.seq;
    term.waiting = retried.waiting;
    lanes.add(retried.outgoing);
  };
  const looking = setInterval(() => {
    if (term.waiting)
      next(retry).catch((error: unknown) => {
        if (!failed.signal.aborted) logger.warn({ err: error, process: process.name }, 'could not retry what is parked');
      });
  }, lookAtParkedMs);

  opened(lanes);
  if (stored.length > 0) logger.info({ process: process.name, commands: stored.length }, 'sends what was decided on and not answered yet');
  lanes.add(stored);
  try {
    for await (const batch of store.subscribe({ after: held.progress?.position ?? store.start, signal })) {
      const page = pageOf(batch);
      for (const slice of slicesOf(page)) {
        if (!(await lanes.room()) || signal.aborted) break;
        const end = metrics.sliceSeconds.startTimer({ process: process.name });
        await next(() => take(slice));
        end();
        well();
      }
      if (page.newer && !signal.aborted) throw page.newer;
    }
  } catch (error) {
    // What comes before the event that cannot be read is done first; then another may have the lease.
    if (error instanceof EventNewerThanReader) await Promise.race([lanes.empty(), aborted(signal)]);
    if (!signal.aborted) fail(error);
  }
  const farewell = new AbortController();
  await Promise.race([lanes.close(), pause(farewellMs, farewell.signal)]);
  farewell.abort();
  clearInterval(looking);
  clearTimeout(tidying);
  await turns.idle();
  opened(undefined);
  if (held.progress && !(held.signal.reason instanceof LeaseLost) && !failed.signal.aborted) await take(undefined);
  if (failed.signal.aborted) throw failed.signal.reason;
};

/** What an earlier term left: commands to be sent, and whether something waits for an operator. */
const takeUp = async (
  pool: Pool,
  { name }: AnyProcess,
): Promise<{ readonly stored: readonly Outgoing[]; readonly seq: number; readonly waiting: boolean }> => {
  const client = await pool.connect();
  try {
    const [stored, seq, parked, stopped] = await Promise.all([
      loadOutgoing(client, name),
      nextSeq(client, name),
      loadParked(client, name),
      stoppedKeys(client, name),
    ]);
    return { stored, seq, waiting: parked.size > 0 || stopped.size > 0 };
  } finally {
    client.release();
  }
};

const counting =
  (process: string, metrics: ProcessMetrics, send: Send): Send =>
  async (command, signal) => {
    try {
      const answer = await send(command, signal);
      metrics.sent.inc({ process, outcome: answer.kind === 'settled' ? 'settled' : answer.code });
      return answer;
    } catch (error) {
      metrics.sent.inc({ process, outcome: 'failed' });
      throw error;
    }
  };

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
