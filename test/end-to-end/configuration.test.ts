import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import pg from 'pg';
import { cloneFolder } from '../../infra/local/instance.ts';
import { nextFree } from '../../infra/local/ports.ts';
import { baseEnvironment } from '../../infra/local/programs.ts';
import { afterwards } from '../support/afterwards.ts';
import { openGround, variablesOn } from '../support/platform.ts';
import { eventually } from '../support/eventually.ts';
import { startRole, type Role, type RoleProcess, type Variables } from '../support/role-process.ts';

const roles = ['api', 'projector', 'processes', 'forwarder'] as const satisfies readonly Role[];
const ground = await openGround();
const variables = variablesOn(ground);

/** Runs src/main.ts to its end, which has to come by itself. */
const run = (args: readonly string[], env: Variables): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const options = { cwd: cloneFolder, env: { ...baseEnvironment(), ...env }, timeout: 30_000 };
    execFile(process.execPath, [join('src', 'main.ts'), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

const problemsOf = (stderr: string): readonly string[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('  - '))
    .map((line) => line.slice(4));

/** A role that runs until the tests are over. */
const start = (role: Role, given: Variables): RoleProcess => {
  const started = startRole(role, given, ground.folder, `${role}-${randomUUID()}`);
  afterwards(() => started.stop());
  return started;
};

const missing: Readonly<Record<Role, readonly string[]>> = {
  api: ['DATABASE_URL is not set', 'PRIVACY_DATABASE_URL is not set', 'PRIVACY_MASTER_KEY is not set'],
  projector: ['DATABASE_URL is not set'],
  processes: ['DATABASE_URL is not set'],
  forwarder: ['DATABASE_URL is not set', 'RABBITMQ_URL is not set'],
};

for (const [name, value, role] of [
  ['TERMS', 'brief', 'api'],
  ['TERMS', 'brief', 'processes'],
  ['PAYMENTS', 'sandbox', 'processes'],
] as const) {
  test(`${role}: ${name}=${value} is for development only`, async () => {
    const { AUTH_MODE: _, PAYMENTS: __, ...others } = variables(role);
    const { code, stderr } = await run([role], { ...others, OIDC_ISSUER: 'https://issuer.example', OIDC_AUDIENCE: 'orders', [name]: value });
    assert.equal(code, 1);
    assert.deepEqual(problemsOf(stderr), [`${name}=${value} is for development: it needs AUTH_MODE=development`]);
  });
}

for (const role of roles) {
  test(`${role}: everything that is missing is named at once`, async () => {
    const { code, stdout, stderr } = await run([role], {});
    assert.deepEqual([code, stdout], [1, '']);
    assert.deepEqual(problemsOf(stderr), [...missing[role], 'exactly one of OIDC_ISSUER and AUTH_MODE=development must be set']);
    assert.doesNotMatch(stderr, /at .*\.ts:\d+/, 'no stack');
  });

  test(`${role}: two ways to know callers are as wrong as none`, async () => {
    const { code, stderr } = await run([role], { ...variables(role), OIDC_ISSUER: 'https://issuer.example', OIDC_AUDIENCE: 'orders' });
    assert.equal(code, 1);
    assert.deepEqual(problemsOf(stderr), ['exactly one of OIDC_ISSUER and AUTH_MODE=development must be set']);
  });

  test(`${role}: the configuration is shown without its secrets`, async () => {
    const secrets = {
      DATABASE_URL: 'postgres://orders:se:cr@et@db.example/orders?sslmode=verify-full&sslpassword=secret',
      RABBITMQ_URL: 'amqps://orders:secret@mq.example',
    };
    const given = {
      ...variables(role),
      PRIVACY_DATABASE_URL: 'postgres://orders:secret@db.example/keys',
      EVENT_STORE_URL: 'postgres://orders:secret@db.example/log',
    };
    const { code, stdout } = await run([role, '--print-config'], { ...given, ...secrets });
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /secret|cr@et|se:cr/);
    if (role === 'api') assert.ok(!stdout.includes(variables('api')['PRIVACY_MASTER_KEY']!));
    const shown = JSON.parse(stdout) as Variables;
    assert.equal(shown['DATABASE_URL'], 'postgres://orders:[redacted]@db.example/orders?sslmode=verify-full&sslpassword=[redacted]');
  });

  test(`${role}: on a database without the schema it is not ready, and says why`, async () => {
    const url = await emptyDatabase();
    const process = start(role, { ...variables(role), DATABASE_URL: url, ...(role === 'api' ? { PRIVACY_DATABASE_URL: url } : {}) });
    await eventually('it says what is missing', async () => {
      const { status, problems } = await process.readiness();
      assert.equal(status, 503);
      return problems.some((problem) => /\b(log|subscriptions|read_models|privacy)\b.* does not exist/.test(problem));
    });
  });
}

test('values that make no sense are named with those that are missing', async () => {
  const { code, stderr } = await run(['api'], {
    DATABASE_URL: 'mysql://db',
    PRIVACY_MASTER_KEY: 'c2hvcnQ=',
    HTTP_PORT: '70000',
    LOG_LEVEL: 'loud',
    CONSOLE_ORIGIN: 'https://console.example.org/app',
    AUTH_MODE: 'none',
  });
  assert.equal(code, 1);
  const names = problemsOf(stderr).map((problem) => problem.split(' ')[0]);
  assert.deepEqual(names.toSorted(), [
    'AUTH_MODE',
    'CONSOLE_ORIGIN',
    'DATABASE_URL',
    'HTTP_PORT',
    'LOG_LEVEL',
    'PRIVACY_DATABASE_URL',
    'PRIVACY_MASTER_KEY',
  ]);
});

for (const [url, because] of [
  ['mysql://log.example', 'must be a postgres://, esdb:// or esdb+discover:// URL'],
  ['esdb://orders:secret@', 'is no connection string of EventStoreDB: a host must be written as name or name:port'],
  ['esdb://orders:secret@log.example?tlsVerifyCert=maybe&retries=3', "is no connection string of EventStoreDB: there is no option 'retries'"],
] as const) {
  test(`a log that cannot be reached by its URL is said at start (${url.slice(0, 7)}, ${because.slice(-20)})`, async () => {
    const { code, stderr } = await run(['projector'], { ...variables('projector'), EVENT_STORE_URL: url });
    assert.equal(code, 1);
    assert.deepEqual(problemsOf(stderr), [`EVENT_STORE_URL ${because}`]);
    assert.doesNotMatch(stderr, /secret/);
  });
}

test('the URL of an EventStoreDB is shown without its password', async () => {
  const url = 'esdb+discover://orders:secret@log.example?tlsCAFile=/etc/ca.crt';
  const { code, stdout } = await run(['projector', '--print-config'], { ...variables('projector'), EVENT_STORE_URL: url });
  assert.equal(code, 0);
  assert.match(stdout, /esdb\+discover:\/\/orders:\[redacted\]@log\.example\?tlsCAFile=/);
  assert.doesNotMatch(stdout, /secret/);
});

test('a role or option that does not exist is answered with how it is used', async () => {
  for (const args of [[], ['accountant'], ['api', '--verbose']]) {
    const { code, stderr } = await run(args, {});
    assert.equal(code, 2);
    assert.match(stderr, /^usage: /);
  }
});

for (const name of ['HTTP_HOST', 'GRPC_HOST']) {
  test(`development mode is refused where ${name} is more than loopback`, async () => {
    const { code, stdout } = await run(['api'], { ...variables('api'), [name]: '0.0.0.0' });
    assert.equal(code, 1);
    assert.match(stdout, /loopback only, not on 0\.0\.0\.0/);
  });
}

for (const algorithm of ['RS256', 'ES256']) {
  test(`tokens of an OpenID Connect issuer count (${algorithm}), once the issuer can be asked, and no others`, async () => {
    const port = await nextFree(31_000);
    const issuer = `http://127.0.0.1:${port}`;
    const { AUTH_MODE: _mode, DEVELOPMENT_KEY_FILE: _file, ...given } = variables('api');
    const api = start('api', { ...given, OIDC_ISSUER: issuer, OIDC_AUDIENCE: 'orders' });
    const { http } = await api.said('serving');
    const [ours, foreign] = [await generateKeyPair(algorithm), await generateKeyPair(algorithm)];
    const ask = async (key: CryptoKey, change: JWTPayload = {}): Promise<{ status: number; code?: string; retryAfter: string | null }> => {
      const claims = {
        iss: issuer,
        aud: 'orders',
        sub: 'clerk',
        scope: 'orders:read tenants:any-customer',
        exp: Math.floor(Date.now() / 1_000) + 600,
        ...change,
      };
      const token = await new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: 'one' }).sign(key);
      const response = await fetch(`${String(http)}/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
      const { code } = (await response.json()) as { code?: string };
      return { status: response.status, ...(code ? { code } : {}), retryAfter: response.headers.get('retry-after') };
    };
    const refused = { status: 401, code: 'TOKEN_INVALID', retryAfter: null };

    assert.deepEqual(await ask(ours.privateKey), { status: 503, code: 'ISSUER_UNAVAILABLE', retryAfter: '1' });
    const server = await issue(issuer, port, { ...(await exportJWK(ours.publicKey)), kid: 'one', alg: algorithm });
    assert.deepEqual(await ask(ours.privateKey), { status: 200, retryAfter: null });
    assert.deepEqual(await ask(ours.privateKey, { scope: 'analytics:read' }), { status: 403, code: 'SCOPE_MISSING', retryAfter: null });
    assert.deepEqual(await ask(foreign.privateKey), refused);
    assert.deepEqual(await ask(ours.privateKey, { iss: 'https://somebody.example' }), refused);
    assert.deepEqual(await ask(ours.privateKey, { aud: 'invoices' }), refused);
    assert.deepEqual(await ask(ours.privateKey, { exp: Math.floor(Date.now() / 1_000) - 60 }), refused);
    server.closeAllConnections();
    server.close();
    assert.equal((await ask(ours.privateKey, { jti: randomUUID() })).status, 200, 'keys are kept while the issuer is away');
  });
}

/** An issuer with its discovery document and its one key. */
const issue = async (issuer: string, port: number, key: JWK): Promise<Server> => {
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
    '/keys': { keys: [key] },
  };
  const server = createServer((request, response) => {
    const document = documents[request.url ?? ''];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  assert.equal((server.address() as AddressInfo).port, port);
  afterwards(() => server.close());
  return server;
};

/** A database that nobody has migrated, as the runtime role reaches it. */
const emptyDatabase = async (): Promise<string> => {
  const name = `order_platform_test_${randomBytes(10).toString('hex')}`;
  const owner = new pg.Client({ connectionString: Object.assign(new URL(ground.database.ownerUrl), { pathname: '/postgres' }).href });
  await owner.connect();
  await owner.query(`create database ${name}`);
  afterwards(async () => {
    await owner.query(`drop database ${name} with (force)`);
    await owner.end();
  });
  return Object.assign(new URL(ground.database.runtimeUrl), { pathname: `/${name}` }).href;
};
