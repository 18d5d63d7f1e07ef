import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { credentials, type Metadata } from '@grpc/grpc-js';
import { readContract } from '../../src/api/descriptors.ts';
import { createDispatcher } from '../../src/api/dispatch.ts';
import { deprecationHeaders } from '../../src/api/deprecation.ts';
import { startGrpc } from '../../src/api/grpc.ts';
import { readyMethods } from '../../src/api/methods.ts';
import { createRest } from '../../src/api/rest.ts';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import { OrderServiceClient } from '../../src/contract/generated/orders/v1/orders.ts';
import { refused } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { orderId, services } from './running-api.ts';

const deprecation = { since: new Date('2027-01-31'), sunset: new Date('2027-07-31'), link: 'https://orders.example.org/changes#get-order' };
const said = {
  deprecation: '@1801353600',
  sunset: 'Sat, 31 Jul 2027 00:00:00 GMT',
  link: '<https://orders.example.org/changes#get-order>; rel="deprecation"; type="text/html"',
};

const methods = readyMethods(readContract(Buffer.from(descriptors, 'base64')), services()).map((method) =>
  method.description.name === 'GetOrder' ? { ...method, description: { ...method.description, deprecation } } : method,
);
const dispatcher = createDispatcher({
  authenticate: () => refused('unauthenticated', 'TOKEN_REQUIRED', 'This needs a bearer token.'),
  logger: silent,
  metrics: createMetrics('api'),
});

test('a method that goes away says so in every REST answer, and others do not', async () => {
  const server = createRest({
    methods,
    dispatcher,
    logger: silent,
    ready: () => Promise.resolve([]),
    requestTimeoutMs: 30_000,
    consoleOrigin: undefined,
  });
  const answer = await server.inject(`/v1/orders/${orderId}`);
  assert.equal(answer.statusCode, 401);
  const { deprecation: since, sunset, link } = answer.headers;
  assert.deepEqual({ deprecation: since, sunset, link }, said);
  assert.equal((await server.inject('/v1/orders')).headers['deprecation'], undefined);
});

test('a method that goes away says so in the metadata of gRPC', async () => {
  const grpc = await startGrpc({ host: '127.0.0.1', port: 0, methods, dispatcher, reflect: undefined, requestTimeoutMs: 30_000 });
  const client = new OrderServiceClient(`127.0.0.1:${grpc.port}`, credentials.createInsecure());
  after(async () => {
    client.close();
    await grpc.close(0);
  });
  const metadata = await new Promise<Metadata>((resolve) => client.getOrder({ orderId }, () => undefined).on('metadata', resolve));
  for (const [name, value] of Object.entries(said)) assert.deepEqual(metadata.get(name), [value]);
});

test('what stays says nothing, and a sunset that is not decided is left out', () => {
  assert.deepEqual(deprecationHeaders(undefined), {});
  assert.deepEqual(deprecationHeaders({ since: deprecation.since, sunset: undefined, link: '' }), { deprecation: said.deprecation });
});
