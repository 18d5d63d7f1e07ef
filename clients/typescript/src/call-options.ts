/** What one call may say beside its request. */
export type CallOptions = {
  /** No answer after this time is an error (`DEADLINE_EXCEEDED`), tries and waits included; 10 seconds when left out. */
  readonly deadlineMs?: number;
  /** Aborted: the call rejects with its reason, and the platform stops working on it. */
  readonly signal?: AbortSignal;
  /** Read no older than what this token stands for; empty: as it comes. The newest one of the session when left out. */
  readonly consistencyToken?: string;
  /** Sent along: `traceparent`, `x-correlation-id`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** What following something may say beside its request: it has no deadline. */
export type StreamOptions = Omit<CallOptions, 'deadlineMs'>;
