import { existsSync, readFileSync } from 'node:fs';

/** A service that we started. Its data stays when it is stopped. */
export type Started = { readonly stop: () => Promise<void> };

/** The end of a log, for a message about what went wrong. */
export const lastLines = (logFile: string, count = 12): string =>
  existsSync(logFile)
    ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).map((line) => `  ${line}`).join('\n')
    : '  (it wrote nothing)';
