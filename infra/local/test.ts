import { spawn } from 'node:child_process';
import { dropLeftovers } from './leftovers.ts';
import { cloneFolder, leaveInstance, openInstance, runner, takeInstance } from './instance.ts';
import { endLeftovers } from './processes.ts';
import { bringUp, type Running, type Service } from './services.ts';
import { bringTestPrograms } from './test-programs.ts';
import { createTerminal, Refusal, runToExit, type Terminal } from './terminal.ts';
import { untilStopped } from './signals.ts';

// `npm test`: services of its own, then every test. Arguments go to node's test runner, a file's name among them.

/** The variables that name services for tests. Only these reach the tests. */
const variables: Readonly<Record<Service, string>> = {
  postgres: 'TEST_MIGRATION_DATABASE_URL and TEST_DATABASE_URL',
  rabbitmq: 'TEST_RABBITMQ_URL',
  redis: 'TEST_REDIS_URL',
};

const main = async (): Promise<number> => {
  const environment = process.env;
  const stopped = untilStopped();
  const named = new Set<Service>();
  const owner = environment['TEST_MIGRATION_DATABASE_URL'];
  const runtime = environment['TEST_DATABASE_URL'];
  if ((owner === undefined) !== (runtime === undefined))
    throw new Refusal(
      'Set TEST_MIGRATION_DATABASE_URL and TEST_DATABASE_URL together: a role that may create databases and roles, and the one that the platform uses.',
    );
  if (owner) named.add('postgres');
  if (environment['TEST_RABBITMQ_URL']) named.add('rabbitmq');
  if (environment['TEST_REDIS_URL']) named.add('redis');

  const terminal = createTerminal();
  await bringTestPrograms(terminal, stopped);
  if (named.size === 3) return runTests(environment, {}, terminal, stopped);

  const instance = openInstance('test');
  if (!takeInstance(instance)) throw new Refusal(`Another npm test runs in this clone (process ${runner(instance)?.pid}).`);
  try {
    await endLeftovers(instance.folder, 10_000);
    const running = await bringUp(instance, { named, variables, fresh: true }, terminal, stopped);
    try {
      if (running.databases) await dropLeftovers(running.databases.migrationUrl);
      return await runTests(environment, running, terminal, stopped);
    } finally {
      await running.stop();
    }
  } finally {
    leaveInstance(instance);
  }
};

/** How long all tests together may take; far more than they need. */
const patienceMinutes = 20;

const runTests = async (environment: NodeJS.ProcessEnv, running: Partial<Running>, terminal: Terminal, stopped: AbortSignal): Promise<number> => {
  if (stopped.aborted) return 130;
  const given = process.argv.slice(2).filter((argument) => argument !== '--');
  const options = given.filter((argument) => argument.startsWith('-'));
  const chosen = given.filter((argument) => !argument.startsWith('-')).map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));
  const files = chosen.length > 0 ? chosen : ['test/**/*.test.ts'];
  const onPostgres = (url: string): string => Object.assign(new URL(url), { pathname: '/postgres' }).href;
  const ours = {
    ...(running.databases
      ? { TEST_MIGRATION_DATABASE_URL: onPostgres(running.databases.migrationUrl), TEST_DATABASE_URL: onPostgres(running.databases.runtimeUrl) }
      : {}),
    ...(running.rabbitmqUrl ? { TEST_RABBITMQ_URL: running.rabbitmqUrl } : {}),
    ...(running.redisUrl ? { TEST_REDIS_URL: running.redisUrl } : {}),
  };
  const kept = Object.entries(environment).filter(
    ([name]) =>
      !/^(DATABASE|MIGRATION_DATABASE|PRIVACY_DATABASE|EVENT_STORE|RABBITMQ|REDIS)_URL$|^(PRIVACY_MASTER_KEY|AUTH_MODE|OIDC_ISSUER|OIDC_AUDIENCE|DEVELOPMENT_KEY_FILE)$/.test(
        name,
      ),
  );
  // Files that share a server share its log: only one at a time may then say what is in it.
  const concurrency = environment['TEST_EVENTSTOREDB_URL'] ? 1 : 3;
  const child = spawn(process.execPath, ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=180000', ...options, ...files], {
    cwd: cloneFolder,
    env: { ...Object.fromEntries(kept), ...ours },
    stdio: 'inherit',
  });
  stopped.addEventListener('abort', () => child.kill('SIGTERM'));
  // A test file that never ends, with something left open, is a failure to be seen and not waited for.
  const late = setTimeout(() => {
    terminal.warn(`The tests have not ended in ${patienceMinutes} minutes: a file keeps something open. They are stopped.`);
    child.kill('SIGTERM');
  }, patienceMinutes * 60_000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(late);
      resolve(stopped.aborted ? 130 : (code ?? 1));
    });
  });
};

runToExit(main);
