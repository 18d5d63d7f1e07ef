import type { EventStore } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import { pageDecoder, type Decode } from '../projections/page.ts';
import { advancer } from '../subscriptions/advancing.ts';
import { exportLag } from '../subscriptions/lag.ts';
import { lead, type Leading } from '../subscriptions/leadership.ts';
import type { AnyProcess } from './any-process.ts';
import { followWith, type RunnerLimits } from './follow.ts';
import type { Lanes, Send } from './lanes.ts';
import { processMetrics } from './metrics.ts';

/** Silence after which a stand-by takes over. */
const defaultLeaseMs = 5_000;
const usual: RunnerLimits = { maxInFlight: 256, capacity: 5_000 };

/**
 * Runs process managers until the signal aborts. Each has a lease and a checkpoint of its own under its name, so several programs
 * share the work and stand by for each other. The pool needs two connections for each and one more.
 */
export const runProcesses = (options: {
  readonly store: EventStore;
  /** To the database of the subscriptions. */
  readonly pool: Pool;
  readonly processes: readonly AnyProcess[];
  readonly decode: Decode;
  /** By the process's name, which is the actor. */
  readonly send: (process: string) => Send;
  /** Names this program to operators; unique. */
  readonly holder: string;
  readonly leaseMs?: number;
  readonly limits?: Partial<RunnerLimits>;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly signal: AbortSignal;
}): {
  /** Why a process cannot be run by this program; empty: all is well. */ readonly ready: () => readonly string[];
  readonly done: Promise<void>;
} => {
  const { store, pool, processes, decode, send, holder, logger, metrics: registry, signal, leaseMs = defaultLeaseMs } = options;
  const leading = new Map<string, Leading>();
  const lanes = new Map<string, Lanes>();
  const metrics = processMetrics({
    registry,
    pool,
    leads: () => new Map([...leading].map(([name, { leads }]) => [name, leads()])),
    sizes: () => new Map([...lanes].map(([name, { size }]) => [name, size()])),
  });
  exportLag({ pool, store, names: processes.map(({ name }) => name), metrics: registry });
  const runner = {
    store,
    pool,
    decode,
    advance: advancer(pool),
    pageOf: pageDecoder(decode),
    send,
    limits: { ...usual, ...options.limits },
    logger,
    metrics,
  };
  for (const process of processes) {
    const { name } = process;
    const opened = (its: Lanes | undefined): void => void (its ? lanes.set(name, its) : lanes.delete(name));
    leading.set(
      name,
      lead({ pool, store, name, holder, leaseMs, logger, signal, follow: (held, well) => followWith(runner, process, held, well, opened) }),
    );
  }
  return {
    ready: () => [...leading.values()].flatMap(({ problem }) => problem() ?? []),
    done: Promise.all([...leading.values()].map(({ done }) => done)).then(() => {}),
  };
};
