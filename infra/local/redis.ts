import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { secret, type Instance } from './instance.ts';
import { baseEnvironment, findProgram } from './programs.ts';
import { keepLastLog, lastLines, type Started, type Watch } from './service.ts';
import { supervise } from './supervisor.ts';
import { Refusal } from './terminal.ts';

/** The server of Redis, or of Valkey, on this machine; undefined when there is neither. */
export const findRedis = (): string | undefined => findProgram('redis-server') ?? findProgram('valkey-server');

/** Starts this instance's Redis: nothing is evicted, every write goes to a file, loopback only, with a password. */
export const startRedis = async (instance: Instance, program: string, port: number, watch: Watch): Promise<Started & { readonly url: string }> => {
  const home = join(instance.folder, 'redis');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const password = secret(instance, 'redis');
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'dir .',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
    'daemonize no',
    'save ""',
  ];
  writeFileSync(join(home, 'redis.conf'), `${settings.join('\n')}\n`, { mode: 0o600 });

  const logFile = join(instance.folder, 'redis.log');
  keepLastLog(logFile);
  const server = supervise(
    instance.folder,
    { name: 'redis', command: program, args: ['redis.conf'], cwd: home, env: baseEnvironment(), stopSignal: 'SIGTERM', logFile },
    watch.onEnding,
  );
  const url = `redis://:${password}@127.0.0.1:${port}`;
  await untilRedisAnswers(url, () => watch.stopped.aborted || server.endings() >= 3).catch(async (error: unknown) => {
    await server.stop(5_000);
    throw new Refusal(`Redis did not start: ${(error as Error).message}\n${lastLines(logFile)}`);
  });
  return { url, stop: () => server.stop(10_000) };
};

/** Forgets everything this instance's Redis keeps. It must not run. */
export const emptyRedis = (instance: Instance): void => rmSync(join(instance.folder, 'redis'), { recursive: true, force: true });

/** Waits until the server answers PING, for a minute at most or until `hopeless` says that it will not. */
export const untilRedisAnswers = async (url: string, hopeless: () => boolean): Promise<void> => {
  const deadline = performance.now() + 60_000;
  let last = 'no answer';
  while (performance.now() < deadline && !hopeless()) {
    last = await ping(new URL(url)).catch((error: Error) => error.message);
    if (last.includes('+PONG')) return;
    await sleep(50);
  }
  throw new Error(last.trim());
};

/** What a server says to AUTH and PING (RESP: a line each). */
const ping = ({ hostname, port, password }: URL): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write(`AUTH ${decodeURIComponent(password)}\r\nPING\r\n`));
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer within 2 s')));
    socket.on('data', (chunk) => {
      said += chunk.toString();
      if (said.split('\r\n').length > 2 || said.startsWith('-')) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
