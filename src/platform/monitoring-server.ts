import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from './metrics.ts';

/** Serves /metrics (Prometheus), /healthz (alive) and /readyz (503 and the reasons while not ready) on an interface that no gateway exposes. Port 0: any free one. */
export const startMonitoring = async (options: {
  readonly host: string;
  readonly port: number;
  readonly metrics: Registry;
  readonly ready: () => Promise<readonly string[]>;
}): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const { metrics, ready } = options;
  const answer = async (path: string): Promise<readonly [status: number, type: string, body: string]> => {
    switch (path) {
      case '/metrics':
        return [200, metrics.contentType, await metrics.metrics()];
      case '/healthz':
        return [200, 'application/json', '{"status":"alive"}'];
      case '/readyz': {
        const problems = await ready();
        return [
          problems.length === 0 ? 200 : 503,
          'application/json',
          JSON.stringify({ status: problems.length === 0 ? 'ready' : 'not ready', problems }),
        ];
      }
      default:
        return [404, 'application/json', '{"status":"there is /metrics, /healthz and /readyz"}'];
    }
  };
  const server = createServer((request, response) => {
    answer(new URL(request.url ?? '/', 'http://monitoring').pathname)
      .catch((error: unknown) => [500, 'application/json', JSON.stringify({ status: String(error) })] as const)
      .then(([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
