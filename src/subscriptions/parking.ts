import type { Position } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';

/** An event that waits: it failed, or an earlier one of its group did. Its data stays in the log. */
export type ParkedEvent = {
  readonly group: string;
  readonly position: Position;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** Why it failed; undefined: it waits behind one that did. */
  readonly error?: string;
  readonly attempts: number;
};

/** What waits in one group, in order, and whether an operator asked to try it again. */
export type ParkedGroup = { readonly events: readonly ParkedEvent[]; readonly retryRequested: boolean };

/** Parks events: the one that failed, and those that came after it in its group. Parking one twice changes nothing. */
export const park = async (client: ClientBase, subscription: string, events: readonly ParkedEvent[]): Promise<void> => {
  if (events.length === 0) return;
  await client.query(
    `insert into subscriptions.parked (subscription, group_key, position, event_id, stream, revision, type, error, attempts)
     select $1, e.* from unnest($2::text[], $3::text[], $4::uuid[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::integer[]) e
         on conflict (subscription, group_key, position) do nothing`,
    [
      subscription,
      events.map(({ group }) => group),
      events.map(({ position }) => position),
      events.map(({ eventId }) => eventId),
      events.map(({ stream }) => stream),
      events.map(({ revision }) => revision),
      events.map(({ type }) => type),
      events.map(({ error }) => error?.slice(0, 2_000) ?? null),
      events.map(({ attempts }) => attempts),
    ],
  );
};

/** What waits in a subscription, by group. Inside a transaction it stays as it is until the end: marking and discarding wait. */
export const loadParked = async (client: ClientBase, subscription: string): Promise<ReadonlyMap<string, ParkedGroup>> => {
  const { rows } = await client.query<Row>(
    `select group_key, position, event_id, stream, revision, type, error, attempts, retry_requested_at
       from subscriptions.parked
      where subscription = $1
   order by group_key, position
        for update`,
    [subscription],
  );
  return byGroup(rows);
};

/** What waits in a subscription, for people to read. */
export const listParked = async (pool: Pool, subscription: string): Promise<ReadonlyMap<string, ParkedGroup>> => {
  const { rows } = await pool.query<Row>(
    `select group_key, position, event_id, stream, revision, type, error, attempts, retry_requested_at
       from subscriptions.parked
      where subscription = $1
   order by group_key, position`,
    [subscription],
  );
  return byGroup(rows);
};

/** The groups of a subscription that cannot be brought up to date for now. */
export const parkedGroups = async (pool: Pool, subscription: string): Promise<ReadonlySet<string>> => {
  const { rows } = await pool.query<{ group_key: string }>({
    name: 'parked-groups',
    text: 'select distinct group_key from subscriptions.parked where subscription = $1',
    values: [subscription],
  });
  return new Set(rows.map(({ group_key }) => group_key));
};

/** How many groups wait, per subscription. */
export const countParked = async (pool: Pool, subscriptions: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await pool.query<{ subscription: string; groups: number }>(
    'select subscription, count(distinct group_key) as groups from subscriptions.parked where subscription = any($1) group by subscription',
    [subscriptions],
  );
  return new Map(rows.map(({ subscription, groups }) => [subscription, groups]));
};

/** Asks the active instance to try a group again; with no group, all of the subscription. Answers how many events that is. */
export const requestRetry = async (pool: Pool, subscription: string, group?: string): Promise<number> => {
  const { rowCount } = await pool.query(
    `update subscriptions.parked set retry_requested_at = clock_timestamp() where subscription = $1 and ($2::text is null or group_key = $2)`,
    [subscription, group ?? null],
  );
  return rowCount ?? 0;
};

/** Gives a group up: what waits in it never takes effect, later events do. Answers how many events that is. */
export const discard = async (pool: Pool, subscription: string, group: string): Promise<number> => {
  const { rowCount } = await pool.query('delete from subscriptions.parked where subscription = $1 and group_key = $2', [subscription, group]);
  return rowCount ?? 0;
};

/** Takes events out that took effect now. */
export const unpark = async (client: ClientBase, subscription: string, events: readonly ParkedEvent[]): Promise<void> => {
  if (events.length === 0) return;
  await client.query(
    `delete from subscriptions.parked p
      using unnest($2::text[], $3::text[]) e (group_key, position)
      where p.subscription = $1 and p.group_key = e.group_key and p.position = e.position`,
    [subscription, events.map(({ group }) => group), events.map(({ position }) => position)],
  );
};

/** Keeps the outcome of a retry that failed: one more attempt, the new error, and no request any more for its group. */
export const retryFailed = async (client: ClientBase, subscription: string, { group, position }: ParkedEvent, error: string): Promise<void> => {
  await client.query(
    `update subscriptions.parked
        set retry_requested_at = null,
            attempts = attempts + (position = $3)::integer,
            error    = case when position = $3 then $4 else error end
      where subscription = $1 and group_key = $2`,
    [subscription, group, position, error.slice(0, 2_000)],
  );
};

type Row = {
  readonly group_key: string;
  readonly position: string;
  readonly event_id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly retry_requested_at: Date | null;
};

const byGroup = (rows: readonly Row[]): ReadonlyMap<string, ParkedGroup> =>
  new Map(
    [...Map.groupBy(rows, ({ group_key }) => group_key)].map(([group, events]) => [
      group,
      { events: events.map(parkedEvent), retryRequested: events.some(({ retry_requested_at }) => retry_requested_at !== null) },
    ]),
  );

const parkedEvent = ({ group_key, position, event_id, stream, revision, type, error, attempts }: Row): ParkedEvent => ({
  group: group_key,
  position: position as Position,
  eventId: event_id,
  stream,
  revision,
  type,
  attempts,
  ...(error === null ? {} : { error }),
});
