import { Redis } from 'ioredis';
import type { Logger } from './logging.ts';
import { backoffMs, reconnecting } from './retry.ts';

export type { Redis } from 'ioredis';

/**
 * A connection to Redis that is there or is not: a command fails at once while it is not, and after `commandTimeoutMs` when no
 * answer comes; it is never sent twice. Waits for the first connection, but not long, and reconnects for ever.
 */
export const openRedis = async (options: {
  readonly url: string;
  readonly name: string;
  readonly logger: Logger;
  readonly commandTimeoutMs: number;
}): Promise<Redis> => {
  const redis = new Redis(options.url, {
    connectionName: options.name.replaceAll(' ', '-'),
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: options.commandTimeoutMs,
    // A server that takes commands and answers none is left; what waits for it would pile up.
    socketTimeout: 5_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => backoffMs(reconnecting, attempt),
  });
  redis.on('error', (error: Error) => options.logger.debug({ err: error, redis: options.name }, 'the connection to Redis has an error'));
  await redis.connect().catch(() => {});
  return redis;
};
