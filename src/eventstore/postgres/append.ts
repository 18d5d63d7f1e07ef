import { performance } from 'node:perf_hooks';
import { isConnectionError, type Pool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import { Counter, durationBuckets, Gauge, Histogram, type Registry } from '../../platform/metrics.ts';
import { backoffMs, type RetryPolicy } from '../../platform/retry.ts';
import {
  limits,
  OutcomeUnknown,
  StoreUnavailable,
  validName,
  type AppendOptions,
  type AppendResult,
  type EventStore,
  type Expected,
  type NewEvent,
} from '../event-store.ts';
import { formatPosition } from './position.ts';

/** How long a caller without a deadline of its own waits. */
const defaultDeadlineMs = 10_000;
/** A batch under way for longer than this is given up with its connection: the server has gone quiet. */
const stuckMs = 15_000;
const batchLimits = { appends: 512, bytes: 4 * 1024 * 1024, inFlight: 2 } as const;
const queueLimits = { appends: 10_000, bytes: 64 * 1024 * 1024 } as const;
const retrying: RetryPolicy = { attempts: Infinity, baseMs: 20, capMs: 1_000 };

/** One append that waits for its answer. Its events are kept as the text that is sent, so that a retry sends the same. */
type Pending = {
  readonly stream: string;
  readonly expected: number;
  readonly count: number;
  readonly bytes: number;
  readonly ids: string;
  readonly types: string;
  readonly versions: string;
  readonly data: string;
  readonly metas: string;
  readonly deadline: number;
  readonly settle: (result: AppendResult | Error) => void;
  /** A try was sent and may have been stored: there was no answer yet. */
  unknown: boolean;
  /** Sent without neighbours, because a batch with it failed. */
  alone: boolean;
  tries: number;
  settled: boolean;
};

/**
 * Group append: while one batch commits, all appends of this process gather into the next. A lone append goes out at
 * once and pays one commit; a busy process pays one commit for hundreds. Every caller gets its own answer, within its deadline.
 *
 * A batch whose connection is lost is sent again as it is: the procedure recognises what it has stored. A batch that
 * fails otherwise is sent again append by append, so that no caller fails for its neighbour.
 */
export const groupAppend = (options: {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly metrics: Registry;
}): { readonly append: EventStore['append']; readonly close: () => Promise<void> } => {
  const { pool, logger } = options;
  const metrics = appendMetrics(options.metrics);
  const inFlight = new Set<readonly Pending[]>();
  const busyStreams = new Set<string>();
  let waiting: Pending[] = [];
  let waitingBytes = 0;
  let scheduled = false;
  let pausedUntil = 0;
  let failures = 0;
  let closing: (() => void) | undefined;
  let sweeper: NodeJS.Timeout | undefined;

  const append = (stream: string, events: readonly NewEvent[], expected: Expected, { deadline }: AppendOptions = {}): Promise<AppendResult> => {
    const refused = refusal(stream, events);
    if (refused) return Promise.resolve(refused);
    if (closing) return Promise.reject(new StoreUnavailable('the event store is closing'));
    const serialised = serialise(events);
    if (serialised.kind === 'refused') return Promise.resolve(serialised);
    if (waiting.length >= queueLimits.appends || waitingBytes + serialised.bytes > queueLimits.bytes) {
      return Promise.reject(new StoreUnavailable(`${waiting.length} appends are waiting already`));
    }
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        ...serialised,
        stream,
        expected: expected === 'none' ? -1 : expected,
        count: events.length,
        deadline: deadline ?? begun + defaultDeadlineMs,
        unknown: false,
        alone: false,
        tries: 0,
        settled: false,
        settle: (result) => {
          if (pending.settled) return;
          pending.settled = true;
          const outcome = result instanceof Error ? result.name : result.kind;
          metrics.appends.inc({ outcome });
          metrics.duration.observe((performance.now() - begun) / 1_000);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      waiting.push(pending);
      waitingBytes += pending.bytes;
      sweeper ??= setInterval(sweep, 50);
      schedule();
    });
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  };

  /** Fills free connections. Each takes at most half of what waits, so that the other has a batch ready when this one commits. */
  const pump = (): void => {
    while (inFlight.size < batchLimits.inFlight && waiting.length > 0 && performance.now() >= pausedUntil) {
      const batch = takeBatch();
      if (batch.length === 0) break;
      inFlight.add(batch);
      void send(batch);
    }
    metrics.waiting.set(waiting.length);
    if (waiting.length === 0 && inFlight.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
      closing?.();
    }
  };

  const takeBatch = (): readonly Pending[] => {
    const wanted = Math.min(batchLimits.appends, Math.ceil(waiting.length / 2));
    const batch: Pending[] = [];
    const left: Pending[] = [];
    let bytes = 0;
    for (const [index, pending] of waiting.entries()) {
      if (pending.settled) continue;
      const full = batch.length >= wanted || (batch.length > 0 && (batch[0]!.alone || pending.alone || bytes + pending.bytes > batchLimits.bytes));
      if (full) {
        left.push(...waiting.slice(index));
        break;
      }
      if (busyStreams.has(pending.stream)) {
        left.push(pending);
        continue;
      }
      busyStreams.add(pending.stream);
      bytes += pending.bytes;
      batch.push(pending);
    }
    waiting = left;
    waitingBytes = left.reduce((sum, pending) => sum + pending.bytes, 0);
    return batch;
  };

  const send = async (batch: readonly Pending[]): Promise<void> => {
    for (const pending of batch) pending.tries += 1;
    const stop = metrics.batchDuration.startTimer();
    try {
      const answers = await call(pool, batch, logger);
      failures = 0;
      metrics.batchSize.observe(batch.length);
      batch.forEach((pending, index) => pending.settle(answers[index]!));
    } catch (error) {
      failed(batch, error);
    } finally {
      stop();
      for (const { stream } of batch) busyStreams.delete(stream);
      inFlight.delete(batch);
      schedule();
    }
  };

  const failed = (batch: readonly Pending[], error: unknown): void => {
    const code = (error as { code?: unknown }).code;
    if (code === 'OP001') {
      for (const pending of batch) pending.settle({ kind: 'refused', code: 'LOG_CLOSED', because: 'The log has moved to another store.' });
      return;
    }
    const connection = !isServerError(error);
    const transient = connection || (typeof code === 'string' && /^(25|40|53|55|57|58)/.test(code));
    if (!transient && batch.length === 1) {
      batch[0]!.settle(error as Error);
      return;
    }
    metrics.retries.inc({ cause: connection ? 'connection' : 'error' });
    if (failures === 0) logger.warn({ err: error, appends: batch.length }, 'an append failed and is sent again');
    if (!connection) for (const pending of batch) pending.alone = true;
    if (transient) {
      pausedUntil = performance.now() + backoffMs(retrying, failures);
      failures += 1;
    }
    const again = batch.filter(({ settled }) => !settled);
    waiting.unshift(...again);
    waitingBytes += again.reduce((sum, { bytes }) => sum + bytes, 0);
  };

  /** Answers callers whose deadline has passed, and wakes the pump after a pause. */
  const sweep = (): void => {
    const now = performance.now();
    for (const pending of waiting) if (now >= pending.deadline) pending.settle(late(pending));
    for (const batch of inFlight) for (const pending of batch) if (now >= pending.deadline) pending.settle(late(pending));
    const kept = waiting.filter(({ settled }) => !settled);
    waitingBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    waiting = kept;
    pump();
  };

  const close = async (): Promise<void> => {
    if (waiting.length === 0 && inFlight.size === 0) {
      closing = () => {};
      return;
    }
    await new Promise<void>((resolve) => {
      closing = resolve;
    });
  };

  return { append, close };
};

const late = ({ unknown, tries }: Pending): Error =>
  unknown
    ? new OutcomeUnknown('the deadline passed before the event store answered; the events may be stored')
    : new StoreUnavailable(tries === 0 ? 'the event store is too busy' : 'the event store cannot be reached');

/** Calls the procedure for one batch on a connection of its own. */
const call = async (pool: Pool, batch: readonly Pending[], logger: Logger): Promise<readonly AppendResult[]> => {
  const client = await pool.connect();
  const before = batch.map(({ unknown }) => unknown);
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const stuck = setTimeout(() => {
    logger.warn({ appends: batch.length, afterMs: stuckMs }, 'the event store does not answer: its connection is given up');
    (client as unknown as { connection: { stream: { destroy: (error: Error) => void } } }).connection.stream.destroy(
      new Error('Connection terminated: no answer'),
    );
  }, stuckMs);
  try {
    for (const pending of batch) pending.unknown = true;
    const { rows } = await client.query<{ revisions: string; positions: string }>({
      name: 'log.append',
      text: 'call log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, null, null)',
      values: [
        batch.map(({ stream }) => stream).join(','),
        batch.map(({ expected }) => expected).join(','),
        batch.map(({ count }) => count).join(','),
        batch
          .map(({ count }, index) => `${index + 1},`.repeat(count))
          .join('')
          .slice(0, -1),
        batch.map(({ ids }) => ids).join(','),
        batch.map(({ types }) => types).join(','),
        batch.map(({ versions }) => versions).join(','),
        batch.map(({ data }) => data).join('\n'),
        batch.map(({ metas }) => metas).join('\n'),
      ],
    });
    const revisions = rows[0]!.revisions.split(',');
    const positions = rows[0]!.positions.split(',');
    return batch.map((_, index): AppendResult => {
      const revision = Number(revisions[index]);
      const position = Number(positions[index]);
      if (position === 0) return { kind: 'conflict', actual: revision < 0 ? 'none' : revision };
      return { kind: 'appended', revision, position: formatPosition(position) };
    });
  } catch (error) {
    // Only an error that the server reported before its commit proves that this try stored nothing.
    if (isServerError(error) && (error as { code?: unknown }).code !== '57014') batch.forEach((pending, index) => (pending.unknown = before[index]!));
    else broken ??= error as Error;
    throw error;
  } finally {
    clearTimeout(stuck);
    client.off('error', onError);
    client.release(broken);
  }
};

/** An error that the server reported about a statement, on a connection that goes on. */
const isServerError = (error: unknown): boolean => !isConnectionError(error) && (error as { severity?: unknown }).severity !== undefined;

const refusal = (stream: string, events: readonly NewEvent[]): (AppendResult & { kind: 'refused' }) | undefined => {
  if (!validName(stream)) return { kind: 'refused', code: 'INVALID_NAME', because: `'${stream.slice(0, 80)}' is no stream name` };
  for (const { type, id } of events) {
    if (!validName(type)) return { kind: 'refused', code: 'INVALID_NAME', because: `'${type.slice(0, 80)}' is no event type` };
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
      return { kind: 'refused', code: 'INVALID_NAME', because: `'${id.slice(0, 80)}' is no lower-case UUID` };
  }
  if (events.length === 0) return { kind: 'refused', code: 'INVALID_NAME', because: 'an append has at least one event' };
  if (events.length > limits.eventsPerAppend) {
    return { kind: 'refused', code: 'TOO_LARGE', because: `${events.length} events in one append; at most ${limits.eventsPerAppend}` };
  }
  return undefined;
};

type Serialised = { readonly kind: 'serialised'; readonly bytes: number } & Pick<Pending, 'ids' | 'types' | 'versions' | 'data' | 'metas'>;

const serialise = (events: readonly NewEvent[]): Serialised | (AppendResult & { kind: 'refused' }) => {
  let bytes = 0;
  const data: string[] = [];
  const metas: string[] = [];
  for (const event of events) {
    const text = JSON.stringify(event.data);
    const meta = JSON.stringify(event.meta);
    const size = Buffer.byteLength(text) + Buffer.byteLength(meta);
    if (size > limits.eventBytes) return { kind: 'refused', code: 'TOO_LARGE', because: `an event of ${size} bytes; at most ${limits.eventBytes}` };
    bytes += size;
    data.push(text);
    metas.push(meta);
  }
  if (bytes > batchLimits.bytes) return { kind: 'refused', code: 'TOO_LARGE', because: `an append of ${bytes} bytes; at most ${batchLimits.bytes}` };
  return {
    kind: 'serialised',
    bytes,
    ids: events.map(({ id }) => id).join(','),
    types: events.map(({ type }) => type).join(','),
    versions: events.map(({ schemaVersion }) => schemaVersion).join(','),
    data: data.join('\n'),
    metas: metas.join('\n'),
  };
};

const appendMetrics = (registry: Registry) => ({
  appends: new Counter({ name: 'event_store_appends_total', help: 'Appends by outcome.', labelNames: ['outcome'], registers: [registry] }),
  retries: new Counter({
    name: 'event_store_append_retries_total',
    help: 'Batches sent again, by cause.',
    labelNames: ['cause'],
    registers: [registry],
  }),
  duration: new Histogram({
    name: 'event_store_append_duration_seconds',
    help: 'From the call to its answer.',
    buckets: durationBuckets,
    registers: [registry],
  }),
  batchDuration: new Histogram({
    name: 'event_store_batch_duration_seconds',
    help: 'One batch, round trip and commit.',
    buckets: durationBuckets,
    registers: [registry],
  }),
  batchSize: new Histogram({
    name: 'event_store_batch_appends',
    help: 'Appends that shared one commit.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: [registry],
  }),
  waiting: new Gauge({ name: 'event_store_appends_waiting', help: 'Appends not sent yet.', registers: [registry] }),
});
