import { decodeToken, type ConsistencyPoint } from '../eventstore/consistency-token.ts';
import type { EventStore, LogIdentity, Position } from '../eventstore/event-store.ts';
import { refused, type Call, type Refusal } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { readModelPositions } from './read-model-positions.ts';

/** Lets a query wait until read models hold what a command wrote. */
export type Consistency = {
  /**
   * Resolves when the read models have come as far as the call's token says; at once without a token, or when `parked` says
   * that what is asked for cannot be brought up to date. Otherwise a refusal: no token, another log's, or not in time.
   */
  readonly reached: (call: Call, readModels: readonly string[], parked?: () => Promise<boolean>) => Promise<Refusal | undefined>;
};

const longestWaitMs = 2_000;
const shareOfDeadline = 0.8;
const maxWaiters = 2_000;
const pollMs = 2;
/** How long it is believed that a read model has come as far as it was seen: a crash of the database may take it back a little. */
const believedMs = 250;

type Waiter = { readonly reached: () => boolean; readonly resolve: () => void };

/** One poller for all queries of the process: it asks for all checkpoints at once, and only while somebody waits. */
export const openConsistency = (options: {
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'identity' | 'head' | 'parsePosition'>;
  readonly logger: Logger;
}): Consistency => {
  const { pool, store, logger } = options;
  const waiters = new Set<Waiter>();
  let live: ReadonlyMap<string, ConsistencyPoint> = new Map();
  let seenAt = -Infinity;
  let polling = false;
  let log: Promise<LogIdentity> | undefined;
  let knownHead: Position | undefined;

  const reachedBy = (readModels: readonly string[], { logId, position }: ConsistencyPoint): boolean =>
    readModels.every((name) => {
      const at = live.get(name);
      return at?.logId === logId && at.position >= position;
    });

  const poll = async (): Promise<void> => {
    polling = true;
    let pauseMs = pollMs;
    try {
      const askedAt = performance.now();
      live = await readModelPositions(pool);
      seenAt = askedAt;
      for (const waiter of waiters) if (waiter.reached()) waiter.resolve();
    } catch (error) {
      logger.warn({ err: error }, 'could not read how far the read models are');
      pauseMs = 100;
    }
    if (waiters.size > 0) setTimeout(() => void poll(), pauseMs);
    else polling = false;
  };

  /** True when the condition came to hold in time. */
  const wait = (reached: () => boolean, waitMs: number, signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (held: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        waiters.delete(waiter);
        resolve(held);
      };
      const giveUp = (): void => end(false);
      const waiter: Waiter = { reached, resolve: () => end(true) };
      const timer = setTimeout(giveUp, waitMs);
      signal.addEventListener('abort', giveUp, { once: true });
      waiters.add(waiter);
      if (!polling) void poll();
    });

  /** Where a token's point is in the log in use now; undefined: its log is neither this one nor one that was copied into it. */
  const inThisLog = async (point: ConsistencyPoint): Promise<ConsistencyPoint | undefined> => {
    log ??= store.identity();
    log.catch(() => (log = undefined));
    const found = pointIn(await log, point);
    if (found) return found;
    // The log may have been exchanged since.
    log = store.identity();
    log.catch(() => (log = undefined));
    return pointIn(await log, point);
  };

  const pastHead = async (position: Position): Promise<boolean> => {
    if (knownHead !== undefined && position <= knownHead) return false;
    knownHead = await store.head();
    return position > knownHead;
  };

  return {
    async reached(call, readModels, parked) {
      if (!call.consistencyToken) return undefined;
      const given = decodeToken(call.consistencyToken);
      if (!given) return invalid();
      if (store.parsePosition(given.position) && performance.now() - seenAt < believedMs && reachedBy(readModels, given)) return undefined;
      const point = await inThisLog(given);
      if (!point)
        return refused(
          'precondition_failed',
          'LOG_CHANGED',
          'The consistency token was given by another log than the one in use now: read without it.',
        );
      const position = store.parsePosition(point.position);
      if (!position || (await pastHead(position))) return invalid();
      if (waiters.size >= maxWaiters) return behind('Too many queries wait already.');
      if (await parked?.()) return undefined;
      const waitMs = Math.min(longestWaitMs, (call.deadline - performance.now()) * shareOfDeadline);
      // What was seen before the call began may have been taken back; only what is read from now on counts.
      const askedAt = performance.now();
      const inTime =
        waitMs > 0 && (await wait(() => seenAt >= askedAt && reachedBy(readModels, { logId: point.logId, position }), waitMs, call.signal));
      return inTime ? undefined : behind('What the command wrote cannot be read yet.');
    },
  };
};

/**
 * A point of a log that was copied into this one is reached with the last copied event. What was appended there later, or the
 * point of any other log, is nowhere in this one.
 */
const pointIn = (log: LogIdentity, point: ConsistencyPoint): ConsistencyPoint | undefined => {
  if (point.logId === log.id) return point;
  const predecessor = log.predecessors.find(({ id }) => id === point.logId);
  return predecessor && point.position <= predecessor.copiedTo ? { logId: log.id, position: predecessor.here } : undefined;
};

const invalid = (): Refusal =>
  refused('invalid', 'INVALID_CONSISTENCY_TOKEN', 'The consistency token was not given by this platform.', {
    fields: [{ field: 'consistency-token', description: 'must be the consistency_token of a command’s answer' }],
  });

const behind = (because: string): Refusal => refused('unavailable', 'READ_MODEL_BEHIND', because, { retryAfterMs: 500 });
