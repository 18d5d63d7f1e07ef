import { test as register } from 'node:test';
import { processes } from '../../src/domain/processes/processes.ts';
import { sandbox } from '../../src/domain/processes/sandbox.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { prepareReadModels } from '../../src/projections/versions.ts';
import { openStore } from '../../src/cli/open-store.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createCheckpoint, resumeAt } from '../../src/subscriptions/checkpoints.ts';
import { afterwards } from './afterwards.ts';
import { eventStoreDbName, startEventStoreDb } from './eventstoredb-under-test.ts';

let store: 'PostgreSQL' | 'EventStoreDB' = 'PostgreSQL';

/** Has the tests of this process run on another store than PostgreSQL; to be called before they are imported. */
export const runOn = (name: typeof store): void => void (store = name);

/** A test whose name says which store it ran on. */
export const test = (behaviour: string, run: () => void | Promise<void>): void =>
  void register(`${store === 'EventStoreDB' ? eventStoreDbName : store}: ${behaviour}`, run);

/** The log of a test's platform. In PostgreSQL it is in the database that the platform has anyway. */
export type Log = { readonly url: string };

/**
 * The log that the platform on a database is to use. A real server keeps what earlier tests left there: everything that
 * follows the log then begins at its end, so that a test has to do with its own events only.
 */
export const openLog = async (databaseUrl: string): Promise<Log> => {
  if (store === 'PostgreSQL') return { url: databaseUrl };
  const { url, close } = await startEventStoreDb();
  afterwards(close);
  const log = openStore(url, { name: 'test', logger: silent, metrics: createMetrics('test') });
  const pool = openPool({ url: databaseUrl, name: 'test', max: 1, logger: silent });
  try {
    const [position, identity] = [await log.head(), await log.identity()];
    const newest = await log.eventAt(position);
    if (newest) {
      await prepareReadModels(pool, readModels);
      for (const name of [...readModels.map(subscriptionOf), ...[...processes, sandbox].map((process) => process.name), 'forwarder']) {
        await createCheckpoint(pool, name);
        await resumeAt(pool, name, { progress: { position, eventId: newest.id }, log: identity });
      }
    }
  } finally {
    await log.close();
    await pool.end();
  }
  return { url };
};
