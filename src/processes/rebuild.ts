import type { EventStore } from '../eventstore/event-store.ts';
import type { ClientBase, Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Page } from '../projections/page.ts';
import type { Batch, Position } from '../eventstore/event-store.ts';
import type { Advance } from '../subscriptions/advancing.ts';
import { loadParked, park } from '../subscriptions/parking.ts';
import type { Held } from '../subscriptions/subscription.ts';
import type { AnyProcess } from './any-process.ts';
import { loadMemories, writeMemories } from './memories.ts';
import { stoppedKeys } from './outgoing.ts';
import { assignKeys, keysOf, reactAll, slicesOf, type Slice } from './react.ts';

type Source = {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly advance: Advance;
  readonly pageOf: (batch: Batch) => Page;
  readonly logger: Logger;
};

/**
 * Folds the memories again from the log when those that are stored are of another version of the process: each up to the event
 * that it had reached. No command is sent for what the other version reacted to; what it decided on stays as it is stored.
 */
export const rebuildMemories = async (source: Source, process: AnyProcess, held: Held): Promise<void> => {
  const { store, pool, advance, pageOf, logger } = source;
  const to = held.progress;
  if (!to || !(await someOfAnother(pool, process))) return;
  logger.info({ process: process.name, version: process.version }, 'folds its memories again: they are of another version');
  for await (const batch of store.subscribe({ after: store.start, signal: held.signal })) {
    const page = pageOf(batch);
    for (const slice of slicesOf(page)) await advance(held, to, (client) => foldSlice(process, slice, client));
    if (page.newer) throw page.newer;
    if (batch.progress.position >= to.position) break;
  }
  if (held.signal.aborted) return;
  await advance(held, to, (client) =>
    client.query('delete from processes.memories where process = $1 and version <> $2', [process.name, process.version]),
  );
  logger.info({ process: process.name, version: process.version }, 'has folded its memories again');
};

const someOfAnother = async (pool: Pool, { name, version }: AnyProcess): Promise<boolean> => {
  const { rows } = await pool.query('select from processes.memories where process = $1 and version <> $2 limit 1', [name, version]);
  return rows.length > 0;
};

const foldSlice = async (process: AnyProcess, slice: Slice, client: ClientBase): Promise<void> => {
  const assigned = assignKeys(process, slice.entries);
  if (assigned.length === 0) return;
  const keys = keysOf(assigned);
  const [before, reached, unseen] = await Promise.all([
    loadMemories(client, process, keys),
    reachedBefore(client, process, keys),
    unseenYet(client, process),
  ]);
  const mine = assigned.filter(
    (each) => each.kind === 'event' && !unseen.has(each.event.id) && each.event.position <= (reached.get(each.group) ?? ''),
  );
  const { memories, parked } = reactAll(process, mine, before, new Set(), { firstSeq: 0 });
  await writeMemories(client, process, memories);
  await park(client, process.name, parked);
};

/** The last event that another version has reacted to, per key. */
const reachedBefore = async (client: ClientBase, { name, version }: AnyProcess, keys: readonly string[]): Promise<ReadonlyMap<string, Position>> => {
  const { rows } = await client.query<{ key: string; position: Position }>(
    `select key, max(position) as position from processes.memories where process = $1 and version <> $2 and key = any($3) group by key`,
    [name, version, keys],
  );
  return new Map(rows.map(({ key, position }) => [key, position]));
};

/** What waits and was not reacted to, wherever its key has come to; all that is parked but the events whose commands failed. */
const unseenYet = async (client: ClientBase, { name }: AnyProcess): Promise<ReadonlySet<string>> => {
  const groups = await loadParked(client, name);
  const stopped = await stoppedKeys(client, name);
  return new Set(
    [...groups].flatMap(([group, { events }]) => events.map(({ eventId }) => eventId).filter((eventId) => eventId !== stopped.get(group)?.eventId)),
  );
};
