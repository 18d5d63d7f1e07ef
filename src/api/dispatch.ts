import { randomUUIDv7 } from 'node:crypto';
import { status as grpcStatus } from '@grpc/grpc-js';
import { refused, type Call, type Caller, type FieldViolation, type Outcome, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { durationBuckets, Gauge, Histogram, type Registry } from '../platform/metrics.ts';
import type { Authenticate } from './authenticate.ts';
import { errorTable, type Failure } from './errors.ts';
import type { ReadyMethod } from './methods.ts';
import type { Message } from './read-json.ts';

/** What dispatching needs from a transport; `Arrival` is its own view of one request. */
export type Transport<Arrival, Body> = {
  readonly name: 'grpc' | 'rest';
  /** A header, or metadata; names in lower case. */
  readonly header: (arrival: Arrival, name: string) => string | undefined;
  /** How long the caller is willing to wait, in milliseconds; Infinity where it does not say. */
  readonly budgetMs: (arrival: Arrival) => number;
  /** The request's message, or why there is none; what is wrong with single fields goes to `violations`. */
  readonly decode: (arrival: Arrival, violations: FieldViolation[]) => Decoded;
  readonly encode: (arrival: Arrival, message: Message) => Body;
  /** Calls back when the caller goes away before it was answered, at once if it already has. */
  readonly onGone: (arrival: Arrival, listener: () => void) => void;
};

/** A message, or why the request cannot be one at all. */
export type Decoded = { readonly kind: 'decoded'; readonly message: Message } | Refusal;

/** What the caller gets: the method's message, encoded, or why there is none. */
export type Answer<Body> = { readonly kind: 'answered'; readonly message: Message; readonly body: Body } | Failure;

/** The one way to a method, for every transport: authenticate, scope, decode, validate, run, within the deadline. */
export type Dispatcher = {
  readonly dispatch: <Arrival, Body>(
    method: ReadyMethod,
    transport: Transport<Arrival, Body>,
    arrival: Arrival,
    correlationId: string,
  ) => Promise<Answer<Body>>;
  /** From now on new requests are refused as UNAVAILABLE. Resolves when all that run have ended. */
  readonly drain: () => Promise<void>;
  readonly isDraining: () => boolean;
};

/** Callers that name no deadline are answered within this. */
const defaultBudgetMs = 10_000;
/** Longer deadlines are cut to this. */
const maxBudgetMs = 600_000;

export const createDispatcher = (options: {
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly metrics: Registry;
}): Dispatcher => {
  const { authenticate, logger, metrics } = options;
  const durations = new Histogram({
    name: 'api_request_duration_seconds',
    help: 'Time from the arrival of a request to its answer, by transport, method and gRPC code.',
    labelNames: ['transport', 'method', 'code'],
    buckets: durationBuckets,
    registers: [metrics],
  });
  const collect = function (this: Gauge): void {
    this.set(running);
  };
  new Gauge({ name: 'api_requests_in_flight', help: 'Requests that are being worked on.', registers: [metrics], collect });
  let running = 0;
  let draining: { readonly ended: Promise<void>; readonly end: () => void } | undefined;

  const perform = async <Arrival, Body>(
    method: ReadyMethod,
    transport: Transport<Arrival, Body>,
    arrival: Arrival,
    correlationId: string,
  ): Promise<Answer<Body>> => {
    if (draining) return refused('unavailable', 'DRAINING', 'This server is shutting down; try again.');
    const authenticated = authenticate(transport.header(arrival, 'authorization'));
    const caller = authenticated instanceof Promise ? await authenticated : authenticated;
    if ('kind' in caller) return caller;
    if (!caller.scopes.has(method.scope))
      return refused('forbidden', 'SCOPE_MISSING', `This needs the scope ${method.scope}.`, { metadata: { scope: method.scope } });

    const violations: FieldViolation[] = [];
    const decoded = transport.decode(arrival, violations);
    if (decoded.kind === 'refused') return decoded;
    const undecodable = violations.length;
    method.validate(decoded.message, violations);
    if (violations.length > 0)
      return refused('invalid', 'INVALID_REQUEST', 'The request breaks the rules of some fields.', {
        fields: withoutEchoes(violations, undecodable),
      });
    const outcome = await withinDeadline(method, decoded.message, caller, transport, arrival, correlationId);
    return outcome.kind === 'answered' ? { kind: 'answered', message: outcome.message, body: transport.encode(arrival, outcome.message) } : outcome;
  };

  /** Runs the method; at the deadline the caller is answered, whether the method has noticed or not. */
  const withinDeadline = <Arrival>(
    method: ReadyMethod,
    message: Message,
    caller: Caller,
    transport: Transport<Arrival, unknown>,
    arrival: Arrival,
    correlationId: string,
  ): Promise<Outcome<Message>> =>
    new Promise((resolve, reject) => {
      const asked = transport.budgetMs(arrival);
      const budgetMs = asked === Infinity ? defaultBudgetMs : Math.min(Math.max(asked, 0), maxBudgetMs);
      const { call, abort } = openCall(caller, method.name, performance.now() + budgetMs, transport, arrival, correlationId);
      let answered = false;
      const timer = setTimeout(() => {
        answered = true;
        resolve(deadlineExceeded);
        abort(new DOMException('The deadline has passed.', 'TimeoutError'));
      }, budgetMs);
      running += 1;
      const ended = (): void => {
        clearTimeout(timer);
        running -= 1;
        if (running === 0) draining?.end();
      };
      const failed = (error: unknown): void => {
        ended();
        if (answered) logger.warn({ err: error, method: method.name, correlationId }, 'a method failed after its deadline');
        reject(error);
      };
      try {
        method.run(message, call).then((outcome) => {
          ended();
          resolve(outcome);
        }, failed);
      } catch (error) {
        failed(error);
      }
    });

  const failureOf = (error: unknown, method: string, correlationId: string): Failure => {
    const { name, unavailable } = (error ?? {}) as { readonly name?: unknown; readonly unavailable?: unknown };
    if (name === 'OutcomeUnknown')
      return refused('outcome_unknown', 'OUTCOME_UNKNOWN', 'Whether this took effect is not known; send it again with the same key.');
    if (name === 'TimeoutError') return deadlineExceeded;
    if (name === 'StoreUnavailable' || unavailable === true) {
      logger.warn({ err: error, method, correlationId }, 'a dependency is unavailable');
      return refused('unavailable', 'UNAVAILABLE', 'Something this depends on does not answer; try again.');
    }
    const incident = randomUUIDv7();
    logger.error({ err: error, incident, method, correlationId }, 'a method failed');
    return { kind: 'failed', incident };
  };

  return {
    async dispatch<Arrival, Body>(method: ReadyMethod, transport: Transport<Arrival, Body>, arrival: Arrival, correlationId: string) {
      const started = performance.now();
      let answer: Answer<Body>;
      try {
        answer = await perform(method, transport, arrival, correlationId);
      } catch (error) {
        answer = failureOf(error, method.name, correlationId);
      }
      const seconds = (performance.now() - started) / 1_000;
      const code = codeOf(answer);
      durations.observe({ transport: transport.name, method: method.name, code }, seconds);
      if (logger.isLevelEnabled('debug'))
        logger.debug({ transport: transport.name, method: method.name, code, durationMs: seconds * 1_000, correlationId }, 'request');
      return answer;
    },
    drain() {
      if (!draining) {
        const { promise, resolve } = Promise.withResolvers<void>();
        draining = { ended: promise, end: resolve };
        if (running === 0) resolve();
      }
      return draining.ended;
    },
    isDraining: () => draining !== undefined,
  };
};

/** The caller's correlation id where it is a sane token; a new one otherwise. */
export const correlationIdOf = (given: string | undefined): string =>
  given !== undefined && /^[A-Za-z0-9_.:-]{1,100}$/.test(given) ? given : randomUUIDv7();

const codeOf = (answer: Answer<unknown>): string => {
  switch (answer.kind) {
    case 'answered':
      return 'OK';
    case 'refused':
      return grpcStatus[errorTable[answer.status].grpc];
    case 'failed':
      return 'INTERNAL';
  }
};

const deadlineExceeded = refused(
  'outcome_unknown',
  'DEADLINE_EXCEEDED',
  'The deadline passed before the outcome was known; send it again with the same key.',
);

/** The signal is made when it is first asked for: most calls end without anyone asking. */
const openCall = <Arrival>(
  caller: Caller,
  method: string,
  deadline: number,
  transport: Transport<Arrival, unknown>,
  arrival: Arrival,
  correlationId: string,
): { readonly call: Call; readonly abort: (reason: Error) => void } => {
  let controller: AbortController | undefined;
  let aborted: Error | undefined;
  const abort = (reason: Error): void => {
    aborted ??= reason;
    controller?.abort(aborted);
  };
  const traceparent = transport.header(arrival, 'traceparent');
  const consistencyToken = transport.header(arrival, 'consistency-token');
  const call: Call = {
    caller,
    method,
    deadline,
    correlationId,
    ...(traceparent !== undefined && traceContext.test(traceparent) ? { traceparent } : {}),
    ...(consistencyToken !== undefined && consistencyToken !== '' ? { consistencyToken } : {}),
    get signal() {
      if (!controller) {
        controller = new AbortController();
        if (aborted) controller.abort(aborted);
        else transport.onGone(arrival, () => abort(new DOMException('The caller has gone away.', 'AbortError')));
      }
      return controller.signal;
    },
  };
  return { call, abort };
};

/** Leaves out what rules say about fields that could not be decoded in the first place (the first `undecodable` of all). */
const withoutEchoes = (violations: readonly FieldViolation[], undecodable: number): readonly FieldViolation[] => {
  const broken = violations.slice(0, undecodable);
  const isEcho = ({ field }: FieldViolation): boolean =>
    broken.some((other) => field === other.field || field.startsWith(`${other.field}.`) || field.startsWith(`${other.field}[`));
  return [...broken, ...violations.slice(undecodable).filter((violation) => !isEcho(violation))];
};

/** W3C Trace Context, version 00. */
const traceContext = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
