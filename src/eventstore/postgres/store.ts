import { openPool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { StoreUnavailable, type EventStore, type LogIdentity } from '../event-store.ts';
import { groupAppend } from './append.ts';
import { openWakeups } from './listen.ts';
import { formatPosition, numberOf, parsePosition, start } from './position.ts';
import { readStream, tailReader } from './read.ts';
import { subscriber } from './subscribe.ts';

/** The event store on PostgreSQL, in a database whose `log` schema the migrations made. */
export const openPostgresStore = (options: {
  readonly url: string;
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}): EventStore => {
  const { url, name, logger } = options;
  const appenders = openPool({
    url,
    name: `${name} append`,
    max: 2,
    logger,
    settings: {
      lock_timeout: '5s',
      statement_timeout: '10s',
      synchronous_commit: 'on',
      default_transaction_isolation: 'read committed',
      plan_cache_mode: 'force_generic_plan',
    },
  });
  const readers = openPool({
    url,
    name: `${name} read`,
    max: 8,
    logger,
    settings: { statement_timeout: '15s', plan_cache_mode: 'force_generic_plan' },
  });
  const wakeups = openWakeups({ url, name, logger });
  const readTails = tailReader(readers);
  const group = groupAppend({ pool: appenders, readTails, logger, metrics: options.metrics });

  return {
    append: group.append,
    read: (stream, range) => readStream(readers, stream, range),
    readTails,
    subscribe: subscriber({ pool: readers, wakeups, logger }),
    start,
    parsePosition,

    async eventAt(position) {
      const { rows } = await readers.query<{ id: string }>({
        name: 'log.event-at',
        text: 'select id from log.events where position = $1',
        values: [numberOf(position)],
      });
      return rows[0];
    },

    async head() {
      const { rows } = await readers.query<{ position: number }>({
        name: 'log.head',
        text: 'select position from log.events order by position desc limit 1',
      });
      return formatPosition(rows[0]?.position ?? 0);
    },

    async behind(position) {
      const { rows } = await readers.query<{ head: number; seconds: number }>({
        name: 'log.behind',
        text: `
          select coalesce((select position from log.events order by position desc limit 1), 0) as head,
                 coalesce((select greatest(0, extract(epoch from clock_timestamp() - coalesce((meta ->> 'recordedAt')::timestamptz, recorded_at)))::float8
                             from log.events where position > $1 order by position limit 1), 0) as seconds`,
        values: [numberOf(position)],
      });
      const { head, seconds } = rows[0]!;
      const events = Math.max(0, head - numberOf(position));
      return { seconds, events, share: head === 0 ? 1 : Math.min(1, numberOf(position) / head) };
    },

    async identity() {
      const { rows } = await readers.query<LogIdentity>({
        name: 'log.identity',
        text: 'select id, generation, predecessors, closed_at is not null as closed from log.identity',
      });
      if (!rows[0]) throw new StoreUnavailable('the log has no identity: its schema is not there yet');
      return rows[0];
    },

    async close() {
      await group.close();
      await Promise.all([wakeups.close(), appenders.end(), readers.end()]);
    },
  };
};
