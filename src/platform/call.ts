/** Who calls: what a verified token says. */
export type Caller = {
  readonly issuer: string;
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  /** The customer the caller is bound to, if any. A missing claim never widens what the caller may do. */
  readonly customerId?: string;
  /** The merchant the caller is bound to, if any. */
  readonly merchantId?: string;
  /** Until when the token is good, in milliseconds of Unix time; without it nobody says that it ends. */
  readonly expiresAt?: number;
};

/** One call of an API method, whatever transport it came through. */
export type Call = {
  readonly caller: Caller;
  /** `orders.v1.OrderService/GetOrder`. */
  readonly method: string;
  /** Milliseconds of the monotonic clock (`performance.now()`) at which the caller stops waiting. */
  readonly deadline: number;
  /** Aborts at the deadline and when the caller goes away. */
  readonly signal: AbortSignal;
  readonly correlationId: string;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  /** The text of a consistency token the caller brought, not yet looked at. */
  readonly consistencyToken?: string;
};

/** What a method answers: a message, or a refusal as a value. A throw means a bug or broken infrastructure. */
export type Outcome<Message> = { readonly kind: 'answered'; readonly message: Message } | Refusal;

/** A refusal: `status` picks the row of the error table (gRPC and HTTP status), `code` is what clients switch on. */
export type Refusal = {
  readonly kind: 'refused';
  readonly status: RefusalStatus;
  /** UPPER_SNAKE_CASE, stable: `OUT_OF_STOCK`. */
  readonly code: string;
  /** For people; names nothing personal and nothing of another tenant. */
  readonly because: string;
  readonly fields?: readonly FieldViolation[];
  /** Set exactly where the client may simply try again. */
  readonly retryAfterMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
};

export type FieldViolation = { readonly field: string; readonly description: string };

/** The rows of the error table. */
export type RefusalStatus =
  | 'invalid'
  | 'unsupported_media_type'
  | 'too_large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_unknown'
  | 'precondition_failed'
  | 'id_taken'
  | 'etag_mismatch'
  | 'key_reused'
  | 'too_many'
  | 'unavailable'
  | 'outcome_unknown';

/** One method of the API, implemented once and served as gRPC and as REST. */
export type Method<Request, Response> = (request: Request, call: Call) => Promise<Outcome<Response>>;

/**
 * The messages of a streaming method, each made when the one before was taken, so that who reads slowly makes no queue. In the end
 * a refusal says why there are no more; nothing: all was said. They end soon after the call's signal aborts.
 */
export type Messages<Message> = AsyncGenerator<Message, Refusal | undefined, undefined>;

/** One streaming method of the API: refused before its first message, or opened. Undefined: all has been said already. */
export type StreamingMethod<Request, Response> = (request: Request, call: Call) => Promise<Outcome<Messages<Response> | undefined>>;

export const answered = <Message>(message: Message): Outcome<Message> => ({ kind: 'answered', message });

export const refused = (
  status: RefusalStatus,
  code: string,
  because: string,
  more: Pick<Refusal, 'fields' | 'retryAfterMs' | 'metadata'> = {},
): Refusal => ({ kind: 'refused', status, code, because, ...more });
