import type { CallOptions, StreamOptions } from './call-options.ts';
import { laterToken } from './consistency.ts';
import { ApiError, type Failure } from './errors.ts';
import { follow } from './follow.ts';
import { methods, type Methods } from './generated/methods.ts';
import type { Message, Method } from './method.ts';
import { pause, withJitter } from './patience.ts';
import type { TokenSource } from './tokens.ts';
import type { Reply, Transport } from './transport.ts';

/** The platform's methods, and what a client remembers. */
export type Client = Methods & {
  /** A client over the same connection with a memory, and perhaps a token, of its own: one for each person that a service acts for. */
  readonly session: (options?: { readonly token?: TokenSource; readonly consistencyToken?: string }) => Client;
  /** What the session's reads wait for: the newest token that a command of it answered; empty before the first. */
  readonly consistencyToken: () => string;
  readonly close: () => void;
};

export type ClientOptions = {
  readonly token: TokenSource;
  /** For calls that name none; 10 seconds when left out. */
  readonly deadlineMs?: number;
  /** Hears why a try is repeated, each time: for logs and counters. */
  readonly onRetry?: (failure: Failure) => void;
};

const defaultDeadlineMs = 10_000;
/** A call is tried so often at most. */
const maxTries = 4;

/** The client over a transport; `grpcClient` and `restClient` are made with it. */
export const createClient = (transport: Transport, options: ClientOptions & { readonly consistencyToken?: string }): Client => {
  const { token, deadlineMs = defaultDeadlineMs, onRetry = () => {} } = options;
  let newest = options.consistencyToken ?? '';

  const tokenFor = (refused?: string): string | Promise<string> => (typeof token === 'string' ? token : token(refused));
  const headersOf = (accessToken: string, given: StreamOptions): Readonly<Record<string, string>> => {
    const consistencyToken = given.consistencyToken ?? newest;
    return {
      ...given.headers,
      authorization: `Bearer ${accessToken}`,
      ...(consistencyToken === '' ? {} : { 'consistency-token': consistencyToken }),
    };
  };

  /** Learns from a reply: what later reads wait for, or that what they wait for will not come. */
  const learn = (reply: Reply): void => {
    if (reply.kind === 'failed') {
      if (reply.failure.code === 'LOG_CHANGED') newest = '';
    } else {
      const { consistencyToken } = reply.message;
      if (typeof consistencyToken === 'string' && consistencyToken !== '') newest = laterToken(newest, consistencyToken);
    }
  };

  const call = async (method: Method, input: object, given: CallOptions = {}): Promise<Message> => {
    const request = requestOf(method, input);
    const { signal } = given;
    const deadline = performance.now() + (given.deadlineMs ?? deadlineMs);
    const fail = (failure: Failure): ApiError => new ApiError(failure, request['requestId'] as string | undefined);
    let accessToken = await tokenFor();
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      signal?.throwIfAborted();
      const timeoutMs = Math.max(Math.ceil(deadline - performance.now()), 1);
      const reply = await transport.send(method, request, { headers: headersOf(accessToken, given), timeoutMs, signal });
      learn(reply);
      if (reply.kind === 'answered') return reply.message;
      const { failure } = reply;
      if (failure.status === 'UNAUTHENTICATED' && !renewed) {
        // Refused before anything was done: once more, where there is another token.
        renewed = true;
        const other = await tokenFor(accessToken);
        if (other === accessToken) throw fail(failure);
        accessToken = other;
        continue;
      }
      const delayMs = failure.retryAfterMs === undefined ? Infinity : withJitter(failure.retryAfterMs);
      if (tries >= maxTries || performance.now() + delayMs >= deadline) throw fail(failure);
      onRetry(failure);
      await pause(delayMs, signal);
    }
  };

  const watch = (method: Method, input: object, given: StreamOptions = {}): AsyncIterable<Message> =>
    follow({
      transport,
      method,
      request: requestOf(method, input),
      signal: given.signal,
      tokenFor,
      headersOf: (held) => headersOf(held, given),
      onRetry,
    });

  const calls = Object.entries<Method>(methods).map(([name, method]) => {
    const { answers } = method;
    return [name, (input: object, given?: CallOptions) => (answers === 'stream' ? watch : call)(method, input, given)];
  });
  return {
    ...(Object.fromEntries(calls) as Methods),
    session: (own = {}) => createClient(transport, { token, deadlineMs, onRetry, ...own }),
    consistencyToken: () => newest,
    close: transport.close,
  };
};

/** The message that is sent: what was left out is empty, and a command has a key, so that sending it twice is doing it once. */
const requestOf = ({ request }: Method, input: object): Message => {
  const message = request.fromPartial(input as never) as Message;
  if (message['requestId'] === '') message['requestId'] = newKey();
  return message;
};

/** A key that nobody else has: 128 random bits. (`randomUUID` is not there on pages without TLS.) */
const newKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
