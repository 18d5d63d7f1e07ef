import { openPool } from '../platform/database.ts';
import type { Running } from '../platform/lifecycle.ts';
import { runForwarder } from '../projections/forwarder.ts';
import type { Config } from './config.ts';
import { openStore } from './open-store.ts';
import type { Parts } from './parts.ts';

/** Forwards integration events to RabbitMQ. */
export const startForwarderRole = async (config: Config<'forwarder'>, { logger, metrics, holder, failed }: Parts): Promise<Running> => {
  const store = openStore(config.EVENT_STORE_URL, { name: 'orders forwarder', logger, metrics });
  const pool = openPool({
    url: config.DATABASE_URL,
    name: 'orders forwarder',
    max: 4,
    logger,
    settings: { statement_timeout: '30s', idle_in_transaction_session_timeout: '10s' },
  });
  const stop = new AbortController();
  const running = runForwarder({
    store,
    pool,
    rabbitmqUrl: config.RABBITMQ_URL,
    exchange: config.EVENTS_EXCHANGE,
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
