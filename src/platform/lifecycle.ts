import type { Logger } from './logging.ts';

/** A part of a process that runs until it is stopped. */
export type Running = {
  /** Why it is not ready to do its work, in words; empty: it is. */
  readonly ready: () => Promise<readonly string[]>;
  /** Ends it: what was begun is finished within the grace period, connections are closed. */
  readonly stop: () => Promise<void>;
};

/**
 * Runs a process until SIGTERM or SIGINT, then stops it within the grace period and exits with 0; a stop that takes longer,
 * or a defect that nobody caught, exits with 1, so that whoever supervises the process starts a new one.
 */
export const runUntilStopped = async (options: {
  readonly logger: Logger;
  readonly graceMs: number;
  readonly start: (failed: (error: unknown) => void) => Promise<Running>;
}): Promise<void> => {
  const { logger, graceMs } = options;
  let stopping = false;
  let running: Running | undefined;

  const stop = async (why: string, code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, 'stopping');
    setTimeout(() => {
      logger.error({ graceMs }, 'stopping took too long');
      process.exit(1);
    }, graceMs).unref();
    await running?.stop().catch((error: unknown) => {
      logger.error({ err: error }, 'stopping failed');
      code = 1;
    });
    logger.info('stopped');
    process.exit(code);
  };
  const fail = (error: unknown): void => {
    if (stopping) return;
    logger.fatal({ err: error }, 'the process cannot go on');
    void stop('failure', 1);
  };

  // Whoever read the log has gone: that is no reason to end, and no reason to try to say so.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.once('SIGTERM', () => void stop('SIGTERM', 0));
  process.once('SIGINT', () => void stop('SIGINT', 0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    running = await options.start(fail);
    logger.info('started');
  } catch (error) {
    fail(error);
  }
};
