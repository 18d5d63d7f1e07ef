import { mkdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { secret, type Instance } from './instance.ts';
import { baseEnvironment, findProgram, versionFolders } from './programs.ts';
import { keepLastLog, lastLines, type Started, type Watch } from './service.ts';
import { supervise } from './supervisor.ts';
import { Refusal } from './terminal.ts';

export type RabbitPrograms = { readonly server: string; readonly epmd: string };
export type RabbitPorts = { readonly amqp: number; readonly distribution: number; readonly epmd: number };

/** RabbitMQ's programs on this machine; undefined when they are not there. Debian's wrapper in /usr/sbin is avoided: it changes the user. */
export const findRabbit = (): RabbitPrograms | undefined => {
  const server = findProgram('rabbitmq-server', ['/usr/lib/rabbitmq/bin', '/opt/homebrew/opt/rabbitmq/sbin']);
  const epmd = findProgram('epmd', versionFolders('/usr/lib/erlang', 'bin'));
  return server && epmd ? { server, epmd } : undefined;
};

/**
 * Starts this instance's RabbitMQ with a node name, cookie, plugins file and epmd of its own. Nothing of /etc/rabbitmq is read, and
 * every listener is on loopback. Works with 3.10 and 4.
 */
export const startRabbit = async (
  instance: Instance,
  programs: RabbitPrograms,
  ports: RabbitPorts,
  watch: Watch,
): Promise<Started & { readonly url: string }> => {
  const home = join(instance.folder, 'rabbitmq');
  mkdirSync(join(home, 'conf.d'), { recursive: true, mode: 0o700 });
  const password = secret(instance, 'rabbitmq');
  const files = {
    'rabbitmq.conf': `listeners.tcp.1 = 127.0.0.1:${ports.amqp}\ndefault_user = orders\ndefault_pass = ${password}\nlog.file = false\nlog.console = true\n`,
    'rabbitmq-env.conf': '',
    'advanced.config': '[].\n',
    enabled_plugins: '[].\n',
    '.erlang.cookie': secret(instance, 'erlang-cookie'),
  };
  for (const [name, content] of Object.entries(files)) {
    rmSync(join(home, name), { force: true });
    writeFileSync(join(home, name), content, { mode: name === '.erlang.cookie' ? 0o400 : 0o600 });
  }

  const env = { ...baseEnvironment(), HOME: home, ERL_EPMD_PORT: String(ports.epmd), ERL_EPMD_ADDRESS: '127.0.0.1' };
  const logFile = join(instance.folder, 'rabbitmq.log');
  keepLastLog(logFile);
  const common = { cwd: home, stopSignal: 'SIGTERM', logFile } as const;
  // Left to itself, the server would start a daemon that nobody stops.
  const epmd = supervise(
    instance.folder,
    { name: 'epmd', command: programs.epmd, args: ['-port', String(ports.epmd), '-address', '127.0.0.1'], env, ...common },
    watch.onEnding,
  );
  const server = supervise(
    instance.folder,
    {
      name: 'rabbitmq',
      command: programs.server,
      args: [],
      env: {
        ...env,
        // One process, which takes SIGTERM as "stop in good order".
        RUNNING_UNDER_SYSTEMD: 'true',
        RABBITMQ_NODENAME: `orders-${instance.id}@localhost`,
        RABBITMQ_DIST_PORT: String(ports.distribution),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
        RABBITMQ_CONFIG_FILES: join(home, 'conf.d'),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(home, 'advanced.config'),
        RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
        RABBITMQ_MNESIA_BASE: join(home, 'data'),
        RABBITMQ_LOG_BASE: join(home, 'log'),
        RABBITMQ_SCHEMA_DIR: join(home, 'schema'),
        RABBITMQ_GENERATED_CONFIG_DIR: join(home, 'config'),
        RABBITMQ_PID_FILE: join(home, 'server.pid'),
      },
      ...common,
    },
    watch.onEnding,
  );
  const stop = async (): Promise<void> => {
    await server.stop(20_000);
    await epmd.stop(2_000);
  };
  const url = `amqp://orders:${password}@127.0.0.1:${ports.amqp}`;
  await untilRabbitAnswers(url, () => watch.stopped.aborted || server.endings() >= 3).catch(async (error: unknown) => {
    await stop();
    throw new Refusal(`RabbitMQ did not start: ${(error as Error).message}\n${lastLines(logFile)}`);
  });
  return { url, stop };
};

/** Forgets everything this instance's RabbitMQ keeps. It must not run. */
export const emptyRabbit = (instance: Instance): void => {
  const data = join(instance.folder, 'rabbitmq', 'data');
  if (existsSync(data)) rmSync(data, { recursive: true });
};

/** Waits until the broker takes connections, for two minutes at most or until `hopeless` says that it will not. */
export const untilRabbitAnswers = async (url: string, hopeless: () => boolean): Promise<void> => {
  const deadline = performance.now() + 120_000;
  for (;;) {
    try {
      const connection = await connect(url, { timeout: 5_000 });
      await connection.close();
      return;
    } catch (error) {
      if (hopeless() || performance.now() > deadline) throw error;
    }
    await sleep(100);
  }
};
