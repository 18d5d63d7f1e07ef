import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localFolder } from '../infra/local/instance.ts';
import { nextFree } from '../infra/local/ports.ts';
import { baseEnvironment } from '../infra/local/programs.ts';
import { developmentToken } from '../src/api/development-issuer.ts';
import type { Role } from '../src/cli/config.ts';
import { pause } from '../src/platform/retry.ts';
import type { TestDatabase } from '../test/support/database.ts';

/** A role of the platform, running as in production: `node src/main.ts <role>`. */
export type RoleProcess = { readonly metricsUrl: string; readonly http: Address; readonly grpc: Address; readonly stop: () => Promise<void> };
export type Address = { readonly host: string; readonly port: number };

/** The processes of the platform on one database. */
export type Platform = {
  /** Wraps the keys of this database's subjects. */
  readonly masterKey: string;
  readonly start: (role: Role) => Promise<RoleProcess>;
  readonly token: (role: 'checkout' | 'support') => Promise<string>;
  readonly merchantToken: (merchantId: string) => Promise<string>;
  readonly stop: () => Promise<void>;
};

const folder = join(localFolder, 'bench');
/** The key of the development issuer whose tokens the roles take. */
export const developmentKeyFile = join(folder, 'development-key.json');

/** Prepares to run roles on a database. Their logs go to `.local/bench/logs`. */
export const openPlatform = (database: TestDatabase, rabbitmqUrl?: string): Platform => {
  const masterKey = randomBytes(32).toString('base64');
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const running: RoleProcess[] = [];

  const start = async (role: Role): Promise<RoleProcess> => {
    const host = '127.0.0.1';
    const [http, grpc, metrics] = [await nextFree(21_000), await nextFree(22_000), await nextFree(23_000)];
    const log = openSync(join(folder, 'logs', `${role}-${metrics}.log`), 'w', 0o600);
    const child = spawn(
      process.execPath,
      [...(process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? []), fileURLToPath(new URL('../src/main.ts', import.meta.url)), role],
      {
        stdio: ['ignore', log, log],
        env: {
          ...baseEnvironment(),
          DATABASE_URL: database.runtimeUrl,
          AUTH_MODE: 'development',
          DEVELOPMENT_KEY_FILE: developmentKeyFile,
          PRIVACY_DATABASE_URL: database.keysUrl,
          PRIVACY_MASTER_KEY: masterKey,
          ...counting(),
          ...(role === 'processes' ? { PAYMENTS: 'sandbox' } : {}),
          ...(rabbitmqUrl === undefined ? {} : { RABBITMQ_URL: rabbitmqUrl }),
          HTTP_PORT: String(http),
          GRPC_PORT: String(grpc),
          METRICS_PORT: String(metrics),
          SHUTDOWN_GRACE_MS: '5000',
        },
      },
    );
    const kill = (): void => void child.kill('SIGKILL');
    process.on('exit', kill);
    const metricsUrl = `http://${host}:${metrics}/metrics`;
    const started: RoleProcess = {
      metricsUrl,
      http: { host, port: http },
      grpc: { host, port: grpc },
      stop: async () => {
        process.off('exit', kill);
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
    running.push(started);
    await untilReady(`http://${host}:${metrics}/readyz`, role, child);
    return started;
  };

  return {
    masterKey,
    start,
    token: (role) => developmentToken({ keyFile: developmentKeyFile, role }),
    merchantToken: (merchantId) => developmentToken({ keyFile: developmentKeyFile, role: 'merchant', merchantId }),
    stop: async () => {
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
};

/** Callers are counted as in production, and never refused. */
const counting = (): Readonly<Record<string, string>> => {
  const redisUrl = process.env['TEST_REDIS_URL'];
  if (!redisUrl) return {};
  const names = ['RATE_LIMIT_READS', 'RATE_LIMIT_WRITES', 'RATE_LIMIT_SERVICE_READS', 'RATE_LIMIT_SERVICE_WRITES'];
  return { REDIS_URL: redisUrl, ...Object.fromEntries(names.map((name) => [name, '10000000'])) };
};

/** What a counter of a process says, by one of its labels. */
export const counted = async (
  processes: readonly RoleProcess[],
  metric: string,
  where: string,
  label: string,
): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  for (const { metricsUrl } of processes) {
    const text = await (await fetch(metricsUrl)).text();
    for (const line of text.split('\n')) {
      if (!line.startsWith(`${metric}{`) || !line.includes(where)) continue;
      const value = new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? '';
      counts.set(value, (counts.get(value) ?? 0) + Number(line.slice(line.lastIndexOf(' '))));
    }
  }
  return counts;
};

const untilReady = async (url: string, role: string, child: ChildProcess): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (child.exitCode === null && performance.now() < deadline) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok) return;
    await pause(50);
  }
  throw new Error(`the role ${role} is not ready; see .local/bench/logs`);
};
