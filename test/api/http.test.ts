import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Offer } from '../../src/contract/generated/orders/v1/offers.ts';
import { answered } from '../../src/platform/call.ts';
import { aShownOrder, offerId, orderId, runningApi, services } from './running-api.ts';

const consoleOrigin = 'https://console.example.org';
const anOffer: Offer = {
  offerId,
  merchantId: offerId,
  sku: 'IP13-128',
  title: 'iPhone 13',
  grade: 'A',
  unitPrice: { amountMinor: 39_900n, currency: 'EUR' },
  purchasePrice: undefined,
  available: 3,
  vatScheme: 'STANDARD',
  warrantyMonths: 24,
  status: 'PUBLISHED',
  revision: 7n,
  publishedAt: new Date(0),
  updatedAt: new Date(0),
  stale: false,
};
let title = 'iPhone 13';
let stale = false;
const { api, token } = await runningApi({
  consoleOrigin,
  services: services({ 'orders.v1.OfferService': { getOffer: () => Promise.resolve(answered({ ...anOffer, title, stale })) } }),
});
const offer = `/v1/offers/${offerId}`;

/** Without what fetch does by itself: it unpacks answers and sends no Origin. */
const raw = async (method: string, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage & { readonly bytes: Buffer }> => {
  const authorization = `Bearer ${await token('support')}`;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(api.httpUrl + path, { method, headers: { authorization, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Object.assign(answer, { bytes: Buffer.concat(chunks) })));
    });
    sent.on('error', reject);
    sent.end();
  });
};

test('a large answer is compressed for callers that take gzip, with a weak entity tag', async () => {
  title = 'x'.repeat(10_000);
  const answer = await raw('GET', offer, { 'accept-encoding': 'gzip, deflate, br' });
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(answer.headers['content-length'], String(answer.bytes.length));
  assert.match(answer.headers.vary ?? '', /accept-encoding/i);
  assert.equal(answer.headers.etag, 'W/"7"');
  assert.equal(JSON.parse(gunzipSync(answer.bytes).toString()).title, title);
});

for (const accepted of ['identity', 'br', 'gzip;q=0', undefined]) {
  test(`a large answer stays as it is for callers that accept ${accepted ?? 'nothing in particular'}`, async () => {
    title = 'x'.repeat(10_000);
    const answer = await raw('GET', offer, accepted === undefined ? {} : { 'accept-encoding': accepted });
    assert.equal(answer.headers['content-encoding'], undefined);
    assert.equal(answer.headers.etag, '"7"');
    assert.equal(JSON.parse(answer.bytes.toString()).title, title);
  });
}

test('a small answer is not compressed', async () => {
  title = 'iPhone 13';
  const answer = await raw('GET', offer, { 'accept-encoding': 'gzip' });
  assert.equal(answer.headers['content-encoding'], undefined);
});

for (const known of ['"7"', 'W/"7"', '"6", W/"7"', '*']) {
  test(`If-None-Match: ${known} at the same revision is 304 without a body`, async () => {
    const answer = await raw('GET', offer, { 'if-none-match': known });
    assert.equal(answer.statusCode, 304);
    assert.equal(answer.headers.etag, '"7"');
    assert.equal(answer.bytes.length, 0);
  });
}

for (const known of ['"6"', '"77"', '7', '']) {
  test(`If-None-Match: ${known || '(nothing)'} is answered in full`, async () => {
    assert.equal((await raw('GET', offer, { 'if-none-match': known })).statusCode, 200);
  });
}

test('what may be out of date is answered in full', async () => {
  stale = true;
  assert.equal((await raw('GET', offer, { 'if-none-match': '"7"' })).statusCode, 200);
  stale = false;
});

test('HEAD answers as GET does, without the body', async () => {
  const answer = await raw('HEAD', offer);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers.etag, '"7"');
  assert.ok(Number(answer.headers['content-length']) > 100);
  assert.equal(answer.bytes.length, 0);
});

test('OPTIONS tells what a path takes', async () => {
  const answer = await raw('OPTIONS', '/v1/offers');
  assert.equal(answer.statusCode, 204);
  assert.equal(answer.headers.allow, 'POST, GET, HEAD, OPTIONS');
  assert.equal((await raw('OPTIONS', '/v1/nothing')).statusCode, 404);
});

test("the console's pages may call, and read what answers say", async () => {
  const preflight = await raw('OPTIONS', '/v1/orders', {
    origin: consoleOrigin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type, idempotency-key',
  });
  assert.equal(preflight.statusCode, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], consoleOrigin);
  assert.match(preflight.headers['access-control-allow-methods'] ?? '', /\bPOST\b/);
  for (const name of ['authorization', 'content-type', 'idempotency-key', 'if-match', 'consistency-token'])
    assert.ok(preflight.headers['access-control-allow-headers']?.toLowerCase().split(', ').includes(name), name);
  const answer = await raw('GET', offer, { origin: consoleOrigin });
  assert.equal(answer.headers['access-control-allow-origin'], consoleOrigin);
  assert.match(answer.headers.vary ?? '', /origin/i);
  assert.match(answer.headers['access-control-expose-headers'] ?? '', /ETag/);
  assert.equal(answer.headers['access-control-allow-credentials'], undefined);
  const refused = await raw('GET', '/v1/orders/x', { origin: consoleOrigin });
  assert.equal(refused.statusCode, 400);
  assert.equal(refused.headers['access-control-allow-origin'], consoleOrigin);
});

for (const origin of ['https://elsewhere.example.org', 'https://console.example.org.evil.example', 'http://console.example.org', 'null']) {
  test(`pages of ${origin} may not`, async () => {
    for (const method of ['OPTIONS', 'GET']) {
      const answer = await raw(method, offer, { origin, 'access-control-request-method': 'GET' });
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  });
}

test('without a console there is no other origin', async () => {
  const { api: closed } = await runningApi();
  const answer = await fetch(`${closed.httpUrl}/healthz`, { headers: { origin: consoleOrigin } });
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
});

test('personal data is never answered with 304: it may have been erased at the same revision', async () => {
  const { rest: orders } = await runningApi({
    services: services({ 'orders.v1.OrderService': { getOrder: () => Promise.resolve(answered(aShownOrder)) } }),
  });
  const answer = await orders(`/v1/orders/${orderId}`, { headers: { 'if-none-match': '"3"' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('etag'), '"3"');
});
