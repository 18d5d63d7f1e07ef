import { setTimeout as sleep } from 'node:timers/promises';

/** How often to try again, and how long to wait in between. The delay doubles from `baseMs` up to `capMs`, with full jitter. */
export type RetryPolicy = { readonly attempts: number; readonly baseMs: number; readonly capMs: number };

/** Reconnecting to a service that is away: for ever, at most every 5 s. */
export const reconnecting: RetryPolicy = { attempts: Infinity, baseMs: 100, capMs: 5_000 };

/** The wait before try number `attempt` + 1, in milliseconds: random below the exponential bound, never under a tenth of it. */
export const backoffMs = (policy: RetryPolicy, attempt: number): number => {
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt, 30));
  return bound * (0.1 + 0.9 * Math.random());
};

/** Waits; returns false, at once, when the signal aborts. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<boolean> => {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
    return true;
  } catch {
    return false;
  }
};
