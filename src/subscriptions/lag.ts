import type { EventStore } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import { Gauge, type Registry } from '../platform/metrics.ts';
import { readCheckpoints } from './checkpoints.ts';
import { countParked } from './parking.ts';

/** How far a subscription is behind the log: seconds, and events where the store can count. */
export type Lag = { readonly seconds: number; readonly events?: number };

/** How far each of these subscriptions is behind, whichever process follows. */
export const readLags = async (pool: Pool, store: EventStore, names: readonly string[]): Promise<ReadonlyMap<string, Lag>> => {
  const checkpoints = await readCheckpoints(pool, names);
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<readonly [string, Lag]> => {
        const position = checkpoints.get(name)?.progress.position;
        const { seconds, events } = await store.behind(position === undefined ? store.start : (store.parsePosition(position) ?? store.start));
        return [name, { seconds, ...(events === undefined ? {} : { events }) }];
      }),
    ),
  );
};

/** Gauges of lag and parked groups per subscription, read when they are scraped, so that they rise also while nobody follows. */
export const exportLag = (options: { readonly pool: Pool; readonly store: EventStore; readonly names: readonly string[]; readonly metrics: Registry }): void => {
  const { pool, store, names, metrics } = options;
  const gauge = (name: string, help: string): Gauge<'subscription'> => new Gauge({ name, help, labelNames: ['subscription'], registers: [metrics] });
  const seconds = new Gauge({
    name: 'subscription_lag_seconds',
    help: 'Age of the oldest event that has not taken effect yet; 0 when there is none.',
    labelNames: ['subscription'],
    registers: [metrics],
    async collect() {
      const lags = await readLags(pool, store, names).catch(() => undefined);
      for (const [name, lag] of lags ?? []) {
        seconds.set({ subscription: name }, lag.seconds);
        if (lag.events !== undefined) events.set({ subscription: name }, lag.events);
      }
      const counts = await countParked(pool, names).catch(() => undefined);
      if (counts) for (const name of names) parked.set({ subscription: name }, counts.get(name) ?? 0);
    },
  });
  const events = gauge('subscription_lag_events', 'Events that have not taken effect yet, where the store can count them.');
  const parked = gauge('subscription_parked_groups', 'Groups that wait for an operator.');
};
