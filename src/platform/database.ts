import type { Writable } from 'node:stream';
import pg from 'pg';
import { gatherWrites } from './gather-writes.ts';
import type { Logger } from './logging.ts';

export type Pool = pg.Pool;
export type { ClientBase, QueryConfig } from 'pg';

/** Parsers of column values: bigint as a safe integer, everything else as the driver does; times in UTC without its detour. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format === 'binary') return pg.types.getTypeParser(oid, format);
    if (oid === pg.types.builtins.INT8) return safeInteger;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return time;
    return pg.types.getTypeParser(oid, format);
  },
};
const driversTime = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => unknown;
/** `2026-03-01 10:15:00.123456+00` to the millisecond, cut off as the driver does. */
const time = (text: string): unknown =>
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00$/.test(text)
    ? new Date(`${text.slice(0, 10)}T${text.length > 22 ? text.slice(11, -3).padEnd(12, '0').slice(0, 12) : text.slice(11, 19)}Z`)
    : driversTime(text);
const safeInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`a bigint beyond 2^53 came back from the database: ${text}`);
  return value;
};

/** A pool of PostgreSQL connections. bigint columns come back as safe integers. Idle connections that break are logged and replaced. */
export const openPool = (options: {
  readonly url: string;
  readonly name: string;
  readonly max: number;
  readonly logger: Logger;
  /** Server settings of every connection, such as `{ statement_timeout: '5s' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long to wait for a connection. */
  readonly connectTimeoutMs?: number;
}): Pool => {
  const settings = Object.entries(options.settings ?? {}).map(([name, value]) => `-c ${name}=${value.replaceAll(/([\\ ])/g, '\\$1')}`);
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    // Queries that do not wait for each other may share a round trip.
    pipeline: true,
    types,
    ...(settings.length > 0 ? { options: settings.join(' ') } : {}),
  });
  tagUnavailable(pool);
  pool.on('error', (error) => options.logger.warn({ err: error, pool: options.name }, 'an idle database connection was lost'));
  // A connection that breaks between two statements of a transaction says so where nobody listens, which would end the process; the next statement fails all the same.
  pool.on('connect', (client) => {
    client.on('error', () => {});
    gatherWrites((client as unknown as { readonly connection: { readonly stream: Writable } }).connection.stream);
  });
  return pool;
};

/** Marks errors of a server that is away, full or too busy with `unavailable`, so that the edge answers "try again" and not "a bug". */
const tagUnavailable = (pool: pg.Pool): void => {
  const tag = (error: unknown): never => {
    const code = (error as { code?: unknown }).code;
    if (isConnectionError(error) || (typeof code === 'string' && /^(25006|53|55P03|57014)/.test(code)))
      Object.assign(error as object, { unavailable: true });
    throw error;
  };
  const [query, connect] = [pool.query.bind(pool), pool.connect.bind(pool)] as [
    (...given: unknown[]) => Promise<unknown>,
    (...given: unknown[]) => Promise<unknown> | undefined,
  ];
  pool.query = ((...given: unknown[]) => query(...given).catch(tag)) as unknown as typeof pool.query;
  pool.connect = ((...given: unknown[]) => connect(...given)?.catch(tag)) as unknown as typeof pool.connect;
};

/** True for errors after which it is unknown whether the statement took effect, or that say the server is not there. */
export const isConnectionError = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') {
    if (/^(08|57P0)/.test(code) || code === '53300') return true;
    if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)/.test(code)) return true;
  }
  const message = error instanceof Error ? error.message : '';
  return /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed/i.test(message);
};
