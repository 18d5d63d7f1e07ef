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

/** A call as its method sees it, and how to abort it. */
export const openCall = <Arrival>(
  caller: Caller,
  method: string,
  deadline: number,
  transport: Transport<Arrival, unknown>,
  arrival: Arrival,
  correlationId: string,
): { readonly call: Call; readonly abort: (reason: Error) => void } => {
  const signalling: Signalling = { controller: undefined, aborted: undefined, onGone: (listener) => transport.onGone(arrival, listener) };
  const traceparent = transport.header(arrival, 'traceparent');
  const consistencyToken = transport.header(arrival, 'consistency-token');
  const call = new OpenCall(caller, method, deadline, correlationId, signalling);
  if (traceparent !== undefined && traceContext.test(traceparent)) call.traceparent = traceparent;
  if (consistencyToken !== undefined && consistencyToken !== '') call.consistencyToken = consistencyToken;
  return { call, abort: (reason) => abort(signalling, reason) };
};

type Signalling = {
  controller: AbortController | undefined;
  aborted: Error | undefined;
  readonly onGone: (listener: () => void) => void;
};

const abort = (signalling: Signalling, reason: Error): void => {
  signalling.aborted ??= reason;
  signalling.controller?.abort(signalling.aborted);
};

/**
 * The signal is made when it is first asked for: most calls end without anyone asking. A class, because its getter stands once, on the
 * prototype: one in an object literal would give every call a shape of its own, which V8 keeps, and with it the whole request, until a
 * full garbage collection.
 */
class OpenCall implements Call {
  readonly caller: Caller;
  readonly method: string;
  readonly deadline: number;
  readonly correlationId: string;
  traceparent?: string;
  consistencyToken?: string;
  readonly #signalling: Signalling;

  constructor(caller: Caller, method: string, deadline: number, correlationId: string, signalling: Signalling) {
    this.caller = caller;
    this.method = method;
    this.deadline = deadline;
    this.correlationId = correlationId;
    this.#signalling = signalling;
  }

  get signal(): AbortSignal {
    const signalling = this.#signalling;
    if (!signalling.controller) {
      signalling.controller = new AbortController();
      if (signalling.aborted) signalling.controller.abort(signalling.aborted);
      else signalling.onGone(() => abort(signalling, new DOMException('The caller has gone away.', 'AbortError')));
    }
    return signalling.controller.signal;
  }
}

/** W3C Trace Context, version 00. */
const traceContext = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
