import { quantile, type Sample } from '../measure.ts';

/** Where connections get their requests, and tell what became of them. */
export type Feed = {
  /** The next request's bytes; undefined: there is no more to send. */
  readonly next: () => Buffer | undefined;
  readonly answered: (startedAt: number, isOk: boolean) => void;
};

/** How long to send, or how much. */
export type Extent = { readonly durationMs: number } | { readonly requests: number };

/** Feeds connections for a time, or with a number of requests; what is under way at the end is waited for and not counted. */
export const measuredFeed = (
  request: (nth: number) => Buffer,
  extent: Extent,
  from: number,
): Feed & { readonly sample: () => Sample; readonly sent: () => number } => {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const until = 'durationMs' in extent ? begun + extent.durationMs : Infinity;
  let last = begun;
  let sent = 0;
  let refused = 0;
  return {
    next() {
      if ('requests' in extent ? sent >= extent.requests : performance.now() >= until) return undefined;
      sent += 1;
      return request(from + sent - 1);
    },
    answered(startedAt, isOk) {
      const now = performance.now();
      if (now > until) return;
      last = now;
      if (isOk) latencies.push(now - startedAt);
      else refused += 1;
    },
    sent: () => sent,
    sample() {
      const { user, system } = process.cpuUsage(cpu);
      const seconds = ('durationMs' in extent ? extent.durationMs : last - begun) / 1_000;
      return {
        rate: latencies.length / seconds,
        refused,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
        clientCpu: (user + system) / 1e6 / ((performance.now() - begun) / 1_000),
      };
    },
  };
};
