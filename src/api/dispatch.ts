import { randomUUIDv7 } from 'node:crypto';
import { refused, type Caller, type FieldViolation, type Outcome, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { durationBuckets, Gauge, Histogram, type Registry } from '../platform/metrics.ts';
import type { Authenticate } from './authenticate.ts';
import { codeOf, isFailure, type Failure } from './errors.ts';
import type { Ready, ReadyMethod, ReadyStream } from './methods.ts';
import { unmetered, type Meter } from './rate-limits.ts';
import type { Message } from './read-json.ts';
import { streamRunner, type Opening } from './streams.ts';
import { deadlineExceeded, failureOfThrown } from './thrown.ts';
import { openCall, type Transport } from './transport.ts';

/** What the caller gets: the method's message, encoded, or why there is none. */
export type Answer<Body> = { readonly kind: 'answered'; readonly message: Message; readonly body: Body } | Failure;

/** The one way to a method, for every transport: authenticate, scope, count, decode, validate, run, within the deadline. */
export type Dispatcher = {
  readonly dispatch: <Arrival, Body>(
    method: ReadyMethod,
    transport: Transport<Arrival, Body>,
    arrival: Arrival,
    correlationId: string,
  ) => Promise<Answer<Body>>;
  /** The same for a method that streams: what is opened is for the transport to read to its end. */
  readonly open: <Arrival, Body>(
    method: ReadyStream,
    transport: Transport<Arrival, Body>,
    arrival: Arrival,
    correlationId: string,
  ) => Promise<Opening<Body>>;
  /** From now on new requests are refused as UNAVAILABLE, and streams end so. Resolves when all that run have ended. */
  readonly drain: () => Promise<void>;
  readonly isDraining: () => boolean;
};

/** Callers that name no deadline are answered within this. */
const defaultBudgetMs = 10_000;
/** Longer deadlines are cut to this. */
const maxBudgetMs = 600_000;

export const createDispatcher = (options: {
  readonly authenticate: Authenticate;
  /** How many requests callers may send; left out: as many as they like. */
  readonly meter?: Meter;
  readonly logger: Logger;
  readonly metrics: Registry;
}): Dispatcher => {
  const { authenticate, meter = unmetered, logger, metrics } = options;
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

  const authorise = <Arrival>(method: Ready, transport: Transport<Arrival, unknown>, arrival: Arrival): ReturnType<Authenticate> => {
    const authenticated = authenticate(transport.header(arrival, 'authorization'));
    return authenticated instanceof Promise ? authenticated.then((known) => within(method, known)) : within(method, authenticated);
  };

  /** Who calls and with which message; or why not. */
  const admit = async <Arrival>(method: Ready, transport: Transport<Arrival, unknown>, arrival: Arrival): Promise<Admitted | Refusal> => {
    if (draining) return refused('unavailable', 'DRAINING', 'This server is shutting down; try again.');
    const authorised = authorise(method, transport, arrival);
    const caller = authorised instanceof Promise ? await authorised : authorised;
    if ('kind' in caller) return caller;
    const metered = meter(caller, method.budget);
    const { quota, refusal } = metered instanceof Promise ? await metered : metered;
    if (quota) transport.tellQuota?.(arrival, quota);
    if (refusal) return refusal;

    const violations: FieldViolation[] = [];
    const decoded = transport.decode(arrival, violations);
    if (decoded.kind === 'refused') return decoded;
    const undecodable = violations.length;
    method.validate(decoded.message, violations);
    if (violations.length > 0)
      return refused('invalid', 'INVALID_REQUEST', 'The request breaks the rules of some fields.', {
        fields: withoutEchoes(violations, undecodable),
      });
    return { kind: 'admitted', caller, message: decoded.message };
  };

  const streams = streamRunner({ authorise, logger, metrics });

  /** Runs the method; at the deadline the caller is answered, whether the method has noticed or not. */
  const withinDeadline = <Arrival>(
    method: ReadyMethod,
    { caller, message }: Admitted,
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

  /** Turns what is thrown into a failure, measures and logs. */
  const observed = async <Answered extends { readonly kind: string }>(
    { name }: Ready,
    transport: Transport<never, unknown>,
    correlationId: string,
    perform: () => Promise<Answered | Failure>,
  ): Promise<Answered | Failure> => {
    const started = performance.now();
    let answer: Answered | Failure;
    try {
      answer = await perform();
    } catch (error) {
      answer = failureOfThrown(logger, error, name, correlationId);
    }
    const seconds = (performance.now() - started) / 1_000;
    const code = isFailure(answer) ? codeOf(answer) : 'OK';
    durations.observe({ transport: transport.name, method: name, code }, seconds);
    if (logger.isLevelEnabled('debug'))
      logger.debug({ transport: transport.name, method: name, code, durationMs: seconds * 1_000, correlationId }, 'request');
    return answer;
  };

  return {
    dispatch: (method, transport, arrival, correlationId) =>
      observed(method, transport, correlationId, async () => {
        const admitted = await admit(method, transport, arrival);
        if (admitted.kind === 'refused') return admitted;
        const outcome = await withinDeadline(method, admitted, transport, arrival, correlationId);
        if (outcome.kind === 'refused') return outcome;
        return { kind: 'answered', message: outcome.message, body: transport.encode(arrival, outcome.message) };
      }),
    open: (method, transport, arrival, correlationId) =>
      observed(method, transport, correlationId, async () => {
        const admitted = await admit(method, transport, arrival);
        return admitted.kind === 'refused' ? admitted : streams.openStream(method, admitted, transport, arrival, correlationId);
      }),
    drain() {
      if (!draining) {
        const { promise, resolve } = Promise.withResolvers<void>();
        draining = { ended: promise, end: resolve };
        if (running === 0) resolve();
      }
      return Promise.all([draining.ended, streams.drain()]).then(() => undefined);
    },
    isDraining: () => draining !== undefined,
  };
};

/** A request that was let in. */
type Admitted = { readonly kind: 'admitted'; readonly caller: Caller; readonly message: Message };

const within = ({ scope }: Ready, caller: Caller | Refusal): Caller | Refusal =>
  'kind' in caller || caller.scopes.has(scope)
    ? caller
    : refused('forbidden', 'SCOPE_MISSING', `This needs the scope ${scope}.`, { metadata: { scope } });

/** The caller's correlation id where it is a sane token; a new one otherwise. */
export const correlationIdOf = (given: string | undefined): string =>
  given !== undefined && /^[A-Za-z0-9_.:-]{1,100}$/.test(given) ? given : randomUUIDv7();

/** Leaves out what rules say about fields that could not be decoded in the first place (the first `undecodable` of all). */
const withoutEchoes = (violations: readonly FieldViolation[], undecodable: number): readonly FieldViolation[] => {
  const broken = violations.slice(0, undecodable);
  const isEcho = ({ field }: FieldViolation): boolean =>
    broken.some((other) => field === other.field || field.startsWith(`${other.field}.`) || field.startsWith(`${other.field}[`));
  return [...broken, ...violations.slice(undecodable).filter((violation) => !isEcho(violation))];
};
