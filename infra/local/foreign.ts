import pg from 'pg';
import { schemas } from '../../src/cli/migrate.ts';
import type { Databases } from './postgres.ts';
import { Refusal } from './terminal.ts';

/** Databases that the environment names. Without `owner` nothing is created in them: they must be ready. */
export type ForeignDatabases = Pick<Databases, 'runtimeUrl' | 'keysUrl'> & { readonly owner?: Pick<Databases, 'migrationUrl' | 'keysMigrationUrl'> };

type Environment = Readonly<Record<string, string | undefined>>;

/** The databases that the environment names; undefined when it names none. `runtimePassword` is for the role that is created when only MIGRATION_DATABASE_URL is given. */
export const foreignDatabases = (environment: Environment, runtimePassword: () => string): ForeignDatabases | undefined => {
  const migrationUrl = environment['MIGRATION_DATABASE_URL'];
  const given = environment['DATABASE_URL'];
  const keysUrl = environment['PRIVACY_DATABASE_URL'];
  if (!given && !migrationUrl) {
    if (keysUrl)
      throw new Refusal(
        'PRIVACY_DATABASE_URL is set, but neither DATABASE_URL nor MIGRATION_DATABASE_URL is: set one of them too, or none of the three.',
      );
    return undefined;
  }
  if (!keysUrl) {
    const example = withUser(given ?? migrationUrl!, 'USER', 'PASSWORD', '/orders_keys').replace(/\?.*$/, '');
    throw new Refusal(
      `${given ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL'} names a database of yours, so PRIVACY_DATABASE_URL must name another one, as the runtime role reaches it:\n` +
        `it holds the keys of personal data, and a backup of the first must not contain them. For example\n  PRIVACY_DATABASE_URL=${example}`,
    );
  }
  const runtimeUrl = given ?? withUser(migrationUrl!, 'orders', runtimePassword());
  if (sameDatabase(runtimeUrl, keysUrl))
    throw new Refusal('PRIVACY_DATABASE_URL names the same database as DATABASE_URL: the keys of personal data need a database of their own.');
  if (!migrationUrl) return { runtimeUrl, keysUrl };
  const { username, password } = new URL(migrationUrl);
  return {
    runtimeUrl,
    keysUrl,
    owner: { migrationUrl, keysMigrationUrl: withUser(keysUrl, decodeURIComponent(username), decodeURIComponent(password)) },
  };
};

/**
 * Looks at foreign databases before anything is done to them, and answers what a migration will create, in words (nothing, when they
 * were migrated before). Refuses a database that holds a schema of ours without our marker.
 */
export const inspectForeign = async ({ runtimeUrl, owner, keysUrl }: ForeignDatabases): Promise<readonly string[]> => {
  const parts = [
    { which: 'log', variable: owner ? 'MIGRATION_DATABASE_URL' : 'DATABASE_URL', url: owner?.migrationUrl ?? runtimeUrl },
    { which: 'keys', variable: 'PRIVACY_DATABASE_URL', url: owner?.keysMigrationUrl ?? keysUrl },
  ] as const;
  const creates: string[] = [];
  for (const { which, variable, url } of parts) {
    const { present, marked } = await look(variable, url, schemas[which]);
    if (present.length > 0 && !marked) {
      throw new Refusal(
        `The database ${placeOf(url)} (${variable}) holds the schema ${present.join(', ')}, but not the table order_platform.migrations:\n` +
          'somebody else made it. Nothing was changed. Name another database.',
      );
    }
    if (marked) continue;
    if (!owner)
      throw new Refusal(
        `The database ${placeOf(url)} (${variable}) has no schema yet. Set MIGRATION_DATABASE_URL to the same database as a role that may create it.`,
      );
    creates.push(`in ${placeOf(url)}: the schemas order_platform, ${schemas[which].join(', ')}`);
  }
  if (owner && creates.length > 0)
    creates.push(`on ${new URL(owner.migrationUrl).host}: the role '${decodeURIComponent(new URL(runtimeUrl).username)}', unless it is there`);
  return creates;
};

const look = async (
  variable: string,
  url: string,
  ours: readonly string[],
): Promise<{ readonly present: readonly string[]; readonly marked: boolean }> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'order-platform start' });
  try {
    await client.connect();
    const { rows } = await client.query<{ nspname: string }>('select nspname from pg_namespace where nspname = any($1) order by nspname', [ours]);
    const marker = await client.query(`select from pg_tables where schemaname = 'order_platform' and tablename = 'migrations'`);
    return { present: rows.map(({ nspname }) => nspname), marked: marker.rows.length > 0 };
  } catch (error) {
    throw new Refusal(`The database ${placeOf(url)} (${variable}) cannot be reached: ${(error as Error).message}`);
  } finally {
    await client.end().catch(() => undefined);
  }
};

const withUser = (url: string, user: string, password: string, pathname?: string): string => {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  if (pathname !== undefined) changed.pathname = pathname;
  return changed.href;
};

const placeOf = (url: string): string => `${new URL(url).pathname.slice(1)} on ${new URL(url).host}`;
const sameDatabase = (a: string, b: string): boolean => placeOf(a) === placeOf(b);
