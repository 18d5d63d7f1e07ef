import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What the demo counts. */
export type Tally = {
  readonly count: (what: Counted, by?: number) => void;
  readonly refused: (code: string) => void;
  readonly failed: (code: string) => void;
  readonly took: (what: Timed, ms: number) => void;
  /** The platform did not do as it promises; the demo ends with exit code 1. */
  readonly broken: (promise: string) => void;
  readonly of: (what: Counted) => number;
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
  | 'price changes'
  | 'stock changes'
  | 'reads'
  | 'sent twice'
  | 'asked again'
  | 'not sent'
  | 'messages'
  | 'messages twice';
export type Timed = 'gRPC' | 'REST' | 'read model' | 'RabbitMQ';

/** Of broken promises so many are kept in words. */
const maxBroken = 20;

/** All zero. */
export const createTally = (): Tally => {
  const counts = new Map<Counted, number>();
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
