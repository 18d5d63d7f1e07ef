import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import type { Logger } from '../platform/logging.ts';

/** A stream as it was folded up to `revision`. */
export type Snapshot = { readonly revision: number; readonly eventId: string; readonly state: unknown };

/** A command that made an event of a stream. */
export type Remembered = { readonly hash: string; readonly revision: number; readonly recordedAt: Date };

export type Snapshots = {
  /** The newest snapshot of a stream by this fold, if there is one and the database answers. */
  readonly load: (stream: string) => Promise<Snapshot | undefined>;
  /** A command among those up to a snapshot's revision. Throws when the database does not answer: not knowing is not "never seen". */
  readonly command: (stream: string, commandId: string, upTo: number) => Promise<Remembered | undefined>;
  /** Keeps a state and the commands since the snapshot before. True when it was stored; a failure is logged. */
  readonly save: (stream: string, snapshot: Snapshot, commands: ReadonlyMap<string, Remembered>) => Promise<boolean>;
  /** Forgets what is kept of a stream: it is not of this log. */
  readonly discard: (stream: string) => Promise<void>;
};

/**
 * Snapshots in PostgreSQL, whatever store the log is in. They are a cache: what is missing, of another fold or of another
 * history is folded from the log again. `fold` names the code that folds.
 */
export const openSnapshots = ({ pool, fold, logger }: { readonly pool: Pool; readonly fold: string; readonly logger: Logger }): Snapshots => {
  const load = gather<string, Snapshot | undefined>(
    async (streams) => {
      const { rows } = await pool.query<{ stream: string } & Snapshot>({
        name: 'load-snapshots',
        text: `select stream, revision, event_id as "eventId", state from snapshots.states where stream = any($1::text[]) and fold = $2`,
        values: [streams, fold],
      });
      const found = new Map(rows.map((row) => [row.stream, row]));
      return streams.map((stream) => found.get(stream));
    },
    { maxBatch: 100, inFlight: 2 },
  );

  const command = gather<Asked, Remembered | undefined>(
    async (asked) => {
      const { rows } = await pool.query<{ nth: number } & Remembered>({
        name: 'remembered-commands',
        text: `
          select asked.nth::integer, c.hash, c.revision, c.recorded_at as "recordedAt"
            from unnest($1::text[], $2::uuid[], $3::integer[]) with ordinality asked (stream, command_id, up_to, nth)
            join snapshots.commands c on c.stream = asked.stream and c.command_id = asked.command_id and c.revision <= asked.up_to`,
        values: [asked.map(({ stream }) => stream), asked.map(({ commandId }) => commandId), asked.map(({ upTo }) => upTo)],
      });
      const found = new Map(rows.map((row) => [row.nth, row]));
      return asked.map((_, index) => found.get(index + 1));
    },
    { maxBatch: 500, inFlight: 2 },
  );

  return {
    load: (stream) =>
      load(stream).catch((error: unknown) => {
        logger.warn({ err: error, stream }, 'could not load a snapshot; the stream is read from its start');
        return undefined;
      }),

    command: (stream, commandId, upTo) => command({ stream, commandId, upTo }),

    async save(stream, { revision, eventId, state }, commands) {
      const kept = [...commands];
      try {
        await pool.query({
          name: 'save-snapshot',
          text: `
            with state as (
              insert into snapshots.states (stream, fold, revision, event_id, state) values ($1, $2, $3, $4, $5)
              on conflict (stream, fold) do update
                 set revision = excluded.revision, event_id = excluded.event_id, state = excluded.state, saved_at = excluded.saved_at
               where states.revision < excluded.revision
            )
            insert into snapshots.commands (stream, command_id, hash, revision, recorded_at)
            select $1, c.command_id, c.hash, c.revision, c.recorded_at
              from unnest($6::uuid[], $7::text[], $8::integer[], $9::timestamptz[]) c (command_id, hash, revision, recorded_at)
            on conflict do nothing`,
          values: [
            stream,
            fold,
            revision,
            eventId,
            JSON.stringify(state),
            kept.map(([commandId]) => commandId),
            kept.map(([, { hash }]) => hash),
            kept.map(([, first]) => first.revision),
            kept.map(([, { recordedAt }]) => recordedAt),
          ],
        });
        await pool.query(`delete from snapshots.commands where recorded_at < now() - interval '31 days'`);
        await pool.query(`delete from snapshots.states where saved_at < now() - interval '60 days'`);
        return true;
      } catch (error) {
        logger.warn({ err: error, stream, revision }, 'could not save a snapshot');
        return false;
      }
    },

    async discard(stream) {
      await pool.query({
        name: 'discard-snapshot',
        text: 'with forgotten as (delete from snapshots.states where stream = $1) delete from snapshots.commands where stream = $1',
        values: [stream],
      });
    },
  };
};

type Asked = { readonly stream: string; readonly commandId: string; readonly upTo: number };
