import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { status as grpcStatus } from '@grpc/grpc-js';
import { answered, type Call } from '../../src/platform/call.ts';
import { afterwards } from '../support/afterwards.ts';
import { methodNamed } from '../support/any-method.ts';
import { eventually } from '../support/eventually.ts';
import { framed, rawGrpc } from './fuzz/raw-grpc.ts';
import { saidInGrpc } from './fuzz/said.ts';
import { bytesOf } from './fuzz/wire.ts';
import { orderId, runningApi, services } from './running-api.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Calls that go on until they are given up. */
const waiting = new Set<Call>();
const { api, rest, token, metrics } = await runningApi({
  requestTimeoutMs: 900,
  services: services({
    'orders.v1.OrderService': {
      getOrder: (_, call) =>
        new Promise((_resolve, reject) => {
          waiting.add(call);
          const giveUp = (): void => {
            waiting.delete(call);
            reject(call.signal.reason as Error);
          };
          if (call.signal.aborted) giveUp();
          else call.signal.addEventListener('abort', giveUp);
        }),
      listOrders: () => Promise.resolve(answered({ orders: [], nextPageToken: '' })),
    },
  }),
});
const httpPort = Number(new URL(api.httpUrl).port);
const authorization = `Bearer ${await token('support')}`;
const grpc = rawGrpc(`127.0.0.1:${api.grpcPort}`);
afterwards(() => grpc.close());
const listOrders = methodNamed('OrderService/ListOrders');
const getOrder = methodNamed('OrderService/GetOrder');

/** Both servers answer others. */
const bothServe = async (): Promise<void> => {
  assert.equal((await rest('/v1/orders')).status, 200);
  const { status, text } = await grpc.send(saidInGrpc(listOrders, Buffer.alloc(0), { authorization }));
  assert.equal(status, grpcStatus.OK, text);
};

/** Nothing is being worked on any more. */
const nothingRuns = (): Promise<void> =>
  eventually('nothing runs any more', async () => /^api_requests_in_flight(?:\{.*\})? 0$/m.test(await metrics.metrics()) && waiting.size === 0);

const open = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
};

/** What the server says until it closes. */
const heardFrom = async (socket: Socket): Promise<string> => {
  let heard = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => (heard += text));
  await closed(socket);
  return heard;
};

/** However it came to that. */
const closed = (connection: Socket | ClientHttp2Session | ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => {
    if (connection.destroyed) resolve();
    else connection.once('close', resolve);
  });

/** Sends a piece again and again, however long that goes well. */
const trickle = (send: () => void): (() => void) => {
  const timer = setInterval(send, 30);
  return () => clearInterval(timer);
};

const session = (): ClientHttp2Session => {
  const opened = connectHttp2(`http://127.0.0.1:${api.grpcPort}`);
  opened.on('error', () => undefined);
  return opened;
};
const headersOf = (method: string) => ({
  ':method': 'POST',
  ':path': `/orders.v1.OrderService/${method}`,
  'content-type': 'application/grpc',
  te: 'trailers',
  authorization,
});
const begin = (on: ClientHttp2Session, method: string): ClientHttp2Stream => {
  const stream = on.request(headersOf(method));
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
};

for (const [what, start, piece] of [
  ['headers', 'GET /v1/orders HTTP/1.1\r\nhost: orders\r\n', 'a: b\r\n'],
  [
    'a body',
    `POST /v1/orders HTTP/1.1\r\nhost: orders\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
    ' ',
  ],
  [
    'a body in chunks',
    `POST /v1/orders HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    '1\r\n \r\n',
  ],
] as const) {
  test(`an HTTP request of which ${what} trickle in is given up`, async () => {
    const socket = open(httpPort);
    socket.write(start);
    const stop = trickle(() => socket.write(piece));
    const heard = await heardFrom(socket);
    stop();
    assert.match(heard, /^HTTP\/1\.1 408 /);
    assert.match(heard, /"code":"REQUEST_TIMEOUT"/);
    await bothServe();
  });
}

test('a gRPC request whose message trickles in is given up', async () => {
  const on = session();
  const stream = begin(on, 'ListOrders');
  stream.write(framed(Buffer.alloc(0), 0, 1_000));
  const stop = trickle(() => stream.write(Buffer.alloc(1)));
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  stop();
  assert.equal(headers['grpc-status'], String(grpcStatus.INVALID_ARGUMENT));
  on.destroy();
  await bothServe();
});

test('headers without end are refused with a problem', async () => {
  const socket = open(httpPort);
  socket.write(`GET /v1/orders HTTP/1.1\r\nhost: orders\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);
  const heard = await heardFrom(socket);
  assert.match(heard, /^HTTP\/1\.1 431 /);
  assert.match(heard, /content-type: application\/problem\+json/);
  assert.match(heard, /"code":"HEADERS_TOO_LARGE"/);
});

test('metadata without end ends its call, or its connection, and nothing else', async () => {
  const on = session();
  const stream = on.request({
    ...headersOf('ListOrders'),
    ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-${index}`, 'x'.repeat(1_000)])),
  });
  stream.on('error', () => undefined);
  stream.resume();
  stream.end(framed(Buffer.alloc(0)));
  await closed(stream);
  on.destroy();
  await bothServe();
});

for (const [what, lines] of [
  ['two lengths', 'content-length: 2\r\ncontent-length: 3\r\n\r\n{} '],
  ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length below zero', 'content-length: -1\r\n\r\n'],
  ['a length that is no number', 'content-length: 0x10\r\n\r\n'],
  ['an unknown coding', 'transfer-encoding: chunked, evil\r\n\r\n0\r\n\r\n'],
  ['a chunk of a size that is none', 'transfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['a header with a bare line feed in it', 'x: a\nb\r\n\r\n'],
] as const) {
  test(`an HTTP request with ${what} is refused, and its connection closed`, async () => {
    const socket = open(httpPort);
    socket.write(`POST /v1/orders HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\n${lines}`);
    const heard = await heardFrom(socket);
    assert.match(heard, /^HTTP\/1\.1 400 /);
    assert.equal(heard.match(/HTTP\/1\.1/g)?.length, 1, 'it was taken for two requests');
  });
}

test('a body in chunks that never ends is refused once it is too large', async () => {
  const socket = open(httpPort);
  socket.write(
    `POST /v1/orders HTTP/1.1\r\nhost: orders\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
  );
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  const stop = trickle(() => socket.write(chunk.repeat(8)));
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  await eventually('it is refused', () => heard.startsWith('HTTP/1.1 413 '));
  stop();
  socket.destroy();
  await bothServe();
});

test('requests that are sent in one go are answered one by one, in order', async () => {
  const socket = open(httpPort);
  const paths = Array.from({ length: 300 }, (_, index) => `/nothing/${index}`);
  socket.write(
    paths
      .map(
        (path, index) =>
          `GET ${path} HTTP/1.1\r\nhost: orders\r\nx-correlation-id: ${index}\r\n${index === paths.length - 1 ? 'connection: close\r\n' : ''}\r\n`,
      )
      .join(''),
  );
  const heard = await heardFrom(socket);
  assert.equal(heard.match(/HTTP\/1\.1 404 /g)?.length, paths.length);
});

test('a client that has nothing more to send is answered all the same', async () => {
  const socket = connect({ port: httpPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(`GET /v1/orders HTTP/1.1\r\nhost: orders\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`);
  assert.match(await heardFrom(socket), /^HTTP\/1\.1 200 /);
});

test('what callers no longer wait for stops, over both transports', async () => {
  const on = session();
  const streams = Array.from({ length: 200 }, () => begin(on, 'GetOrder'));
  for (const stream of streams) stream.end(framed(bytesOf(getOrder.input, { order_id: orderId })));
  const sockets = Array.from({ length: 50 }, () => open(httpPort));
  for (const socket of sockets) socket.write(`GET /v1/orders/${orderId} HTTP/1.1\r\nhost: orders\r\nauthorization: ${authorization}\r\n\r\n`);
  await eventually('all are at work', () => waiting.size === 250);
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  for (const socket of sockets) socket.destroy();
  await nothingRuns();
  on.destroy();
  await bothServe();
});

test('calls that are cancelled as fast as they are made harm nobody else (HTTP/2 rapid reset)', async () => {
  const on = session();
  for (let round = 0; round < 100 && !on.closed && !on.destroyed; round += 1) {
    for (let index = 0; index < 100 && !on.closed && !on.destroyed; index += 1) {
      const stream = begin(on, 'GetOrder');
      stream.end(framed(bytesOf(getOrder.input, { order_id: orderId })));
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await bothServe();
  }
  on.destroy();
  await closed(on);
  await nothingRuns();
  await bothServe();
});

test('more calls on one connection than it may have wait there, and others do not', async () => {
  const on = session();
  const streams = Array.from({ length: 1_500 }, () => begin(on, 'GetOrder'));
  for (const stream of streams) stream.end(framed(bytesOf(getOrder.input, { order_id: orderId })));
  await eventually('the connection is full', () => waiting.size >= 1_000);
  await bothServe();
  assert.ok(waiting.size <= 1_000, `${waiting.size} are at work`);
  on.destroy();
  await nothingRuns();
});

test('hundreds of connections that say nothing keep nobody out', async () => {
  const sockets = [httpPort, api.grpcPort].flatMap((port) => Array.from({ length: 400 }, () => open(port)));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await bothServe();
  for (const socket of sockets) socket.destroy();
  await bothServe();
});

test('bytes that are no protocol end their connection and nothing else', async () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const garbage: readonly Buffer[] = [
    ...Array.from({ length: 20 }, () => randomBytes(2_000)),
    Buffer.from('\0'.repeat(50_000)),
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...randomBytes(500)]),
    Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    Buffer.from(`GET ${'/'.repeat(100_000)} HTTP/1.1\r\n\r\n`),
    Buffer.from('SSH-2.0-x\r\n'.repeat(500)),
    Buffer.concat([preface, randomBytes(500)]),
    Buffer.concat([preface, settings, frame(1, 4, 1, randomBytes(300))]),
    Buffer.concat([preface, settings, frame(0, 0, 7, Buffer.from('data of no stream'))]),
    Buffer.concat(
      [preface, settings, frame(1, 0, 1, Buffer.from([0x82]))].concat(Array.from({ length: 3_000 }, () => frame(9, 0, 1, Buffer.alloc(0)))),
    ),
    Buffer.concat([preface, settings, ...Array.from({ length: 20_000 }, () => settings)]),
    Buffer.concat([preface, settings, ...Array.from({ length: 20_000 }, () => frame(6, 0, 0, Buffer.alloc(8)))]),
    Buffer.concat([preface, settings, frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))]),
    Buffer.concat([preface, settings, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]),
  ];
  for (const port of [httpPort, api.grpcPort]) {
    for (const bytes of garbage) {
      const socket = open(port);
      socket.resume();
      socket.end(bytes);
      await closed(socket);
    }
    await bothServe();
  }
});

test('what was given up leaves no memory behind', async () => {
  const wave = async (): Promise<number> => {
    for (let round = 0; round < 5; round += 1) {
      const on = session();
      const streams = Array.from({ length: 200 }, () => begin(on, 'ListOrders'));
      for (const stream of streams) stream.write(framed(Buffer.alloc(20_000), 0, 1_000_000));
      const sockets = Array.from({ length: 50 }, () => open(httpPort));
      for (const socket of sockets) {
        socket.write(
          `POST /v1/orders HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n${' '.repeat(20_000)}`,
        );
      }
      await bothServe();
      on.destroy();
      for (const socket of sockets) socket.destroy();
    }
    await nothingRuns();
    await bothServe();
    collectGarbage();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  await wave();
  const after = await wave();
  await eventually('a further wave leaves no more than the last', async () => (await wave()) < after + 8 * 1024 * 1024);
});
