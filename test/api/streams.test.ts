import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mock, test } from 'node:test';
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { Order, type WatchOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import type { Authenticate } from '../../src/api/authenticate.ts';
import type { ReadyStream, Services } from '../../src/api/methods.ts';
import { streamRunner, writeStream } from '../../src/api/streams.ts';
import type { Transport } from '../../src/api/transport.ts';
import { answered, refused, type Call, type Caller, type Messages } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { eventsOf, type ServerSentEvent } from '../support/event-stream.ts';
import { until } from '../support/stand.ts';
import { call, failureOf, merchantId, orderId, runningApi, services, type GrpcFailure, type RunningApi } from './running-api.ts';

const orderAt = (revision: number, more: Partial<Order> = {}): Order => ({
  ...Order.decode(new Uint8Array()),
  orderId,
  revision: BigInt(revision),
  ...more,
});

type Watch = Services['orders.v1.OrderService']['watchOrder'];

/** An API whose orders are watched so. */
const serving = (watchOrder: Watch, options: Parameters<typeof runningApi>[0] = {}): Promise<RunningApi> =>
  runningApi({ services: services({ 'orders.v1.OrderService': { watchOrder } }), ...options });

/** Tells these revisions, one after the other, and ends. */
const telling =
  (...revisions: readonly number[]): Watch =>
  () =>
    Promise.resolve(
      answered(
        (async function* (): Messages<Order> {
          for (const revision of revisions) yield orderAt(revision);
          return undefined;
        })(),
      ),
    );

/** Tells one order and then nothing, until its signal aborts; says when that was begun, when the order was told, and when it ended. */
const lasting = () => {
  const opened = Promise.withResolvers<Call>();
  const told = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const watchOrder: Watch = (_, its) => {
    opened.resolve(its);
    const messages = async function* (): Messages<Order> {
      try {
        yield orderAt(0);
        told.resolve();
        if (!its.signal.aborted) await once(its.signal, 'abort');
        return undefined;
      } finally {
        closed.resolve();
      }
    };
    return Promise.resolve(answered(messages()));
  };
  return { opened: opened.promise, told: told.promise, closed: closed.promise, watchOrder };
};

const request: WatchOrderRequest = { orderId, afterRevision: undefined };

const overGrpc = async ({ orders, metadata }: RunningApi, deadline?: number): Promise<ClientReadableStream<Order>> =>
  orders.watchOrder(request, await metadata(), deadline === undefined ? {} : { deadline });

const overRest = async ({ api, token }: RunningApi, headers: Readonly<Record<string, string>> = {}, query = ''): Promise<Response> =>
  fetch(`${api.httpUrl}/v1/orders/${orderId}:watch${query}`, { headers: { authorization: `Bearer ${await token('support')}`, ...headers } });

const revisionsOf = async (stream: ClientReadableStream<Order>): Promise<readonly bigint[]> => {
  const revisions: bigint[] = [];
  for await (const { revision } of stream) revisions.push(revision as bigint);
  return revisions;
};

/** How a stream that must fail failed. */
const endOf = (stream: ClientReadableStream<Order>): Promise<GrpcFailure> =>
  failureOf(new Promise((_, reject) => void stream.on('data', () => undefined).on('error', (error: ServiceError) => reject(error))));

const all = async (response: Response): Promise<readonly ServerSentEvent[]> => {
  const events: ServerSentEvent[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
};

test('over gRPC a stream tells its messages in order and ends with OK', async () => {
  const stream = await overGrpc(await serving(telling(0, 1, 5)));
  const ended = once(stream, 'status');
  assert.deepEqual(await revisionsOf(stream), [0n, 1n, 5n]);
  assert.equal(((await ended) as [{ code: number }])[0].code, status.OK);
});

test('over REST a stream is server-sent events with the revision as id, and says when all was said', async () => {
  const response = await overRest(await serving(telling(0, 5)), { 'accept-encoding': 'gzip', 'x-correlation-id': 'mine' });
  assert.equal(response.status, 200);
  const headers = ['content-type', 'cache-control', 'x-accel-buffering', 'content-encoding', 'x-correlation-id'];
  assert.deepEqual(
    headers.map((name) => response.headers.get(name)),
    ['text/event-stream', 'no-store', 'no', null, 'mine'],
  );
  const events = await all(response);
  assert.deepEqual(
    events.map(({ event, id }) => [event, id]),
    [
      [undefined, '0'],
      [undefined, '5'],
      ['end', undefined],
    ],
  );
  const { order_id: told, revision } = JSON.parse(events[1]!.data!) as Record<string, unknown>;
  assert.deepEqual([told, revision], [orderId, '5']);
});

test('where nothing is to come any more gRPC ends with OK at once, and REST answers 204, after which browsers stay away', async () => {
  const its = await serving(() => Promise.resolve(answered(undefined)));
  assert.deepEqual(await revisionsOf(await overGrpc(its)), []);
  const response = await overRest(its);
  assert.deepEqual([response.status, await response.text()], [204, '']);
});

test('what is refused before its first message is refused like any other call', async () => {
  const its = await serving(() => Promise.resolve(refused('too_many', 'TOO_MANY_WATCHES', 'No.', { retryAfterMs: 5_000 })));
  const failure = await endOf(await overGrpc(its));
  assert.deepEqual([failure.code, failure.reason, failure.retryAfterMs], [status.RESOURCE_EXHAUSTED, 'TOO_MANY_WATCHES', 5_000]);
  const response = await overRest(its);
  assert.deepEqual(
    [response.status, ((await response.json()) as { code: string }).code, response.headers.get('retry-after')],
    [429, 'TOO_MANY_WATCHES', '5'],
  );
});

test('a stream is not opened without a token, without the scope, and for a request that breaks the rules', async () => {
  const { rest, orders, metadata } = await serving(() => assert.fail('opened'));
  assert.equal((await rest(`/v1/orders/${orderId}:watch`, { headers: { authorization: '' } })).body.code, 'TOKEN_REQUIRED');
  assert.equal((await rest(`/v1/orders/${orderId}:watch`, { role: 'analytics' })).body.code, 'SCOPE_MISSING');
  assert.equal((await rest('/v1/orders/x:watch')).body.code, 'INVALID_REQUEST');
  assert.equal((await rest(`/v1/orders/${orderId}:watch`, { headers: { 'last-event-id': 'x' } })).body.fields[0].field, 'after_revision');
  const failure = await endOf(orders.watchOrder({ orderId, afterRevision: -1n }, await metadata()));
  assert.deepEqual(failure.fields, ['after_revision must be from 0 to 2147483647']);
});

test('who comes back over REST says with Last-Event-ID where it was, whatever the query says', async () => {
  const asked: (bigint | undefined)[] = [];
  const its = await serving(({ afterRevision }) => {
    asked.push(afterRevision as bigint | undefined);
    return Promise.resolve(answered(undefined));
  });
  for (const [headers, query] of [
    [{}],
    [{}, '?after_revision=3'],
    [{ 'last-event-id': '7' }, '?after_revision=3'],
    [{ 'last-event-id': '' }],
  ] as const)
    await overRest(its, headers, query);
  assert.deepEqual(asked, [undefined, 3n, 7n, undefined]);
});

test('a refusal in the middle is told after the messages before it, with the time to wait', async () => {
  const watchOrder: Watch = () =>
    Promise.resolve(
      answered(
        (async function* (): Messages<Order> {
          yield orderAt(0);
          return refused('unavailable', 'AWAY', 'Come back.', { retryAfterMs: 1_500 });
        })(),
      ),
    );
  const its = await serving(watchOrder);
  const stream = await overGrpc(its);
  const told = once(stream, 'data');
  const failure = await endOf(stream);
  assert.equal(((await told) as [Order])[0].revision, 0n);
  assert.deepEqual([failure.code, failure.reason, failure.retryAfterMs], [status.UNAVAILABLE, 'AWAY', 1_500]);
  const [first, last] = await all(await overRest(its));
  assert.equal(first?.id, '0');
  assert.deepEqual([last?.event, last?.retry, (JSON.parse(last!.data!) as { code: string }).code], ['problem', '1500', 'AWAY']);
});

test('a stream whose method fails says no more than any other failure', async () => {
  const its = await serving(() =>
    Promise.resolve(
      answered(
        // oxlint-disable-next-line require-yield
        (async function* (): Messages<Order> {
          throw new Error('select secrets');
        })(),
      ),
    ),
  );
  const failure = await endOf(await overGrpc(its));
  assert.deepEqual([failure.code, failure.reason], [status.INTERNAL, 'INTERNAL']);
  const [problem] = await all(await overRest(its));
  assert.doesNotMatch(failure.message + problem!.data!, /secrets/);
});

for (const transport of ['grpc', 'rest'] as const) {
  test(`over ${transport} the work of a stream stops when its reader goes away`, async () => {
    const { opened, closed, watchOrder } = lasting();
    const its = await serving(watchOrder);
    if (transport === 'grpc') {
      const stream = await overGrpc(its);
      await once(stream, 'data');
      stream.on('error', () => undefined).cancel();
    } else {
      const events = eventsOf(await overRest(its));
      await events.next();
      await events.return();
    }
    await closed;
    assert.ok((await opened).signal.aborted);
    await until('it is counted', async () =>
      (await its.metrics.metrics()).includes(`method="orders.v1.OrderService/WatchOrder",code="CANCELLED",role="api"} 1`),
    );
  });

  test(`over ${transport} a stream ends with the caller's token`, async () => {
    const { opened, watchOrder } = lasting();
    const its = await serving(watchOrder);
    const short = `Bearer ${await its.token('support', 3)}`;
    if (transport === 'grpc') {
      const metadata = await its.metadata();
      metadata.set('authorization', short);
      const failure = await endOf(its.orders.watchOrder(request, metadata));
      assert.deepEqual([failure.code, failure.reason], [status.UNAUTHENTICATED, 'TOKEN_EXPIRED']);
    } else {
      const last = (await all(await overRest(its, { authorization: short }))).at(-1);
      assert.deepEqual([last?.event, (JSON.parse(last!.data!) as { code: string }).code], ['problem', 'TOKEN_EXPIRED']);
    }
    assert.ok((await opened).signal.aborted);
  });

  test(`over ${transport} draining ends streams with an invitation to come back`, async () => {
    const { told, closed, watchOrder } = lasting();
    const its = await serving(watchOrder, { drainMs: 30_000 });
    const ended =
      transport === 'grpc'
        ? overGrpc(its)
            .then(endOf)
            .then(({ code, reason, retryAfterMs }) => [code === status.UNAVAILABLE && reason, retryAfterMs] as const)
        : overRest(its)
            .then(all)
            .then((events) => [(JSON.parse(events.at(-1)!.data!) as { code: string }).code, Number(events.at(-1)!.retry)] as const);
    await told;
    await its.api.drain();
    await closed;
    const [code, retryAfterMs] = await ended;
    assert.equal(code, 'DRAINING');
    assert.ok(retryAfterMs! >= 500 && retryAfterMs! <= 3_000, `${retryAfterMs} ms`);
  });

  test(`over ${transport} who does not read has no messages made for it`, async () => {
    const large = 'x'.repeat(256 * 1024);
    const most = 500;
    let made = 0;
    const its = await serving(() =>
      Promise.resolve(
        answered(
          (async function* (): Messages<Order> {
            while (made < most) yield orderAt((made += 1), { paymentMethod: large });
            return undefined;
          })(),
        ),
      ),
    );
    let read: () => Promise<number>;
    if (transport === 'grpc') {
      // grpc-js holds the sender back only once its reader has asked for something.
      const messages = (await overGrpc(its))[Symbol.asyncIterator]() as AsyncIterator<Order>;
      await messages.next();
      read = async () => {
        let count = 1;
        while (!(await messages.next()).done) count += 1;
        return count;
      };
    } else {
      const response = await overRest(its);
      read = async () => (await all(response)).length - 1;
    }
    // It stands still once nothing more is made while other calls come and go.
    await until('it stands still', async () => {
      const before = made;
      for (let calls = 0; calls < 20; calls += 1) await its.rest(`/v1/orders/${orderId}`);
      return made > 0 && made === before;
    });
    assert.ok(made < most, `${made} messages were made for nobody`);
    assert.equal(await read(), most);
  });
}

for (const transport of ['grpc', 'rest'] as const) {
  test(`over ${transport} who does not read does not hold up the end of the server`, async () => {
    const large = 'x'.repeat(256 * 1024);
    const closed = Promise.withResolvers<void>();
    let made = 0;
    const its = await serving(
      (_, { signal }) =>
        Promise.resolve(
          answered(
            (async function* (): Messages<Order> {
              try {
                while (!signal.aborted) yield orderAt((made += 1), { paymentMethod: large });
                return undefined;
              } finally {
                closed.resolve();
              }
            })(),
          ),
        ),
      { drainMs: 2_000 },
    );
    if (transport === 'grpc') {
      const stream = (await overGrpc(its)).on('error', () => undefined);
      await once(stream, 'readable');
    } else await overRest(its);
    await until('it stands still', async () => {
      const before = made;
      for (let calls = 0; calls < 20; calls += 1) await its.rest(`/v1/orders/${orderId}`);
      return made > 0 && made === before;
    });
    await its.api.drain();
    await closed.promise;
  });
}

test('the deadline of a gRPC call ends its stream', async () => {
  const { opened, closed, watchOrder } = lasting();
  const stream = await overGrpc(await serving(watchOrder), Date.now() + 3_000);
  await opened;
  assert.equal((await endOf(stream)).code, status.DEADLINE_EXCEEDED);
  await closed;
  assert.ok((await opened).signal.aborted);
});

test('each message is sent only if the token is still good', async () => {
  let isGood = true;
  const authenticate: Authenticate = () =>
    isGood
      ? { issuer: 'i', subject: 's', scopes: new Set(['orders:read']) }
      : refused('unauthenticated', 'TOKEN_INVALID', 'The bearer token is not valid, or not any more.');
  const its = await serving(
    () =>
      Promise.resolve(
        answered(
          (async function* (): Messages<Order> {
            yield orderAt(0);
            isGood = false;
            yield orderAt(1);
            return undefined;
          })(),
        ),
      ),
    { authenticate },
  );
  const events = await all(await overRest(its));
  assert.deepEqual(
    events.map(({ event, id }) => event ?? id),
    ['0', 'problem'],
  );
  assert.equal((JSON.parse(events[1]!.data!) as { code: string }).code, 'TOKEN_INVALID');
});

test('a stream on which nothing happens is kept open by comments', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const { watchOrder } = lasting();
    const events = eventsOf(await overRest(await serving(watchOrder)));
    await events.next();
    mock.timers.tick(15_000);
    assert.deepEqual((await events.next()).value, { comment: '' });
    await events.return();
  } finally {
    mock.timers.reset();
  }
});

test('a stream cannot be had with HEAD, and the path says so', async () => {
  const { api } = await serving(() => assert.fail('opened'));
  const answer = await fetch(`${api.httpUrl}/v1/orders/${orderId}:watch`, { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, OPTIONS']);
});

test('a page of the console may read a stream', async () => {
  const its = await serving(telling(0), { consoleOrigin: 'https://console.example' });
  const response = await overRest(its, { origin: 'https://console.example' });
  assert.equal(response.headers.get('access-control-allow-origin'), 'https://console.example');
  await response.text();
});

test('open streams, their messages and their ends are counted', async () => {
  const { closed, watchOrder } = lasting();
  const its = await serving(watchOrder);
  const method = 'transport="rest",method="orders.v1.OrderService/WatchOrder"';
  const told = async (line: string): Promise<boolean> => (await its.metrics.metrics()).includes(line.replace('LABELS', method));
  const events = eventsOf(await overRest(its));
  await events.next();
  assert.ok(await told('api_streams_open{LABELS,role="api"} 1'));
  assert.ok(await told('api_stream_messages_total{LABELS,role="api"} 1'));
  await events.return();
  await closed;
  await until('it is over', () => told('api_streams_open{LABELS,role="api"} 0'));
  assert.ok(await told('api_streams_ended_total{LABELS,code="CANCELLED",role="api"} 1'));
});

test('while streams are open other calls are answered on the same connection', async () => {
  const { closed, watchOrder } = lasting();
  const its = await serving(watchOrder);
  const stream = await overGrpc(its);
  await once(stream, 'data');
  const metadata = await its.metadata('merchant');
  assert.equal((await failureOf(call((callback) => its.orders.getOrder({ orderId: merchantId }, metadata, callback)))).reason, 'NOT_USED');
  stream.on('error', () => undefined).cancel();
  await closed;
});

test('a stream lasts half an hour at most, and its reader is told to come back', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const caller: Caller = { issuer: 'i', subject: 's', scopes: new Set(['orders:read']), expiresAt: Date.now() + 86_400_000 };
    const transport: Transport<undefined, bigint> = {
      name: 'rest',
      header: () => undefined,
      budgetMs: () => Infinity,
      decode: () => ({ kind: 'decoded', message: {} }),
      encode: (_, { revision }) => revision as bigint,
      onGone: () => undefined,
    };
    const { watchOrder, told } = lasting();
    const method = { name: 'Test/Watch', open: watchOrder } as unknown as ReadyStream;
    const runner = streamRunner({ authorise: () => caller, logger: silent, metrics: createMetrics('test') });
    const opening = await runner.openStream(method, { caller, message: {} }, transport, undefined, 'c');
    assert.ok(opening.kind === 'opened' && opening.stream);
    const written: bigint[] = [];
    const ended = writeStream(opening.stream, (revision, taken) => {
      written.push(revision);
      taken();
    });
    await told;
    mock.timers.tick(30 * 60_000 - 1);
    assert.equal(opening.stream.signal.aborted, false);
    mock.timers.tick(1);
    const failure = await ended;
    assert.ok(failure?.kind === 'refused');
    assert.deepEqual([written, failure.status, failure.code], [[0n], 'unavailable', 'STREAM_LASTED_LONG']);
    assert.ok(failure.retryAfterMs! >= 500);
  } finally {
    mock.timers.reset();
  }
});
