import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSources, type Machine, type Service } from '../../infra/local/services.ts';
import { Refusal } from '../../infra/local/terminal.ts';

const variables = { postgres: 'DATABASE_URL', rabbitmq: 'RABBITMQ_URL', redis: 'REDIS_URL' };
const choose = (offers: { named?: readonly Service[]; programs?: readonly Service[]; engine?: boolean; packages?: boolean }) => {
  const machine: Machine = {
    hasPrograms: (service) => offers.programs?.includes(service) ?? false,
    engineAnswers: () => offers.engine ?? false,
    canInstallPackages: () => offers.packages ?? false,
  };
  return chooseSources(new Set(offers.named), variables, machine);
};

test('what the environment names is used, whatever else is there', () => {
  assert.equal(choose({ named: ['postgres'], programs: ['postgres', 'rabbitmq', 'redis'], engine: true, packages: true }).postgres, 'environment');
});

test('programs that are here come before containers and packages', () => {
  assert.deepEqual(choose({ programs: ['postgres', 'rabbitmq', 'redis'], engine: true, packages: true }), {
    postgres: 'programs',
    rabbitmq: 'programs',
    redis: 'programs',
  });
});

test('only what is missing comes from containers', () => {
  assert.deepEqual(choose({ programs: ['postgres'], engine: true, packages: true }), {
    postgres: 'programs',
    rabbitmq: 'containers',
    redis: 'containers',
  });
});

test('where no engine answers, packages are installed', () => {
  assert.deepEqual(choose({ programs: ['redis'], packages: true }), { postgres: 'packages', rabbitmq: 'packages', redis: 'programs' });
});

test('where nothing helps, each missing service is named with what to install or to set', () => {
  assert.throws(
    () => choose({ programs: ['redis'], named: ['postgres'] }),
    (error) => error instanceof Refusal && /RabbitMQ +install .*RABBITMQ_URL/.test(error.message) && !/Redis|DATABASE_URL/.test(error.message),
  );
});
