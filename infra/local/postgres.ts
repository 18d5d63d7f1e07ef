import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeOutsideFolder, secret, type Instance } from './instance.ts';
import { baseEnvironment, findProgram, isRoot, userIds, versionFolders } from './programs.ts';
import { keepLastLog, lastLines, type Started, type Watch } from './service.ts';
import { supervise } from './supervisor.ts';
import { Refusal } from './terminal.ts';

/** The databases of an instance, as their users reach them. */
export type Databases = {
  /** May create databases and roles; owns the schemas. */
  readonly migrationUrl: string;
  /** What the roles use. */
  readonly runtimeUrl: string;
  /** The keys of personal data: a database of their own, as the roles reach it. */
  readonly keysUrl: string;
  /** The same as their owner reaches it. */
  readonly keysMigrationUrl: string;
};

export type PostgresPrograms = { readonly initdb: string; readonly postgres: string; readonly major: number };

/** PostgreSQL's programs on this machine, of one release; undefined when they are not there. */
export const findPostgres = (): PostgresPrograms | undefined => {
  const folders = [
    ...versionFolders('/usr/lib/postgresql', 'bin'),
    ...versionFolders('/opt/homebrew/opt', 'bin').filter((path) => path.includes('postgresql@')),
  ];
  for (const folder of [...folders, undefined]) {
    const [initdb, postgres] = ['initdb', 'postgres'].map((name) => (folder === undefined ? findProgram(name) : findProgram(name, [folder])));
    if (!initdb || !postgres || (folder !== undefined && !postgres.startsWith(folder))) continue;
    return { initdb, postgres, major: Number(/(\d+)/.exec(execFileSync(postgres, ['--version'], { encoding: 'utf8' }))?.[1]) };
  }
  return undefined;
};

/** Starts this instance's PostgreSQL on a port, its data made first if need be. It never runs as root and listens on loopback only. */
export const startPostgres = async (
  instance: Instance,
  programs: PostgresPrograms,
  port: number,
  watch: Watch,
): Promise<Started & { readonly superuserUrl: string }> => {
  const user = isRoot() ? (userIds('postgres') ?? userIds('nobody')) : undefined;
  const home = join(user ? makeOutsideFolder(instance) : instance.folder, 'postgres');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (user) chownSync(home, user.uid, user.gid);
  const data = join(home, 'data');
  const run = { cwd: home, env: baseEnvironment(), ...user };

  if (!existsSync(data)) initialise(instance, programs, home, run);
  const major = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
  if (major !== programs.major) {
    throw new Refusal(
      `The data in ${data} is of PostgreSQL ${major}, but the programs here are ${programs.major}.\nInstall PostgreSQL ${major}, or start anew with: npm run reset`,
    );
  }

  const logFile = join(instance.folder, 'postgres.log');
  keepLastLog(logFile);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    log_min_messages: 'warning',
  };
  const server = supervise(
    instance.folder,
    {
      name: 'postgres',
      command: programs.postgres,
      args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      cwd: home,
      env: baseEnvironment(),
      ...(user ? { user } : {}),
      stopSignal: 'SIGINT',
      logFile,
    },
    watch.onEnding,
  );
  const superuserUrl = urlOf('postgres', secret(instance, 'postgres'), port, 'postgres');
  await untilAnswering(superuserUrl, () => watch.stopped.aborted || server.endings() >= 3).catch(async (error: unknown) => {
    await server.stop(5_000);
    throw new Refusal(`PostgreSQL did not start: ${(error as Error).message}\n${lastLines(logFile)}`);
  });
  return { superuserUrl, stop: () => server.stop(15_000) };
};

/** Makes sure of the roles and databases of an instance: an owner that is no superuser, and the runtime role. */
export const prepareDatabases = async (instance: Instance, superuserUrl: string): Promise<Databases> => {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const roles = (await client.query<{ rolname: string }>(`select rolname from pg_roles`)).rows.map(({ rolname }) => rolname);
    const ensureRole = async (name: string, abilities: string): Promise<void> => {
      const verb = roles.includes(name) ? 'alter' : 'create';
      await client.query(`${verb} role ${name} login ${abilities} password ${pg.escapeLiteral(secret(instance, name))}`);
    };
    await ensureRole('orders_owner', 'createdb createrole');
    await ensureRole('orders', '');
    await client.query(`grant orders to orders_owner with admin option`);
    const databases = (await client.query<{ datname: string }>(`select datname from pg_database`)).rows.map(({ datname }) => datname);
    for (const name of ['orders', 'orders_keys'].filter((wanted) => !databases.includes(wanted))) {
      await client.query(`create database ${name} owner orders_owner`);
      await client.query(`revoke connect, temporary on database ${name} from public`);
      await client.query(`grant connect, temporary on database ${name} to orders`);
    }
  } finally {
    await client.end();
  }
  const port = Number(new URL(superuserUrl).port);
  return {
    migrationUrl: urlOf('orders_owner', secret(instance, 'orders_owner'), port, 'orders'),
    runtimeUrl: urlOf('orders', secret(instance, 'orders'), port, 'orders'),
    keysUrl: urlOf('orders', secret(instance, 'orders'), port, 'orders_keys'),
    keysMigrationUrl: urlOf('orders_owner', secret(instance, 'orders_owner'), port, 'orders_keys'),
  };
};

/** Waits until the server takes connections, for a minute at most or until `hopeless` says that it will not. */
export const untilAnswering = async (url: string, hopeless: () => boolean): Promise<void> => {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      const notYet =
        ['ECONNREFUSED', 'ECONNRESET', '57P03'].includes((error as { code?: string }).code ?? '') ||
        /Connection terminated|timeout/.test((error as Error).message);
      if (!notYet || hopeless() || performance.now() > deadline) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(50);
  }
};

type Run = { readonly cwd: string; readonly env: Record<string, string>; readonly uid?: number; readonly gid?: number };

/** Makes the data folder: whole or not at all. */
const initialise = (instance: Instance, programs: PostgresPrograms, home: string, run: Run): void => {
  const passwordFile = join(home, 'password');
  const unfinished = join(home, 'data.new');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordFile, secret(instance, 'postgres'), { mode: 0o600 });
  if (run.uid !== undefined && run.gid !== undefined) chownSync(passwordFile, run.uid, run.gid);
  try {
    execFileSync(
      programs.initdb,
      ['-D', unfinished, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale'],
      { ...run, stdio: 'pipe' },
    );
    renameSync(unfinished, join(home, 'data'));
  } catch (error) {
    throw new Refusal(`PostgreSQL's data could not be made in ${home}: ${String((error as { stderr?: Buffer }).stderr ?? error)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
};

const urlOf = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
