import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { PlaceOrderRequestInput } from '../../clients/typescript/src/generated/requests.ts';
import { grpcClient } from '../../clients/typescript/src/grpc.ts';
import { everyPage } from '../../clients/typescript/src/pages.ts';
import { restClient } from '../../clients/typescript/src/rest.ts';
import { errorTable } from '../../src/api/errors.ts';
import { Order, type PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered, refused, type Call, type Outcome, type RefusalStatus } from '../../src/platform/call.ts';
import { eventually } from '../support/eventually.ts';
import { customerId, offerId, orderId, runningApi, services } from '../api/running-api.ts';
import { clientsAt, clientsOf, errorOf, type OrderMethods } from './both-clients.ts';

// The published client against the real API with scripted methods: whatever is true through gRPC is true through REST.

const anOrder: PlaceOrderRequestInput = {
  customer: { customerId, name: 'Ada Lovelace', email: 'ada@example.org', language: 'en' },
  shippingAddress: { recipient: 'Ada Lovelace', line1: 'St James’s Square 12', postalCode: 'SW1Y 4JH', city: 'London', countryCode: 'GB' },
  lines: [{ offerId, quantity: 1, shownUnitPrice: { amountMinor: 39_900, currency: 'EUR' } }],
  paymentMethod: 'pm_card_visa',
};

const placed = (consistencyToken = 'token') => answered({ orderId, revision: 0n, consistencyToken });

test('the same call is the same request and the same answer through both transports', async (t) => {
  const requests: PlaceOrderRequest[] = [];
  const order = Order.decode(
    Order.encode({
      ...emptyOrder,
      revision: 7n,
      placedAt: new Date('2026-11-23T16:00:00Z'),
      total: { amountMinor: 39_900n, currency: 'EUR' },
    }).finish(),
  );
  const clients = await clientsOf(t, {
    placeOrder: (request) => {
      requests.push(request);
      return Promise.resolve(placed());
    },
    getOrder: () => Promise.resolve(answered(order)),
  });
  for (const client of clients) {
    assert.deepEqual(await client.placeOrder({ ...anOrder, requestId: 'key' }), { orderId, revision: 0n, consistencyToken: 'token' });
    assert.deepEqual(await client.getOrder({ orderId }), order);
  }
  assert.deepEqual(requests[0], requests[1]);
});

test('filters of a list arrive through both transports', async (t) => {
  const requests: unknown[] = [];
  const clients = await clientsOf(t, {
    listOrders: (request) => {
      requests.push(request);
      return Promise.resolve(answered({ orders: [], nextPageToken: '' }));
    },
  });
  for (const client of clients) await client.listOrders({ customerId, status: 'PLACED', pageSize: 2 });
  assert.deepEqual(requests[0], { customerId, merchantId: '', status: 'PLACED', pageSize: 2, pageToken: '' });
  assert.deepEqual(requests[0], requests[1]);
});

test('every row of the error table is the same error through both transports', async (t) => {
  let refusal = refused('invalid', '', '');
  const clients = await clientsOf(t, { getOrder: () => Promise.resolve(refusal) });
  for (const status of Object.keys(errorTable).filter((each) => each !== 'internal') as RefusalStatus[]) {
    // A minute is more than the deadline leaves: no call waits for it.
    const code = { id_taken: 'ID_TAKEN', method_unknown: 'PATH_UNKNOWN' }[status as string] ?? 'BECAUSE';
    refusal = refused(status, code, 'Because.', {
      retryAfterMs: 60_000,
      fields: [{ field: 'order_id', description: 'is odd' }],
      metadata: { a: 'b' },
    });
    const errors = await Promise.all(clients.map((client) => errorOf(client.getOrder({ orderId }))));
    const [byGrpc, byRest] = errors.map(({ status: name, code: reason, message, fields, metadata, retryAfterMs }) => {
      return { name, reason, message, fields, metadata, retryAfterMs };
    });
    assert.deepEqual(byRest, byGrpc, status);
    assert.equal(byGrpc?.retryAfterMs, errorTable[status].retryable ? 60_000 : undefined, status);
    assert.equal(byGrpc?.reason, code);
  }
});

test('a bug of the platform is told with its incident, through both transports', async (t) => {
  for (const client of await clientsOf(t, { getOrder: () => Promise.reject(new Error('a bug')) })) {
    const { status, code, metadata, correlationId } = await errorOf(client.getOrder({ orderId }));
    assert.deepEqual([status, code], ['INTERNAL', 'INTERNAL']);
    assert.match(metadata['incident']!, /^[0-9a-f-]{36}$/);
    assert.ok(correlationId);
  }
});

test('a call is tried again where the platform says so, with the same key', async (t) => {
  const keys: string[] = [];
  const clients = await clientsOf(t, {
    placeOrder: ({ requestId }) => {
      keys.push(requestId);
      return Promise.resolve(keys.length === 1 ? refused('unavailable', 'NOT_YET', 'Later.', { retryAfterMs: 10 }) : placed());
    },
  });
  for (const client of clients) {
    keys.length = 0;
    await client.placeOrder(anOrder);
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.match(keys[0]!, /^[0-9a-f]{32}$/);
  }
});

test('no call is tried again where the platform does not say so, and its error names the key', async (t) => {
  const keys: string[] = [];
  const refusals = [refused('precondition_failed', 'OUT_OF_STOCK', 'None left.'), refused('outcome_unknown', 'OUTCOME_UNKNOWN', 'Who knows.')];
  let refusal: Outcome<never>;
  const clients = await clientsOf(t, {
    placeOrder: ({ requestId }) => {
      keys.push(requestId);
      return Promise.resolve(refusal);
    },
  });
  for (const client of clients) {
    for (refusal of refusals) {
      keys.length = 0;
      const error = await errorOf(client.placeOrder(anOrder));
      assert.deepEqual(keys, [error.requestId]);
    }
  }
});

test('patience ends after four tries', async (t) => {
  let tries = 0;
  const [byGrpc] = await clientsOf(t, {
    getOrder: () => {
      tries += 1;
      return Promise.resolve(refused('unavailable', 'NOT_YET', 'Later.', { retryAfterMs: 5 }));
    },
  });
  assert.equal((await errorOf(byGrpc!.getOrder({ orderId }))).code, 'NOT_YET');
  assert.equal(tries, 4);
});

/** A method that works until nobody waits any more, and the signals of its calls. */
const silent = () => {
  const signals: AbortSignal[] = [];
  const getOrder = (_: unknown, { signal }: Call): Promise<Outcome<Order>> => {
    signals.push(signal);
    return aborted(signal).then(() => refused('unavailable', 'GONE', 'Nobody waits.'));
  };
  return { signals, getOrder };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));

test('a call has a deadline, and the platform stops working on it then', async (t) => {
  const { signals, getOrder } = silent();
  for (const client of await clientsOf(t, { getOrder }, { deadlineMs: 300 })) {
    const { status, code } = await errorOf(client.getOrder({ orderId }));
    assert.deepEqual([status, code], ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    await aborted(signals.at(-1)!);
  }
  assert.equal(signals.length, 2);
});

test('a call that nobody waits for any more is ended on both sides', async (t) => {
  const { signals, getOrder } = silent();
  for (const [index, client] of (await clientsOf(t, { getOrder }, { deadlineMs: 600_000 })).entries()) {
    const nobody = new AbortController();
    const calling = client.getOrder({ orderId }, { signal: nobody.signal });
    const refusing = assert.rejects(calling, { message: 'gone' });
    await eventually('the call arrived', () => signals.length > index, 5_000);
    nobody.abort(new Error('gone'));
    await refusing;
    await aborted(signals[index]!);
  }
});

test('a token that was refused is replaced once, and the call goes on', async (t) => {
  const api = await runningApi({ services: services({ 'orders.v1.OrderService': { getOrder: () => Promise.resolve(answered(emptyOrder)) } }) });
  const good = await api.token('checkout');
  const asked: (string | undefined)[] = [];
  const token = (refusedToken?: string): string => {
    asked.push(refusedToken);
    return refusedToken === 'old' ? good : 'old';
  };
  for (const client of clientsAt(t, api, { token })) {
    asked.length = 0;
    await client.getOrder({ orderId });
    assert.deepEqual(asked, [undefined, 'old']);
  }
  for (const client of clientsAt(t, api, { token: 'never good' }))
    assert.equal((await errorOf(client.getOrder({ orderId }))).status, 'UNAUTHENTICATED');
  let given = 0;
  for (const client of clientsAt(t, api, { token: () => `bad ${(given += 1)}` })) {
    given = 0;
    assert.equal((await errorOf(client.getOrder({ orderId }))).status, 'UNAUTHENTICATED');
    assert.equal(given, 2);
  }
});

/** A consistency token as the platform makes them. */
const tokenAt = (position: number): string => Buffer.from(`1:${orderId}:${String(position).padStart(16, '0')}`).toString('base64url');

/** Methods that tell what a read brought, and answer commands with the next of these tokens. */
const remembering = (tokens: string[]) => {
  const brought: (string | undefined)[] = [];
  const methods: OrderMethods = {
    placeOrder: () => Promise.resolve(placed(tokens.shift())),
    getOrder: (_, { consistencyToken }) => {
      brought.push(consistencyToken);
      return Promise.resolve(answered(emptyOrder));
    },
  };
  return { brought, methods };
};

test('a read waits for the newest of what was written before, in whatever order the answers came', async (t) => {
  const { brought, methods } = remembering([tokenAt(9), tokenAt(10), tokenAt(8), tokenAt(9), tokenAt(10), tokenAt(8)]);
  for (const client of await clientsOf(t, methods)) {
    brought.length = 0;
    await client.getOrder({ orderId });
    for (let count = 0; count < 3; count += 1) await client.placeOrder(anOrder);
    await client.getOrder({ orderId });
    await client.getOrder({ orderId }, { consistencyToken: '' });
    await client.getOrder({ orderId }, { consistencyToken: tokenAt(3) });
    assert.deepEqual(brought, [undefined, tokenAt(10), undefined, tokenAt(3)]);
    assert.equal(client.consistencyToken(), tokenAt(10));
  }
});

test('a session remembers what it wrote itself, and begins where it is told', async (t) => {
  const { brought, methods } = remembering([tokenAt(1), tokenAt(2)]);
  for (const client of await clientsOf(t, methods)) {
    brought.length = 0;
    await client.placeOrder(anOrder);
    await client.session().getOrder({ orderId });
    await client.session({ consistencyToken: tokenAt(5) }).getOrder({ orderId });
    assert.deepEqual(brought, [undefined, tokenAt(5)]);
  }
});

test('a token of a log that is no more is forgotten once the platform has said so', async (t) => {
  const { brought, methods } = remembering([tokenAt(1), tokenAt(2)]);
  const { placeOrder } = methods;
  const getOrder: OrderMethods['getOrder'] = (_, { consistencyToken }) => {
    brought.push(consistencyToken);
    return Promise.resolve(consistencyToken ? refused('precondition_failed', 'LOG_CHANGED', 'Another log.') : answered(emptyOrder));
  };
  for (const client of await clientsOf(t, { placeOrder: placeOrder!, getOrder })) {
    await client.placeOrder(anOrder);
    assert.equal((await errorOf(client.getOrder({ orderId }))).code, 'LOG_CHANGED');
    await client.getOrder({ orderId });
    assert.equal(brought.at(-1), undefined);
  }
});

test('a list is read page by page', async (t) => {
  const asked: string[] = [];
  const clients = await clientsOf(t, {
    listOrders: ({ pageToken }) => {
      asked.push(pageToken);
      return Promise.resolve(answered({ orders: [], nextPageToken: { '': 'b', b: 'c', c: '' }[pageToken] ?? '' }));
    },
  });
  for (const client of clients) {
    asked.length = 0;
    for await (const page of everyPage(client.listOrders, { customerId })) assert.deepEqual(page.orders, []);
    assert.deepEqual(asked, ['', 'b', 'c']);
  }
});

test('a platform that is away is an error that says so', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const clients = [
    grpcClient({ address: `127.0.0.1:${port}`, plaintext: true, token: 'token' }),
    restClient({ url: `http://127.0.0.1:${port}`, token: 'token' }),
  ];
  t.after(() => clients.forEach((client) => client.close()));
  for (const client of clients) {
    const { status, code, message } = await errorOf(client.getOrder({ orderId }));
    assert.deepEqual([status, code], ['UNAVAILABLE', 'CONNECTION_FAILED']);
    assert.match(message, /ECONNREFUSED/);
  }
});

const emptyOrder: Order = Order.decode(new Uint8Array());
