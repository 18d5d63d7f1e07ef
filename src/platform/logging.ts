import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured logs, one JSON object a line on standard output. `role` names the process. Nothing personal is ever logged. */
export const createLogger = (options: { readonly role: string; readonly level: string }): Logger =>
  pino({
    level: options.level,
    base: { role: options.role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['authorization', '*.authorization', 'headers.authorization', 'req.headers.authorization'], censor: '[redacted]' },
  });

/** A logger that says nothing, for tests and tools. */
export const silent: Logger = pino({ level: 'silent' });
