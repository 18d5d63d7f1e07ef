import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { credentials, status } from '@grpc/grpc-js';
import { findProgram, isRoot } from '../../infra/local/programs.ts';
import { nextFree } from '../../infra/local/ports.ts';
import { OrderServiceClient, type Order } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered } from '../../src/platform/call.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { anOrder, aShownOrder, call, failureOf, orderId, runningApi, services } from './running-api.ts';

let etag: string | undefined;
/** Long enough to be worth compressing. */
const shown = (revision: bigint): Order => ({ ...aShownOrder, revision, paymentMethod: 'x'.repeat(4_000) });
/** Lets the watched order change, one message at a time. */
const changes: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
const { api, token, metadata } = await runningApi({
  services: services({
    'orders.v1.OrderService': {
      getOrder: () => Promise.resolve(answered(shown(3n))),
      watchOrder: () => Promise.resolve(answered(watched())),
      cancelOrder: (request) => {
        etag = request.etag;
        return Promise.resolve(answered({ revision: 4n, consistencyToken: '' }));
      },
    },
  }),
});

async function* watched(): AsyncGenerator<Order, undefined, undefined> {
  yield shown(3n);
  for (const [nth, { promise }] of changes.entries()) {
    await promise;
    yield shown(4n + BigInt(nth));
  }
}

/** The product's NGINX before an api, as its template has it. */
const startNginx = async (apiHttp: string, apiGrpc: string): Promise<{ readonly http: string; readonly grpc: string }> => {
  const program = findProgram('nginx');
  if (!program) throw new Error('nginx is not on this machine: npm test says how to get it');
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const http = `127.0.0.1:${await nextFree(24_000)}`;
  const grpc = `127.0.0.1:${await nextFree(24_500)}`;
  const values: Readonly<Record<string, string>> = { HTTP_LISTEN: http, GRPC_LISTEN: grpc, API_HTTP: apiHttp, API_GRPC: apiGrpc, RUN_FOLDER: folder };
  const template = await readFile(join(import.meta.dirname, '../../infra/nginx/nginx.conf'), 'utf8');
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    template.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name]!),
  );
  const directives = `daemon off;${isRoot() ? ' user root;' : ''}`;
  const nginx = spawn(program, ['-p', folder, '-c', file, '-g', directives], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  nginx.stderr.on('data', (text) => (said += text));
  const ended = once(nginx, 'exit');
  afterwards(async () => {
    nginx.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  });
  await eventually('NGINX answers', async () => nginx.exitCode !== null || (await fetch(`http://${http}/`).catch(() => undefined))?.status === 404);
  assert.equal(nginx.exitCode, null, said);
  return { http, grpc };
};
const { http, grpc } = await startNginx(new URL(api.httpUrl).host, `127.0.0.1:${api.grpcPort}`);

const ask = async (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<IncomingMessage & { readonly bytes: Buffer }> => {
  const authorization = `Bearer ${await token('support')}`;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`http://${http}${path}`, { method, headers: { authorization, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Object.assign(answer, { bytes: Buffer.concat(chunks) })));
    });
    sent.on('error', reject);
    sent.end(body);
  });
};

test('an entity tag that NGINX made weak by compressing is taken back as If-Match', async () => {
  const read = await ask('GET', `/v1/orders/${orderId}`, { 'accept-encoding': 'gzip' });
  assert.equal(read.headers['content-encoding'], 'gzip');
  assert.equal(JSON.parse(gunzipSync(read.bytes).toString()).order_id, orderId);
  assert.equal(read.headers.etag, 'W/"3"');
  const changed = await ask('POST', `/v1/orders/${orderId}:cancel`, { 'if-match': read.headers.etag });
  assert.equal(changed.statusCode, 200);
  assert.equal(etag, '3');
  assert.equal(changed.headers.etag, '"4"');
});

test('each event of a stream passes NGINX when it is sent, not compressed', async () => {
  const answer = await fetch(`http://${http}/v1/orders/${orderId}:watch`, {
    headers: { authorization: `Bearer ${await token('support')}`, 'accept-encoding': 'gzip' },
  });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  assert.equal(answer.headers.get('content-encoding'), null);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  for (const revision of [3, 4, 5]) {
    while (!heard.includes(`"revision":"${revision}"`)) {
      const { done, value } = await reader.read();
      assert.ok(!done, `${heard} and no more`);
      heard += value;
    }
    changes[revision - 3]?.resolve();
  }
  await reader.cancel();
});

test('a body that is too large is refused by NGINX as the api would', async () => {
  const answer = await ask('POST', '/v1/orders', { 'content-type': 'application/json' }, Buffer.alloc(2 ** 20 + 1));
  assert.equal(answer.statusCode, 413);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(JSON.parse(answer.bytes.toString()).code, 'BODY_TOO_LARGE');
});

test('what is inside stays inside, and the docs are served', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics', '/']) assert.equal((await ask('GET', path)).statusCode, 404, path);
  assert.equal((await ask('GET', '/docs/json')).statusCode, 200);
});

test('an order is placed over gRPC through NGINX, and refusals keep their details', async () => {
  const client = new OrderServiceClient(grpc, credentials.createInsecure());
  afterwards(() => client.close());
  const md = await metadata('checkout');
  const failure = await failureOf(call((callback) => client.placeOrder({ ...anOrder, lines: [] } as never, md, callback)));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.ok(failure.fields.some((field) => field.startsWith('lines')));
  const support = await metadata();
  assert.equal((await call<Order>((callback) => client.getOrder({ orderId }, support, callback))).orderId, orderId);
});

test('without an api the answer says that the outcome is not known', async () => {
  const nowhere = await startNginx(`127.0.0.1:${await nextFree(24_800)}`, `127.0.0.1:${await nextFree(24_900)}`);
  const answer = await fetch(`http://${nowhere.http}/v1/orders/${orderId}`);
  assert.equal(answer.status, 504);
  assert.equal(((await answer.json()) as { code: string }).code, 'OUTCOME_UNKNOWN');
  const client = new OrderServiceClient(nowhere.grpc, credentials.createInsecure());
  afterwards(() => client.close());
  const md = await metadata();
  assert.equal((await failureOf(call((callback) => client.getOrder({ orderId }, md, callback)))).code, status.UNAVAILABLE);
});
