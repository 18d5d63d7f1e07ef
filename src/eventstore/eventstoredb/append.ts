import { performance } from 'node:perf_hooks';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { backoffMs, type RetryPolicy } from '../../platform/retry.ts';
import { openAppendCallers, type PendingAppend } from '../append-callers.ts';
import { appendMetrics } from '../append-metrics.ts';
import { StoreUnavailable, type AppendResult, type EventStore } from '../event-store.ts';
import { storedAlready } from '../stored-already.ts';
import { answerOf, type Answer } from './answers.ts';
import type { BatchCall, Connection, Link } from './connection.ts';
import { CallFailed } from './failures.ts';
import { inWords } from './read.ts';
import { newCorrelationId, numbered, serialiseAppend, type SerialisedAppend } from './serialised-append.ts';

/** A try without an answer for this long is made again, on a new call. */
const tryMs = 5_000;
/** What the server may have to do at once. */
const underWayLimits = { appends: 512, bytes: 8 * 1024 * 1024 } as const;
const retrying: RetryPolicy = { attempts: Infinity, baseMs: 20, capMs: 500 };

type Pending = SerialisedAppend & PendingAppend;
/** One try of an append. `before`: whether an earlier one may be stored. */
type Try = { readonly pending: Pending; readonly sentAt: number; readonly before: boolean };

export type Appender = {
  readonly append: EventStore['append'];
  /** Appends what is serialised already, for the store's own stream. */
  readonly send: (serialised: SerialisedAppend, deadline?: number) => Promise<AppendResult>;
  readonly close: () => Promise<void>;
};

/**
 * Appends through one long call that carries all appends of this process, each answered on its own (`BatchAppend`). What has no
 * clear answer, because the call ended, the server ran into a time-out or said nothing, is sent again as it is until it is
 * stored or in conflict: the server recognises events that stand where they are to be stored. Appends to one stream go one after another.
 */
export const openAppender = (options: {
  readonly connection: Connection;
  readonly readTails: EventStore['readTails'];
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Whether the log has moved, asked when the server denies access. */
  readonly closed: () => Promise<boolean>;
}): Appender => {
  const { connection, readTails, logger } = options;
  const metrics = appendMetrics(options.metrics);
  /** By the number of the try. */
  const underWay = new Map<string, Try>();
  let underWayBytes = 0;
  /** Streams with an append under way, and what waits behind it. */
  const busy = new Map<string, Pending[]>();
  let waiting: Pending[] = [];
  let call: BatchCall | undefined;
  let link: Link | undefined;
  let opening = false;
  let full = false;
  let pausedUntil = 0;
  let failures = 0;
  let trouble = 'it has not answered yet';

  const callers = openAppendCallers({
    metrics,
    trouble: () => trouble,
    tick: () => {
      forgetSettled();
      endStuckCall();
      pump();
    },
  });

  const append: EventStore['append'] = (stream, events, expected, { deadline } = {}) => {
    if (callers.closing()) return Promise.reject(new StoreUnavailable('the event store is closing'));
    const serialised = serialiseAppend(stream, events, expected);
    return serialised.kind === 'refused' ? Promise.resolve(serialised) : send(serialised, deadline);
  };

  const send: Appender['send'] = (serialised, deadline) =>
    callers.wait(serialised, deadline, (pending) => {
      const before = busy.get(pending.stream);
      if (before) before.push(pending);
      else {
        busy.set(pending.stream, []);
        waiting.push(pending);
      }
      pump();
    });

  const pump = (): void => {
    if (call) sendWaiting(call);
    else if (waiting.length > 0) void open();
    metrics.waiting.set(waiting.length);
  };

  const sendWaiting = (through: BatchCall): void => {
    let taken = 0;
    const now = performance.now();
    for (const pending of waiting) {
      if (full || now < pausedUntil || underWay.size >= underWayLimits.appends || (underWay.size > 0 && underWayBytes > underWayLimits.bytes)) break;
      taken += 1;
      if (pending.settled) release(pending);
      else start(pending, through);
    }
    if (taken > 0) waiting = waiting.slice(taken);
  };

  const start = (pending: Pending, through: BatchCall): void => {
    const correlationId = newCorrelationId();
    underWay.set(correlationId, { pending, sentAt: performance.now(), before: pending.unknown });
    underWayBytes += pending.bytes;
    pending.tries += 1;
    pending.unknown = true;
    if (!through.write(numbered(correlationId, pending.message))) full = true;
  };

  const open = async (): Promise<void> => {
    if (opening || performance.now() < pausedUntil) return;
    opening = true;
    try {
      const current = await connection.link();
      const opened = current.batchAppend({
        onMessage: (response) => {
          const correlationId = response.getCorrelationId()?.getString() ?? '';
          const answeredTry = underWay.get(correlationId);
          // The server may answer twice to what it could not make sense of.
          if (!answeredTry) return;
          underWay.delete(correlationId);
          underWayBytes -= answeredTry.pending.bytes;
          answered(answeredTry, answerOf(response));
          pump();
        },
        onDrain: () => {
          full = false;
          pump();
        },
        onEnd: (error) => {
          if (call === opened) ended(error);
        },
      });
      call = opened;
      link = current;
    } catch (error) {
      if (!(error instanceof CallFailed)) logger.error({ err: error }, 'the call for appends could not be made');
      trouble = error instanceof CallFailed ? inWords(error.failure) : `the event store cannot be used: ${(error as Error).message}`;
      pauseAll();
    } finally {
      opening = false;
    }
    pump();
  };

  /** However much fails at one time, the next try waits once. */
  const pauseAll = (): void => {
    if (performance.now() < pausedUntil) return;
    pausedUntil = performance.now() + backoffMs(retrying, failures);
    failures += 1;
  };

  /** The call is over: whatever was under way may have been stored, and is sent again. */
  const ended = (error: CallFailed): void => {
    call = undefined;
    full = false;
    const lost = [...underWay.values()].map(({ pending }) => pending);
    underWay.clear();
    underWayBytes = 0;
    trouble = inWords(error.failure);
    if (lost.length > 0) {
      metrics.retries.inc({ cause: 'connection' });
      if (failures === 0) logger.warn({ because: error.message, appends: lost.length }, 'an append got no answer and is sent again');
    }
    pauseAll();
    waiting.unshift(...lost);
    forgetSettled();
  };

  const answered = ({ pending, before }: Try, answer: Answer): void => {
    switch (answer.kind) {
      case 'stored':
        succeeded();
        pending.settle({ kind: 'appended', revision: answer.revision, position: answer.position });
        return release(pending);
      case 'conflict':
        succeeded();
        pending.settle({ kind: 'conflict', actual: answer.actual });
        return release(pending);
      case 'too large':
        pending.settle({
          kind: 'refused',
          code: 'TOO_LARGE',
          because: `an append of ${pending.bytes} bytes; the server takes at most ${answer.maxBytes}`,
        });
        return release(pending);
      case 'impossible':
        pending.settle(new Error(`the event store cannot store that: ${answer.because}`));
        return release(pending);
      case 'denied':
        pending.unknown = before;
        void denied(pending);
        return undefined;
      case 'not taken':
        pending.unknown = before;
        notNow(pending, answer.because);
        return link?.served(new CallFailed({ kind: 'not ready', because: answer.because }));
      case 'unknown':
        return notNow(pending, answer.because);
    }
  };

  const succeeded = (): void => {
    failures = 0;
    link?.served(undefined);
  };

  const notNow = (pending: Pending, because: string): void => {
    trouble = `the event store cannot write: ${because}`;
    metrics.retries.inc({ cause: 'error' });
    if (failures === 0) logger.warn({ because }, 'an append was not taken and is sent again');
    pauseAll();
    waiting.unshift(pending);
  };

  /** Access was taken away because the log has moved, or by mistake. Before it was, an earlier try may have been stored. */
  const denied = async (pending: Pending): Promise<void> => {
    const answer = await whyDenied(pending).catch((error: unknown) =>
      pending.unknown ? undefined : new StoreUnavailable(`the event store refuses access: ${(error as Error).message}`),
    );
    if (answer) {
      pending.settle(answer);
      release(pending);
    } else notNow(pending, 'access was taken away while an append was under way');
    pump();
  };

  const whyDenied = async (pending: Pending): Promise<AppendResult | Error | undefined> => {
    const stored = await storedAlready(readTails, pending);
    if (stored) return stored;
    if (pending.unknown) return undefined;
    if (await options.closed()) return { kind: 'refused', code: 'LOG_CLOSED', because: 'The log has moved to another store.' };
    return new StoreUnavailable('the event store refuses access: the user may not write');
  };

  /** The next append to the same stream may go. */
  const release = ({ stream }: Pending): void => {
    const behind = busy.get(stream);
    let next = behind?.shift();
    while (next?.settled) next = behind?.shift();
    if (next) waiting.push(next);
    else busy.delete(stream);
  };

  /** Whoever waits no longer is not sent: while the server is away nothing piles up. */
  const forgetSettled = (): void => {
    for (const behind of busy.values()) {
      const left = behind.filter(({ settled }) => !settled);
      if (left.length < behind.length) behind.splice(0, behind.length, ...left);
    }
    const settled = waiting.filter((pending) => pending.settled);
    if (settled.length === 0) return;
    waiting = waiting.filter((pending) => !pending.settled);
    for (const pending of settled) release(pending);
  };

  /** A call that does not answer is given up. */
  const endStuckCall = (): void => {
    const now = performance.now();
    if (!call || ![...underWay.values()].some(({ sentAt }) => now - sentAt > tryMs)) return;
    call.cancel();
    ended(new CallFailed({ kind: 'unreachable', because: `an append had no answer for ${tryMs} ms` }));
  };

  const close = async (): Promise<void> => {
    await callers.close();
    call?.cancel();
    call = undefined;
  };

  return { append, send, close };
};
