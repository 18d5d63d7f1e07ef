import { refused, type Refusal } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';

/** A read model whose groups are aggregates: its view, the column of their ids, and what their streams begin with. */
export type Grouped = { readonly name: string; readonly id: string; readonly stream: string };

/** The column `stale` of a row: true when something of it waits for an operator, so that it cannot be brought up to date for now. */
export const staleColumn = ({ name, id, stream }: Grouped): string => `
  exists (select from subscriptions.parked p
           where p.subscription = (select subscription from read_models.live where name = '${name}')
             and p.group_key in (${id}::text, '${stream}-' || ${id})) as stale`;

/** Whether something of an aggregate waits for an operator. */
export const isParked = async (pool: Pool, { name, stream }: Grouped, id: string): Promise<boolean> => {
  const { rows } = await pool.query({
    name: 'is-parked',
    text: `select from subscriptions.parked
            where subscription = (select subscription from read_models.live where name = $1) and group_key in ($2, $3) limit 1`,
    values: [name, id, `${stream}-${id}`],
  });
  return rows.length > 0;
};

/** What is known, but whose very first event waits for an operator. */
export const unshowable = (): Refusal =>
  refused('unavailable', 'READ_MODEL_BEHIND', 'This cannot be shown for now; operators have been told.', { retryAfterMs: 5_000 });
