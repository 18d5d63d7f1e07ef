import { parseArgs } from 'node:util';
import { isUuid, orderStream, returnStream } from '../domain/ids.ts';
import { openPool } from '../platform/database.ts';
import { createLogger } from '../platform/logging.ts';
import { readAuditPage, type AuditedRead, type AuditFilter } from '../privacy/audit-page.ts';
import { localPlatform } from './local-platform.ts';

const usage = `usage: npm run --silent audit [-- options]

Shows which personal data staff was shown, newest first: when, who, by which method, where, whose, what.
  --customer <id>      of this person
  --order <id>         in this order; --return <id> in this return
  --reader <subject>   by this person of staff, as its token names it
  --method <name>      by this method, as orders.v1.OrderService/GetOrder
  --correlation <id>   in this request
  --since <time>       from then on; --until <time> before then (2026-11-30 or 2026-11-30T12:00Z)
  --limit <n>          so many (50; at most 1000)
  --before <n>         the page after the one that named this number
  --json               one JSON object a line
MIGRATION_DATABASE_URL names the database as the role that owns it; without it, it is the platform that runs in this clone.`;

const options = {
  customer: { type: 'string' },
  order: { type: 'string' },
  return: { type: 'string' },
  reader: { type: 'string' },
  method: { type: 'string' },
  correlation: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  limit: { type: 'string', default: '50' },
  before: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What was given cannot be meant. */
class Misused extends Error {
  override readonly name = 'Misused';
}

const id = (option: string, text: string): string => {
  if (!isUuid(text)) throw new Misused(`--${option} takes a UUID, not '${text}'.`);
  return text.toLowerCase();
};
const time = (option: string, text: string): Date => {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new Misused(`--${option} takes a time, not '${text}'.`);
  return at;
};
const whole = (option: string, text: string, max: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) throw new Misused(`--${option} takes a whole number from 1 to ${max}, not '${text}'.`);
  return value;
};

type Asked = { readonly filter: AuditFilter; readonly page: { readonly size: number; readonly before?: number }; readonly json: boolean };

/** What is asked for; undefined: help. */
const asked = (args: readonly string[]): Asked | undefined => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) return undefined;
  if (values.order !== undefined && values.return !== undefined) throw new Misused('--order and --return are two places: name one.');
  const { customer, order, reader, method, correlation, since, until, before } = values;
  return {
    filter: {
      ...(customer === undefined ? {} : { subject: id('customer', customer) }),
      ...(order === undefined ? {} : { resource: orderStream(id('order', order)) }),
      ...(values.return === undefined ? {} : { resource: returnStream(id('return', values.return)) }),
      ...(reader === undefined ? {} : { reader }),
      ...(method === undefined ? {} : { method }),
      ...(correlation === undefined ? {} : { correlationId: correlation }),
      ...(since === undefined ? {} : { since: time('since', since) }),
      ...(until === undefined ? {} : { until: time('until', until) }),
    },
    page: {
      size: whole('limit', values.limit, 1_000),
      ...(before === undefined ? {} : { before: whole('before', before, Number.MAX_SAFE_INTEGER) }),
    },
    json: values.json,
  };
};

const lineOf = ({ read_at, reader, method, resource, subject, fields, correlation_id }: AuditedRead): string =>
  `${read_at.toISOString()}  ${reader}  ${method}  ${resource}  of ${subject}: ${fields.join(', ')}  (${correlation_id})`;

const main = async (): Promise<void> => {
  const wanted = asked(process.argv.slice(2));
  if (!wanted) return console.log(usage);
  const { MIGRATION_DATABASE_URL: url } = localPlatform('MIGRATION_DATABASE_URL');
  const logger = createLogger({ role: 'audit', level: 'fatal' });
  const pool = openPool({ url, name: 'orders audit operator', max: 1, logger, settings: { statement_timeout: '60s' } });
  try {
    const { reads, next } = await readAuditPage(pool, wanted.filter, wanted.page);
    for (const read of reads) console.log(wanted.json ? JSON.stringify(read) : lineOf(read));
    // What is piped on is reads and nothing else.
    if (reads.length === 0) console.error('Nothing of this kind is on record.');
    if (next !== undefined) console.error(`There is more: --before ${next}`);
  } finally {
    await pool.end();
  }
};

main().catch((error: unknown) => {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const isMisuse = error instanceof Misused || code?.startsWith('ERR_PARSE_ARGS') === true;
  if (isMisuse) console.error(`${message}\n\n${usage}`);
  else console.error(code === '42501' ? `${message}: MIGRATION_DATABASE_URL must name the role that owns the database` : message);
  process.exitCode = isMisuse ? 2 : 1;
});
