import { commandExecutor } from '../commands/execute.ts';
import { openSnapshots } from '../commands/snapshots.ts';
import { openStates } from '../commands/states.ts';
import { catalogue } from '../domain/catalogue.ts';
import { processes } from '../domain/processes/processes.ts';
import { sandbox } from '../domain/processes/sandbox.ts';
import { decoder, writtenVersions } from '../eventstore/event-versions.ts';
import { openPool } from '../platform/database.ts';
import type { Running } from '../platform/lifecycle.ts';
import { commissioner } from '../processes/commission.ts';
import { runDeadlines } from '../processes/run-deadlines.ts';
import { runProcesses } from '../processes/run.ts';
import { termsOf, type Config } from './config.ts';
import { domainVersion } from './domain-version.ts';
import { openStore } from './open-store.ts';
import type { Parts } from './parts.ts';

/** How many streams this role keeps folded in memory. */
const cachedStreams = 50_000;

/** Runs the process managers and the deadlines; in development also the sandbox that answers payments. */
export const startProcessesRole = async (config: Config<'processes'>, { logger, metrics, holder, failed }: Parts): Promise<Running> => {
  const store = openStore(config.EVENT_STORE_URL, { name: 'orders processes', logger, metrics });
  const running = [...processes, ...(config.PAYMENTS === 'sandbox' ? [sandbox] : [])];
  const pool = openPool({
    url: config.DATABASE_URL,
    name: 'orders processes',
    max: 2 * running.length + 6,
    logger,
    settings: { statement_timeout: '60s', idle_in_transaction_session_timeout: '10s' },
  });
  const decode = decoder(catalogue);
  const states = openStates({ store, decode, maxStreams: cachedStreams, snapshots: openSnapshots({ pool, fold: domainVersion(), logger }) });
  const execute = commandExecutor({ store, states, versions: writtenVersions(catalogue), logger, metrics });
  const commission = commissioner({ execute, terms: termsOf(config.TERMS) });
  const stop = new AbortController();
  const shared = { store, pool, holder, logger, metrics, signal: stop.signal };
  const managers = runProcesses({
    ...shared,
    processes: running,
    decode,
    send: (name) => (command, signal) => commission({ ...command, actor: `process:${name}` }, signal),
  });
  const deadlines = runDeadlines({ ...shared, commission });
  const done = Promise.all([managers.done, deadlines.done]);
  done.catch(failed);
  logger.info({ terms: config.TERMS, payments: config.PAYMENTS ?? 'by the payments worker' }, 'runs orders');
  return {
    ready: async () => [...managers.ready(), ...deadlines.ready()],
    stop: async () => {
      stop.abort();
      await done;
      await store.close();
      await pool.end();
    },
  };
};
