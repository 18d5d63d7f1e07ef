import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { credentials, loadPackageDefinition, status, type Client } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { startApi } from '../../src/api/server.ts';
import { answered, refused, type Call } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { call, failureOf, orderId, runningApi, services } from './running-api.ts';

const anAnswer = answered({ revision: 1n, consistencyToken: '' });
const cancelRequest = { orderId, reason: '', requestId: '', etag: '' };

/** A method whose calls wait until the test lets them go. */
const waiting = () => {
  const arrived = Promise.withResolvers<Call>();
  const release = Promise.withResolvers<void>();
  const cancelOrder = async (_: unknown, its: Call) => {
    arrived.resolve(its);
    await release.promise;
    return anAnswer;
  };
  return { arrived: arrived.promise, release: () => release.resolve(), services: services({ 'orders.v1.OrderService': { cancelOrder } }) };
};

const health = (port: number, name: string): Promise<{ status: string }> => {
  const { Health } = loadPackageDefinition({ Health: healthService }) as unknown as {
    Health: new (address: string, security: unknown) => Client & { check: Function };
  };
  const client = new Health(`127.0.0.1:${port}`, credentials.createInsecure());
  return call<{ status: string }>((callback) => client.check({ service: name }, callback)).finally(() => client.close());
};

test('the deadline of a gRPC call reaches its method, whose signal aborts when it has passed', async () => {
  const { arrived, release, services: slow } = waiting();
  const { orders, metadata } = await runningApi({ services: slow });
  const md = await metadata();
  const called = call((callback) => orders.cancelOrder(cancelRequest, md, { deadline: Date.now() + 300 }, callback));
  const its = await arrived;
  const leftMs = its.deadline - performance.now();
  assert.ok(leftMs > 0 && leftMs <= 300, `${leftMs} ms`);
  const aborted = once(its.signal, 'abort');
  assert.equal((await failureOf(called)).code, status.DEADLINE_EXCEEDED);
  await aborted;
  release();
});

test('without a deadline the method has ten seconds', async () => {
  const { arrived, release, services: slow } = waiting();
  const { rest } = await runningApi({ services: slow });
  const called = rest(`/v1/orders/${orderId}:cancel`, { body: {} });
  const leftMs = (await arrived).deadline - performance.now();
  assert.ok(leftMs > 5_000 && leftMs <= 10_000, `${leftMs} ms`);
  release();
  assert.equal((await called).status, 200);
});

test('the signal aborts when a gRPC caller cancels', async () => {
  const { arrived, release, services: slow } = waiting();
  const { orders, metadata } = await runningApi({ services: slow });
  const md = await metadata();
  const sent = orders.cancelOrder(cancelRequest, md, () => undefined);
  const { signal } = await arrived;
  const aborted = once(signal, 'abort');
  sent.cancel();
  await aborted;
  assert.equal((signal.reason as Error).name, 'AbortError');
  release();
});

test('the signal aborts when a REST caller closes the connection', async () => {
  const { arrived, release, services: slow } = waiting();
  const { api, token } = await runningApi({ services: slow });
  const socket = connect(Number(new URL(api.httpUrl).port), '127.0.0.1');
  socket.write(
    `POST /v1/orders/${orderId}:cancel HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${await token('support')}\r\ncontent-length: 0\r\n\r\n`,
  );
  const { signal } = await arrived;
  const aborted = once(signal, 'abort');
  socket.destroy();
  await aborted;
  assert.equal((signal.reason as Error).name, 'AbortError');
  release();
});

test('draining refuses what is new, ends what runs, and closes', async () => {
  const { arrived, release, services: slow } = waiting();
  const { api, rest, orders, metadata } = await runningApi({ services: slow, drainMs: 10_000 });
  const md = await metadata();
  const running = call<{ revision: bigint }>((callback) => orders.cancelOrder(cancelRequest, md, callback));
  await arrived;
  const drained = api.drain();

  const answer = await rest(`/v1/orders/${orderId}`);
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, 'DRAINING');
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal((await rest('/readyz')).status, 503);
  assert.equal((await rest('/healthz')).status, 200);
  const failure = await failureOf(call((callback) => orders.getOrder({ orderId }, md, callback)));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.equal(failure.retryAfterMs, 1_000);
  assert.equal((await health(api.grpcPort, 'orders.v1.OrderService')).status, 'NOT_SERVING');

  release();
  assert.equal((await running).revision, 1n);
  await drained;
  await assert.rejects(fetch(`${api.httpUrl}/healthz`));
});

for (const transport of ['REST', 'gRPC'] as const) {
  test(`what does not end in time is cut off, over ${transport}`, async () => {
    const { arrived, release, services: slow } = waiting();
    const { api, rest, orders, metadata } = await runningApi({ services: slow, drainMs: 100 });
    const md = await metadata();
    const running: Promise<unknown> =
      transport === 'REST'
        ? rest(`/v1/orders/${orderId}:cancel`, { body: {} })
        : call((callback) => orders.cancelOrder(cancelRequest, md, { deadline: Date.now() + 20_000 }, callback));
    const cut = assert.rejects(running, (error: { code?: number }) => error.code !== status.DEADLINE_EXCEEDED);
    await arrived;
    await api.drain();
    await cut;
    release();
  });
}

test('health is told per service and for the whole', async () => {
  const { api } = await runningApi();
  for (const name of ['', 'orders.v1.OrderService', 'orders.v1.OfferService']) assert.equal((await health(api.grpcPort, name)).status, 'SERVING');
  await assert.rejects(health(api.grpcPort, 'orders.v1.Nothing'), { code: status.NOT_FOUND });
});

test('readiness names what is missing', async () => {
  let problems: readonly string[] = [];
  const { rest } = await runningApi({ ready: () => Promise.resolve(problems) });
  assert.equal((await rest('/readyz')).status, 200);
  problems = ['the event store does not answer'];
  const answer = await rest('/readyz');
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.body.problems, problems);
});

const buf = (...args: readonly string[]) => promisify(execFile)(join(import.meta.dirname, '../../node_modules/.bin/buf'), args);

test('reflection tells the contract in development, and nothing elsewhere', async () => {
  const { api } = await runningApi();
  const { stdout } = await buf('curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--list-methods', `http://127.0.0.1:${api.grpcPort}`);
  assert.match(stdout, /orders\.v1\.OrderService\/PlaceOrder/);
  const { api: other } = await runningApi({ development: false });
  await assert.rejects(buf('curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--list-methods', `http://127.0.0.1:${other.grpcPort}`));
});

const startingWith = (different: object): Promise<unknown> =>
  startApi({
    services: services(),
    authenticate: () => refused('unauthenticated', 'X', 'x'),
    logger: silent,
    metrics: createMetrics('api'),
    http: { host: '127.0.0.1', port: 0 },
    grpc: { host: '127.0.0.1', port: 0 },
    ready: () => Promise.resolve([]),
    development: true,
    drainMs: 100,
    ...different,
  });

test('development mode listens on loopback only', async () => {
  await assert.rejects(startingWith({ http: { host: '0.0.0.0', port: 0 } }), /loopback only, not on 0\.0\.0\.0/);
  await assert.rejects(startingWith({ grpc: { host: '::', port: 0 } }), /loopback only/);
});

test('a method of the contract without an implementation stops the start, and so does one too many', async () => {
  const { placeOrder: _, ...rest } = services()['orders.v1.OrderService'];
  await assert.rejects(
    startingWith({ services: { ...services(), 'orders.v1.OrderService': rest } }),
    /orders\.v1\.OrderService\.PlaceOrder has no implementation/,
  );
  await assert.rejects(
    startingWith({ services: { ...services(), 'orders.v1.OrderService': { ...services()['orders.v1.OrderService'], refund: placeOrder } } }),
    /not in the contract: orders\.v1\.OrderService\/refund/,
  );
});

const placeOrder = () => Promise.resolve(anAnswer);

test('a port that is taken stops the start, and leaves nothing behind', async () => {
  const { api } = await runningApi();
  await assert.rejects(startingWith({ grpc: { host: '127.0.0.1', port: api.grpcPort } }));
  await assert.rejects(startingWith({ http: { host: '127.0.0.1', port: Number(new URL(api.httpUrl).port) } }), { code: 'EADDRINUSE' });
});

test('durations are counted by transport, method and code', async () => {
  const { metrics, rest } = await runningApi();
  await rest(`/v1/orders/${orderId}`);
  await rest('/v1/orders/x');
  const text = await metrics.metrics();
  for (const code of ['NOT_FOUND', 'INVALID_ARGUMENT']) {
    assert.ok(
      text.includes(`api_request_duration_seconds_count{role="api",transport="rest",method="orders.v1.OrderService/GetOrder",code="${code}"} 1\n`),
      text,
    );
  }
  assert.match(text, /api_requests_in_flight\{role="api"\} 0/);
});
