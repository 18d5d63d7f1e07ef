import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { PlaceOrderRequest, type PlaceOrderResponse } from '../../src/contract/generated/orders/v1/orders.ts';
import { RetryInfo } from '../../src/contract/generated/google/rpc/error_details.ts';
import { Status } from '../../src/contract/generated/google/rpc/status.ts';
import { call } from '../api/running-api.ts';
import { protobufJson, type Clients } from '../support/clients.ts';
import { placeOrderRequest } from '../support/requests.ts';

/** An order as its customer knows it: what was sent, and what was answered. */
export type Acknowledged = { readonly request: PlaceOrderRequest; readonly orderId: string; readonly revision: bigint; readonly cancelled: boolean };

/** Customers who order, and sometimes cancel, until they are told to stop. */
export type Shopping = {
  readonly acknowledged: readonly Acknowledged[];
  /** Every refusal and failure that somebody heard before trying again. */
  readonly heard: readonly Heard[];
  /** Answers after which a client does not know what to do. */
  readonly unclear: readonly string[];
  /** Lets everybody finish the order at hand. */
  readonly stop: () => Promise<void>;
};

/** `try again`: by the API, with the time to wait. `unknown`: send it again with the same key. The others are the connection's end. */
export type Heard = 'try again' | 'unknown' | 'connection refused' | 'connection lost';

type Attempt<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly heard: Heard; readonly afterMs?: number }
  | { readonly kind: 'unclear'; readonly what: string };
type Answer = { readonly orderId: string; readonly revision: bigint };

const checkout = { role: 'checkout' } as const;
const attemptMs = 5_000;

/** Places an order, once. The key is the request's id. */
export const place = (clients: Clients, request: PlaceOrderRequest, transport: 'grpc' | 'rest'): Promise<Attempt<Answer>> => {
  if (transport === 'grpc')
    return byGrpc<PlaceOrderResponse>(clients, (metadata, done) => clients.orders.placeOrder(request, metadata, within(), done));
  const body = protobufJson('orders.v1.PlaceOrderRequest', PlaceOrderRequest.encode({ ...request, requestId: '' }).finish(), 'set');
  return byRest(clients, '/v1/orders', body, request.requestId);
};

const cancel = async (clients: Clients, orderId: string, requestId: string, transport: 'grpc' | 'rest'): Promise<Attempt<Answer>> => {
  if (transport === 'rest') return byRest(clients, `/v1/orders/${orderId}:cancel`, { reason: 'another colour' }, requestId);
  return byGrpc<Answer>(clients, (metadata, done) =>
    clients.orders.cancelOrder({ orderId, requestId, reason: 'another colour', etag: '' }, metadata, within(), done as never),
  );
};

/** Lets customers loose on an API, each with one order after another through both transports. */
export const goShopping = (clients: Clients, offerIds: readonly string[], customers: number): Shopping => {
  const acknowledged: Acknowledged[] = [];
  const heard: Heard[] = [];
  const unclear: string[] = [];
  let stopping = false;

  /** Tries until there is an answer; undefined where one cannot be made sense of. */
  const persist = async (attempt: () => Promise<Attempt<Answer>>): Promise<Answer | undefined> => {
    for (;;) {
      const outcome = await attempt();
      switch (outcome.kind) {
        case 'answered':
          return outcome.answer;
        case 'failed':
          heard.push(outcome.heard);
          await sleep((outcome.afterMs ?? 50) * (1 + Math.random()));
          break;
        case 'unclear':
          unclear.push(outcome.what);
          return undefined;
      }
    }
  };

  const shop = async (): Promise<void> => {
    const customerId = randomUUID();
    for (let count = 0; !stopping; count += 1) {
      const [one, other] = count % 2 === 0 ? (['grpc', 'rest'] as const) : (['rest', 'grpc'] as const);
      const request = placeOrderRequest([offerIds[count % offerIds.length]!], { customerId, requestId: randomUUID() });
      const placed = await persist(() => place(clients, request, one));
      if (!placed) continue;
      const cancels = count % 3 === 2;
      const key = randomUUID();
      const cancelled = cancels && (await persist(() => cancel(clients, placed.orderId, key, other))) !== undefined;
      acknowledged.push({ request, orderId: placed.orderId, revision: placed.revision, cancelled });
      await sleep(150 * Math.random());
    }
  };
  const shopping = Array.from({ length: customers }, shop);
  return {
    acknowledged,
    heard,
    unclear,
    async stop() {
      stopping = true;
      await Promise.all(shopping);
    },
  };
};

const within = (): { readonly deadline: Date } => ({ deadline: new Date(Date.now() + attemptMs) });

const byGrpc = async <Message extends { readonly revision: bigint; readonly orderId?: string }>(
  clients: Clients,
  send: (metadata: Awaited<ReturnType<Clients['metadata']>>, done: (error: ServiceError | null, message: Message) => void) => unknown,
): Promise<Attempt<Answer>> => {
  const metadata = await clients.metadata(checkout);
  try {
    const { revision, orderId = '' } = await call<Message>((done) => send(metadata, done));
    return { kind: 'answered', answer: { orderId, revision } };
  } catch (error) {
    const { code, details, metadata: trailer } = error as ServiceError;
    const [bytes] = trailer.get('grpc-status-details-bin');
    const retryInfo = bytes && Status.decode(bytes as Buffer).details.find(({ typeUrl }) => typeUrl.endsWith('google.rpc.RetryInfo'));
    if (code === status.DEADLINE_EXCEEDED) return { kind: 'failed', heard: 'unknown' };
    if (code === status.UNAVAILABLE && retryInfo) {
      const { seconds, nanos } = RetryInfo.decode(retryInfo.value).retryDelay!;
      return { kind: 'failed', heard: 'try again', afterMs: Number(seconds) * 1_000 + nanos / 1e6 };
    }
    if (code === status.UNAVAILABLE && bytes === undefined)
      return { kind: 'failed', heard: /No connection established|ECONNREFUSED/.test(details) ? 'connection refused' : 'connection lost' };
    return { kind: 'unclear', what: `gRPC ${status[code]}: ${details}` };
  }
};

const byRest = async (clients: Clients, path: string, body: unknown, key: string): Promise<Attempt<Answer>> => {
  try {
    const answer = await clients.rest(checkout, 'POST', path, body, { 'idempotency-key': key });
    if (answer.status === 200 || answer.status === 201)
      return { kind: 'answered', answer: { orderId: answer.body.order_id, revision: BigInt(answer.body.revision) } };
    const retryAfter = answer.headers.get('retry-after');
    if (answer.status === 503 && retryAfter !== null) return { kind: 'failed', heard: 'try again', afterMs: Number(retryAfter) * 1_000 };
    if (answer.status === 504) return { kind: 'failed', heard: 'unknown' };
    return { kind: 'unclear', what: `REST ${answer.status}: ${JSON.stringify(answer.body)}` };
  } catch (error) {
    // What fetch throws when the connection fails.
    if (!(error instanceof TypeError)) throw error;
    const code = (error as { cause?: { code?: string } }).cause?.code;
    return { kind: 'failed', heard: code === 'ECONNREFUSED' ? 'connection refused' : 'connection lost' };
  }
};
