import { join } from 'node:path';
import { cloneFolder } from './instance.ts';
import { nextFree } from './ports.ts';
import type { Databases } from './postgres.ts';
import type { Program } from './processes.ts';
import { baseEnvironment } from './programs.ts';

/** The processes of the platform. */
export type Role = 'api' | 'projector' | 'processes' | 'forwarder';
export const roles: readonly Role[] = ['api', 'projector', 'processes', 'forwarder'];

/** Where the roles listen, all of it on loopback. */
export type RolePorts = { readonly http: number; readonly grpc: number; readonly metrics: Readonly<Record<Role, number>> };

/** What the roles are given, each its own part of it. */
export type Platform = {
  readonly databases: Pick<Databases, 'runtimeUrl' | 'keysUrl'>;
  readonly eventStoreUrl: string;
  readonly rabbitmqUrl: string;
  readonly redisUrl: string;
  /** 32 bytes, base64. */
  readonly masterKey: string;
  /** The issuer whose tokens count; undefined: the development issuer with its key in `developmentKeyFile`. */
  readonly oidcIssuer?: string;
  /** The audience that its tokens must name. */
  readonly oidcAudience?: string;
  readonly developmentKeyFile: string;
  /** How long the steps of an order may take; `brief`: seconds, with the development issuer only. */
  readonly terms: 'standard' | 'brief';
  /** The limits that the environment names, by their variables. */
  readonly rateLimits: Readonly<Record<string, string>>;
  readonly logLevel: string;
  readonly ports: RolePorts;
};

/** The usual ports, or the next free ones. */
export const chooseRolePorts = async (): Promise<RolePorts> => {
  const http = await nextFree(8_080);
  const grpc = await nextFree(9_090);
  const api = await nextFree(9_464);
  const projector = await nextFree(api + 1);
  const processes = await nextFree(projector + 1);
  return { http, grpc, metrics: { api, projector, processes, forwarder: await nextFree(processes + 1) } };
};

/** The variables of one role: what it needs and nothing else. */
export const variablesOf = (role: Role, platform: Platform): Readonly<Record<string, string>> => {
  const { databases, eventStoreUrl, ports } = platform;
  const loopback = '127.0.0.1';
  const every = {
    LOG_LEVEL: platform.logLevel,
    METRICS_HOST: loopback,
    METRICS_PORT: String(ports.metrics[role]),
    SHUTDOWN_GRACE_MS: '5000',
    DATABASE_URL: databases.runtimeUrl,
    EVENT_STORE_URL: eventStoreUrl,
    ...(platform.oidcIssuer === undefined ? { AUTH_MODE: 'development' } : { OIDC_ISSUER: platform.oidcIssuer }),
  };
  switch (role) {
    case 'api':
      return {
        ...every,
        TERMS: platform.terms,
        PRIVACY_DATABASE_URL: databases.keysUrl,
        PRIVACY_MASTER_KEY: platform.masterKey,
        REDIS_URL: platform.redisUrl,
        ...platform.rateLimits,
        HTTP_HOST: loopback,
        HTTP_PORT: String(ports.http),
        GRPC_HOST: loopback,
        GRPC_PORT: String(ports.grpc),
        ...(platform.oidcIssuer === undefined ? { DEVELOPMENT_KEY_FILE: platform.developmentKeyFile } : {}),
        ...(platform.oidcAudience === undefined ? {} : { OIDC_AUDIENCE: platform.oidcAudience }),
      };
    case 'projector':
      return every;
    case 'processes':
      return { ...every, TERMS: platform.terms, ...(platform.oidcIssuer === undefined ? { PAYMENTS: 'sandbox' } : {}) };
    case 'forwarder':
      return { ...every, RABBITMQ_URL: platform.rabbitmqUrl };
  }
};

/** How one role is run. */
export const programOf = (role: Role, platform: Platform, logFolder: string, onLine: (line: string) => void): Program => ({
  name: role,
  command: process.execPath,
  args: [join(cloneFolder, 'src', 'main.ts'), role],
  env: { ...baseEnvironment(), ...variablesOf(role, platform) },
  cwd: cloneFolder,
  stopSignal: 'SIGTERM',
  logFile: join(logFolder, `${role}.log`),
  onLine,
});
