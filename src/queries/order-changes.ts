import { orderStream } from '../domain/ids.ts';
import { orderEvents } from '../domain/order-events.ts';
import type { EventStore, Position } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../platform/retry.ts';
import { readModelPositions } from './read-model-positions.ts';

/** Tells when orders have changed in the read model. */
export type OrderChanges = {
  /**
   * Calls back whenever the read model has something new of this order, until the returned function is called. What the read
   * model has when it is read after this call is not told again, or at most once more.
   */
  readonly follow: (orderId: string, changed: () => void) => () => void;
};

/** How often the read model is asked how far it is: more and more seldom while it does not move. */
const pollMs = { least: 5, most: 500, growth: 1.5 } as const;

/**
 * Follows the log once for all who follow orders in this process, and only while somebody does. A page of the log is told of when
 * the read model has passed it, and the next is read only then: nothing queues up here, however far behind the read model is.
 */
export const followOrders = (options: {
  /** To the read models' database. */
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'identity' | 'head' | 'start' | 'subscribe'>;
  readonly logger: Logger;
}): OrderChanges => {
  const { pool, store, logger } = options;
  const followers = new Map<string, Set<() => void>>();
  let running: AbortController | undefined;

  /** False when the signal aborted first. */
  const readModelPassed = async (logId: string, position: Position, signal: AbortSignal): Promise<boolean> => {
    let waitMs: number = pollMs.least;
    for (;;) {
      const at = (await readModelPositions(pool)).get('orders');
      if (at?.logId === logId && at.position >= position) return true;
      if (!(await pause(waitMs, signal))) return false;
      waitMs = Math.min(waitMs * pollMs.growth, pollMs.most);
    }
  };

  const followLog = async (signal: AbortSignal, began: () => void): Promise<void> => {
    const { id } = await store.identity();
    const after = await store.head();
    // The subscription does not tell what was appended before it: once the read model has that, everybody looks again.
    if (after !== store.start && !(await readModelPassed(id, after, signal))) return;
    for (const followed of followers.values()) for (const tell of followed) tell();
    began();
    for await (const { events } of store.subscribe({ after, types, signal })) {
      const last = events.at(-1);
      if (!last) continue;
      if (!(await readModelPassed(id, last.position, signal))) return;
      for (const stream of new Set(events.map((event) => event.stream))) for (const tell of followers.get(stream) ?? []) tell();
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await followLog(signal, () => (failures = 0));
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'following the log for those who follow orders failed; beginning again');
      }
      await pause(backoffMs(reconnecting, failures), signal);
      failures += 1;
    }
  };

  return {
    follow(orderId, changed) {
      const stream = orderStream(orderId);
      const followed = followers.get(stream) ?? new Set();
      followers.set(stream, followed.add(changed));
      if (!running) {
        running = new AbortController();
        void run(running.signal);
      }
      return () => {
        followed.delete(changed);
        if (followed.size === 0 && followers.get(stream) === followed) followers.delete(stream);
        if (followers.size > 0) return;
        running?.abort();
        running = undefined;
      };
    },
  };
};

const types = orderEvents.map(({ type }) => type);
