import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, type Call } from '../../src/platform/call.ts';
import { anOrder, call, offerId, orderId, runningApi, services } from './running-api.ts';

let last: any;
let lastCall: Call | undefined;
const command = (request: unknown, its: Call) => {
  last = request;
  lastCall = its;
  return Promise.resolve(answered({ revision: 4n, consistencyToken: 'token' }));
};
const { api, rest, orders, metadata } = await runningApi({
  services: services({
    'orders.v1.OrderService': {
      placeOrder: (request, its) => command(request, its).then(() => answered({ orderId, revision: 0n, consistencyToken: 't' })),
      cancelOrder: command,
    },
    'orders.v1.OfferService': { changePrice: command, withdrawOffer: command },
  }),
});
const cancel = `/v1/orders/${orderId}:cancel`;

test('a creation answers 201, and says where it is and at which revision', async () => {
  const answer = await rest('/v1/orders', { body: anOrder, role: 'checkout' });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('location'), `/v1/orders/${orderId}`);
  assert.equal(answer.headers.get('etag'), '"0"');
  assert.deepEqual(answer.body, { order_id: orderId, revision: '0', consistency_token: 't' });
});

test('other commands answer 200 with the revision as ETag, and nothing under /v1 is stored by caches', async () => {
  const answer = await rest(cancel, { body: {} });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('etag'), '"4"');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal((await rest('/v1/orders/x')).headers.get('cache-control'), 'no-store');
});

test('custom verbs lead to their methods, with the id of the path', async () => {
  await rest(`/v1/offers/${offerId}:changePrice`, { body: { unit_price: { amount_minor: 5, currency: 'EUR' } }, role: 'merchant' });
  assert.deepEqual(last, { offerId, unitPrice: { amountMinor: 5n, currency: 'EUR' }, requestId: '', etag: '' });
  await rest(`/v1/offers/${offerId}:withdraw`, { body: { reason: 'sold elsewhere' }, role: 'merchant' });
  assert.deepEqual(last, { offerId, reason: 'sold elsewhere', requestId: '', etag: '' });
});

test('a command without a body is one with nothing in it', async () => {
  assert.equal((await rest(cancel, { method: 'POST' })).status, 200);
  assert.deepEqual(last, { orderId, reason: '', requestId: '', etag: '' });
});

test('Idempotency-Key is the request id', async () => {
  await rest(cancel, { body: {}, headers: { 'idempotency-key': 'try-1' } });
  assert.equal(last.requestId, 'try-1');
  assert.equal((await rest(cancel, { body: { request_id: 'try-1' }, headers: { 'idempotency-key': 'try-1' } })).status, 200);
});

test('an Idempotency-Key in quotes, as the draft has it, is the same key', async () => {
  for (const [given, key] of [
    ['"try-1"', 'try-1'],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['"open', '"open'],
  ] as const) {
    assert.equal((await rest(cancel, { body: {}, headers: { 'idempotency-key': given } })).status, 200);
    assert.equal(last.requestId, key);
  }
});

test('an Idempotency-Key beside an empty request id is the request id', async () => {
  assert.equal((await rest(cancel, { body: { request_id: '' }, headers: { 'idempotency-key': 'try-3' } })).status, 200);
  assert.equal(last.requestId, 'try-3');
});

test('an Idempotency-Key and another request id in the body are refused', async () => {
  const answer = await rest(cancel, { body: { request_id: 'try-2' }, headers: { 'idempotency-key': 'try-1' } });
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.body.fields, [{ field: 'Idempotency-Key', description: 'is not the same as request_id in the body' }]);
});

for (const [given, etag] of [
  ['"3"', '3'],
  ['W/"3"', '3'],
  ['*', '*'],
] as const) {
  test(`If-Match: ${given} is the etag ${etag}`, async () => {
    assert.equal((await rest(cancel, { body: {}, headers: { 'if-match': given } })).status, 200);
    assert.equal(last.etag, etag);
  });
}

for (const given of ['3', '"3', '"1", "2"', '""', 'w/"3"', '']) {
  test(`If-Match: ${given || '(nothing)'} is malformed`, async () => {
    const answer = await rest(cancel, { body: {}, headers: { 'if-match': given } });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.fields[0].field, 'If-Match');
  });
}

test('an If-Match and another etag in the body are refused', async () => {
  assert.equal((await rest(cancel, { body: { etag: '4' }, headers: { 'if-match': '"3"' } })).status, 400);
});

test('a creation takes no If-Match', async () => {
  assert.equal((await rest('/v1/orders', { body: anOrder, headers: { 'if-match': '"3"' }, role: 'checkout' })).status, 400);
});

test('nothing at a path is 404', async () => {
  for (const path of ['/', '/v1', '/v1/nothing', `/v1/orders/${orderId}:explode`, `/v1/orders/${orderId}/`]) {
    const answer = await rest(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.body.code, 'PATH_UNKNOWN');
  }
});

test('a known path with another method is 405 and says which it takes', async () => {
  const onCollection = await rest('/v1/orders?x=1', { method: 'DELETE' });
  assert.equal(onCollection.status, 405);
  assert.equal(onCollection.headers.get('allow'), 'POST, GET, HEAD, OPTIONS');
  assert.equal(onCollection.body.status, 405);
  const onCommand = await rest(cancel);
  assert.equal(onCommand.status, 405);
  assert.equal(onCommand.headers.get('allow'), 'POST, OPTIONS');
});

test('a path that cannot be decoded is 400', async () => {
  const answer = await rest('/v1/orders/%zz');
  assert.equal(answer.status, 400);
  assert.equal(answer.body.code, 'INVALID_REQUEST');
});

for (const headers of [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'application/xml' },
  { 'content-type': '' },
  { 'content-encoding': 'gzip' },
]) {
  test(`a body with ${JSON.stringify(headers)} is 415`, async () => {
    const answer = await rest('/v1/orders', { body: anOrder, headers, role: 'checkout' });
    assert.equal(answer.status, 415);
    assert.equal(answer.body.code, 'UNSUPPORTED_MEDIA_TYPE');
  });
}

test('a charset beside the content type is fine', async () => {
  assert.equal(
    (await rest('/v1/orders', { body: anOrder, headers: { 'content-type': 'application/json; charset=utf-8' }, role: 'checkout' })).status,
    201,
  );
});

test('a sane correlation id is kept and echoed, any other replaced', async () => {
  const answer = await rest(cancel, { body: {}, headers: { 'x-correlation-id': 'checkout:42' } });
  assert.equal(answer.headers.get('x-correlation-id'), 'checkout:42');
  assert.equal(lastCall?.correlationId, 'checkout:42');
  const other = await rest(cancel, { body: {}, headers: { 'x-correlation-id': 'a b' } });
  assert.match(other.headers.get('x-correlation-id') ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(lastCall?.correlationId, other.headers.get('x-correlation-id'));
});

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('trace context and consistency token reach the method through both', async () => {
  const headers = { traceparent: trace, 'consistency-token': 'abc', 'x-correlation-id': 'c-1' };
  await rest(cancel, { body: {}, headers });
  assert.deepEqual([lastCall?.traceparent, lastCall?.consistencyToken, lastCall?.correlationId], [trace, 'abc', 'c-1']);
  lastCall = undefined;
  const md = await metadata('support', headers);
  await call((callback) => orders.cancelOrder({ orderId, reason: '', requestId: '', etag: '' }, md, callback));
  const { traceparent, consistencyToken, correlationId } = lastCall as unknown as Call;
  assert.deepEqual([traceparent, consistencyToken, correlationId], [trace, 'abc', 'c-1']);
});

test('a malformed trace context is left out', async () => {
  await rest(cancel, { body: {}, headers: { traceparent: 'nonsense' } });
  assert.ok(lastCall && !('traceparent' in lastCall));
});

test('the docs and their assets come from this server', async () => {
  const page = await fetch(`${api.httpUrl}/docs/`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self';/);
  const html = await page.text();
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/);
  for (const [, url] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const asset = new URL(url!, page.url);
    assert.equal(asset.origin, api.httpUrl);
    assert.equal((await fetch(asset)).status, 200, asset.href);
  }
});
