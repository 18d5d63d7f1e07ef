import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { noConnection, type Api, type OrderForm, type Tokens } from '../../src/cli/demo/api.ts';
import { grpcApi, restApi } from '../../src/cli/demo/platform.ts';
import type { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered, refused, type Refusal } from '../../src/platform/call.ts';
import { offerId, orderId, customerId, runningApi, services } from '../api/running-api.ts';

const order: OrderForm = {
  person: {
    customerId,
    name: 'Erika Mustermann',
    email: 'erika@example.org',
    language: 'de',
    line1: 'Musterstraße 1',
    postalCode: '10435',
    city: 'Berlin',
    countryCode: 'DE',
  },
  lines: [{ offerId, quantity: 2, shownPriceMinor: 39_900 }],
  paymentMethod: 'tok_visa',
};

/** Both ways to a platform that gives this answer to PlaceOrder. */
const both = async (t: { after: (ended: () => void) => void }, answer?: Refusal) => {
  const requests: PlaceOrderRequest[] = [];
  let repeated = 0;
  const again = (): void => void (repeated += 1);
  const { api, token } = await runningApi({
    services: services({
      'orders.v1.OrderService': {
        placeOrder: (request) => {
          requests.push(request);
          return Promise.resolve(answer ?? answered({ orderId, revision: 0n, consistencyToken: 'token' }));
        },
      },
    }),
  });
  const tokens: Tokens = {
    checkout: await token('checkout'),
    of: (actor) => token(actor === 'support' ? 'support' : 'merchantId' in actor ? 'merchant' : 'customer'),
  };
  const apis: readonly Api[] = [grpcApi(`127.0.0.1:${api.grpcPort}`, tokens, again), restApi(api.httpUrl, tokens, again)];
  t.after(() => apis.forEach((each) => each.close()));
  return { apis, requests, again: () => repeated };
};

test('the same order is the same request through gRPC and REST, so that either may repeat the other', async (t) => {
  const { apis, requests } = await both(t);
  for (const api of apis) {
    assert.deepEqual(await api.placeOrder(order, 'key'), { kind: 'answered', answer: { orderId, revision: 0n, consistencyToken: 'token' } });
  }
  assert.equal(requests[0]?.requestId, 'key');
  assert.deepEqual(requests[0], requests[1]);
});

test('what the domain refuses is no error', async (t) => {
  const { apis } = await both(t, refused('precondition_failed', 'OUT_OF_STOCK', '1 left, 2 asked for.'));
  for (const api of apis)
    assert.deepEqual(await api.placeOrder(order, 'key'), { kind: 'refused', code: 'OUT_OF_STOCK', because: '1 left, 2 asked for.' });
});

test('a platform that asks for patience is asked again, which is counted', async (t) => {
  const { apis, requests, again } = await both(t, refused('unavailable', 'NOT_YET', 'Later.', { retryAfterMs: 100 }));
  for (const api of apis) assert.deepEqual(await api.placeOrder(order, 'key'), { kind: 'failed', code: 'NOT_YET', because: 'Later.' });
  assert.ok(again() >= 2);
  assert.equal(requests.length, again() + 2);
});

test('a platform that is away is an error, not a crash', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const tokens: Tokens = { checkout: 'token', of: () => Promise.resolve('token') };
  const apis = [grpcApi(`127.0.0.1:${port}`, tokens, () => {}), restApi(`http://127.0.0.1:${port}`, tokens, () => {})];
  t.after(() => apis.forEach((api) => api.close()));
  for (const api of apis) {
    const reply = await api.placeOrder(order, 'key');
    assert.equal(reply.kind, 'failed');
    assert.equal(reply.code, noConnection);
  }
});
