import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cloneFolder, secret, writePrivately, type Instance } from './instance.ts';
import { baseEnvironment } from './programs.ts';
import { Refusal } from './terminal.ts';

/** The services that infra/compose.yaml knows. */
export type ComposeService = 'postgres' | 'rabbitmq' | 'redis';

/** True when a container engine answers and its client knows `compose`. */
export const engineAnswers = (): boolean =>
  ['compose version', 'version --format {{.Server.Version}}'].every(
    (command) => spawnSync('docker', command.split(' '), { stdio: 'ignore', timeout: 10_000 }).status === 0,
  );

/** Starts services in containers, in a project of this instance's own. */
export const composeUp = async (
  instance: Instance,
  services: readonly ComposeService[],
  ports: Readonly<Record<ComposeService, number>>,
): Promise<{ readonly stop: () => Promise<void> }> => {
  const settings = services.flatMap((service) => [
    `${service.toUpperCase()}_PASSWORD=${secret(instance, service)}`,
    `${service.toUpperCase()}_PORT=${ports[service]}`,
  ]);
  // Compose wants every variable of the file, whichever services are asked for.
  const others = (['postgres', 'rabbitmq', 'redis'] as const).filter((service) => !services.includes(service));
  const unused = others.flatMap((service) => [`${service.toUpperCase()}_PASSWORD=unused`, `${service.toUpperCase()}_PORT=0`]);
  writePrivately(join(instance.folder, 'compose.env'), `${[...settings, ...unused].join('\n')}\n`);
  await compose(instance, ['up', '--detach', ...services]);
  return { stop: () => compose(instance, ['stop', ...services]) };
};

/** Removes the containers and volumes of an instance. */
export const composeWipe = (instance: Instance): Promise<void> => compose(instance, ['down', '--volumes', '--remove-orphans']);

const compose = async (instance: Instance, command: readonly string[]): Promise<void> => {
  const project = [
    '--project-name',
    `order-platform-${instance.id}`,
    '--file',
    join(cloneFolder, 'infra', 'compose.yaml'),
    '--env-file',
    join(instance.folder, 'compose.env'),
  ];
  const environment = {
    ...baseEnvironment(),
    ...(process.env['HOME'] ? { HOME: process.env['HOME'] } : {}),
    ...(process.env['DOCKER_HOST'] ? { DOCKER_HOST: process.env['DOCKER_HOST'] } : {}),
  };
  await promisify(execFile)('docker', ['compose', ...project, ...command], { env: environment }).catch(
    (error: { stderr?: string; message: string }) => {
      throw new Refusal(`docker compose ${command[0]} failed:\n${error.stderr ?? error.message}`);
    },
  );
};
