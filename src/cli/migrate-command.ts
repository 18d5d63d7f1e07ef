import { migrate } from './migrate.ts';

const usage = `usage: npm run migrate

Brings the databases to the newest schema, before a release starts. Safe to run more than once and from several places at once.
  MIGRATION_DATABASE_URL   the database of log and read models, as the role that owns their schemas
  DATABASE_URL             the same database as the runtime role, which is created when it is missing
  PRIVACY_DATABASE_URL     the keys' database, as the runtime role; it is migrated as the role of MIGRATION_DATABASE_URL`;

const main = async (): Promise<void> => {
  const { MIGRATION_DATABASE_URL: migrationUrl, DATABASE_URL: runtimeUrl, PRIVACY_DATABASE_URL: keys } = process.env;
  if (process.argv.length > 2 || !migrationUrl || !runtimeUrl || !keys) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const keysUrl = new URL(keys);
  keysUrl.username = new URL(migrationUrl).username;
  keysUrl.password = new URL(migrationUrl).password;
  await migrate({ migrationUrl, runtimeUrl, keysUrl: keysUrl.href, say: (line) => console.log(line) });
  console.log('The schema is up to date.');
};

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
