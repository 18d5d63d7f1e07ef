import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pause } from '../../src/platform/retry.ts';
import { migrate } from '../../src/cli/migrate.ts';
import { foreignDatabases, inspectForeign } from './foreign.ts';
import { cloneFolder, leaveInstance, openInstance, runner, secret, takeInstance, writePrivately, type Instance } from './instance.ts';
import type { Databases } from './postgres.ts';
import { endLeftovers } from './processes.ts';
import { roleOutput } from './role-output.ts';
import { chooseRolePorts, programOf, roles, type Platform, type Role } from './roles.ts';
import { keepLastLog, lastLines } from './service.ts';
import { bringUp, type Running, type Service } from './services.ts';
import { untilStopped } from './signals.ts';
import { endingText, supervise, type Supervised } from './supervisor.ts';
import { createTerminal, Refusal, runToExit, type Terminal } from './terminal.ts';

// `npm start`: the services, the schema, one supervised process per role; until Ctrl-C.

/** The variables that name services for `npm start`. */
const variables: Readonly<Record<Service, string>> = {
  postgres: 'DATABASE_URL or MIGRATION_DATABASE_URL',
  rabbitmq: 'RABBITMQ_URL',
  redis: 'REDIS_URL',
};

const main = async (): Promise<number> => {
  const stopped = untilStopped();
  const terminal = createTerminal();
  const instance = openInstance('start');
  if (!takeInstance(instance))
    throw new Refusal(
      `npm start runs in this clone already (process ${runner(instance)?.pid}). End that one first, with Ctrl-C or: kill ${runner(instance)?.pid}`,
    );
  try {
    await run(instance, terminal, stopped);
  } catch (error) {
    if (!stopped.aborted) throw error;
  } finally {
    leaveInstance(instance);
  }
  terminal.say('Stopped. The data is kept for the next npm start.');
  return 0;
};

const run = async (instance: Instance, terminal: Terminal, stopped: AbortSignal): Promise<void> => {
  const began = performance.now();
  const environment = process.env;
  const foreign = foreignDatabases(environment, () => secret(instance, 'orders'));
  const creates = foreign ? await inspectForeign(foreign) : [];
  const named = new Set<Service>([
    ...(foreign ? (['postgres'] as const) : []),
    ...(environment['RABBITMQ_URL'] ? (['rabbitmq'] as const) : []),
    ...(environment['REDIS_URL'] ? (['redis'] as const) : []),
  ]);

  const left = await endLeftovers(instance.folder, 15_000);
  if (left.length > 0) terminal.say(`Ended what an earlier npm start left running: ${left.join(', ')}`);
  rmSync(connectionsFile(instance), { force: true });
  const services = await bringUp(instance, { named, variables, fresh: false }, terminal, stopped);
  try {
    if (stopped.aborted) return;
    const databases = foreign ?? services.databases!;
    const owner = foreign ? foreign.owner : services.databases;
    for (const line of creates) terminal.say(`Creating ${line}`);
    if (owner) {
      const migrating = migrate({
        migrationUrl: owner.migrationUrl,
        runtimeUrl: databases.runtimeUrl,
        keysUrl: owner.keysMigrationUrl,
        say: (line) => terminal.say(`  ${line}`),
      });
      await terminal.step(
        'Schema',
        () => migrating,
        () => 'up to date',
      );
    }
    if (stopped.aborted) return;
    await runRoles(instance, await platformOf(instance, environment, databases, services), terminal, stopped, began, owner);
  } finally {
    terminal.say('Stopping …');
    await services.stop();
  }
};

const platformOf = async (
  instance: Instance,
  environment: NodeJS.ProcessEnv,
  databases: Pick<Databases, 'runtimeUrl' | 'keysUrl'>,
  services: Running,
): Promise<Platform> => ({
  databases,
  eventStoreUrl: environment['EVENT_STORE_URL'] ?? databases.runtimeUrl,
  rabbitmqUrl: environment['RABBITMQ_URL'] ?? services.rabbitmqUrl!,
  redisUrl: environment['REDIS_URL'] ?? services.redisUrl!,
  masterKey: environment['PRIVACY_MASTER_KEY'] ?? secret(instance, 'privacyMasterKey', 'base64'),
  ...(environment['OIDC_ISSUER'] ? { oidcIssuer: environment['OIDC_ISSUER'] } : {}),
  ...(environment['OIDC_AUDIENCE'] ? { oidcAudience: environment['OIDC_AUDIENCE'] } : {}),
  developmentKeyFile: join(instance.folder, 'development-issuer.json'),
  terms: termsIn(environment),
  rateLimits: rateLimitsIn(environment),
  logLevel: environment['LOG_LEVEL'] ?? 'info',
  ports: await chooseRolePorts(),
});

const rateLimitsIn = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (name.startsWith('RATE_LIMIT_') && value ? [[name, value]] : [])));

/** Without an issuer of one's own the platform is for trying out: the steps of an order take seconds. */
const termsIn = ({ TERMS, OIDC_ISSUER }: NodeJS.ProcessEnv): Platform['terms'] => {
  if (TERMS === 'standard' || TERMS === 'brief') return TERMS;
  if (TERMS) throw new Refusal(`TERMS is ${TERMS}: it must be standard or brief`);
  return OIDC_ISSUER ? 'standard' : 'brief';
};

const runRoles = async (
  instance: Instance,
  platform: Platform,
  terminal: Terminal,
  stopped: AbortSignal,
  began: number,
  owner: Pick<Databases, 'migrationUrl'> | undefined,
): Promise<void> => {
  const logFolder = join(instance.folder, 'logs');
  mkdirSync(logFolder, { recursive: true });
  const running = roles.map((role) => {
    keepLastLog(join(logFolder, `${role}.log`));
    const program = programOf(
      role,
      platform,
      logFolder,
      roleOutput(role, terminal, () => stopped.aborted),
    );
    return supervise(instance.folder, program, (ending) => terminal.warn(`${role}: ${endingText(ending)}; starting it again`));
  });
  const connections = connectionsFile(instance);
  try {
    await Promise.all(
      running.map((process, index) =>
        terminal.step(
          process.name,
          () => untilReady(roles[index]!, process, platform, logFolder, stopped),
          () => 'ready',
        ),
      ),
    );
    if (stopped.aborted) return;
    writePrivately(connections, connectionsOf(platform, owner));
    terminal.say(`\nThe platform runs, after ${((performance.now() - began) / 1_000).toFixed(1)} s.\n`);
    terminal.table(overview(platform, relative(cloneFolder, logFolder), relative(cloneFolder, connections)));
    terminal.say('');
    await new Promise<void>((resolve) => (stopped.aborted ? resolve() : stopped.addEventListener('abort', () => resolve())));
  } finally {
    rmSync(connections, { force: true });
    await Promise.all(running.map((process) => process.stop(8_000)));
  }
};

/** Waits until a role says that it is ready, for a minute at most. A role that ends three times before that will not be. */
const untilReady = async (role: Role, process: Supervised, platform: Platform, logFolder: string, stopped: AbortSignal): Promise<void> => {
  const url = `http://127.0.0.1:${platform.ports.metrics[role]}/readyz`;
  const deadline = performance.now() + 60_000;
  while (!stopped.aborted) {
    const response = process.pid() === undefined ? undefined : await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok && process.pid() !== undefined) return;
    if (process.endings() >= 3 || performance.now() > deadline)
      throw new Refusal(`The role ${role} is not ready. The end of its log:\n${lastLines(join(logFolder, `${role}.log`))}`);
    await pause(100, stopped);
  }
};

const overview = ({ ports, oidcIssuer, terms }: Platform, logFolder: string, connections: string): readonly (readonly [string, string])[] => [
  ['REST', `http://127.0.0.1:${ports.http}/v1`],
  ['Docs', `http://127.0.0.1:${ports.http}/docs`],
  ['gRPC', `127.0.0.1:${ports.grpc}`],
  ['Metrics', roles.map((role) => `http://127.0.0.1:${ports.metrics[role]}/metrics (${role})`).join('  ')],
  ['Logs', `${logFolder}/<role>.log`],
  ['Orders', `${termsText[terms]}; ${oidcIssuer === undefined ? 'payments answer themselves' : 'payments wait for their worker'}`],
  ['Services', `${connections} names them, for psql and the like`],
  ['Token', oidcIssuer === undefined ? 'npm run --silent token -- checkout' : `from ${oidcIssuer}`],
  ['Next', 'npm run demo   (in another terminal)'],
  ['Stop', 'Ctrl-C; the data is kept, npm run reset wipes it'],
];

const termsText: Readonly<Record<Platform['terms'], string>> = {
  brief: 'brief terms: every step lapses after 10 to 30 seconds (TERMS=standard for minutes and days)',
  standard: 'standard terms: steps lapse after minutes and days',
};

/** Where other programs of this clone look for what runs; it is there as long as the platform is. */
const connectionsFile = (instance: Instance): string => join(instance.folder, 'services.env');

/** How other programs of this clone (the demo, psql, a test consumer) find what runs: lines of NAME=value. */
const connectionsOf = (
  { databases, eventStoreUrl, rabbitmqUrl, redisUrl, developmentKeyFile, oidcIssuer, ports }: Platform,
  owner: Pick<Databases, 'migrationUrl'> | undefined,
): string => {
  const lines = {
    API_URL: `http://127.0.0.1:${ports.http}`,
    GRPC_ADDRESS: `127.0.0.1:${ports.grpc}`,
    DATABASE_URL: databases.runtimeUrl,
    EVENT_STORE_URL: eventStoreUrl,
    PRIVACY_DATABASE_URL: databases.keysUrl,
    RABBITMQ_URL: rabbitmqUrl,
    ...(owner ? { MIGRATION_DATABASE_URL: owner.migrationUrl } : {}),
    REDIS_URL: redisUrl,
    ...(oidcIssuer === undefined ? { DEVELOPMENT_KEY_FILE: developmentKeyFile } : {}),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
};

runToExit(main);
