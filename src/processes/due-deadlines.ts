import type { Deadline } from '../domain/deadlines.ts';
import { gather } from '../platform/gather.ts';
import type { Pool } from '../platform/database.ts';
import type { DeadlineRow } from '../projections/deadlines.ts';

/** A deadline that has come, with the request that its fact goes back to. */
export type DueDeadline = Deadline & { readonly correlationId: string };

/** Names a deadline within this program. */
export const nameOf = ({ stream, kind, subject, eventId }: Deadline): string => `${stream} ${kind} ${subject} ${eventId}`;

/** A look at the read model that found all that was due: those due later, or set by later events, are new. */
export type Look = { readonly due: Date; readonly setAt: Date };

/**
 * Deadlines that have come and were not served, the oldest first: the new ones since a look, and all of `streams`. With them
 * when the newest deadline was set. A deadline that was served may stand in the read model for good.
 */
export const readDue = async (
  pool: Pool,
  asked: {
    readonly now: Date;
    readonly since: Look | undefined;
    readonly streams: readonly string[];
    readonly except: readonly string[];
    readonly limit: number;
  },
): Promise<{ readonly due: readonly DueDeadline[]; readonly setAt: Date | undefined }> => {
  const { now, since, streams, except, limit } = asked;
  // One statement: both as they were at one moment.
  const { rows } = await pool.query<{ set_at: Date | null } & (Row | { [Column in keyof Row]: null })>({
    name: since ? 'new-due-deadlines' : 'all-due-deadlines',
    text: `
      select (select max(set_at) from read_models.deadlines) as set_at, due.*
        from (values (1)) one
   left join lateral (
      select stream, kind, subject, fact, event_id, correlation_id
        from read_models.deadlines d
       where due_at <= $1
         and not concat_ws(' ', stream, kind, subject, event_id) = any($2)
         and not exists (select from processes.served_deadlines s
                          where s.stream = d.stream and s.kind = d.kind and s.subject = d.subject and s.event_id = d.event_id)
         ${since ? 'and (due_at > $5 or set_at >= $6 or stream = any($3))' : 'and $3::text[] is not null'}
    order by due_at
       limit $4) due on true`,
    values: [now, except, streams, limit, ...(since ? [since.due, since.setAt] : [])],
  });
  const due = rows.flatMap((row) =>
    row.stream === null
      ? []
      : {
          ...{ stream: row.stream, kind: row.kind, subject: row.subject, dueAt: row.fact, eventId: row.event_id },
          correlationId: row.correlation_id,
        },
  );
  return { due, setAt: rows[0]!.set_at ?? undefined };
};

type Row = Pick<DeadlineRow, 'stream' | 'kind' | 'subject' | 'fact' | 'event_id' | 'correlation_id'>;

/** Remembers that deadlines' commands were answered: as many at once as come at once. */
export const serving = (pool: Pool): ((deadline: Deadline) => Promise<void>) =>
  gather<Deadline, void>(
    async (served) => {
      const last = [...new Map(served.map((deadline) => [`${deadline.stream} ${deadline.kind} ${deadline.subject}`, deadline])).values()];
      await pool.query({
        name: 'serve-deadlines',
        text: `insert into processes.served_deadlines (stream, kind, subject, event_id)
               select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
                   on conflict (stream, kind, subject) do update set (event_id, served_at) = row (excluded.event_id, excluded.served_at)`,
        values: [
          last.map(({ stream }) => stream),
          last.map(({ kind }) => kind),
          last.map(({ subject }) => subject),
          last.map(({ eventId }) => eventId),
        ],
      });
      return served.map(() => undefined);
    },
    { maxBatch: 500, inFlight: 1 },
  );

/** Forgets what was served and stands in the read model no more. */
export const forgetServed = async (pool: Pool): Promise<void> => {
  await pool.query(
    `delete from processes.served_deadlines s
      where served_at < clock_timestamp() - interval '1 hour'
        and not exists (select from read_models.deadlines d
                         where d.stream = s.stream and d.kind = s.kind and d.subject = s.subject and d.event_id = s.event_id)`,
  );
};

/** The time by the database's clock. */
export const databaseTime = async (pool: Pool): Promise<Date> =>
  (await pool.query<{ now: Date }>({ name: 'database-time', text: 'select clock_timestamp() as now' })).rows[0]!.now;
