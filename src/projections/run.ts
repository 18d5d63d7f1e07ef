import type { EventStore } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import { advancer } from '../subscriptions/advancing.ts';
import { exportLag } from '../subscriptions/lag.ts';
import { lead, type Leading } from '../subscriptions/leadership.ts';
import { project } from './engine.ts';
import { projectionMetrics } from './metrics.ts';
import { pageDecoder, type Decode } from './page.ts';
import { subscriptionOf, type AnyProjection } from './projection.ts';

/** Silence after which a stand-by takes over. */
const defaultLeaseMs = 5_000;

/**
 * Brings read models up to date until the signal aborts. Each has a lease and a checkpoint of its own, so several processes share
 * the work and stand by for each other; those at the same place in the log share its pages. The pool needs two connections for each and one more.
 */
export const runProjections = (options: {
  readonly store: EventStore;
  /** To the read models' database. */
  readonly pool: Pool;
  readonly projections: readonly AnyProjection[];
  readonly decode: Decode;
  /** Names this process to operators; unique. */
  readonly holder: string;
  readonly leaseMs?: number;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly signal: AbortSignal;
}): {
  /** Why a read model cannot be brought up to date by this process; empty: all is well. */ readonly ready: () => readonly string[];
  readonly done: Promise<void>;
} => {
  const { store, pool, projections, decode, holder, logger, metrics: registry, signal, leaseMs = defaultLeaseMs } = options;
  const leading = new Map<string, Leading>();
  const metrics = projectionMetrics(registry, () => new Map([...leading].map(([name, { leads }]) => [name, leads()])));
  exportLag({ pool, store, names: projections.map(subscriptionOf), metrics: registry });
  const engine = { store, pool, decode, advance: advancer(pool), pageOf: pageDecoder(decode), logger, metrics };
  for (const projection of projections) {
    const name = subscriptionOf(projection);
    leading.set(name, lead({ pool, store, name, holder, leaseMs, logger, signal, follow: (held, well) => project(engine, projection, held, well) }));
  }
  return {
    ready: () => [...leading.values()].flatMap(({ problem }) => problem() ?? []),
    done: Promise.all([...leading.values()].map(({ done }) => done)).then(() => {}),
  };
};
