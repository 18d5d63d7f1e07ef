import type { LogIdentity, Position, Progress } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';

/** How far a subscription has come: a place, the event that was there, and in which log. */
export type Checkpoint = { readonly progress: Progress; readonly log: Pick<LogIdentity, 'id' | 'generation'> };

/** Who follows: a subscription's name and the term of the lease. */
export type Lease = { readonly name: string; readonly term: number; readonly leaseMs: number };

/** Makes the row of a subscription that is new; it stands before the first event. */
export const createCheckpoint = async (pool: Pool, name: string): Promise<void> => {
  await pool.query('insert into subscriptions.checkpoints (name) values ($1) on conflict do nothing', [name]);
};

/** Takes the lease if nobody holds it by the database's clock. */
export const takeLease = async (
  pool: Pool,
  lease: { readonly name: string; readonly holder: string; readonly leaseMs: number },
): Promise<{ readonly term: number; readonly checkpoint: Checkpoint | undefined } | undefined> => {
  const { rows } = await pool.query<Row & { term: number }>(
    `update subscriptions.checkpoints
        set term = term + 1, holder = $2, lease_until = clock_timestamp() + $3 * interval '1 ms', updated_at = clock_timestamp()
      where name = $1 and lease_until <= clock_timestamp()
  returning term, position, event_id, log_id, generation`,
    [lease.name, lease.holder, lease.leaseMs],
  );
  return rows[0] && { term: rows[0].term, checkpoint: checkpointOf(rows[0]) };
};

/** Extends the lease; false: it belongs to a later term. */
export const renewLease = async (pool: Pool, { name, term, leaseMs }: Lease): Promise<boolean> => {
  const { rowCount } = await pool.query({
    name: 'renew-lease',
    text: `update subscriptions.checkpoints
              set lease_until = clock_timestamp() + $3 * interval '1 ms', updated_at = clock_timestamp()
            where name = $1 and term = $2`,
    values: [name, term, leaseMs],
  });
  return rowCount === 1;
};

/** Gives the lease back, so that a stand-by need not wait for its end. */
export const releaseLease = async (pool: Pool, { name, term }: Lease): Promise<void> => {
  await pool.query(`update subscriptions.checkpoints set lease_until = '-infinity', updated_at = clock_timestamp() where name = $1 and term = $2`, [
    name,
    term,
  ]);
};

/** A step of a subscription from where it is believed to stand. */
export type Move = Lease & { readonly from: Progress | undefined; readonly to: Checkpoint };

/**
 * Moves checkpoints, and extends the leases with them, where term and position are still the expected ones: one statement however
 * many there are. False unless all could be moved; the transaction has failed then, so that nothing of it takes effect which was
 * sent before this is known.
 */
export const moveCheckpoints = async (client: ClientBase, moves: readonly Move[]): Promise<boolean> => {
  try {
    await client.query({
      name: 'move-checkpoints',
      text: `with moved as (
             update subscriptions.checkpoints c
                set position = m.position, event_id = m.event_id, log_id = m.log_id, generation = m.generation,
                    lease_until = clock_timestamp() + m.lease_ms * interval '1 ms', updated_at = clock_timestamp()
               from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::integer[], $8::integer[])
                    m (name, term, stood, position, event_id, log_id, generation, lease_ms)
              where c.name = m.name and c.term = m.term and c.position is not distinct from m.stood
          returning c.name)
      select 1 / (count(*) = cardinality($1::text[]))::integer as all_moved from moved`,
      values: [
        moves.map(({ name }) => name),
        moves.map(({ term }) => term),
        moves.map(({ from }) => from?.position ?? null),
        moves.map(({ to }) => to.progress.position),
        moves.map(({ to }) => to.progress.eventId),
        moves.map(({ to }) => to.log.id),
        moves.map(({ to }) => to.log.generation),
        moves.map(({ leaseMs }) => leaseMs),
      ],
    });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === divisionByZero) return false;
    throw error;
  }
};

/** The SQLSTATE by which {@link moveCheckpoints} fails. */
const divisionByZero = '22012';

/** The checkpoints of these subscriptions, by name; one that has not begun is missing. */
export const readCheckpoints = async (pool: Pool, names: readonly string[]): Promise<ReadonlyMap<string, Checkpoint>> => {
  const { rows } = await pool.query<Row & { name: string }>({
    name: 'read-checkpoints',
    text: `select name, position, event_id, log_id, generation
             from subscriptions.checkpoints
            where name = any($1) and position is not null`,
    values: [names],
  });
  return new Map(rows.map((row) => [row.name, checkpointOf(row)!]));
};

/** Forgets how far a subscription has come, so that it begins again at the start of the log. Whoever follows now is fenced off. */
export const resetCheckpoint = async (client: ClientBase, name: string): Promise<void> => {
  await client.query(
    `update subscriptions.checkpoints
        set position = null, event_id = null, log_id = null, generation = null, term = term + 1, lease_until = '-infinity', updated_at = clock_timestamp()
      where name = $1`,
    [name],
  );
};

/** Puts a subscription at a place that an operator chose, whatever it had read. Whoever follows now is fenced off. */
export const resumeAt = async (pool: Pool, name: string, { progress, log }: Checkpoint): Promise<void> => {
  await pool.query(
    `update subscriptions.checkpoints
        set position = $2, event_id = $3, log_id = $4, generation = $5, term = term + 1, lease_until = '-infinity', updated_at = clock_timestamp()
      where name = $1`,
    [name, progress.position, progress.eventId, log.id, log.generation],
  );
};

/** Who follows each of these subscriptions now; one that nobody follows is missing. */
export const readHolders = async (pool: Pool, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await pool.query<{ name: string; holder: string }>(
    'select name, holder from subscriptions.checkpoints where name = any($1) and lease_until > clock_timestamp()',
    [names],
  );
  return new Map(rows.map(({ name, holder }) => [name, holder]));
};

type Row = { readonly position: string | null; readonly event_id: string | null; readonly log_id: string | null; readonly generation: number | null };

const checkpointOf = ({ position, event_id, log_id, generation }: Row): Checkpoint | undefined =>
  position === null || event_id === null || log_id === null || generation === null
    ? undefined
    : { progress: { position: position as Position, eventId: event_id }, log: { id: log_id, generation } };
