import { randomUUID } from 'node:crypto';
import { catalogue } from '../../src/domain/catalogue.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';
import type { Decode } from '../../src/projections/page.ts';
import type { AnyProjection } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { runProjections } from '../../src/projections/run.ts';
import { readCheckpoints } from '../../src/subscriptions/checkpoints.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { until, type Stand } from '../support/stand.ts';

export type Projector = { readonly ready: () => readonly string[]; readonly metrics: Registry; readonly stop: () => Promise<void> };

/** A projector process, within this one. */
export const startProjector = (
  { store, pool, signal }: Pick<Stand, 'store' | 'pool' | 'signal'>,
  options: { readonly projections?: readonly AnyProjection[]; readonly decode?: Decode; readonly leaseMs?: number } = {},
): Projector => {
  const stop = new AbortController();
  const metrics = createMetrics('projector');
  const running = runProjections({
    store,
    pool,
    projections: options.projections ?? readModels,
    decode: options.decode ?? decoder(catalogue),
    holder: randomUUID(),
    leaseMs: options.leaseMs ?? 1_000,
    logger: silent,
    metrics,
    signal: AbortSignal.any([stop.signal, signal]),
  });
  return {
    ready: running.ready,
    metrics,
    async stop() {
      stop.abort();
      await running.done;
    },
  };
};

/** Waits until these read models have seen everything that is in the log now. */
export const caughtUp = async ({ store, pool }: Pick<Stand, 'store' | 'pool'>, projections: readonly AnyProjection[] = readModels): Promise<void> => {
  const head = await store.head();
  const names = projections.map(subscriptionOf);
  await until(`${names.join(', ')} reached ${head}`, async () => {
    const checkpoints = await readCheckpoints(pool, names);
    return names.every((name) => (checkpoints.get(name)?.progress.position ?? '') >= head);
  });
};
