import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compressionAlgorithms, credentials, loadPackageDefinition, status, type Client, type ClientReadableStream } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { CancelOrderRequest, OrderServiceClient } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered } from '../../src/platform/call.ts';
import { afterwards } from '../support/afterwards.ts';
import { call, failureOf, orderId, runningApi, services } from './running-api.ts';

let last: unknown;
let text = '';
const api = await runningApi({
  services: services({
    'orders.v1.OrderService': {
      cancelOrder: (request) => {
        last = request;
        return Promise.resolve(answered({ revision: 1n, consistencyToken: text }));
      },
    },
  }),
});
const address = `127.0.0.1:${api.api.grpcPort}`;
const cancel = { orderId, reason: 'x'.repeat(200), requestId: '', etag: '' };

/** Sends one message as it stands: flag, length, bytes. */
const sendRaw = async (encoding: string, compressed: Buffer): Promise<string | undefined> => {
  const session = connect(`http://${address}`);
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: '/orders.v1.OrderService/CancelOrder',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-encoding': encoding,
    authorization: `Bearer ${await api.token('support')}`,
  });
  let told: string | undefined;
  stream.on('response', (headers) => (told ??= headers['grpc-status'] as string | undefined));
  stream.on('trailers', (headers) => (told ??= headers['grpc-status'] as string | undefined));
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(compressed.length, 1);
  stream.end(Buffer.concat([head, compressed]));
  stream.resume();
  await once(stream, 'close');
  session.close();
  return told;
};

test('requests compressed with gzip are taken', async () => {
  const client = new OrderServiceClient(address, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
  });
  afterwards(() => client.close());
  const md = await api.metadata();
  await call((callback) => client.cancelOrder(cancel, md, callback));
  assert.deepEqual(last, cancel);
  last = undefined;
  assert.equal(await sendRaw('gzip', gzipSync(CancelOrderRequest.encode(cancel).finish())), '0');
  assert.deepEqual(last, cancel);
});

test('a small message that unpacks into a large one is refused as RESOURCE_EXHAUSTED', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));
  assert.ok(bomb.length < 2 ** 17);
  assert.equal(await sendRaw('gzip', bomb), String(status.RESOURCE_EXHAUSTED));
});

test('a message larger than 1 MiB is refused as RESOURCE_EXHAUSTED', async () => {
  const md = await api.metadata();
  const failure = await failureOf(call((callback) => api.orders.cancelOrder({ ...cancel, reason: 'x'.repeat(2 ** 20) }, md, callback)));
  assert.equal(failure.code, status.RESOURCE_EXHAUSTED);
  assert.equal(failure.retryAfterMs, undefined);
});

test('an answer that no client would take is refused, and says what to do', async () => {
  text = 'x'.repeat(4 * 2 ** 20);
  const md = await api.metadata();
  const failure = await failureOf(call((callback) => api.orders.cancelOrder(cancel, md, callback)));
  text = '';
  assert.equal(failure.code, status.RESOURCE_EXHAUSTED);
  assert.equal(failure.reason, 'ANSWER_TOO_LARGE');
  assert.match(failure.message, /page_size/);
});

test('a connection that has grown old is asked to go, while its calls end', async () => {
  const aging = await runningApi({ connectionAgeMs: 50 });
  const session = connect(`http://127.0.0.1:${aging.api.grpcPort}`);
  await once(session, 'goaway');
  const md = await aging.metadata();
  await failureOf(call((callback) => aging.orders.getOrder({ orderId }, md, callback))).then(({ code }) => assert.equal(code, status.NOT_FOUND));
  session.destroy();
});

type HealthClient = Client & { watch: (request: { service: string }) => ClientReadableStream<{ status: string }> };

test('who watches health hears each change once, and does not hold up the end', async () => {
  const watched = await runningApi({ drainMs: 60_000 });
  const { Health } = loadPackageDefinition({ Health: healthService }) as unknown as {
    Health: new (address: string, security: unknown) => HealthClient;
  };
  const client = new Health(`127.0.0.1:${watched.api.grpcPort}`, credentials.createInsecure());
  afterwards(() => client.close());
  const heard: string[] = [];
  const stream = client.watch({ service: 'orders.v1.OrderService' });
  const ended = new Promise<void>((resolve) => stream.on('error', () => resolve()).on('end', resolve));
  stream.on('data', ({ status: told }: { status: string }) => heard.push(told));
  await once(stream, 'data');
  await watched.api.drain();
  await ended;
  assert.deepEqual(heard, ['SERVING', 'NOT_SERVING']);
});
