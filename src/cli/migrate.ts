import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

/** What a migration needs: the owner's and the runtime role's URLs of the log's database, and the owner's URL of the keys' database. */
export type MigrateOptions = {
  /** Owns the log's schema; may create roles when the runtime role does not exist yet. */
  readonly migrationUrl: string;
  /** The role that the processes use. */
  readonly runtimeUrl: string;
  /** The keys' database, as its owner. */
  readonly keysUrl: string;
  readonly say: (line: string) => void;
};

/** Schemas that are ours. A database that has one of them, but not our marker, belongs to somebody else. */
export const schemas = { log: ['log', 'subscriptions', 'read_models', 'processes', 'snapshots', 'audit', 'analytics'], keys: ['privacy'] } as const;

/** Brings both databases to the newest schema. Safe to run at once from several processes; refuses a database that holds a schema of ours without our marker. */
export const migrate = async ({ migrationUrl, runtimeUrl, keysUrl, say }: MigrateOptions): Promise<void> => {
  await ensureRuntimeRole(migrationUrl, runtimeUrl, say);
  await migrateDatabase(migrationUrl, runtimeUrl, 'log', say);
  await migrateDatabase(keysUrl, runtimeUrl, 'keys', say);
};

const migrateDatabase = async (url: string, runtimeUrl: string, which: keyof typeof schemas, say: (line: string) => void): Promise<void> => {
  const client = new pg.Client({ connectionString: url, application_name: 'order-platform migrate' });
  await client.connect();
  try {
    await refuseForeign(client, schemas[which]);
    await client.query(`select set_config('order_platform.runtime_role', $1, false)`, [userOf(runtimeUrl)]);
    const done = await runner({
      dbClient: client,
      dir: fileURLToPath(new URL(`../../infra/migrations/${which}`, import.meta.url)),
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: 'order_platform',
      createMigrationsSchema: true,
      checkOrder: false,
      advisoryLockMode: 'wait',
      log: () => {},
      logger: { debug: () => {}, info: () => {}, warn: say, error: say },
    });
    for (const { name } of done) say(`migrated ${which}: ${name}`);
  } finally {
    await client.end();
  }
};

/** Stops before touching a database where our schemas' names are taken by somebody else's. */
const refuseForeign = async (client: pg.Client, ours: readonly string[]): Promise<void> => {
  const { rows } = await client.query<{ nspname: string }>('select nspname from pg_namespace where nspname = any($1)', [ours]);
  const { rows: marker } = await client.query(`select from pg_tables where schemaname = 'order_platform' and tablename = 'migrations'`);
  if (rows.length > 0 && marker.length === 0) {
    throw new Error(
      `the database '${client.database}' already has the schema ${rows.map(({ nspname }) => `'${nspname}'`).join(', ')}, but not the table order_platform.migrations: ` +
        `it was not made by this platform. Name another database.`,
    );
  }
};

const ensureRuntimeRole = async (migrationUrl: string, runtimeUrl: string, say: (line: string) => void): Promise<void> => {
  const runtime = new URL(runtimeUrl);
  const client = new pg.Client({ connectionString: migrationUrl, application_name: 'order-platform migrate' });
  await client.connect();
  try {
    const name = userOf(runtimeUrl);
    const { rows } = await client.query('select from pg_roles where rolname = $1', [name]);
    if (rows.length > 0) return;
    say(`creating the runtime role '${name}'`);
    await client.query(`create role ${client.escapeIdentifier(name)} login password ${client.escapeLiteral(decodeURIComponent(runtime.password))}`);
  } finally {
    await client.end();
  }
};

const userOf = (url: string): string => decodeURIComponent(new URL(url).username);
