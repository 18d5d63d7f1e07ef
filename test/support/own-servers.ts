import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openInstance, outsideFolder } from '../../infra/local/instance.ts';
import { rememberedPorts } from '../../infra/local/ports.ts';
import { findPostgres, prepareDatabases, startPostgres, type Databases } from '../../infra/local/postgres.ts';
import { findRabbit, startRabbit } from '../../infra/local/rabbitmq.ts';
import { wipe } from '../../infra/local/wipe.ts';
import { migrate } from '../../src/cli/migrate.ts';
import { afterwards } from './afterwards.ts';
import { evenIfWeEnd, signal, temporaryFolder } from './role-process.ts';

/** A PostgreSQL and a RabbitMQ of the test file's own, which it may kill: each is started again whenever it ends. */
export type OwnServers = {
  /** Migrated. */
  readonly databases: Databases;
  readonly rabbitmqUrl: string;
  /** Kills a server's main process, with no chance to tidy up. */
  readonly kill: (server: 'postgres' | 'rabbitmq') => void;
};

/** Starts both in a temporary folder, as `npm test` starts its own; they are gone when the file's tests are over. */
export const startOwnServers = async (): Promise<OwnServers> => {
  const [postgresPrograms, rabbitPrograms] = [findPostgres(), findRabbit()];
  if (!postgresPrograms || !rabbitPrograms)
    throw new Error('to kill PostgreSQL and RabbitMQ a test needs their programs on this machine: install postgresql and rabbitmq-server');
  const local = join(temporaryFolder(), '.local');
  const instance = openInstance('test', local);
  const pidOf = (name: string): number =>
    (JSON.parse(readFileSync(join(instance.folder, 'processes', `${name}.json`), 'utf8')) as { pid: number }).pid;
  evenIfWeEnd(() => {
    for (const name of ['postgres', 'rabbitmq', 'epmd']) {
      try {
        signal(-pidOf(name), 'SIGKILL');
      } catch {
        // It does not run.
      }
    }
    rmSync(outsideFolder(local), { recursive: true, force: true, maxRetries: 5 });
  });
  const ports = await rememberedPorts(instance, ['postgres', 'amqp', 'distribution', 'epmd']);
  const watch = { stopped: new AbortController().signal, onEnding: () => {} };
  afterwards(() => wipe(local));
  const postgres = startPostgres(instance, postgresPrograms, ports.postgres, watch);
  const rabbit = startRabbit(instance, rabbitPrograms, ports, watch);
  afterwards(() => Promise.all([postgres, rabbit].map(async (starting) => (await starting).stop())));
  const databases = await prepareDatabases(instance, (await postgres).superuserUrl);
  const { migrationUrl, runtimeUrl, keysMigrationUrl: keysUrl } = databases;
  await migrate({ migrationUrl, runtimeUrl, keysUrl, say: () => {} });
  return { databases, rabbitmqUrl: (await rabbit).url, kill: (name) => signal(pidOf(name), 'SIGKILL') };
};
