import { performance } from 'node:perf_hooks';
import type { Pool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import { durationBuckets, Histogram, type Registry } from '../../platform/metrics.ts';
import { backoffMs, type RetryPolicy } from '../../platform/retry.ts';
import { openAppendCallers, type PendingAppend } from '../append-callers.ts';
import { appendMetrics } from '../append-metrics.ts';
import { StoreUnavailable, type EventStore } from '../event-store.ts';
import { storedAlready } from '../stored-already.ts';
import { appendBatch, isServerError, storedNothing } from './append-batch.ts';
import { maxBatchBytes, serialiseAppend, type SerialisedAppend } from './serialised-append.ts';

const batchLimits = { appends: 512, bytes: maxBatchBytes, inFlight: 2 } as const;
/** A second batch goes out beside the first only when it is worth a commit of its own: two halves of less cost more than one whole. */
const worthACommit = 64;
const retrying: RetryPolicy = { attempts: Infinity, baseMs: 20, capMs: 1_000 };

type Pending = SerialisedAppend & PendingAppend;
/** What goes out together: at most one append per stream, and none of a stream that another batch is under way with. */
type Batch = { readonly appends: readonly Pending[]; readonly streams: ReadonlySet<string> };

/**
 * Group append: while one batch commits, all appends of this process gather into the next. A lone append goes out at
 * once and pays one commit; a busy process pays one commit for hundreds. Every caller gets its own answer, within its deadline.
 *
 * A batch whose connection is lost is sent again as it is: the procedure recognises what it has stored. A batch that
 * fails otherwise is sent again append by append, so that no caller fails for its neighbour.
 */
export const groupAppend = (options: {
  readonly pool: Pool;
  readonly readTails: EventStore['readTails'];
  readonly logger: Logger;
  readonly metrics: Registry;
}): { readonly append: EventStore['append']; readonly close: () => Promise<void> } => {
  const { pool, readTails, logger } = options;
  const metrics = { ...appendMetrics(options.metrics), ...batchMetrics(options.metrics) };
  let inFlight: readonly Batch[] = [];
  let waiting: Pending[] = [];
  /** Appends whose batch failed with them: each is sent without neighbours. */
  const alone = new WeakSet<Pending>();
  let scheduled = false;
  let pausedUntil = 0;
  let failures = 0;
  const callers = openAppendCallers({
    metrics,
    trouble: ({ tries }) => (tries === 0 ? 'the event store is too busy' : 'the event store cannot be reached'),
    tick: () => {
      waiting = waiting.filter(({ settled }) => !settled);
      pump();
    },
  });

  const append: EventStore['append'] = (stream, events, expected, { deadline } = {}) => {
    if (callers.closing()) return Promise.reject(new StoreUnavailable('the event store is closing'));
    const serialised = serialiseAppend(stream, events, expected);
    if (serialised.kind === 'refused') return Promise.resolve(serialised);
    return callers.wait(serialised, deadline, (pending) => {
      waiting.push(pending);
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

  /**
   * Sends what waits: all of it while it is little, for a commit costs the same however many share it; when it is much, two
   * batches of one size take turns at the log's lock.
   */
  const pump = (): void => {
    while (inFlight.length < batchLimits.inFlight && waiting.length > 0 && performance.now() >= pausedUntil) {
      if (inFlight.length > 0 && waiting.length < worthACommit) break;
      const batch = takeBatch();
      if (batch.appends.length === 0) break;
      inFlight = [...inFlight, batch];
      void send(batch);
    }
    metrics.waiting.set(waiting.length);
  };

  const takeBatch = (): Batch => {
    let underWay = 0;
    for (const { appends } of inFlight) underWay += appends.length;
    const all = waiting.length + underWay;
    const wanted = Math.min(batchLimits.appends, all < 2 * worthACommit ? all : Math.ceil(all / 2));
    const batch: Pending[] = [];
    const streams = new Set<string>();
    const left: Pending[] = [];
    let bytes = 0;
    for (const [index, pending] of waiting.entries()) {
      if (pending.settled) continue;
      const full =
        batch.length >= wanted || (batch.length > 0 && (alone.has(batch[0]!) || alone.has(pending) || bytes + pending.bytes > batchLimits.bytes));
      if (full) {
        left.push(...waiting.slice(index));
        break;
      }
      if (streams.has(pending.stream) || inFlight.some((other) => other.streams.has(pending.stream))) {
        left.push(pending);
        continue;
      }
      streams.add(pending.stream);
      bytes += pending.bytes;
      batch.push(pending);
    }
    waiting = left;
    return { appends: batch, streams };
  };

  const send = async (sent: Batch): Promise<void> => {
    const batch = sent.appends;
    const before = batch.map(({ unknown }) => unknown);
    for (const pending of batch) pending.tries += 1;
    const stop = metrics.batchDuration.startTimer();
    try {
      const answers = await appendBatch(pool, batch, {
        logger,
        sending: () => {
          for (const pending of batch) pending.unknown = true;
        },
      });
      failures = 0;
      metrics.batchSize.observe(batch.length);
      batch.forEach((pending, index) => pending.settle(answers[index]!));
    } catch (error) {
      if (storedNothing(error)) batch.forEach((pending, index) => (pending.unknown = before[index]!));
      failed(batch, error);
    } finally {
      stop();
      inFlight = inFlight.filter((other) => other !== sent);
      schedule();
    }
  };

  const failed = (batch: readonly Pending[], error: unknown): void => {
    const code = (error as { code?: unknown }).code;
    if (code === 'OP001') {
      for (const pending of batch) void settleClosed(pending);
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
    if (!connection) for (const pending of batch) alone.add(pending);
    if (transient) {
      pausedUntil = performance.now() + backoffMs(retrying, failures);
      failures += 1;
    }
    waiting.unshift(...batch.filter(({ settled }) => !settled));
  };

  /** The log is closed for good and nothing is under way any more: what an earlier try stored is there. */
  const settleClosed = async (pending: Pending): Promise<void> => {
    const { stream, expected, ids } = pending;
    try {
      const stored = await storedAlready(readTails, { stream, expected: expected < 0 ? 'none' : expected, ids: ids.split(',') });
      pending.settle(stored ?? { kind: 'refused', code: 'LOG_CLOSED', because: 'The log has moved to another store.' });
    } catch {
      pausedUntil = performance.now() + backoffMs(retrying, failures);
      failures += 1;
      if (!pending.settled) waiting.push(pending);
    }
  };

  return { append, close: callers.close };
};

const batchMetrics = (registry: Registry) => ({
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
});
