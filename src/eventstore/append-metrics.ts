import { Counter, durationBuckets, Gauge, Histogram, type Registry } from '../platform/metrics.ts';

/** What every adapter measures of its appends, under the same names. */
export const appendMetrics = (registry: Registry) => ({
  appends: new Counter({ name: 'event_store_appends_total', help: 'Appends by outcome.', labelNames: ['outcome'], registers: [registry] }),
  retries: new Counter({
    name: 'event_store_append_retries_total',
    help: 'Times that appends were sent again, by cause.',
    labelNames: ['cause'],
    registers: [registry],
  }),
  duration: new Histogram({
    name: 'event_store_append_duration_seconds',
    help: 'From the call to its answer.',
    buckets: durationBuckets,
    registers: [registry],
  }),
  waiting: new Gauge({ name: 'event_store_appends_waiting', help: 'Appends not sent yet.', registers: [registry] }),
});
