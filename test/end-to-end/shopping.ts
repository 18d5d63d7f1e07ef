import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../clients/typescript/src/client.ts';
import { ApiError, type Failure } from '../../clients/typescript/src/errors.ts';
import type { Clients, Via } from '../support/clients.ts';
import { placeOrderRequest } from '../support/requests.ts';

/** An order as its customer knows it: what was sent, and what was answered. */
export type Acknowledged = {
  readonly request: ReturnType<typeof placeOrderRequest>;
  readonly orderId: string;
  readonly revision: bigint;
  readonly cancelled: boolean;
};

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

/** Lets customers loose on an API, each with one order after another through both transports. */
export const goShopping = (clients: Clients, offerIds: readonly string[], customers: number): Shopping => {
  const acknowledged: Acknowledged[] = [];
  const heard: Heard[] = [];
  const unclear: string[] = [];
  let stopping = false;

  const hear = (failure: Failure | ApiError): boolean => {
    const what = heardOf(failure);
    if (what === undefined) unclear.push(`${failure.status} ${failure.code}: ${failure.message}`);
    else heard.push(what);
    return what !== undefined;
  };
  const open = (via: Via): Client => clients.as({ role: 'checkout' }, via, { deadlineMs: 5_000, onRetry: hear });
  const through = { grpc: open('grpc'), rest: open('rest') };

  /** Tries until there is an answer; undefined where a refusal cannot be made sense of. */
  const persist = async <Answer>(attempt: () => Promise<Answer>): Promise<Answer | undefined> => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!hear(error)) return undefined;
        await sleep((error.retryAfterMs ?? 50) * (1 + Math.random()));
      }
    }
  };

  const shop = async (): Promise<void> => {
    const customerId = randomUUID();
    for (let count = 0; !stopping; count += 1) {
      const [one, other] = count % 2 === 0 ? [through.grpc, through.rest] : [through.rest, through.grpc];
      const request = placeOrderRequest([offerIds[count % offerIds.length]!], { customerId, requestId: randomUUID() });
      const placed = await persist(() => one.placeOrder(request));
      if (!placed) continue;
      const { orderId, revision } = placed;
      const cancels = count % 3 === 2;
      const key = randomUUID();
      const cancelled = cancels && (await persist(() => other.cancelOrder({ orderId, requestId: key, reason: 'another colour' }))) !== undefined;
      acknowledged.push({ request, orderId, revision, cancelled });
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

/** Undefined where a client does not know what to do. */
const heardOf = ({ status, code, message, retryAfterMs }: Failure | ApiError): Heard | undefined => {
  if (retryAfterMs !== undefined) return 'try again';
  if (status === 'DEADLINE_EXCEEDED') return 'unknown';
  if (code !== 'CONNECTION_FAILED') return undefined;
  return /No connection established|ECONNREFUSED/.test(message) ? 'connection refused' : 'connection lost';
};
