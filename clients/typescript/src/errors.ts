/** The gRPC statuses that the platform answers with; through REST they are told from the HTTP status. */
export type Status =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNKNOWN';

/** What is said of a call that was not answered. */
export type Failure = {
  readonly status: Status;
  /** Why, for programs: `OUT_OF_STOCK`. Those without a word from the platform are `CONNECTION_FAILED` and `DEADLINE_EXCEEDED`. */
  readonly code: string;
  /** Why, for people. */
  readonly message: string;
  /** Which fields of the request are wrong, with `INVALID_REQUEST`. */
  readonly fields?: readonly { readonly field: string; readonly description: string }[];
  /** More about it: the scope that is missing, the incident's id of a bug. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Set where the platform says that one may simply try again. */
  readonly retryAfterMs?: number;
  /** Names the call in the platform's logs. */
  readonly correlationId?: string;
  readonly cause?: unknown;
};

/** A call was not answered: refused, failed, or never heard of again. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;
  readonly code: string;
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  readonly correlationId: string | undefined;
  /** The key that a command was sent with: sent again with it, as `requestId`, it takes effect once at most. */
  readonly requestId: string | undefined;

  constructor(failure: Failure, requestId?: string) {
    super(failure.message, failure.cause === undefined ? {} : { cause: failure.cause });
    this.status = failure.status;
    this.code = failure.code;
    this.fields = failure.fields ?? [];
    this.metadata = failure.metadata ?? {};
    this.retryAfterMs = failure.retryAfterMs;
    this.correlationId = failure.correlationId;
    this.requestId = requestId;
  }
}
