import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { openStore } from '../../src/cli/open-store.ts';
import type { EventStore, Logged } from '../../src/eventstore/event-store.ts';
import { unroutedOf } from '../../src/messaging/topology.ts';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { afterwards } from './afterwards.ts';
import { openClients, type Clients } from './clients.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { openLog, type Log } from './store-under-test.ts';
import { eventually } from './eventually.ts';
import { startRole, temporaryFolder, type Role, type RoleProcess, type Variables } from './role-process.ts';

/** What a platform of a test's own runs on. */
export type Ground = {
  readonly database: Pick<TestDatabase, 'runtimeUrl' | 'keysUrl'>;
  readonly log: Log;
  readonly rabbitmqUrl: string;
  readonly exchange: string;
  readonly folder: string;
};

/** A database and an exchange of the test file's own, on the services that the environment names; gone when its tests are over. */
export const openGround = async (): Promise<Ground & { readonly database: TestDatabase }> => {
  const rabbitmqUrl = process.env['TEST_RABBITMQ_URL'];
  if (!rabbitmqUrl) throw new Error('TEST_RABBITMQ_URL is not set: run the tests with `npm test`');
  const folder = temporaryFolder();
  const database = await testDatabase();
  const exchange = `test-${randomUUID()}.events`;
  afterwards(async () => {
    const broker = await connect(rabbitmqUrl);
    const channel = await broker.createChannel();
    await channel.deleteExchange(exchange);
    await channel.deleteExchange(unroutedOf(exchange));
    await channel.deleteQueue(unroutedOf(exchange));
    await broker.close();
    await database.drop();
  });
  return { database, log: await openLog(database.runtimeUrl), rabbitmqUrl, exchange, folder };
};

/** The variables of each role on this ground: what it needs and nothing else. Servers listen on any free port unless told otherwise. */
export const variablesOn = ({ database, log, rabbitmqUrl, exchange, folder }: Ground, change: Variables = {}): ((role: Role) => Variables) => {
  const masterKey = randomBytes(32).toString('base64');
  return (role) => {
    const every = {
      DATABASE_URL: database.runtimeUrl,
      EVENT_STORE_URL: log.url,
      AUTH_MODE: 'development',
      METRICS_PORT: '0',
      LOG_LEVEL: 'debug',
      ...change,
    };
    switch (role) {
      case 'api':
        return {
          PRIVACY_DATABASE_URL: database.keysUrl,
          PRIVACY_MASTER_KEY: masterKey,
          DEVELOPMENT_KEY_FILE: keyFileIn(folder),
          ...(process.env['TEST_REDIS_URL'] ? { REDIS_URL: process.env['TEST_REDIS_URL'] } : {}),
          HTTP_PORT: '0',
          GRPC_PORT: '0',
          ...every,
        };
      case 'projector':
        return every;
      case 'processes':
        return { PAYMENTS: 'sandbox', ...every };
      case 'forwarder':
        return { ...every, RABBITMQ_URL: rabbitmqUrl, EVENTS_EXCHANGE: exchange };
    }
  };
};

export const keyFileIn = (folder: string): string => join(folder, 'development-key.json');

/** A platform of real processes, with clients of both its APIs; what happens to an order there is what a test does to it. */
export type Platform = Ground & {
  readonly roles: Readonly<Record<Exclude<Role, 'processes'>, RoleProcess>>;
  readonly clients: Clients;
};

/** Starts one process of each role but `processes` and waits until all are ready; stopped when the file's tests are over. */
export const startPlatform = async (ground: Ground, change: Variables = {}): Promise<Platform> => {
  const variables = variablesOn(ground, change);
  const start = (role: Role): RoleProcess => startRole(role, variables(role), ground.folder);
  const roles = { api: start('api'), projector: start('projector'), forwarder: start('forwarder') };
  const processes = Object.values(roles);
  afterwards(() => Promise.all(processes.map(({ stop }) => stop())));
  await Promise.all(processes.map(({ ready }) => ready()));
  const { http, grpc } = await roles.api.said('serving');
  const clients = openClients({ httpUrl: String(http), grpcAddress: String(grpc), keyFile: keyFileIn(ground.folder) });
  afterwards(() => clients.close());
  return { ...ground, roles, clients };
};

/** A look into a platform's log and databases that none of its processes has a part in. */
export type Look = {
  readonly store: EventStore;
  readonly pool: Pool;
  /** The events of a stream. */
  readonly eventsOf: (stream: string) => Promise<readonly Omit<Logged, 'position'>[]>;
  /** The log since the look was opened. */
  readonly log: () => Promise<readonly Logged[]>;
  /** Waits until subscriptions (of the log's database) have passed what is in the log now. */
  readonly caughtUp: (subscriptions: readonly string[], deadlineMs?: number) => Promise<void>;
};

export const openLook = async ({ database, log }: Pick<Ground, 'database' | 'log'>): Promise<Look> => {
  const store = openStore(log.url, { name: 'test', logger: silent, metrics: createMetrics('test') });
  const begin = await store.head();
  const pool = openPool({ url: database.runtimeUrl, name: 'test', max: 4, logger: silent });
  afterwards(async () => {
    await store.close();
    await pool.end();
  });
  return {
    store,
    pool,
    async eventsOf(stream) {
      const events = [];
      for await (const event of store.read(stream)) events.push(event);
      return events;
    },
    async log() {
      const head = await store.head();
      const events: Logged[] = [];
      if (head === begin) return events;
      const reading = new AbortController();
      for await (const batch of store.subscribe({ after: begin, signal: reading.signal })) {
        events.push(...batch.events);
        if (batch.progress.position >= head) break;
      }
      reading.abort();
      return events;
    },
    async caughtUp(subscriptions, deadlineMs) {
      const head = await store.head();
      await eventually(
        `${subscriptions.join(', ')} reached ${head}`,
        async () => {
          const { rows } = await pool.query<{ behind: number }>(
            `select count(*) as behind from unnest($1::text[]) s (name) left join subscriptions.checkpoints c using (name) where c.position is null or c.position < $2`,
            [subscriptions, head],
          );
          return rows[0]!.behind === 0;
        },
        deadlineMs,
      );
    },
  };
};
