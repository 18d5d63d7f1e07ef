import { leaveInstance, openInstance, runner, takeInstance } from '../infra/local/instance.ts';
import { dropLeftovers } from '../infra/local/leftovers.ts';
import { endLeftovers } from '../infra/local/processes.ts';
import { bringUp, type Service } from '../infra/local/services.ts';
import { createTerminal, Refusal } from '../infra/local/terminal.ts';

/** The services that benchmarks run on. */
export type BenchServices = {
  /** May create databases and roles. */
  readonly migrationUrl: string;
  /** As the platform's processes connect. */
  readonly runtimeUrl: string;
  /** Where one was asked for. */
  readonly rabbitmqUrl: string | undefined;
  /** Where api processes count their callers' requests. */
  readonly redisUrl: string;
  readonly stop: () => Promise<void>;
};

/** The variables that name services for benchmarks; without them an instance of its own is started, beside those of `npm start` and `npm test`. */
const variables: Readonly<Record<Service, string>> = {
  postgres: 'BENCH_MIGRATION_DATABASE_URL and BENCH_DATABASE_URL',
  rabbitmq: 'BENCH_RABBITMQ_URL',
  redis: 'BENCH_REDIS_URL',
};

/** Brings up what is needed and not named: PostgreSQL with every commit on disk, as in production, Redis, and RabbitMQ. */
export const benchServices = async (environment: NodeJS.ProcessEnv, needsRabbit: boolean, stopped: AbortSignal): Promise<BenchServices> => {
  const { BENCH_MIGRATION_DATABASE_URL: owner, BENCH_DATABASE_URL: runtime, BENCH_RABBITMQ_URL: rabbitmq, BENCH_REDIS_URL: redis } = environment;
  if ((owner === undefined) !== (runtime === undefined))
    throw new Refusal(
      'Set BENCH_MIGRATION_DATABASE_URL and BENCH_DATABASE_URL together: a role that may create databases and roles, and the one that the platform uses.',
    );
  const named = new Set<Service>([
    ...(owner ? (['postgres'] as const) : []),
    ...(rabbitmq || !needsRabbit ? (['rabbitmq'] as const) : []),
    ...(redis ? (['redis'] as const) : []),
  ]);
  if (owner && runtime && redis && (rabbitmq || !needsRabbit))
    return { migrationUrl: owner, runtimeUrl: runtime, rabbitmqUrl: rabbitmq, redisUrl: redis, stop: async () => {} };

  const instance = openInstance('bench');
  if (!takeInstance(instance)) throw new Refusal(`Another npm run bench runs in this clone (process ${runner(instance)?.pid}).`);
  try {
    await endLeftovers(instance.folder, 10_000);
    const running = await bringUp(instance, { named, variables, fresh: true }, createTerminal(), stopped);
    if (running.databases) await dropLeftovers(onPostgres(running.databases.migrationUrl));
    return {
      migrationUrl: owner ?? onPostgres(running.databases!.migrationUrl),
      runtimeUrl: runtime ?? onPostgres(running.databases!.runtimeUrl),
      rabbitmqUrl: rabbitmq ?? running.rabbitmqUrl,
      redisUrl: redis ?? running.redisUrl!,
      stop: async () => {
        await running.stop();
        leaveInstance(instance);
      },
    };
  } catch (error) {
    leaveInstance(instance);
    throw error;
  }
};

const onPostgres = (url: string): string => Object.assign(new URL(url), { pathname: '/postgres' }).href;
