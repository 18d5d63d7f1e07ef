import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What the demo counts. */
export type Tally = {
  readonly count: (what: Counted, by?: number) => void;
  readonly refused: (code: string) => void;
  readonly failed: (code: string) => void;
  readonly took: (what: Timed, ms: number) => void;
  /** The platform did not do as it promises; the demo ends with exit code 1. */
  readonly broken: (promise: string) => void;
  /** Messages told of this turn in an order's life. */
  readonly happens: (what: Happening) => void;
  readonly of: (what: Counted) => number;
  readonly happened: ReadonlyMap<Happening, number>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
  readonly brokenPromises: readonly string[];
  /** In milliseconds; undefined before the first. */
  readonly percentile: (what: Timed, percent: number) => number | undefined;
};

export type Counted =
  | 'sent'
  | 'placed'
  | 'cancelled'
  | 'commands'
  | 'price changes'
  | 'stock changes'
  | 'reads'
  | 'sent twice'
  | 'asked again'
  | 'not sent'
  | 'messages'
  | 'messages twice';
export type Happening = 'confirmed' | 'parcels sent' | 'delivered' | 'completed' | 'cancelled' | 'expired' | 'returns closed';
export type Timed = 'gRPC' | 'REST' | 'read model' | 'RabbitMQ';

/** The messages that are counted as turns in orders' lives, by name. */
export const happenings: ReadonlyMap<string, Happening> = new Map([
  ['order-confirmed', 'confirmed'],
  ['shipment-dispatched', 'parcels sent'],
  ['order-delivered', 'delivered'],
  ['order-completed', 'completed'],
  ['order-cancelled', 'cancelled'],
  ['order-expired', 'expired'],
  ['return-closed', 'returns closed'],
]);

/** Of broken promises so many are kept in words. */
const maxBroken = 20;

/** All zero. */
export const createTally = (): Tally => {
  const counts = new Map<Counted, number>();
  const happened = new Map<Happening, number>([...happenings.values()].map((what) => [what, 0]));
  const refusals = new Map<string, number>();
  const failures = new Map<string, number>();
  const brokenPromises: string[] = [];
  const durations = new Map<Timed, RecordableHistogram>();
  const add = <Key>(map: Map<Key, number>, key: Key, by = 1): void => void map.set(key, (map.get(key) ?? 0) + by);

  return {
    count: (what, by) => add(counts, what, by),
    refused: (code) => add(refusals, code),
    failed: (code) => add(failures, code),
    took(what, ms) {
      const histogram = durations.get(what) ?? createHistogram();
      durations.set(what, histogram);
      histogram.record(Math.max(1, Math.round(ms * 1_000)));
    },
    broken(promise) {
      if (brokenPromises.length < maxBroken) brokenPromises.push(promise);
    },
    happens: (what) => add(happened, what),
    happened,
    of: (what) => counts.get(what) ?? 0,
    refusals,
    failures,
    brokenPromises,
    percentile(what, percent) {
      const microseconds = durations.get(what)?.percentile(percent);
      return microseconds === undefined ? undefined : microseconds / 1_000;
    },
  };
};

/** All of them together. */
export const totalOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
