import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Order } from '../../src/contract/generated/orders/v1/orders.ts';
import { answered, refused, type Call, type Messages, type Refusal } from '../../src/platform/call.ts';
import { orderId, runningApi, services } from '../api/running-api.ts';
import { openProxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { clientsAt, clientsOf, errorOf, type OrderMethods } from './both-clients.ts';

// The published client follows an order, through both transports.

const empty = Order.decode(new Uint8Array());

/** A method that sends one order of each revision, then ends as it is told. */
const watching = (scripts: readonly { readonly revisions: readonly bigint[]; readonly end?: Refusal }[]) => {
  const asked: (bigint | undefined)[] = [];
  const watchOrder: OrderMethods['watchOrder'] = ({ afterRevision }) => {
    const { revisions, end } = scripts[asked.length % scripts.length]!;
    asked.push(afterRevision);
    const messages = async function* (): Messages<Order> {
      for (const revision of revisions) yield { ...empty, revision };
      return end;
    };
    return Promise.resolve(answered(messages()));
  };
  return { asked, watchOrder };
};

const revisionsOf = async (orders: AsyncIterable<Order | { readonly revision: bigint }>): Promise<readonly bigint[]> => {
  const revisions = [];
  for await (const { revision } of orders) revisions.push(revision);
  return revisions;
};

test('an order is followed to its end', async (t) => {
  const { watchOrder } = watching([{ revisions: [0n, 1n, 2n] }]);
  for (const client of await clientsOf(t, { watchOrder: watchOrder! }))
    assert.deepEqual(await revisionsOf(client.watchOrder({ orderId })), [0n, 1n, 2n]);
});

test('who is sent away with the advice to come back does, and goes on behind what it has seen', async (t) => {
  const end = refused('unavailable', 'DRAINING', 'Come back.', { retryAfterMs: 10 });
  const { asked, watchOrder } = watching([{ revisions: [0n, 1n], end }, { revisions: [2n] }]);
  const reasons: string[] = [];
  for (const client of await clientsOf(t, { watchOrder: watchOrder! }, { onRetry: ({ code }) => void reasons.push(code) })) {
    asked.length = 0;
    assert.deepEqual(await revisionsOf(client.watchOrder({ orderId })), [0n, 1n, 2n]);
    assert.deepEqual(asked, [undefined, 1n]);
  }
  assert.deepEqual(reasons, ['DRAINING', 'DRAINING']);
});

test('whose token runs out on the way goes on with another', async (t) => {
  const end = refused('unauthenticated', 'TOKEN_EXPIRED', 'Come back with a new one.');
  const { watchOrder } = watching([{ revisions: [0n], end }, { revisions: [1n] }]);
  const api = await runningApi({ services: services({ 'orders.v1.OrderService': { watchOrder: watchOrder! } }) });
  const tokens = [await api.token('checkout'), await api.token('support')];
  const token = (old?: string): string => (old === undefined ? tokens[0]! : tokens[1]!);
  for (const client of clientsAt(t, api, { token })) assert.deepEqual(await revisionsOf(client.watchOrder({ orderId })), [0n, 1n]);
});

test('a refusal that does not say so is the end', async (t) => {
  const { asked, watchOrder } = watching([{ revisions: [0n], end: refused('forbidden', 'FORBIDDEN', 'No more.') }]);
  for (const client of await clientsOf(t, { watchOrder: watchOrder! })) {
    asked.length = 0;
    assert.equal((await errorOf(revisionsOf(client.watchOrder({ orderId })))).code, 'FORBIDDEN');
    assert.equal(asked.length, 1);
  }
});

test('who stops following is not sent to any more', async (t) => {
  const calls: Call[] = [];
  const watchOrder: OrderMethods['watchOrder'] = (_, call) => {
    calls.push(call);
    const messages = async function* (): Messages<Order> {
      yield empty;
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve, { once: true }));
      return undefined;
    };
    return Promise.resolve(answered(messages()));
  };
  for (const [index, client] of (await clientsOf(t, { watchOrder })).entries()) {
    for await (const order of client.watchOrder({ orderId })) {
      assert.equal(order.revision, 0n);
      break;
    }
    await eventually('the stream was ended', () => calls[index]?.signal.aborted ?? false);
  }
});

test('who loses the connection on the way comes back to where it was', async (t) => {
  const asked: (bigint | undefined)[] = [];
  const watchOrder: OrderMethods['watchOrder'] = ({ afterRevision }, { signal }) => {
    asked.push(afterRevision);
    const messages = async function* (): Messages<Order> {
      yield { ...empty, revision: BigInt(asked.length) };
      if (asked.length === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return undefined;
    };
    return Promise.resolve(answered(messages()));
  };
  const { api, token } = await runningApi({ services: services({ 'orders.v1.OrderService': { watchOrder } }) });
  const [grpc, rest] = await Promise.all([openProxy(`http://127.0.0.1:${api.grpcPort}`), openProxy(api.httpUrl)]);
  t.after(() => Promise.all([grpc.close(), rest.close()]));
  for (const client of clientsAt(t, { api: { grpcPort: grpc.port, httpUrl: rest.url } }, { token: await token('checkout') })) {
    asked.length = 0;
    const seen: bigint[] = [];
    for await (const { revision } of client.watchOrder({ orderId })) {
      if (seen.push(revision) > 1) continue;
      grpc.cut();
      rest.cut();
    }
    assert.deepEqual(
      [seen, asked],
      [
        [1n, 2n],
        [undefined, 1n],
      ],
    );
  }
});
