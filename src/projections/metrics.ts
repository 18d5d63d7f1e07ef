import { Counter, durationBuckets, Gauge, Histogram, type Registry } from '../platform/metrics.ts';

export type ProjectionMetrics = { readonly events: Counter<'subscription'>; readonly batchSeconds: Histogram<'subscription'> };

/** What projections tell: events folded, how long a write takes, and (read when scraped) whether this process leads. */
export const projectionMetrics = (registry: Registry, leads: () => ReadonlyMap<string, boolean>): ProjectionMetrics => {
  const labelNames = ['subscription'] as const;
  const registers = [registry];
  new Gauge({
    name: 'subscription_leader',
    help: '1 while this process holds the lease of the subscription, 0 while it stands by.',
    labelNames,
    registers,
    collect() {
      for (const [subscription, leading] of leads()) this.set({ subscription }, leading ? 1 : 0);
    },
  });
  return {
    events: new Counter({ name: 'projection_events_total', help: 'Events folded into read models.', labelNames, registers }),
    batchSeconds: new Histogram({
      name: 'projection_batch_seconds',
      help: 'A write to the read model, of a page or of several that were folded together, to its commit.',
      labelNames,
      registers,
      buckets: durationBuckets,
    }),
  };
};
