import { pause } from '../../platform/retry.ts';
import { untilNextMs } from './chance.ts';

/** Customers and merchants do not wait for each other: what is in flight at once is bounded, what comes above that is not begun. */
export const maxInFlight = 100;

/** What runs at the moment. */
export type InFlight = {
  readonly count: () => number;
  /** Begins it, unless too much is in flight; tells whether it was begun. */
  readonly begin: (work: () => Promise<void>) => boolean;
  /** Resolves when nothing is in flight. */
  readonly idle: () => Promise<void>;
};

/** Nothing is in flight. `failed` hears of defects of the demo itself. */
export const createInFlight = (failed: (error: unknown) => void): InFlight => {
  const running = new Set<Promise<void>>();
  return {
    count: () => running.size,
    begin(work) {
      if (running.size >= maxInFlight) return false;
      const done: Promise<void> = work()
        .catch(failed)
        .finally(() => running.delete(done));
      running.add(done);
      return true;
    },
    idle: async () => void (await Promise.all(running)),
  };
};

/** Calls `arrive` at random moments, `rate` times a second on average, until stopped. What a slow moment held up comes right after it. */
export const arrivals = async (rate: number, arrive: () => void, stopped: AbortSignal): Promise<void> => {
  let nextAt = performance.now() + untilNextMs(rate);
  while (!stopped.aborted) {
    while (nextAt <= performance.now() && !stopped.aborted) {
      arrive();
      nextAt += untilNextMs(rate);
    }
    await pause(Math.max(1, nextAt - performance.now()), stopped);
  }
};
