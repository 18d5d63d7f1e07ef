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

/** W3C Trace Context, version 00. */
const traceContext = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
