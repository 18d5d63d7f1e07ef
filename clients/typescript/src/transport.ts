import type { Failure } from './errors.ts';
import type { Message, Method } from './method.ts';

/** One way to the platform. What it hands back is what came of one try: it never tries again. */
export type Transport = {
  readonly send: (method: Method, request: Message, attempt: Attempt) => Promise<Reply>;
  /** Messages until the platform has nothing more to say, or a failure as the last. */
  readonly follow: (method: Method, request: Message, attempt: Attempt) => AsyncIterable<Reply>;
  readonly close: () => void;
};

/** One try. Aborted, it rejects with the signal's reason. */
export type Attempt = {
  readonly headers: Readonly<Record<string, string>>;
  /** How long to wait at most; undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
};

/** What came of a try. */
export type Reply = { readonly kind: 'answered'; readonly message: Message } | { readonly kind: 'failed'; readonly failure: Failure };

/** Nothing came in time. */
export const noAnswer: Reply = {
  kind: 'failed',
  failure: {
    status: 'DEADLINE_EXCEEDED',
    code: 'DEADLINE_EXCEEDED',
    message: 'No answer came in time; whether a command took effect is not known. Send it again with the same key.',
  },
};

/** The platform could not be reached, or no longer. */
export const noConnection = (message: string, cause?: unknown): Reply => ({
  kind: 'failed',
  failure: { status: 'UNAVAILABLE', code: connectionFailed, message, ...(cause === undefined ? {} : { cause }) },
});

export const connectionFailed = 'CONNECTION_FAILED';
