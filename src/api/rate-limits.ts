import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { refused, type Caller, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, Gauge, type Registry } from '../platform/metrics.ts';
import { windowMs, type Lease, type LeaseTokens } from './rate-limit-leases.ts';

/** What a request is paid from. */
export type Budget = 'reads' | 'writes';

/** Requests a minute, for each principal by itself: issuer, subject and tenant together. */
export type RateLimits = {
  /** Customers, merchants and people. */
  readonly ordinary: Readonly<Record<Budget, number>>;
  /** Systems that act for everybody: checkout, workers. */
  readonly services: Readonly<Record<Budget, number>>;
};

/** How a principal stands with a budget, as the RateLimit headers say it. */
export type Quota = {
  readonly budget: Budget;
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again, if nothing more is sent. */
  readonly wholeInSeconds: number;
};

/** A request that was counted, with the refusal where it is one too many; no quota: nobody counts. */
export type Metered = { readonly quota: Quota | undefined; readonly refusal: Refusal | undefined };

/** Counts a request; at once, but for the first of a principal in a while, which waits for a lease. */
export type Meter = (caller: Caller, budget: Budget) => Metered | Promise<Metered>;

/** Nobody counts. */
export const unmetered: Meter = () => uncounted;
const uncounted: Metered = { quota: undefined, refusal: undefined };

/** A lease that was not used up lapses: the process would else hoard what others may need. */
const leaseMs = 2_000;
/** The most that one process leases at once, as a share of the limit. */
const maxSliceShare = 1 / 100;
/** Once nothing was left, it is not asked again sooner. */
const minPauseMs = 50;
/** While nobody answers, one asks this often. */
const probeEveryMs = 1_000;
const maxPrincipals = 10_000;

/** What this process holds of a principal's budget; times in milliseconds of the monotonic clock. */
type Bucket = {
  readonly key: string;
  readonly budget: Budget;
  readonly limit: number;
  /** Leased and not yet used. */
  left: number;
  leaseEndsAt: number;
  /** How much the last lease asked for. */
  slice: number;
  /** Requests that wait for a lease. */
  waiting: number;
  leasing: Promise<void> | undefined;
  /** What nobody had leased, by the last answer. */
  unleased: number;
  wholeAt: number;
  /** Nothing is left before then. */
  emptyUntil: number;
};

/**
 * Limits per principal over all processes: a token bucket in Redis, of which each process leases slices that grow with its
 * demand, so that busy callers wait for Redis no more than idle ones. While Redis is away everybody is let through, and an
 * alert says so.
 */
export const rateLimits = (options: {
  readonly lease: LeaseTokens;
  /** Whether leases can be had again. */
  readonly probe: () => Promise<unknown>;
  readonly limits: RateLimits;
  readonly logger: Logger;
  readonly metrics: Registry;
}): { readonly meter: Meter; readonly close: () => void } => {
  const { lease, probe, limits, logger, metrics } = options;
  const refusals = new Counter({
    name: 'rate_limit_refusals_total',
    help: 'Requests that were refused because their principal had used up its budget.',
    labelNames: ['budget'],
    registers: [metrics],
  });
  const unchecked = new Counter({
    name: 'rate_limit_unchecked_requests_total',
    help: 'Requests that were let through uncounted because Redis was away.',
    registers: [metrics],
  });
  const unavailable = new Gauge({
    name: 'rate_limits_unavailable',
    help: '1 while Redis is away and nobody is limited.',
    registers: [metrics],
  });
  unavailable.set(0);

  const buckets = new LRUCache<string, Bucket>({ max: maxPrincipals * 2 });
  // Callers are remembered as long as their tokens: the hash is computed once for each.
  const known = new WeakMap<Caller, { reads?: Bucket; writes?: Bucket }>();
  let probing: NodeJS.Timeout | undefined;

  const bucketOf = (caller: Caller, budget: Budget): Bucket => {
    let own = known.get(caller);
    if (!own) known.set(caller, (own = {}));
    return (own[budget] ??= sharedBucket(caller, budget));
  };
  const sharedBucket = (caller: Caller, budget: Budget): Bucket => {
    const key = `${principalOf(caller)}:${budget}`;
    const limit = (isService(caller) ? limits.services : limits.ordinary)[budget];
    const found = buckets.get(`${key}:${limit}`);
    if (found) return found;
    const bucket: Bucket = {
      key,
      budget,
      limit,
      left: 0,
      leaseEndsAt: -Infinity,
      slice: 1,
      waiting: 0,
      leasing: undefined,
      unleased: limit,
      wholeAt: 0,
      emptyUntil: -Infinity,
    };
    buckets.set(`${key}:${limit}`, bucket);
    return bucket;
  };

  const goAway = (error: unknown): void => {
    if (probing) return;
    unavailable.set(1);
    logger.warn({ err: error }, 'rate limits are off: Redis does not answer');
    probing = setInterval(() => {
      probe().then(comeBack, () => {});
    }, probeEveryMs).unref();
  };
  const comeBack = (): void => {
    if (!probing) return;
    clearInterval(probing);
    probing = undefined;
    unavailable.set(0);
    logger.info('rate limits are on again');
  };

  /** One lease at a time for each bucket. */
  const renew = (bucket: Bucket): Promise<void> => (bucket.leasing ??= ask(bucket).finally(() => (bucket.leasing = undefined)));
  const ask = async (bucket: Bucket): Promise<void> => {
    const maxSlice = Math.max(1, Math.floor(bucket.limit * maxSliceShare));
    // A lease that did not last is followed by a larger one; of one that lapsed only what was used is asked for again.
    const grown = performance.now() < bucket.leaseEndsAt ? bucket.slice * 2 : bucket.slice - bucket.left;
    bucket.slice = Math.min(Math.max(grown, bucket.waiting, 1), maxSlice);
    try {
      hold(bucket, await lease(bucket.key, { limit: bucket.limit, wanted: bucket.slice }));
    } catch (error) {
      goAway(error);
    }
  };
  const hold = (bucket: Bucket, { granted, unleased, wholeInMs, retryInMs }: Lease): void => {
    const now = performance.now();
    bucket.left = granted + (now < bucket.leaseEndsAt ? bucket.left : 0);
    bucket.unleased = unleased;
    bucket.wholeAt = now + wholeInMs;
    if (granted > 0) bucket.leaseEndsAt = now + leaseMs;
    else bucket.emptyUntil = now + Math.max(retryInMs, minPauseMs);
  };

  const spend = (bucket: Bucket, now: number): Metered => {
    bucket.left -= 1;
    return { quota: quotaOf(bucket, now), refusal: undefined };
  };
  const refuse = (bucket: Bucket, now: number): Metered => {
    refusals.inc({ budget: bucket.budget });
    return {
      quota: quotaOf(bucket, now),
      refusal: refused('too_many', 'RATE_LIMITED', `These are more ${bucket.budget} than the ${bucket.limit} a minute that this caller has.`, {
        retryAfterMs: Math.max(1_000, bucket.emptyUntil - now),
        metadata: { budget: bucket.budget, per_minute: String(bucket.limit) },
      }),
    };
  };
  const letThrough = (): Metered => {
    unchecked.inc();
    return uncounted;
  };

  const wait = async (bucket: Bucket): Promise<Metered> => {
    bucket.waiting += 1;
    try {
      for (;;) {
        await renew(bucket);
        if (probing) return letThrough();
        const now = performance.now();
        if (bucket.left > 0) return spend(bucket, now);
        if (now < bucket.emptyUntil) return refuse(bucket, now);
      }
    } finally {
      bucket.waiting -= 1;
    }
  };

  return {
    meter(caller, budget) {
      if (probing) return letThrough();
      const bucket = bucketOf(caller, budget);
      const now = performance.now();
      if (bucket.left > 0 && now < bucket.leaseEndsAt) {
        // The next slice is on its way before this one is used up.
        if (bucket.left * 2 <= bucket.slice && bucket.leasing === undefined && now >= bucket.emptyUntil) void renew(bucket);
        return spend(bucket, now);
      }
      return now < bucket.emptyUntil ? refuse(bucket, now) : wait(bucket);
    },
    close: () => clearInterval(probing),
  };
};

const quotaOf = ({ budget, limit, left, unleased, wholeAt }: Bucket, now: number): Quota => ({
  budget,
  limit,
  remaining: left + unleased,
  wholeInSeconds: Math.max(0, Math.ceil((wholeAt - now) / 1_000)),
});

/** The header fields of draft-ietf-httpapi-ratelimit-headers-10: the policy, and what is left of it. */
export const rateLimitHeaders = ({ budget, limit, remaining, wholeInSeconds }: Quota): { readonly policy: string; readonly standing: string } => ({
  policy: `"${budget}";q=${limit};w=${windowMs / 1_000}`,
  standing: `"${budget}";r=${remaining};t=${wholeInSeconds}`,
});

/** Who acts for everybody and is no person of staff is a system. */
const isService = ({ scopes }: Caller): boolean =>
  !scopes.has('orders:support') && (scopes.has('tenants:any-customer') || scopes.has('tenants:any-merchant'));

/** The principal as Redis may know it: a subject can be a person's e-mail address, so only its hash leaves the process. */
const principalOf = ({ issuer, subject, customerId = '', merchantId = '' }: Caller): string =>
  hash('sha256', JSON.stringify([issuer, subject, customerId, merchantId]), 'base64url').slice(0, 22);
