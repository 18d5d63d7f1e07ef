import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import type { Adapter } from './contract.ts';

/** The PostgreSQL adapter on a database of its own. */
export const postgresAdapter = async (): Promise<Adapter & { readonly database: TestDatabase }> => {
  const database = await testDatabase();
  const admin = openPool({ url: database.runtimeUrl, name: 'admin', max: 2, logger: silent });
  return {
    database,
    open: () => openPostgresStore({ url: database.runtimeUrl, name: 'store', logger: silent, metrics: createMetrics('test') }),
    cutConnections: async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'store%'`,
      );
    },
    close: async () => {
      await admin.end();
      await database.drop();
    },
  };
};
