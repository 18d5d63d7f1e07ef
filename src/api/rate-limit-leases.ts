import type { Redis } from '../platform/redis.ts';

/** What a principal got of its budget, and how the budget then stands. */
export type Lease = {
  /** As many requests may be sent; 0: none. */
  readonly granted: number;
  /** Requests that nobody has leased. */
  readonly unleased: number;
  /** Until the whole budget is there again, if nobody leases. */
  readonly wholeInMs: number;
  /** Until one request can be leased. */
  readonly retryInMs: number;
};

/** Leases up to `wanted` requests of a budget of `limit` per window. Rejects when Redis does not answer. */
export type LeaseTokens = (key: string, asked: { readonly limit: number; readonly wanted: number }) => Promise<Lease>;

/** Limits are given per window; a budget that was spent is whole again after it, and grows evenly meanwhile. */
export const windowMs = 60_000;

/** Leases from Redis, where all processes of the platform meet. */
export const redisLeases =
  (redis: Redis): LeaseTokens =>
  async (key, { limit, wanted }) => {
    const answer = (await redis.eval(script, 1, `orders:rate-limit:${key}`, windowMs, limit, wanted)) as readonly string[];
    const [granted, unleased, wholeInMs, retryInMs] = answer.map(Number) as [number, number, number, number];
    return { granted, unleased, wholeInMs, retryInMs };
  };

/**
 * The generic cell rate algorithm (ITU-T I.371), in one value: the time at which the budget is whole again, on Redis's own clock.
 * A key of a budget that is whole is not needed and lapses.
 */
const script = `
local window, limit, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('time')
local now = clock[1] * 1000 + clock[2] / 1000
local each = window / limit
local whole = math.min(math.max(tonumber(redis.call('get', KEYS[1]) or 0), now), now + window)
local free = math.floor((now + window - whole) / each + 1e-6)
local granted = math.min(wanted, free)
if granted > 0 then
  whole = whole + granted * each
  redis.call('set', KEYS[1], string.format('%.3f', whole), 'px', math.ceil(whole - now))
end
local retry = 0
if free - granted < 1 then retry = whole + each - window - now end
return { tostring(granted), tostring(free - granted), tostring(math.ceil(whole - now)), tostring(math.ceil(math.max(retry, 0))) }
`;
