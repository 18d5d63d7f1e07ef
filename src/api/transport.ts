import type { Call, Caller, FieldViolation, Refusal } from '../platform/call.ts';
import type { Quota } from './rate-limits.ts';
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
  /** Tells the caller how it stands with its budget, where the transport has a way to. */
  readonly tellQuota?: (arrival: Arrival, quota: Quota) => void;
  /** Calls back when the caller goes away before it was answered, at once if it already has. */
  readonly onGone: (arrival: Arrival, listener: () => void) => void;
};

/** A message, or why the request cannot be one at all. */
export type Decoded = { readonly kind: 'decoded'; readonly message: Message } | Refusal;

/** A call as its method sees it, and how to abort it. The signal is made when it is first asked for: most calls end without anyone asking. */
export const openCall = <Arrival>(
  caller: Caller,
  method: string,
  deadline: number,
  transport: Transport<Arrival, unknown>,
  arrival: Arrival,
  correlationId: string,
): { readonly call: Call; readonly abort: (reason: Error) => void } => {
  const call = {
    __proto__: lazily,
    caller,
    method,
    deadline,
    correlationId,
    onGone: (listener: () => void): void => transport.onGone(arrival, listener),
    controller: undefined,
    aborted: undefined,
  } as unknown as OpenCall;
  const traceparent = transport.header(arrival, 'traceparent');
  if (traceparent !== undefined && traceContext.test(traceparent)) call.traceparent = traceparent;
  const consistencyToken = transport.header(arrival, 'consistency-token');
  if (consistencyToken !== undefined && consistencyToken !== '') call.consistencyToken = consistencyToken;
  return { call, abort: (reason) => abort(call, reason) };
};

type OpenCall = { -readonly [Name in keyof Call]: Call[Name] } & {
  onGone: (listener: () => void) => void;
  controller: AbortController | undefined;
  aborted: Error | undefined;
};

const abort = (call: OpenCall, reason: Error): void => {
  call.aborted ??= reason;
  call.controller?.abort(call.aborted);
};

/**
 * The getter stands on a prototype. In an object literal it would give every call a shape of its own, which V8 keeps, and with it the
 * whole request, until a full garbage collection.
 */
const lazily = {
  get signal(): AbortSignal {
    const call = this as unknown as OpenCall;
    if (!call.controller) {
      call.controller = new AbortController();
      if (call.aborted) call.controller.abort(call.aborted);
      else call.onGone(() => abort(call, new DOMException('The caller has gone away.', 'AbortError')));
    }
    return call.controller.signal;
  },
};

/** W3C Trace Context, version 00. */
const traceContext = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
