import { refused, type Caller, type Messages, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, Gauge, type Registry } from '../platform/metrics.ts';
import { codeOf, type Failure } from './errors.ts';
import type { ReadyStream } from './methods.ts';
import type { Message } from './read-json.ts';
import { deadlineExceeded, failureOfThrown } from './thrown.ts';
import { openCall, type Transport } from './transport.ts';

/** What came of asking for a stream; no stream: all has been said already. */
export type Opening<Body> = { readonly kind: 'opened'; readonly stream: OpenStream<Body> | undefined } | Failure;

/** A stream for a transport to write. It holds on to what it needs until `items` was read to its end. */
export type OpenStream<Body> = {
  /** Each is made when it is asked for. In the end why there are no more; nothing: all was said, or nobody is there to be told. */
  readonly items: AsyncGenerator<Item<Body>, Failure | undefined, undefined>;
  /** Aborts when the stream ends before its time, so that nobody goes on waiting for a reader that does not read. */
  readonly signal: AbortSignal;
};

export type Item<Body> = { readonly message: Message; readonly body: Body };

/**
 * Writes a stream to its end, each message when the one before was taken; resolves with why it ended, nothing: all was said, or
 * nobody is there to be told.
 */
export const writeStream = async <Body>(
  { items, signal }: OpenStream<Body>,
  write: (body: Body, taken: () => void, message: Message) => void,
): Promise<Failure | undefined> => {
  for (;;) {
    const { done, value } = await items.next();
    if (done) return value;
    await new Promise<void>((resolve) => {
      const taken = (): void => {
        signal.removeEventListener('abort', taken);
        resolve();
      };
      signal.addEventListener('abort', taken);
      if (signal.aborted) taken();
      else write(value.body, taken, value.message);
    });
  }
};

/** One stream lasts at most this long: its reader then comes back to a server of the load balancer's choice. */
const longestMs = 30 * 60_000;
/** Readers that are all sent away at once come back spread over this time. */
const spreadMs = { least: 500, most: 3_000 } as const;

/** Runs the streams of a process: lets them last no longer than their callers' tokens, and ends them when the process drains. */
export const streamRunner = (options: {
  /** Asked again before each message. */
  readonly authorise: <Arrival>(
    method: ReadyStream,
    transport: Transport<Arrival, unknown>,
    arrival: Arrival,
  ) => Promise<Caller | Refusal> | Caller | Refusal;
  readonly logger: Logger;
  readonly metrics: Registry;
}) => {
  const { authorise, logger, metrics } = options;
  const labelNames = ['transport', 'method'] as const;
  const running = new Gauge({ name: 'api_streams_open', help: 'Streams that are being served.', labelNames, registers: [metrics] });
  const sent = new Counter({ name: 'api_stream_messages_total', help: 'Messages given to streams.', labelNames, registers: [metrics] });
  const endings = new Counter({
    name: 'api_streams_ended_total',
    help: 'Streams that ended, by gRPC code; CANCELLED: the caller went away.',
    labelNames: [...labelNames, 'code'],
    registers: [metrics],
  });
  const open = new Set<(why: Refusal) => void>();
  let draining: { readonly ended: Promise<void>; readonly end: () => void } | undefined;

  /** Opens a stream for a caller that was let in. */
  const openStream = async <Arrival, Body>(
    method: ReadyStream,
    request: { readonly caller: Caller; readonly message: Message },
    transport: Transport<Arrival, Body>,
    arrival: Arrival,
    correlationId: string,
  ): Promise<Opening<Body>> => {
    const { caller, message } = request;
    const asked = Math.max(transport.budgetMs(arrival), 0);
    const lastsMs = Math.min(asked, longestMs);
    const { call, abort } = openCall(caller, method.name, performance.now() + lastsMs, transport, arrival, correlationId);
    const { signal } = call;
    let ending: Refusal | undefined;
    const end = (why: Refusal): void => {
      if (signal.aborted) return;
      ending = why;
      abort(new DOMException(why.because, 'AbortError'));
    };
    const expiresInMs = (caller.expiresAt ?? Infinity) - Date.now();
    const timer =
      expiresInMs <= lastsMs
        ? setTimeout(() => end(tokenExpired), Math.max(expiresInMs, 0))
        : setTimeout(() => end(asked < longestMs ? deadlineExceeded : lastedLong()), lastsMs);
    const labels = { transport: transport.name, method: method.name };
    const closed = (): void => {
      clearTimeout(timer);
      open.delete(end);
      if (open.size === 0) draining?.end();
    };

    const items = async function* (messages: Messages<Message>): OpenStream<Body>['items'] {
      let outcome: Failure | undefined;
      try {
        for (;;) {
          const next = signal.aborted ? undefined : await messages.next();
          if (signal.aborted || !next) return (outcome = ending);
          if (next.done) return (outcome = next.value);
          const still = await authorise(method, transport, arrival);
          if ('kind' in still) return (outcome = still);
          sent.inc(labels);
          yield { message: next.value, body: transport.encode(arrival, next.value) };
        }
      } catch (error) {
        return (outcome = signal.aborted ? ending : failureOfThrown(logger, error, method.name, correlationId));
      } finally {
        closed();
        running.dec(labels);
        endings.inc({ ...labels, code: outcome ? codeOf(outcome) : signal.aborted ? 'CANCELLED' : 'OK' });
        await messages.return(undefined);
      }
    };

    open.add(end);
    if (draining) end(drained());
    try {
      const outcome = await method.open(message, call);
      if (outcome.kind === 'refused' || !outcome.message) {
        closed();
        return outcome.kind === 'refused' ? outcome : { kind: 'opened', stream: undefined };
      }
      running.inc(labels);
      return { kind: 'opened', stream: { items: items(outcome.message), signal } };
    } catch (error) {
      closed();
      throw error;
    }
  };

  return {
    openStream,
    /** Ends all streams, and those that are opened from now on. Resolves when the last has ended. */
    drain(): Promise<void> {
      if (!draining) {
        const { promise, resolve } = Promise.withResolvers<void>();
        draining = { ended: promise, end: resolve };
        for (const end of open) end(drained());
        if (open.size === 0) resolve();
      }
      return draining.ended;
    },
  };
};

const tokenExpired = refused('unauthenticated', 'TOKEN_EXPIRED', 'The bearer token has expired: come back with a new one.');

const comeBack = (code: string, because: string): Refusal =>
  refused('unavailable', code, because, { retryAfterMs: Math.round(spreadMs.least + Math.random() * (spreadMs.most - spreadMs.least)) });

const lastedLong = (): Refusal => comeBack('STREAM_LASTED_LONG', 'A stream lasts half an hour at most; open it again.');

const drained = (): Refusal => comeBack('DRAINING', 'This server is shutting down; open the stream again.');
