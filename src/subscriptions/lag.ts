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
export const exportLag = (options: {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly names: readonly string[];
  readonly metrics: Registry;
}): void => {
  const { pool, store, names, metrics } = options;
  const lags = shareWhileRunning(() => readLags(pool, store, names));
  const parked = shareWhileRunning(() => countParked(pool, names));

  /** A value that cannot be read now is absent, not old. */
  const exportGauge = (name: string, help: string, read: () => Promise<ReadonlyMap<string, number | undefined>>): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['subscription'],
      registers: [metrics],
      async collect() {
        const values = await read().catch(() => undefined);
        this.reset();
        for (const subscription of names) {
          const value = values?.get(subscription);
          if (value !== undefined) this.set({ subscription }, value);
        }
      },
    });

  exportGauge('subscription_lag_seconds', 'Age of the oldest event that has not taken effect yet; 0 when there is none.', async () =>
    mapValues(await lags(), ({ seconds }) => seconds),
  );
  exportGauge('subscription_lag_events', 'Events that have not taken effect yet, where the store can count them.', async () =>
    mapValues(await lags(), ({ events }) => events),
  );
  exportGauge('subscription_parked_groups', 'Groups that wait for an operator.', async () => {
    const counts = await parked();
    return new Map(names.map((name) => [name, counts.get(name) ?? 0]));
  });
};

const mapValues = <A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> =>
  new Map([...map].map(([key, value]) => [key, change(value)]));

/** Whoever asks while an answer is on its way gets the same one. */
const shareWhileRunning = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined;
  return () => (running ??= read().finally(() => (running = undefined)));
};
