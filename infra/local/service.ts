import { existsSync, readFileSync, renameSync } from 'node:fs';
import type { Ending } from './processes.ts';

/** A service that we started. Its data stays when it is stopped. */
export type Started = { readonly stop: () => Promise<void> };

/** What a starting service is told, and tells. */
export type Watch = {
  /** Aborts when nobody waits for the service any more. */
  readonly stopped: AbortSignal;
  /** Hears when the service ended by itself; it is being started again then. */
  readonly onEnding: (ending: Ending) => void;
};

/** The end of a log, for a message about what went wrong. */
export const lastLines = (logFile: string, count = 12): string =>
  existsSync(logFile)
    ? readFileSync(logFile, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-count)
        .map((line) => `  ${line}`)
        .join('\n')
    : '  (it wrote nothing)';

/** Makes room for a new log; the one of the run before stays beside it. */
export const keepLastLog = (logFile: string): void => {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.before`);
};
