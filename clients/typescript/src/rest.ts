import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream';
import { createClient, type Client, type ClientOptions } from './client.ts';
import type { Message, Method } from './method.ts';
import { restFailure } from './rest-failure.ts';
import { restRequest } from './rest-request.ts';
import { noAnswer, noConnection, type Attempt, type Reply, type Transport } from './transport.ts';

/** A client of the REST API, for browsers and whatever else has `fetch`. */
export const restClient = (
  options: ClientOptions & {
    /** Where the API is: `https://orders.example`. */
    readonly url: string;
  },
): Client => createClient(restTransport(options.url.replace(/\/+$/, '')), options);

const restTransport = (url: string): Transport => ({
  send: (method, request, attempt) => send(url, method, request, attempt),
  follow: (method, request, attempt) => follow(url, method, request, attempt),
  close: () => {},
});

const send = async (url: string, method: Method, request: Message, attempt: Attempt): Promise<Reply> => {
  const { signal, timeoutMs } = attempt;
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    const response = await open(url, method, request, attempt.headers, anyOf(signal, timeout));
    const text = await response.text();
    if (!response.ok) return { kind: 'failed', failure: restFailure(response.status, response.headers, text) };
    return { kind: 'answered', message: method.response.fromJSON(JSON.parse(text)) as Message };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return timeout?.aborted ? noAnswer : lost(error as Error);
  }
};

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): messages, then `end` where all was said, or `problem`
 * with the problem details and perhaps the time to wait. Events that just stop are a connection that was lost.
 */
async function* follow(url: string, method: Method, request: Message, { headers, signal }: Attempt): AsyncGenerator<Reply, void, undefined> {
  const ended = new AbortController();
  try {
    const response = await open(url, method, request, { ...headers, accept: 'text/event-stream' }, anyOf(signal, ended.signal));
    if (!response.ok) {
      yield { kind: 'failed', failure: restFailure(response.status, response.headers, await response.text()) };
      return;
    }
    if (response.status === noContent) return;
    for await (const { event, data, retryMs } of eventsOf(response)) {
      if (event === 'end') return;
      if (event === 'problem') {
        const { status = 500 } = JSON.parse(data) as { readonly status?: number };
        const failure = restFailure(status, response.headers, data);
        yield { kind: 'failed', failure: retryMs === undefined ? failure : { ...failure, retryAfterMs: retryMs } };
        return;
      }
      yield { kind: 'answered', message: method.response.fromJSON(JSON.parse(data)) as Message };
    }
    yield noConnection('The stream of events ended without a word.');
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    yield lost(error as Error);
  } finally {
    ended.abort();
  }
}

/** There is nothing to follow. */
const noContent = 204;

const open = (url: string, method: Method, request: Message, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> => {
  const { verb, path, body } = restRequest(method, request);
  return fetch(url + path, {
    method: verb,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
    signal,
  });
};

/** By hand: not every browser iterates over a stream. */
async function* eventsOf({ body }: Response): AsyncGenerator<EventSourceMessage & { readonly retryMs: number | undefined }, void, undefined> {
  if (!body) return;
  let retryMs: number | undefined;
  const parser = new EventSourceParserStream({ onRetry: (givenMs) => (retryMs = givenMs) });
  const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(parser).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield { ...value, retryMs };
  }
}

const anyOf = (...signals: readonly (AbortSignal | undefined)[]): AbortSignal => AbortSignal.any(signals.filter((signal) => signal !== undefined));

/** What fetch throws tells why in its cause, where it tells at all. */
const lost = (error: Error): Reply => noConnection(error.cause instanceof Error ? error.cause.message : error.message, error);
