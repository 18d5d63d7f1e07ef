import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { authenticateOidc, type Authenticate } from '../../src/api/authenticate.ts';
import { silent, type Logger } from '../../src/platform/logging.ts';
import { eventually } from '../support/eventually.ts';
import { issuerKey, startIssuer, type IssuerKey, type TestIssuer } from './issuer.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const [old, young, rsa] = await Promise.all([issuerKey('old'), issuerKey('young'), issuerKey('rsa', 'RS256')]);
const authenticateAt = (issuer: TestIssuer, logger: Logger = silent): Authenticate =>
  authenticateOidc({ issuer: issuer.url, audience: 'orders', logger });

/** `known`, or why the token is refused. */
const judged = async (authenticate: Authenticate, token: string | Promise<string>): Promise<string> => {
  const caller = await authenticate(`Bearer ${await token}`);
  return 'kind' in caller ? caller.code : 'known';
};

/** An issuer with the old key, and an API that has seen a token of it. */
const begun = async (t: TestContext, logger?: Logger) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const issuer = await startIssuer();
  issuer.publish(old);
  const authenticate = authenticateAt(issuer, logger);
  assert.equal(await judged(authenticate, issuer.token(old)), 'known');
  const keyRequests = (): number => issuer.asked.filter((path) => path === '/keys').length;
  assert.equal(keyRequests(), 1);
  const judge = (key: IssuerKey): Promise<string> => judged(authenticate, issuer.token(key, { jti: String(Math.random()) }));
  return { issuer, authenticate, judge, keyRequests };
};

test('an issuer that is away at the start is asked again with the next token', async () => {
  const issuer = await startIssuer();
  issuer.publish(old);
  const authenticate = authenticateAt(issuer);
  issuer.misbehave((_, response) => response.writeHead(503).end());
  assert.equal(await judged(authenticate, issuer.token(old)), 'ISSUER_UNAVAILABLE');
  issuer.misbehave(undefined);
  assert.equal(await judged(authenticate, issuer.token(old)), 'known');
});

test('keys are asked for once, however many tokens come', async (t) => {
  const { judge, keyRequests } = await begun(t);
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 50 }, () => judge(old)))), new Set(['known']));
  assert.equal(keyRequests(), 1);
});

test('a key that is not known is asked for, once for all that wait, and at most every thirty seconds', async (t) => {
  const { issuer, judge, keyRequests } = await begun(t);
  issuer.publish(old, young);
  assert.equal(await judge(young), 'TOKEN_INVALID');
  assert.equal(keyRequests(), 1);
  t.mock.timers.tick(31 * second);
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 20 }, () => judge(young)))), new Set(['known']));
  assert.equal(keyRequests(), 2);
  for (let nth = 0; nth < 20; nth += 1) assert.equal(await judge({ ...young, kid: `made up ${nth}` }), 'TOKEN_INVALID');
  assert.equal(keyRequests(), 2);
});

test('a key that the issuer has retired is not trusted for longer than the refresh takes', async (t) => {
  const { issuer, authenticate, judge, keyRequests } = await begun(t);
  const seen = await issuer.token(old);
  assert.equal(await judged(authenticate, seen), 'known');
  issuer.publish(young);
  t.mock.timers.tick(11 * minute);
  await judge(old);
  await eventually('the keys were asked for again', () => keyRequests() === 2);
  await eventually('the old key is not trusted', async () => (await judge(old)) === 'TOKEN_INVALID');
  t.mock.timers.tick(61 * second);
  assert.equal(await judged(authenticate, seen), 'TOKEN_INVALID', 'a token that was verified before');
  assert.equal(await judge(young), 'known');
});

const away: Readonly<Record<string, Parameters<TestIssuer['misbehave']>[0]>> = {
  'refuses connections': (request) => request.socket.resetAndDestroy(),
  'answers with an error': (_, response) => response.writeHead(500).end(),
  'does not answer': () => {},
  'answers with a page': (_, response) => response.end('<html>maintenance</html>'),
  'answers with something else': (_, response) => response.end('{"keys":"none"}'),
};
for (const [what, how] of Object.entries(away)) {
  test(`an issuer that ${what} does not keep those out whose keys are known`, async (t) => {
    const warned: string[] = [];
    const logger = { warn: (_: object, message: string) => warned.push(message) } as unknown as Logger;
    const { issuer, judge, keyRequests } = await begun(t, logger);
    issuer.misbehave(how);
    t.mock.timers.tick(11 * minute);
    assert.equal(await judge(old), 'known');
    await eventually('a refresh was tried', () => keyRequests() === 2);
    assert.equal(await judge(old), 'known');
    if (what !== 'does not answer') await eventually('it is said', () => warned.length === 1);
  });
}

test('of a key that is not known while the issuer is away nothing is known, and the issuer is not flooded', async (t) => {
  const { issuer, judge, keyRequests } = await begun(t);
  issuer.misbehave((_, response) => response.writeHead(503).end());
  t.mock.timers.tick(31 * second);
  for (let nth = 0; nth < 20; nth += 1) assert.equal(await judge(young), 'ISSUER_UNAVAILABLE');
  assert.equal(keyRequests(), 2);
  issuer.misbehave(undefined);
  issuer.publish(old, young);
  t.mock.timers.tick(2 * second);
  assert.equal(await judge(young), 'known');
});

test('an issuer that is away for more than a day is not believed to stand by its keys', async (t) => {
  const { issuer, judge } = await begun(t);
  issuer.misbehave((_, response) => response.writeHead(503).end());
  t.mock.timers.tick(23 * hour);
  assert.equal(await judge(old), 'known');
  t.mock.timers.tick(2 * hour);
  assert.equal(await judge(old), 'ISSUER_UNAVAILABLE');
});

for (const [what, metadata] of [
  ['speaks of another issuer', () => ({ issuer: 'https://elsewhere.example' })],
  ['names no keys', () => ({ jwks_uri: undefined })],
  ['names keys that are no address', () => ({ jwks_uri: 'keys' })],
  ['names keys in a file', () => ({ jwks_uri: 'file:///etc/keys.json' })],
] as const) {
  test(`discovery that ${what} is not followed`, async () => {
    const issuer = await startIssuer(metadata);
    issuer.publish(old);
    assert.equal(await judged(authenticateAt(issuer), issuer.token(old)), 'ISSUER_UNAVAILABLE');
    assert.deepEqual(issuer.asked, ['/.well-known/openid-configuration']);
  });
}

test('discovery is not redirected elsewhere', async () => {
  const [issuer, elsewhere] = [await startIssuer(), await startIssuer()];
  issuer.misbehave((request, response) => response.writeHead(302, { location: elsewhere.url + request.url }).end());
  assert.equal(await judged(authenticateAt(issuer), issuer.token(old)), 'ISSUER_UNAVAILABLE');
  assert.deepEqual(elsewhere.asked, []);
});

const issuer = await startIssuer();
issuer.publish(old, rsa);
const authenticate = authenticateAt(issuer);
const claims = { iss: issuer.url, aud: 'orders', sub: 'somebody', exp: Math.floor(Date.now() / 1_000) + 600 };
const publicPem = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
const forged: Readonly<Record<string, () => Promise<string>>> = {
  'of no algorithm': () => Promise.resolve(new UnsecuredJWT(claims).encode()),
  'of no algorithm, with a key id and a signature': () =>
    Promise.resolve(
      [{ alg: 'none', kid: 'rsa' }, claims, 'signature'].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.'),
    ),
  'signed with the public key as a secret': () => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(publicPem),
  'signed with the public key as a secret, without key id': () => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(publicPem),
  "under another key's id": () => issuer.token({ ...young, kid: 'old' }),
  'of an algorithm that its key is not for': () => issuer.token({ ...young, kid: 'rsa' }),
  'that brings its own key': async () =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, jku: `${issuer.url}/others` })
      .sign(young.privateKey),
  'with a critical header that nobody knows': async () => {
    const token = await issuer.token(old);
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'old', crit: ['exp'], exp: 1 })).toString('base64url');
    return token.replace(/^[^.]+/, header);
  },
  'of another issuer': () => issuer.token(old, { iss: 'https://elsewhere.example' }),
  'of no issuer': () => issuer.token(old, { iss: undefined as never }),
  'for another audience': () => issuer.token(old, { aud: 'billing' }),
  'for no audience': () => issuer.token(old, { aud: undefined as never }),
  'that has expired': () => issuer.token(old, { exp: claims.exp - 700 }),
  'that is not valid yet': () => issuer.token(old, { nbf: claims.exp }),
  'that expires when it likes': () => issuer.token(old, { exp: 'never' as never }),
};
for (const [what, forge] of Object.entries(forged)) {
  test(`a token ${what} is refused`, async () => assert.equal(await judged(authenticate, forge()), 'TOKEN_INVALID'));
}

test('a token for several audiences, ours among them, of any published key, is accepted', async () => {
  assert.equal(await judged(authenticate, issuer.token(old, { aud: ['billing', 'orders'] })), 'known');
  assert.equal(await judged(authenticate, issuer.token(rsa)), 'known');
});
