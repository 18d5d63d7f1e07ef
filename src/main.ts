import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { startApiRole } from './cli/api-role.ts';
import { ConfigError, readConfig, redacted, roles, type Role } from './cli/config.ts';
import { startForwarderRole } from './cli/forwarder-role.ts';
import type { Parts } from './cli/parts.ts';
import { startProcessesRole } from './cli/processes-role.ts';
import { startProjectorRole } from './cli/projector-role.ts';
import { runUntilStopped, type Running } from './platform/lifecycle.ts';
import { createLogger } from './platform/logging.ts';
import { createMetrics } from './platform/metrics.ts';
import { startMonitoring } from './platform/monitoring-server.ts';

const usage = `usage: node src/main.ts <${roles.join('|')}> [--print-config]

Runs one role of the order platform, configured from the environment.
  --print-config  shows the configuration, secrets cut out, and exits`;

const start = (role: Role, parts: Parts): Promise<Running> => {
  switch (role) {
    case 'api':
      return startApiRole(readConfig(role, process.env), parts);
    case 'projector':
      return startProjectorRole(readConfig(role, process.env), parts);
    case 'processes':
      return startProcessesRole(readConfig(role, process.env), parts);
    case 'forwarder':
      return startForwarderRole(readConfig(role, process.env), parts);
  }
};

const main = async (args: readonly string[]): Promise<void> => {
  const role = roles.find((known) => known === args[0]);
  if (!role || args.some((arg, index) => index > 0 && arg !== '--print-config')) {
    console.error(usage);
    process.exit(2);
  }
  const config = readConfig(role, process.env);
  if (args.includes('--print-config')) {
    console.log(JSON.stringify(redacted(config), null, 2));
    return;
  }
  const logger = createLogger({ role, level: config.LOG_LEVEL });
  const metrics = createMetrics(role);
  await runUntilStopped({
    logger,
    graceMs: config.SHUTDOWN_GRACE_MS,
    start: async (failed) => {
      const running = await start(role, { logger, metrics, holder: `${role} ${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`, failed });
      const monitoring = await startMonitoring({ host: config.METRICS_HOST, port: config.METRICS_PORT, metrics, ready: running.ready });
      logger.info({ url: monitoring.url }, 'monitoring');
      return {
        ready: running.ready,
        stop: async () => {
          await running.stop();
          await monitoring.close();
        },
      };
    },
  });
};

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
