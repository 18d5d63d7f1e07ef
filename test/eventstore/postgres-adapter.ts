import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { openProxy } from '../support/proxy.ts';
import type { Adapter } from './contract.ts';

/** The PostgreSQL adapter on a database of its own. */
export const postgresAdapter = async (): Promise<Adapter & { readonly database: TestDatabase }> => {
  const database = await testDatabase();
  const proxy = await openProxy(database.runtimeUrl);
  const admin = openPool({ url: database.runtimeUrl, name: 'admin', max: 2, logger: silent });
  const storeAt = (url: string) => openPostgresStore({ url, name: 'store', logger: silent, metrics: createMetrics('test') });
  return {
    database,
    proxy,
    open: () => storeAt(proxy.url),
    openDirect: () => storeAt(database.runtimeUrl),
    cutConnections: async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'store%'`,
      );
    },
    close: async () => {
      await admin.end();
      await proxy.close();
      await database.drop();
    },
  };
};
