import { redisLeases } from '../api/rate-limit-leases.ts';
import { rateLimits, type Meter } from '../api/rate-limits.ts';
import { openRedis } from '../platform/redis.ts';
import type { Config } from './config.ts';
import type { Parts } from './parts.ts';

/** A request waits for a lease as long as this, once; then nobody is limited until Redis is back. */
const leaseTimeoutMs = 250;

/** The limits of callers, counted in Redis; undefined where there is none. */
export const openRateLimits = async (
  config: Config<'api'>,
  { logger, metrics }: Pick<Parts, 'logger' | 'metrics'>,
): Promise<{ readonly meter: Meter; readonly end: () => void } | undefined> => {
  if (config.REDIS_URL === undefined) {
    logger.warn('no REDIS_URL: callers are not limited');
    return undefined;
  }
  const redis = await openRedis({ url: config.REDIS_URL, name: 'orders api', logger, commandTimeoutMs: leaseTimeoutMs });
  const { meter, close } = rateLimits({
    lease: redisLeases(redis),
    probe: () => redis.ping(),
    limits: {
      ordinary: { reads: config.RATE_LIMIT_READS, writes: config.RATE_LIMIT_WRITES },
      services: { reads: config.RATE_LIMIT_SERVICE_READS, writes: config.RATE_LIMIT_SERVICE_WRITES },
    },
    logger,
    metrics,
  });
  return {
    meter,
    end: () => {
      close();
      redis.disconnect();
    },
  };
};
