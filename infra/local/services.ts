import { composeUp, engineAnswers, type ComposeService } from './compose.ts';
import { canInstallPackages, installPackages } from './debian.ts';
import { secret, type Instance } from './instance.ts';
import { rememberedPorts } from './ports.ts';
import { findPostgres, prepareDatabases, startPostgres, untilAnswering, type Databases } from './postgres.ts';
import { emptyRabbit, findRabbit, startRabbit, untilRabbitAnswers } from './rabbitmq.ts';
import { emptyRedis, findRedis, startRedis, untilRedisAnswers } from './redis.ts';
import type { Started, Watch } from './service.ts';
import { endingText } from './supervisor.ts';
import { Refusal, type Terminal } from './terminal.ts';

/** What the platform needs beside Node. */
export type Service = 'postgres' | 'rabbitmq' | 'redis';
export const services: readonly Service[] = ['postgres', 'rabbitmq', 'redis'];

/** Where a service comes from. */
export type Source = 'environment' | 'programs' | 'containers' | 'packages';

/** What this machine offers. */
export type Machine = {
  readonly hasPrograms: (service: Service) => boolean;
  readonly engineAnswers: () => boolean;
  readonly canInstallPackages: () => boolean;
};

/** Each service's source: what the environment names, else programs that are here, else containers, else Debian packages, else a refusal that says what to do. */
export const chooseSources = (
  named: ReadonlySet<Service>,
  variables: Readonly<Record<Service, string>>,
  machine: Machine,
): Readonly<Record<Service, Source>> => {
  const without = services.filter((service) => !named.has(service) && !machine.hasPrograms(service));
  const substitute =
    without.length === 0 ? 'packages' : machine.engineAnswers() ? 'containers' : machine.canInstallPackages() ? 'packages' : undefined;
  if (substitute === undefined) {
    const wanted = without.map((service) => `  ${titles[service].padEnd(10)} install ${install[service]}, or set ${variables[service]}`);
    throw new Refusal(`Not on this machine, and there is no container engine that answers and no right to install packages:\n${wanted.join('\n')}`);
  }
  const sourceOf = (service: Service): Source => (named.has(service) ? 'environment' : without.includes(service) ? substitute : 'programs');
  return { postgres: sourceOf('postgres'), rabbitmq: sourceOf('rabbitmq'), redis: sourceOf('redis') };
};

/** The services of an instance that the environment does not name, running. */
export type Running = {
  readonly databases?: Databases;
  readonly rabbitmqUrl?: string;
  readonly redisUrl?: string;
  /** Stops what was started, nothing else; its data stays. */
  readonly stop: () => Promise<void>;
};

/** Brings up every service that is not among `named`. With `fresh`, RabbitMQ and Redis forget what they kept. */
export const bringUp = async (
  instance: Instance,
  options: { readonly named: ReadonlySet<Service>; readonly variables: Readonly<Record<Service, string>>; readonly fresh: boolean },
  terminal: Terminal,
  stopped: AbortSignal,
): Promise<Running> => {
  const sources = chooseSources(options.named, options.variables, { hasPrograms, engineAnswers, canInstallPackages });
  const from = (source: Source): readonly Service[] => services.filter((service) => sources[service] === source);

  const packages = from('packages');
  if (packages.length > 0)
    await terminal.step(
      'Packages',
      () =>
        installPackages(
          packages.map((service) => debianPackages[service]),
          terminal,
          stopped,
        ),
      () => 'installed',
    );
  const ports = await rememberedPorts(instance, ['postgres', 'rabbitmq', 'rabbitmqDistribution', 'epmd', 'redis']);
  const started: Started[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.splice(0).map((service) => service.stop()));
  };
  const starting = <Result extends Started>(service: Service, start: () => Promise<Result>): Promise<Result> =>
    terminal.step(
      titles[service],
      async () => {
        const result = await start();
        started.push(result);
        return result;
      },
      () => `127.0.0.1:${ports[service]}`,
    );

  const contained = from('containers');
  if (contained.length > 0)
    started.push(
      await terminal.step(
        'Containers',
        () => composeUp(instance, contained as readonly ComposeService[], ports),
        () => contained.join(', '),
      ),
    );
  const isContained = (service: Service): boolean => contained.includes(service);
  const hopeless = (): boolean => stopped.aborted;
  const watch = (service: Service): Watch => ({
    stopped,
    onEnding: (ending) => terminal.warn(`${titles[service]}: ${endingText(ending)}; starting it again`),
  });

  const postgres = async (): Promise<Databases | undefined> => {
    if (options.named.has('postgres')) return undefined;
    if (isContained('postgres')) {
      const url = `postgres://postgres:${secret(instance, 'postgres')}@127.0.0.1:${ports.postgres}/postgres`;
      await untilAnswering(url, hopeless);
      return prepareDatabases(instance, url);
    }
    const { superuserUrl } = await starting('postgres', () => startPostgres(instance, found(findPostgres()), ports.postgres, watch('postgres')));
    return prepareDatabases(instance, superuserUrl);
  };
  const rabbitmq = async (): Promise<string | undefined> => {
    if (options.named.has('rabbitmq')) return undefined;
    if (isContained('rabbitmq')) {
      const url = `amqp://orders:${secret(instance, 'rabbitmq')}@127.0.0.1:${ports.rabbitmq}`;
      await untilRabbitAnswers(url, hopeless);
      return url;
    }
    if (options.fresh) emptyRabbit(instance);
    const rabbitPorts = { amqp: ports.rabbitmq, distribution: ports.rabbitmqDistribution, epmd: ports.epmd };
    return (await starting('rabbitmq', () => startRabbit(instance, found(findRabbit()), rabbitPorts, watch('rabbitmq')))).url;
  };
  const redis = async (): Promise<string | undefined> => {
    if (options.named.has('redis')) return undefined;
    if (isContained('redis')) {
      const url = `redis://:${secret(instance, 'redis')}@127.0.0.1:${ports.redis}`;
      await untilRedisAnswers(url, hopeless);
      return url;
    }
    if (options.fresh) emptyRedis(instance);
    return (await starting('redis', () => startRedis(instance, found(findRedis()), ports.redis, watch('redis')))).url;
  };

  const outcomes = await Promise.allSettled([postgres(), rabbitmq(), redis()]);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  const [databases, rabbitmqUrl, redisUrl] = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined)) as [
    Databases?,
    string?,
    string?,
  ];
  return { ...(databases ? { databases } : {}), ...(rabbitmqUrl ? { rabbitmqUrl } : {}), ...(redisUrl ? { redisUrl } : {}), stop };
};

/** How a person reads it. */
export const titles: Readonly<Record<Service, string>> = { postgres: 'PostgreSQL', rabbitmq: 'RabbitMQ', redis: 'Redis' };

const debianPackages: Readonly<Record<Service, string>> = { postgres: 'postgresql', rabbitmq: 'rabbitmq-server', redis: 'redis-server' };
const install: Readonly<Record<Service, string>> = {
  postgres: 'PostgreSQL 15 or newer',
  rabbitmq: 'RabbitMQ 3.10 or newer',
  redis: 'Redis 7 or newer',
};

const hasPrograms = (service: Service): boolean => {
  switch (service) {
    case 'postgres':
      return findPostgres() !== undefined;
    case 'rabbitmq':
      return findRabbit() !== undefined;
    case 'redis':
      return findRedis() !== undefined;
  }
};

const found = <Programs>(programs: Programs | undefined): Programs => {
  if (programs === undefined) throw new Refusal('A package was installed, but its programs are not where they belong.');
  return programs;
};
