import { catalogue } from '../domain/catalogue.ts';
import { decoder } from '../eventstore/event-versions.ts';
import { openPool } from '../platform/database.ts';
import type { Running } from '../platform/lifecycle.ts';
import { readModels } from '../projections/read-models.ts';
import { runProjections } from '../projections/run.ts';
import type { Config } from './config.ts';
import { openStore } from './open-store.ts';
import type { Parts } from './parts.ts';

/** Builds the read models from the log. */
export const startProjectorRole = async (config: Config<'projector'>, { logger, metrics, holder, failed }: Parts): Promise<Running> => {
  const store = openStore(config.EVENT_STORE_URL, { name: 'orders projector', logger, metrics });
  const pool = openPool({
    url: config.DATABASE_URL,
    name: 'orders projector',
    max: 2 * readModels.length + 2,
    logger,
    settings: { statement_timeout: '60s', idle_in_transaction_session_timeout: '10s' },
  });
  const stop = new AbortController();
  const running = runProjections({
    store,
    pool,
    projections: readModels,
    decode: decoder(catalogue),
    holder,
    logger,
    metrics,
    signal: stop.signal,
  });
  running.done.catch(failed);
  return {
    ready: async () => running.ready(),
    stop: async () => {
      stop.abort();
      await running.done;
      await store.close();
      await pool.end();
    },
  };
};
