import { performance } from 'node:perf_hooks';
import { openRoster } from '../platform/roster.ts';
import type { appendMetrics } from './append-metrics.ts';
import { OutcomeUnknown, StoreUnavailable, type AppendResult } from './event-store.ts';

/** How long a caller without a deadline of its own waits. */
const defaultDeadlineMs = 10_000;
/** How many appends may wait for their answers, and how large they may be together. */
const queueLimits = { appends: 10_000, bytes: 64 * 1024 * 1024 } as const;
const sweepMs = 50;

/** An append whose caller waits for its answer, or has left and the append is still with the server. */
export type PendingAppend = {
  /** Until when the caller waits: milliseconds of the monotonic clock. */
  readonly deadline: number;
  /** Answers the caller, once. */
  readonly settle: (result: AppendResult | Error) => void;
  settled: boolean;
  /** The events may be stored, or may yet be: a try is under way, or had no clear answer. */
  unknown: boolean;
  /** How often it was sent. */
  tries: number;
};

export type AppendCallers = {
  /** Has a caller wait, unless too many do already; `enqueue` is given what is to be sent. */
  readonly wait: <Serialised extends { readonly bytes: number }>(
    serialised: Serialised,
    deadline: number | undefined,
    enqueue: (pending: Serialised & PendingAppend) => void,
  ) => Promise<AppendResult>;
  /** Refuses new callers from now on; resolves when all have their answers. */
  readonly close: () => Promise<void>;
  readonly closing: () => boolean;
};

/**
 * Who waits for an append, in every adapter: each caller is answered once and within its deadline, whatever the server does.
 * While somebody waits, `tick` is called every 50 ms, after those whose deadline has passed were answered.
 */
export const openAppendCallers = (options: {
  readonly metrics: Pick<ReturnType<typeof appendMetrics>, 'appends' | 'duration'>;
  /** Why an append that is certainly not stored could not be. */
  readonly trouble: (pending: PendingAppend) => string;
  readonly tick: () => void;
}): AppendCallers => {
  const { metrics, trouble, tick } = options;
  const callers = openRoster<PendingAppend>();
  let bytes = 0;
  let sweeper: NodeJS.Timeout | undefined;
  let closed: PromiseWithResolvers<void> | undefined;

  const sweep = (): void => {
    const now = performance.now();
    for (const pending of callers.all()) if (now >= pending.deadline) pending.settle(lateness(pending, trouble));
    tick();
  };

  return {
    wait(serialised, deadline, enqueue) {
      if (callers.size() >= queueLimits.appends || bytes + serialised.bytes > queueLimits.bytes)
        return Promise.reject(new StoreUnavailable(`${callers.size()} appends are waiting already`));
      const begun = performance.now();
      return new Promise((resolve, reject) => {
        const pending: typeof serialised & PendingAppend = {
          ...serialised,
          deadline: deadline ?? begun + defaultDeadlineMs,
          settled: false,
          unknown: false,
          tries: 0,
          settle(result) {
            if (pending.settled) return;
            pending.settled = true;
            leave();
            bytes -= serialised.bytes;
            metrics.appends.inc({ outcome: result instanceof Error ? result.name : result.kind });
            metrics.duration.observe((performance.now() - begun) / 1_000);
            if (result instanceof Error) reject(result);
            else resolve(result);
            if (callers.size() > 0) return;
            clearInterval(sweeper);
            sweeper = undefined;
            closed?.resolve();
          },
        };
        const leave = callers.enter(pending);
        bytes += serialised.bytes;
        sweeper ??= setInterval(sweep, sweepMs);
        enqueue(pending);
      });
    },

    close() {
      closed ??= Promise.withResolvers();
      if (callers.size() === 0) closed.resolve();
      return closed.promise;
    },
    closing: () => closed !== undefined,
  };
};

const lateness = (pending: PendingAppend, trouble: (pending: PendingAppend) => string): Error =>
  pending.unknown
    ? new OutcomeUnknown('the deadline passed before the event store gave a clear answer; the events may be stored')
    : new StoreUnavailable(trouble(pending));
