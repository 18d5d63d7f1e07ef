import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { migrate } from '../../src/cli/migrate.ts';

/** A migrated database of a test file's own, with the keys' database beside it. */
export type TestDatabase = {
  /** As the runtime role. */
  readonly runtimeUrl: string;
  /** As the role that owns the log's schema. */
  readonly ownerUrl: string;
  /** The keys' database, as the runtime role. */
  readonly keysUrl: string;
  readonly keysOwnerUrl: string;
  readonly drop: () => Promise<void>;
};

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`npm test\``);
  return value;
};

/** Every database of the tests begins with this; what a killed run left is dropped by the next. */
const prefix = 'order_platform_test';

/** Creates a database pair for a test file: migrated once per migrations' state, then cloned from that template. */
export const testDatabase = async (): Promise<TestDatabase> => {
  const owner = required('TEST_MIGRATION_DATABASE_URL');
  const runtime = required('TEST_DATABASE_URL');
  const admin = new pg.Client({ connectionString: owner });
  await admin.connect();
  const name = `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  try {
    await admin.query('select pg_advisory_lock(7308323)');
    await ensureTemplates(admin, owner, runtime);
    await admin.query(`create database ${name} template ${prefix}_template_log`);
    await admin.query(`create database ${name}_keys template ${prefix}_template_keys`);
    await admin.query(`grant create, temporary on database ${name} to ${admin.escapeIdentifier(new URL(runtime).username)}`);
  } finally {
    await admin.end();
  }
  return {
    runtimeUrl: withDatabase(runtime, name),
    ownerUrl: withDatabase(owner, name),
    keysUrl: withDatabase(runtime, `${name}_keys`),
    keysOwnerUrl: withDatabase(owner, `${name}_keys`),
    drop: () => dropDatabases(owner, runtime, [name, `${name}_keys`]),
  };
};

/** Ends what is still connected (only the runtime role may end its own sessions) and drops. */
const dropDatabases = async (owner: string, runtime: string, names: readonly string[]): Promise<void> => {
  await using sessions = new AsyncDisposableStack();
  const [asOwner, asRuntime] = [owner, runtime].map((url) => sessions.adopt(new pg.Client({ connectionString: url }), (client) => client.end())) as [
    pg.Client,
    pg.Client,
  ];
  await Promise.all([asOwner.connect(), asRuntime.connect()]);
  for (const name of names) {
    for (let tries = 1; ; tries += 1) {
      await asRuntime.query('select pg_terminate_backend(pid, 1000) from pg_stat_activity where datname = $1 and usename = current_user', [name]);
      try {
        // Without force the server waits a while for sessions that are ending; with it, the owner may not end the runtime role's.
        await asOwner.query(`drop database if exists ${name} ${tries % 2 === 0 ? 'with (force)' : ''}`);
        break;
      } catch (error) {
        if (tries === 5) throw error;
      }
    }
  }
};

/** Both templates are made together, and again whenever a migration changed. */
const ensureTemplates = async (admin: pg.Client, owner: string, runtime: string): Promise<void> => {
  const [log, keys] = [`${prefix}_template_log`, `${prefix}_template_keys`];
  const state = await migrationsState();
  const { rows } = await admin.query<{ state: string | null }>(
    `select shobj_description(oid, 'pg_database') as state from pg_database where datname = any($1)`,
    [[log, keys]],
  );
  if (rows.length === 2 && rows.every((row) => row.state === state)) return;
  for (const template of [log, keys]) {
    await admin.query(`drop database if exists ${template} with (force)`);
    await admin.query(`create database ${template}`);
  }
  await migrate({
    migrationUrl: withDatabase(owner, log),
    runtimeUrl: withDatabase(runtime, log),
    keysUrl: withDatabase(owner, keys),
    say: () => {},
  });
  for (const template of [log, keys]) await admin.query(`comment on database ${template} is ${admin.escapeLiteral(state)}`);
};

/** A hash of all migrations. */
const migrationsState = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const which of ['log', 'keys']) {
    const folder = new URL(`../../infra/migrations/${which}/`, import.meta.url);
    for (const file of (await readdir(folder)).toSorted()) hash.update(file).update(await readFile(new URL(file, folder)));
  }
  return hash.digest('hex');
};

const withDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};
