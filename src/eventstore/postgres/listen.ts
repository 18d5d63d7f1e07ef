import pg from 'pg';
import type { Logger } from '../../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../../platform/retry.ts';

/** Wakes readers when something was appended, on a connection of its own that never opens a transaction. */
export type Wakeups = {
  /** A number that grows with every wake-up. Take it before a read; hand it to `wait` when the read found nothing. */
  readonly count: () => number;
  /** Resolves when a wake-up came after `count` was `seen`, when the poll interval is over, or when the signal aborts. */
  readonly wait: (seen: number, signal: AbortSignal) => Promise<void>;
  /** Resolves once the server was asked to notify (or could not be reached: polling goes on). */
  readonly listening: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** How often a reader looks without being told: the fallback for notifications that never come. */
const pollMs = 1_000;
/** A listening connection is asked for a sign of life this often. */
const heartbeatMs = 10_000;
/** How long a polite end may take. */
const closeMs = 1_000;

/** Listens to the log's notifications; reconnects for ever, and wakes everyone after each reconnect. */
export const openWakeups = (options: { readonly url: string; readonly name: string; readonly logger: Logger }): Wakeups => {
  const { logger } = options;
  const waiters = new Set<() => void>();
  let count = 0;
  let closed = false;
  let attempt = 0;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let connected: Promise<void> | undefined;

  const wake = (): void => {
    count += 1;
    for (const waiter of waiters) waiter();
  };

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: `${options.name} listen`,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
    });
    client = next;
    let lost = false;
    const lose = (error?: Error): void => {
      if (lost) return;
      lost = true;
      clearTimeout(timer);
      void next.end().catch(() => {});
      if (closed) return;
      if (attempt === 0) logger.warn({ err: error }, 'the connection that waits for new events was lost; readers poll meanwhile');
      timer = setTimeout(() => void connect(), backoffMs(reconnecting, attempt));
      attempt += 1;
    };
    next.on('notification', wake);
    next.on('error', lose);
    next.on('end', () => lose());
    try {
      await next.connect();
      await next.query('listen log_appended');
      if (attempt > 0) logger.info('waiting for new events again');
      attempt = 0;
      wake();
      const beat = (): void => {
        timer = setTimeout(() => next.query('select 1').then(beat, lose), heartbeatMs);
      };
      if (!lost) beat();
    } catch (error) {
      lose(error as Error);
    }
  };

  return {
    count: () => count,
    listening: () => (connected ??= connect()),
    wait: (seen, signal) => {
      if (count !== seen || signal.aborted || closed) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(poll);
          waiters.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const poll = setTimeout(done, pollMs);
        waiters.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      wake();
      await Promise.race([client?.end().catch(() => {}), pause(closeMs)]);
    },
  };
};
