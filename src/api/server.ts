import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { descriptors } from '../contract/generated/descriptors.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import { pause } from '../platform/retry.ts';
import type { Authenticate } from './authenticate.ts';
import { readContract } from './descriptors.ts';
import { createDispatcher } from './dispatch.ts';
import { startGrpc } from './grpc.ts';
import { readyMethods, type Services } from './methods.ts';
import { openapi } from './openapi.ts';
import type { Meter } from './rate-limits.ts';
import { createRest } from './rest.ts';

/** Where a server listens. Port 0: any free one. */
export type Listen = { readonly host: string; readonly port: number };

/** The running API. */
export type Api = {
  readonly httpUrl: string;
  readonly grpcPort: number;
  /**
   * Shuts down: health checks fail and new requests are refused as UNAVAILABLE at once, running ones have `drainMs` to end,
   * then everything is closed. Calling it again waits for the same end.
   */
  readonly drain: () => Promise<void>;
};

/** How often gRPC health is brought up to date with what `ready` says. */
const healthEveryMs = 5_000;

/**
 * While it drains, the API is heard at least this long: a connection that is in use is told to close by an answer. Were it
 * closed between two requests, the next one could be under way already, and its client would not know what became of it.
 */
const farewellMs = 1_000;

/** Once no method runs any more, gRPC's last answers have this long to leave; who watches health would never end by itself. */
const lastWordMs = 3_000;

/**
 * Serves every method of the contract over gRPC and REST, with docs at /docs.
 * Rejects where the contract is not fully implemented, where a port is taken, and for development mode on anything but loopback.
 */
export const startApi = async (options: {
  /** One function per method, by service: what the contract promises. */
  readonly services: Services;
  readonly authenticate: Authenticate;
  /** How many requests callers may send; left out: as many as they like. */
  readonly meter?: Meter;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly http: Listen;
  readonly grpc: Listen;
  /** What is missing for this process to serve, in words; nothing: it is ready. */
  readonly ready: () => Promise<readonly string[]>;
  /** Tokens come from the built-in issuer: only loopback is served, and reflection is on. */
  readonly development: boolean;
  /** The one other origin whose pages may call the REST API, such as `https://console.example.org`. */
  readonly consoleOrigin?: string | undefined;
  /** How long gRPC connections are used before their clients are asked to open new ones; ten minutes when left out. */
  readonly connectionAgeMs?: number;
  /** How long a request may take to arrive as a whole before it is given up; half a minute when left out. */
  readonly requestTimeoutMs?: number;
  readonly drainMs: number;
}): Promise<Api> => {
  const { services, authenticate, meter, logger, metrics, http, grpc, ready, development, consoleOrigin, connectionAgeMs, drainMs } = options;
  const { requestTimeoutMs = 30_000 } = options;
  for (const { host } of development ? [http, grpc] : []) {
    if (!isLoopback(host))
      throw new Error(`development mode takes tokens that anyone on this machine can make: it listens on loopback only, not on ${host}`);
  }
  const contract = readContract(Buffer.from(descriptors, 'base64'));
  const methods = readyMethods(contract, services);
  const dispatcher = createDispatcher({ authenticate, ...(meter ? { meter } : {}), logger, metrics });

  const rest = createRest({ methods, dispatcher, logger, ready, requestTimeoutMs, consoleOrigin });
  const document = openapi(contract, { version: apiVersion }) as never; // the plugin's type knows OpenAPI up to 3.0 only
  await rest.register(swagger, { mode: 'static', specification: { document } });
  await rest.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Orders API' },
    staticCSP: docsPolicy,
    uiConfig: { docExpansion: 'list', persistAuthorization: true, tryItOutEnabled: true, displayRequestDuration: true, filter: true },
  });
  await rest.listen(http);
  const { port: httpPort } = rest.server.address() as AddressInfo;
  const grpcServer = await startGrpc({
    ...grpc,
    methods,
    dispatcher,
    reflect: development ? contract : undefined,
    requestTimeoutMs,
    connectionAgeMs,
  }).catch(async (error: unknown) => {
    await rest.close();
    throw error;
  });
  const refresh = async (): Promise<void> => {
    const problems = await ready().catch((error: unknown) => [String(error)]);
    grpcServer.setHealth(problems.length === 0 && !dispatcher.isDraining());
  };
  const refreshing = setInterval(() => void refresh(), healthEveryMs).unref();

  const shutDown = async (): Promise<void> => {
    clearInterval(refreshing);
    const endsAt = performance.now() + drainMs;
    grpcServer.setHealth(false);
    const cutOff = setTimeout(() => rest.server.closeAllConnections(), drainMs);
    const waited = new AbortController();
    await Promise.race([Promise.all([dispatcher.drain(), pause(Math.min(farewellMs, drainMs / 2))]), pause(drainMs, waited.signal)]);
    waited.abort();
    await Promise.all([rest.close(), grpcServer.close(Math.max(0, Math.min(lastWordMs, endsAt - performance.now())))]);
    clearTimeout(cutOff);
  };
  let shutdown: Promise<void> | undefined;
  return {
    httpUrl: `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${httpPort}`,
    grpcPort: grpcServer.port,
    drain: () => (shutdown ??= shutDown()),
  };
};

const apiVersion = '1';

/** The docs load and call nothing but this server (Content Security Policy Level 3); their library styles elements one by one. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
