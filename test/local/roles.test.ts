import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roles, variablesOf, type Platform } from '../../infra/local/roles.ts';

const platform: Platform = {
  databases: { runtimeUrl: 'postgres://runtime', keysUrl: 'postgres://keys' },
  eventStoreUrl: 'postgres://log',
  rabbitmqUrl: 'amqp://broker',
  redisUrl: 'redis://counts',
  masterKey: 'master',
  developmentKeyFile: '/issuer.json',
  terms: 'brief',
  rateLimits: { RATE_LIMIT_READS: '5' },
  logLevel: 'info',
  ports: { http: 1, grpc: 2, metrics: { api: 3, projector: 4, processes: 5, forwarder: 6 } },
};

test('only the api can open personal data and sign tokens', () => {
  const secrets = ['PRIVACY_DATABASE_URL', 'PRIVACY_MASTER_KEY', 'DEVELOPMENT_KEY_FILE'];
  const holders = roles.filter((role) => secrets.some((name) => name in variablesOf(role, platform)));
  assert.deepEqual(holders, ['api']);
});

test('only the forwarder knows the broker', () => {
  assert.deepEqual(
    roles.filter((role) => 'RABBITMQ_URL' in variablesOf(role, platform)),
    ['forwarder'],
  );
});

test('only the api counts requests, by the limits that the environment names', () => {
  for (const name of ['REDIS_URL', 'RATE_LIMIT_READS'])
    assert.deepEqual(
      roles.filter((role) => name in variablesOf(role, platform)),
      ['api'],
    );
});

test('every role is told of exactly one way to trust tokens', () => {
  for (const given of [platform, { ...platform, oidcIssuer: 'https://issuer.example' }]) {
    for (const role of roles) {
      const variables = variablesOf(role, given);
      assert.equal('AUTH_MODE' in variables, !('OIDC_ISSUER' in variables));
    }
  }
});

test('payments answer themselves only where the development issuer is trusted', () => {
  const sandboxed = (given: Platform) => roles.filter((role) => 'PAYMENTS' in variablesOf(role, given));
  assert.deepEqual(sandboxed(platform), ['processes']);
  assert.deepEqual(sandboxed({ ...platform, oidcIssuer: 'https://issuer.example' }), []);
});
