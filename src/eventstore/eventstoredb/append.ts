import { performance } from 'node:perf_hooks';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { backoffMs, type RetryPolicy } from '../../platform/retry.ts';
import { appendMetrics } from '../append-metrics.ts';
import { OutcomeUnknown, StoreUnavailable, type AppendOptions, type AppendResult, type EventStore } from '../event-store.ts';
import { answerOf, type Answer } from './answers.ts';
import type { BatchCall, Connection } from './connection.ts';
import { CallFailed } from './failures.ts';
import { inWords } from './read.ts';
import { newCorrelationId, numbered, serialiseAppend, type SerialisedAppend } from './serialised-append.ts';

/** How long a caller without a deadline of its own waits. */
const defaultDeadlineMs = 10_000;
/** A try without an answer for this long is made again, on a new call. */
const tryMs = 5_000;
/** What the server may have to do at once. */
const underWayLimits = { appends: 512, bytes: 8 * 1024 * 1024 } as const;
const queueLimits = { appends: 10_000, bytes: 64 * 1024 * 1024 } as const;
const retrying: RetryPolicy = { attempts: Infinity, baseMs: 20, capMs: 500 };

/** One append that waits for its answer. */
type Pending = SerialisedAppend & {
  readonly deadline: number;
  readonly settle: (result: AppendResult | Error) => void;
  /** A try may have been stored, or may yet be: there was no answer, or one that says nothing. */
  unknown: boolean;
  sentAt: number;
  tries: number;
  settled: boolean;
};

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
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Whether the log has moved, asked when the server denies access. */
  readonly closed: () => Promise<boolean>;
}): Appender => {
  const { connection, logger } = options;
  const metrics = appendMetrics(options.metrics);
  /** By the number of the try. */
  const underWay = new Map<string, Pending>();
  let underWayBytes = 0;
  /** Streams with an append under way, and what waits behind it. */
  const busy = new Map<string, Pending[]>();
  let waiting: Pending[] = [];
  let waitingBytes = 0;
  let unsettled = 0;
  let call: BatchCall | undefined;
  let opening = false;
  let full = false;
  let pausedUntil = 0;
  let failures = 0;
  let trouble = 'it has not answered yet';
  let sweeper: NodeJS.Timeout | undefined;
  let closing: (() => void) | undefined;

  const append: EventStore['append'] = (stream, events, expected, { deadline }: AppendOptions = {}) => {
    if (closing) return Promise.reject(new StoreUnavailable('the event store is closing'));
    const serialised = serialiseAppend(stream, events, expected);
    return serialised.kind === 'refused' ? Promise.resolve(serialised) : send(serialised, deadline);
  };

  const send: Appender['send'] = (serialised, deadline) => {
    if (unsettled >= queueLimits.appends || waitingBytes + serialised.bytes > queueLimits.bytes)
      return Promise.reject(new StoreUnavailable(`${unsettled} appends are waiting already`));
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        ...serialised,
        deadline: deadline ?? begun + defaultDeadlineMs,
        unknown: false,
        sentAt: 0,
        tries: 0,
        settled: false,
        settle: (result) => {
          if (pending.settled) return;
          pending.settled = true;
          unsettled -= 1;
          metrics.appends.inc({ outcome: result instanceof Error ? result.name : result.kind });
          metrics.duration.observe((performance.now() - begun) / 1_000);
          if (result instanceof Error) reject(result);
          else resolve(result);
          afterSettling();
        },
      };
      unsettled += 1;
      sweeper ??= setInterval(sweep, 50);
      const before = busy.get(pending.stream);
      if (before) before.push(pending);
      else {
        busy.set(pending.stream, []);
        enqueue(pending);
      }
      pump();
    });
  };

  const enqueue = (pending: Pending): void => {
    waiting.push(pending);
    waitingBytes += pending.bytes;
  };

  const pump = (): void => {
    if (!call) {
      if (waiting.length > 0) void open();
      return;
    }
    let taken = 0;
    const now = performance.now();
    for (const pending of waiting) {
      if (full || now < pausedUntil || underWay.size >= underWayLimits.appends || (underWay.size > 0 && underWayBytes > underWayLimits.bytes)) break;
      taken += 1;
      waitingBytes -= pending.bytes;
      if (pending.settled) release(pending);
      else start(pending, call);
    }
    if (taken > 0) waiting = waiting.slice(taken);
    metrics.waiting.set(waiting.length);
  };

  const start = (pending: Pending, through: BatchCall): void => {
    const correlationId = newCorrelationId();
    pending.sentAt = performance.now();
    pending.tries += 1;
    underWay.set(correlationId, pending);
    underWayBytes += pending.bytes;
    if (!through.write(numbered(correlationId, pending.message))) full = true;
  };

  const open = async (): Promise<void> => {
    if (opening || performance.now() < pausedUntil) return;
    opening = true;
    try {
      const link = await connection.link();
      const opened = link.batchAppend({
        onMessage: (response) => {
          const correlationId = response.getCorrelationId()?.getString() ?? '';
          const pending = underWay.get(correlationId);
          // The server may answer twice to what it could not make sense of.
          if (!pending) return;
          underWay.delete(correlationId);
          underWayBytes -= pending.bytes;
          answered(pending, answerOf(response));
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
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      trouble = inWords(error.failure);
      pausedUntil = performance.now() + backoffMs(retrying, failures);
      failures += 1;
    } finally {
      opening = false;
    }
    pump();
  };

  /** The call is over: whatever was under way may have been stored, and is sent again. */
  const ended = (error: CallFailed): void => {
    call = undefined;
    full = false;
    const lost = [...underWay.values()];
    underWay.clear();
    underWayBytes = 0;
    trouble = inWords(error.failure);
    if (lost.length > 0) {
      metrics.retries.inc({ cause: 'connection' });
      if (failures === 0) logger.warn({ because: error.message, appends: lost.length }, 'an append got no answer and is sent again');
    }
    pausedUntil = performance.now() + backoffMs(retrying, failures);
    failures += 1;
    for (const pending of lost) pending.unknown = true;
    again(lost);
  };

  const again = (some: readonly Pending[]): void => {
    for (const pending of some) if (pending.settled) release(pending);
    const left = some.filter(({ settled }) => !settled);
    waiting.unshift(...left);
    waitingBytes += left.reduce((sum, { bytes }) => sum + bytes, 0);
  };

  const answered = (pending: Pending, answer: Answer): void => {
    switch (answer.kind) {
      case 'stored':
        failures = 0;
        pending.settle({ kind: 'appended', revision: answer.revision, position: answer.position });
        return release(pending);
      case 'conflict':
        failures = 0;
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
        void denied(pending);
        return undefined;
      case 'unknown':
      case 'not taken':
        if (answer.kind === 'unknown') pending.unknown = true;
        trouble = `the event store cannot write: ${answer.because}`;
        metrics.retries.inc({ cause: 'error' });
        if (failures === 0) logger.warn({ because: answer.because }, 'an append was not taken and is sent again');
        // One bad answer pauses everything once, however many come with it.
        if (performance.now() >= pausedUntil) {
          pausedUntil = performance.now() + backoffMs(retrying, failures);
          failures += 1;
        }
        return again([pending]);
    }
  };

  /** Access was taken away because the log has moved, or by mistake. */
  const denied = async (pending: Pending): Promise<void> => {
    const moved = await options.closed().catch(() => false);
    if (moved) pending.settle({ kind: 'refused', code: 'LOG_CLOSED', because: 'The log has moved to another store.' });
    else if (pending.unknown) return again([pending]);
    else pending.settle(new StoreUnavailable('the event store refuses access: the user may not write'));
    release(pending);
    return pump();
  };

  /** The next append to the same stream may go. */
  const release = ({ stream }: Pending): void => {
    const behind = busy.get(stream);
    let next = behind?.shift();
    while (next?.settled) next = behind?.shift();
    if (next) enqueue(next);
    else busy.delete(stream);
  };

  /** Answers callers whose deadline has passed, gives up a call that does not answer, and wakes the pump after a pause. */
  const sweep = (): void => {
    const now = performance.now();
    const late = (pending: Pending, isUnderWay: boolean): void => {
      if (!pending.settled && now >= pending.deadline) pending.settle(lateness(isUnderWay || pending.unknown, trouble));
    };
    for (const pending of waiting) late(pending, false);
    for (const behind of busy.values()) for (const pending of behind) late(pending, false);
    let stuck = false;
    for (const pending of underWay.values()) {
      late(pending, true);
      if (now - pending.sentAt > tryMs) stuck = true;
    }
    if (stuck && call) {
      call.cancel();
      ended(new CallFailed({ kind: 'unreachable', because: `an append had no answer for ${tryMs} ms` }));
    }
    pump();
  };

  const afterSettling = (): void => {
    if (unsettled > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
    closing?.();
  };

  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      closing = resolve;
      if (unsettled === 0) resolve();
    });
    call?.cancel();
    call = undefined;
  };

  return { append, send, close };
};

const lateness = (unknown: boolean, trouble: string): Error =>
  unknown
    ? new OutcomeUnknown('the deadline passed before the event store gave a clear answer; the events may be stored')
    : new StoreUnavailable(trouble);
