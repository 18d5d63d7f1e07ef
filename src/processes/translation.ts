import type { Position } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';

/** The events because of which a process's commands are on their way. */
export const outgoingCauses = async (pool: Pool, process: string): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ id: string }>(`select distinct cause ->> 'eventId' as id from processes.outgoing where process = $1`, [
    process,
  ]);
  return rows.map(({ id }) => id);
};

/**
 * Moves what a process keeps to another log, in the transaction that moves its checkpoint there and after it. Its memories have
 * reached whatever is up to the checkpoint; commands on their way stay what they are, and name the places of their causes anew.
 */
export const translateProcess = async (
  client: ClientBase,
  process: string,
  checkpoint: { readonly position: Position; readonly eventId: string },
  placeOf: (eventId: string) => Position,
): Promise<void> => {
  await client.query('update processes.memories set position = $2, event_id = $3 where process = $1', [
    process,
    checkpoint.position,
    checkpoint.eventId,
  ]);
  const { rows } = await client.query<{ seq: number; cause: { eventId: string } }>('select seq, cause from processes.outgoing where process = $1', [
    process,
  ]);
  await client.query(
    `update processes.outgoing o
        set cause = e.cause::json
       from unnest($2::bigint[], $3::text[]) e (seq, cause)
      where o.process = $1 and o.seq = e.seq`,
    [process, rows.map(({ seq }) => seq), rows.map(({ cause }) => JSON.stringify({ ...cause, position: placeOf(cause.eventId) }))],
  );
};
