import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { foreignDatabases, inspectForeign, type ForeignDatabases } from '../../infra/local/foreign.ts';
import { Refusal } from '../../infra/local/terminal.ts';
import { migrate } from '../../src/cli/migrate.ts';

const password = (): string => 'made up';
const ownerUrl = (): string =>
  process.env['TEST_MIGRATION_DATABASE_URL'] ?? assert.fail('TEST_MIGRATION_DATABASE_URL is not set: run the tests with `npm test`');
const runtimeUrl = (): string => process.env['TEST_DATABASE_URL'] ?? assert.fail('TEST_DATABASE_URL is not set: run the tests with `npm test`');

/** Two empty databases of somebody's, as the environment would name them. */
const foreign = async (context: TestContext): Promise<ForeignDatabases & { readonly owner: NonNullable<ForeignDatabases['owner']> }> => {
  const name = `order_platform_test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  const at = (url: string, database: string): string => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  await query(ownerUrl(), `create database ${name}`);
  await query(ownerUrl(), `create database ${name}_keys`);
  context.after(async () => {
    await query(ownerUrl(), `drop database ${name} with (force)`);
    await query(ownerUrl(), `drop database ${name}_keys with (force)`);
  });
  return {
    runtimeUrl: at(runtimeUrl(), name),
    keysUrl: at(runtimeUrl(), `${name}_keys`),
    owner: { migrationUrl: at(ownerUrl(), name), keysMigrationUrl: at(ownerUrl(), `${name}_keys`) },
  };
};

const query = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
};

test('a foreign database that holds a schema of our name without our marker is refused, unchanged', async (context) => {
  const databases = await foreign(context);
  await query(databases.owner.migrationUrl, 'create schema log');
  await assert.rejects(
    inspectForeign(databases),
    (error) => error instanceof Refusal && /schema log\b.*order_platform\.migrations/s.test(error.message),
  );
});

test("the keys' database is looked at before the other one is touched", async (context) => {
  const databases = await foreign(context);
  await query(databases.owner.keysMigrationUrl, 'create schema privacy');
  await assert.rejects(inspectForeign(databases), Refusal);
});

test('an empty foreign database is told what will be created in it', async (context) => {
  const lines = await inspectForeign(await foreign(context));
  assert.match(lines.join('\n'), /order_platform, log, subscriptions, read_models/);
  assert.match(lines.join('\n'), /privacy/);
});

test('a foreign database that was migrated is used as it is', async (context) => {
  const databases = await foreign(context);
  await migrate({
    migrationUrl: databases.owner.migrationUrl,
    runtimeUrl: databases.runtimeUrl,
    keysUrl: databases.owner.keysMigrationUrl,
    say: () => undefined,
  });
  assert.deepEqual(await inspectForeign(databases), []);
  assert.deepEqual(await inspectForeign({ runtimeUrl: databases.runtimeUrl, keysUrl: databases.keysUrl }), []);
});

test('given only the runtime role, an empty database is refused with the variable that would help', async (context) => {
  const { runtimeUrl, keysUrl } = await foreign(context);
  await assert.rejects(inspectForeign({ runtimeUrl, keysUrl }), /MIGRATION_DATABASE_URL/);
});

test('a foreign database needs another one for the keys', () => {
  assert.throws(() => foreignDatabases({ DATABASE_URL: 'postgres://u:p@host/orders' }, password), /PRIVACY_DATABASE_URL/);
  assert.throws(
    () => foreignDatabases({ DATABASE_URL: 'postgres://u:p@host/orders', PRIVACY_DATABASE_URL: 'postgres://x:y@host/orders' }, password),
    /a database of their own/,
  );
});

test('given only the owner, the runtime role is one that start makes', () => {
  const databases = foreignDatabases(
    { MIGRATION_DATABASE_URL: 'postgres://owner:p@host/shop', PRIVACY_DATABASE_URL: 'postgres://orders:p@host/keys' },
    password,
  );
  assert.equal(databases?.runtimeUrl, 'postgres://orders:made%20up@host/shop');
  assert.equal(databases?.owner?.keysMigrationUrl, 'postgres://owner:p@host/keys');
});

test('without any of the variables no foreign database is meant', () => {
  assert.equal(foreignDatabases({}, password), undefined);
});
