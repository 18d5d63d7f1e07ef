import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { authenticateDevelopment } from '../../src/api/authenticate.ts';
import { developmentIssuer, developmentKey, developmentToken, roles, type Role } from '../../src/api/development-issuer.ts';
import { answered, type Caller, type Refusal } from '../../src/platform/call.ts';
import { anOrder, call, customerId, failureOf, merchantId, orderId, runningApi, services } from './running-api.ts';

const folder = await mkdtemp(join(tmpdir(), 'tokens-'));
after(() => rm(folder, { recursive: true }));
const keyFile = join(folder, 'key.json');
const authenticate = await authenticateDevelopment({ keyFile });
const { privateKey } = await developmentKey(keyFile);

const now = (): number => Math.floor(Date.now() / 1_000);
const sound: JWTPayload = { iss: developmentIssuer.issuer, aud: developmentIssuer.audience, sub: 'somebody', scope: 'orders:read', exp: now() + 600 };
const signed = (claims: JWTPayload, key = privateKey): Promise<string> =>
  new SignJWT({ ...sound, ...claims }).setProtectedHeader({ alg: 'EdDSA' }).sign(key);
const callerOf = async (token: string, by = authenticate): Promise<Caller> => {
  const caller = await by(`Bearer ${token}`);
  assert.ok(!('kind' in caller), JSON.stringify(caller));
  return caller;
};
const codeOf = async (authorization: string | undefined, by = authenticate): Promise<string> => ((await by(authorization)) as Refusal).code;

test('a development token carries the scopes and the tenant of its role', async () => {
  const merchant = await callerOf(await developmentToken({ keyFile, role: 'merchant', merchantId: merchantId.toUpperCase() }));
  assert.deepEqual([...merchant.scopes], [...roles.merchant.scopes]);
  assert.equal(merchant.merchantId, merchantId);
  assert.ok(!('customerId' in merchant));
});

test('a role that is bound to a tenant gets no token without one', async () => {
  await assert.rejects(developmentToken({ keyFile, role: 'merchant' }), /needs a merchant id/);
  await assert.rejects(developmentToken({ keyFile, role: 'customer' }), /needs a customer id/);
});

test('every role gets a token that is accepted', async () => {
  for (const role of Object.keys(roles) as Role[]) await callerOf(await developmentToken({ keyFile, role, customerId, merchantId }));
});

test('the key is made once, also by many at the same time, and is for its owner only', async () => {
  const shared = join(folder, 'new/key.json');
  await Promise.all(Array.from({ length: 8 }, () => developmentKey(shared)));
  const by = await authenticateDevelopment({ keyFile: shared });
  await callerOf(await developmentToken({ keyFile: shared, role: 'analytics' }), by);
  assert.equal((await stat(shared)).mode & 0o777, 0o600);
  const text = await readFile(shared, 'utf8');
  await developmentKey(shared);
  assert.equal(await readFile(shared, 'utf8'), text);
  await chmod(shared, 0o644);
  await assert.rejects(developmentKey(shared), /may be read by others/);
});

test('clocks may differ by five seconds', async () => {
  await callerOf(await signed({ exp: now() - 3 }));
  await callerOf(await signed({ nbf: now() + 3 }));
});

const stranger = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
const bad: Readonly<Record<string, string>> = {
  garbage: 'garbage',
  'three parts of garbage': 'a.b.c',
  'of no algorithm': new UnsecuredJWT(sound).encode(),
  'signed by another key': await signed({}, stranger.privateKey),
  'of another issuer': await signed({ iss: 'https://elsewhere.example' }),
  'for another audience': await signed({ aud: 'billing' }),
  expired: await signed({ exp: now() - 10 }),
  'not valid yet': await signed({ nbf: now() + 60 }),
  'that never expires': await new SignJWT({ iss: sound.iss!, aud: sound.aud!, sub: 'x' }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey),
  'of nobody': await new SignJWT({ iss: sound.iss!, aud: sound.aud!, exp: sound.exp! }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey),
  'with a merchant that is no id': await signed({ merchant_id: ['x'] }),
  'of a subject that is no text': await signed({ sub: 7 as never }),
  'longer than any token is': await signed({ filler: 'x'.repeat(8_000) }),
  'with a scope that is no text': await signed({ scope: ['orders:read'] }),
  'that was changed': (await signed({})).replace(
    /\.[^.]+\./,
    `.${Buffer.from(JSON.stringify({ ...sound, scope: 'orders:support' })).toString('base64url')}.`,
  ),
};
for (const [what, token] of Object.entries(bad)) {
  test(`a token ${what} is refused`, async () => assert.equal(await codeOf(`Bearer ${token}`), 'TOKEN_INVALID'));
}

test('another scheme, or none, is refused', async () => {
  assert.equal(await codeOf(undefined), 'TOKEN_REQUIRED');
  assert.equal(await codeOf('Basic YTpi'), 'TOKEN_INVALID');
});

test('a verified token is known at once the next time, and only until it expires', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const header = `Bearer ${await signed({ exp: now() + 30 })}`;
  await authenticate(header);
  assert.ok(!(authenticate(header) instanceof Promise));
  t.mock.timers.tick(36_000);
  assert.equal(await codeOf(header), 'TOKEN_INVALID');
});

test('a token that has expired, or was signed by another key, is not looked at twice', async () => {
  for (const token of [await signed({ jti: 'old', exp: now() - 10 }), await signed({ jti: 'strange' }, stranger.privateKey)]) {
    const header = `Bearer ${token}`;
    assert.ok(authenticate(header) instanceof Promise);
    assert.equal(await codeOf(header), 'TOKEN_INVALID');
    assert.ok(!(authenticate(header) instanceof Promise));
    assert.equal(await codeOf(header), 'TOKEN_INVALID');
  }
});

test('a token that is not valid yet is looked at again', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const header = `Bearer ${await signed({ nbf: now() + 60 })}`;
  assert.equal(await codeOf(header), 'TOKEN_INVALID');
  t.mock.timers.tick(60_000);
  assert.ok(!('kind' in (await authenticate(header))));
});

const api = await runningApi({ services: services({ 'orders.v1.OrderService': { getOrder: () => Promise.resolve(answered({} as never)) } }) });

test('without a good token both APIs answer that the caller is unknown', async () => {
  const answer = await api.rest(`/v1/orders/${orderId}`, { headers: { authorization: 'Bearer nonsense' } });
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="orders", error="invalid_token"');
  const nothing = await fetch(`${api.api.httpUrl}/v1/orders/${orderId}`);
  assert.equal(nothing.headers.get('www-authenticate'), 'Bearer realm="orders"');
  const failure = await failureOf(call((callback) => api.orders.getOrder({ orderId }, callback)));
  assert.equal(failure.code, status.UNAUTHENTICATED);
  assert.equal(failure.reason, 'TOKEN_REQUIRED');
});

test('a missing scope is named, before anything is said about the request', async () => {
  const answer = await api.rest('/v1/orders', { body: { ...anOrder, lines: [] }, role: 'analytics' });
  assert.equal(answer.status, 403);
  assert.equal(answer.body.code, 'SCOPE_MISSING');
  assert.deepEqual(answer.body.metadata, { scope: 'orders:place' });
  const md = await api.metadata('analytics');
  const failure = await failureOf(call((callback) => api.orders.getOrder({ orderId: 'x' }, md, callback)));
  assert.equal(failure.code, status.PERMISSION_DENIED);
});
