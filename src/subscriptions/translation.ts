import type { LogIdentity, Position } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';

/** What a subscription keeps of a log that is not the one in use: its checkpoint, and the ids of the events parked in it. */
export type Foreign = {
  readonly name: string;
  readonly logId: string;
  readonly position: string;
  readonly eventId: string;
  readonly parked: readonly { readonly eventId: string; readonly position: string }[];
};

/** The subscriptions whose checkpoints are of another log than this one. */
export const foreignCheckpoints = async (pool: Pool, logId: string): Promise<readonly Foreign[]> => {
  const { rows } = await pool.query<Foreign>(
    `select c.name, c.log_id as "logId", c.position, c.event_id as "eventId",
            coalesce((select json_agg(json_build_object('eventId', p.event_id, 'position', p.position) order by p.position)
                        from subscriptions.parked p where p.subscription = c.name), '[]') as parked
       from subscriptions.checkpoints c
      where c.position is not null and c.log_id <> $1
   order by c.name`,
    [logId],
  );
  return rows;
};

/**
 * Moves a subscription's checkpoint and what it has parked to the places of the same events in another log. Whoever follows now
 * is fenced off. `also` moves what else goes by its places, in the same transaction. False, and nothing has happened, when the
 * checkpoint or what is parked is not the one that was read any more.
 */
export const translateCheckpoint = async (
  client: ClientBase,
  foreign: Foreign,
  log: Pick<LogIdentity, 'id' | 'generation'>,
  placeOf: (eventId: string) => Position,
  also: (client: ClientBase) => Promise<void> = async () => {},
): Promise<boolean> => {
  await client.query('begin');
  const moved = await client.query(
    `update subscriptions.checkpoints
        set position = $4, log_id = $5, generation = $6, term = term + 1, lease_until = '-infinity', updated_at = clock_timestamp()
      where name = $1 and log_id = $2 and position = $3`,
    [foreign.name, foreign.logId, foreign.position, placeOf(foreign.eventId), log.id, log.generation],
  );
  // Their places in the old log and in the new may be the same text: first all of them out of the way.
  const parked = await client.query(`update subscriptions.parked set position = 'old ' || position where subscription = $1`, [foreign.name]);
  await client.query(
    `update subscriptions.parked p
        set position = e.place
       from unnest($2::text[], $3::text[]) e (position, place)
      where p.subscription = $1 and p.position = 'old ' || e.position`,
    [foreign.name, foreign.parked.map(({ position }) => position), foreign.parked.map(({ eventId }) => placeOf(eventId))],
  );
  const asRead = moved.rowCount === 1 && parked.rowCount === foreign.parked.length;
  if (asRead) await also(client);
  await client.query(asRead ? 'commit' : 'rollback');
  return asRead;
};
