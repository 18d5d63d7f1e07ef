import { ApiError, type Failure } from './errors.ts';
import type { Message, Method } from './method.ts';
import { pause, withJitter } from './patience.ts';
import { connectionFailed, type Transport } from './transport.ts';

/** A stream that was lost is asked for again so often without hearing anything: for a good quarter of a minute, as a restart may take. */
const maxTries = 8;
/** The wait before it is; doubled each time. */
const reconnectMs = { base: 250, cap: 5_000 } as const;

/**
 * Messages of a stream for as long as there are any: one that was cut off where the platform says that one may try again (drain, too many),
 * whose token has run out, or whose connection was lost is asked for again, and goes on with what is newer than the last message.
 * Throws an `ApiError` where that does not help.
 */
export async function* follow(options: {
  readonly transport: Transport;
  readonly method: Method;
  readonly request: Message;
  readonly signal: AbortSignal | undefined;
  readonly tokenFor: (refused?: string) => string | Promise<string>;
  readonly headersOf: (accessToken: string) => Readonly<Record<string, string>>;
  readonly onRetry: (failure: Failure) => void;
}): AsyncGenerator<Message, void, undefined> {
  const { transport, method, request, signal, tokenFor, headersOf, onRetry } = options;
  let seen: bigint | undefined;
  let refused: string | undefined;
  for (let tries = 1; ; tries += 1) {
    const accessToken = await tokenFor(refused);
    let delayMs: number | undefined;
    const from = seen === undefined ? request : { ...request, afterRevision: seen };
    for await (const reply of transport.follow(method, from, { headers: headersOf(accessToken), timeoutMs: undefined, signal })) {
      if (reply.kind === 'answered') {
        tries = 0;
        refused = undefined;
        const { revision } = reply.message;
        if (typeof revision === 'bigint') seen = revision;
        yield reply.message;
        continue;
      }
      const { failure } = reply;
      const isLost = failure.code === connectionFailed && (tries === 0 || seen !== undefined);
      if (failure.status === 'UNAUTHENTICATED' && refused === undefined) {
        refused = accessToken;
        delayMs = 0;
      } else if (failure.retryAfterMs !== undefined) delayMs = withJitter(failure.retryAfterMs);
      else if (isLost) delayMs = withJitter(Math.min(reconnectMs.base * 2 ** tries, reconnectMs.cap));
      if (delayMs === undefined || tries >= maxTries) throw new ApiError(failure);
      onRetry(failure);
    }
    if (delayMs === undefined) return;
    await pause(delayMs, signal);
  }
}
