import { authenticateDevelopment, authenticateOidc } from '../api/authenticate.ts';
import { startApi } from '../api/server.ts';
import { commandHandler } from '../commands/handle.ts';
import { openSnapshots } from '../commands/snapshots.ts';
import { openStates } from '../commands/states.ts';
import { catalogue } from '../domain/catalogue.ts';
import { decoder, writtenVersions } from '../eventstore/event-versions.ts';
import { openPool } from '../platform/database.ts';
import type { Running } from '../platform/lifecycle.ts';
import { audited, auditTrail } from '../privacy/audit.ts';
import { openKeys } from '../privacy/keys.ts';
import { opener } from '../privacy/sealing.ts';
import { readModels } from '../projections/read-models.ts';
import { prepareReadModels } from '../projections/versions.ts';
import { openConsistency } from '../queries/consistency.ts';
import { apiServices } from './api-services.ts';
import { masterKeyOf, termsOf, type Config } from './config.ts';
import { domainVersion } from './domain-version.ts';
import { openStore } from './open-store.ts';
import type { Parts } from './parts.ts';
import { openRateLimits } from './rate-limits.ts';
import { reachable } from './reachable.ts';

/** How many streams a process keeps folded in memory. */
const cachedStreams = 50_000;

/** Commands and queries, served as gRPC and as REST. */
export const startApiRole = async (config: Config<'api'>, { logger, metrics }: Parts): Promise<Running> => {
  const store = openStore(config.EVENT_STORE_URL, { name: 'orders api', logger, metrics });
  const pool = openPool({ url: config.DATABASE_URL, name: 'orders api', max: 10, logger, settings: { statement_timeout: '10s' } });
  const keysPool = openPool({ url: config.PRIVACY_DATABASE_URL, name: 'orders api keys', max: 4, logger, settings: { statement_timeout: '5s' } });

  const keys = openKeys({ pool: keysPool, masterKey: masterKeyOf(config.PRIVACY_MASTER_KEY) });
  const decode = decoder(catalogue);
  const states = openStates({ store, decode, maxStreams: cachedStreams, snapshots: openSnapshots({ pool, fold: domainVersion(), logger }) });
  const handle = commandHandler({
    store,
    states,
    keys,
    versions: writtenVersions(catalogue),
    logger,
    metrics,
  });
  const consistency = openConsistency({ pool, store, logger });

  /** The views that queries read, also where no projector has run yet. */
  let prepared: Promise<void> | undefined;
  const prepare = (): Promise<void> => {
    prepared ??= prepareReadModels(pool, readModels);
    prepared.catch(() => (prepared = undefined));
    return prepared;
  };

  const ready = async (): Promise<readonly string[]> => {
    const problems = await Promise.all([
      reachable('the event store', () => store.identity()),
      reachable('the read models', async () => {
        await prepare();
        await pool.query('select from subscriptions.checkpoints limit 1');
      }),
      reachable("the keys' database", () => keysPool.query('select from privacy.keys limit 1')),
    ]);
    return problems.filter((problem) => problem !== undefined);
  };

  // A database that is away does not keep the API from starting: it is not ready until it is back.
  await reachable('the read models', prepare);

  const limits = await openRateLimits(config, { logger, metrics });
  const api = await startApi({
    services: apiServices({
      handle,
      states,
      terms: termsOf(config.TERMS),
      pool,
      store,
      consistency,
      open: audited(opener(keys), auditTrail({ pool, metrics })),
      logger,
      metrics,
    }),
    authenticate:
      config.OIDC_ISSUER === undefined
        ? await authenticateDevelopment({ keyFile: config.DEVELOPMENT_KEY_FILE! })
        : authenticateOidc({ issuer: config.OIDC_ISSUER, audience: config.OIDC_AUDIENCE!, logger }),
    ...(limits ? { meter: limits.meter } : {}),
    logger,
    metrics,
    http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
    grpc: { host: config.GRPC_HOST, port: config.GRPC_PORT },
    ready,
    development: config.AUTH_MODE === 'development',
    consoleOrigin: config.CONSOLE_ORIGIN,
    drainMs: Math.floor(config.SHUTDOWN_GRACE_MS * 0.7),
  });
  logger.info({ http: api.httpUrl, grpc: `${config.GRPC_HOST}:${api.grpcPort}` }, 'serving');

  return {
    ready,
    stop: async () => {
      await api.drain();
      limits?.end();
      await store.close();
      await Promise.all([pool.end(), keysPool.end()]);
    },
  };
};
