import type { Logged } from '../eventstore/event-store.ts';
import type { ParkedEvent } from '../subscriptions/parking.ts';
import { asError, type Entry } from './page.ts';
import type { AnyProjection, Happened } from './projection.ts';

/** An event and whose rows it changes; or one that fails before that can be said. */
export type Assigned =
  | { readonly kind: 'event'; readonly group: string; readonly event: Happened }
  | { readonly kind: 'failed'; readonly logged: Pick<Logged, 'id' | 'stream' | 'revision' | 'position' | 'type'>; readonly error: Error };

/** What a page changes: for each group its rows after it, and what has to wait. */
export type Folded = { readonly rows: ReadonlyMap<string, readonly object[]>; readonly parked: readonly ParkedEvent[]; readonly folded: number };

/** Says for each event of a page whose rows it changes; events that it does not fold are left out. */
export const assign = (projection: AnyProjection, entries: readonly Entry[]): readonly Assigned[] => {
  const types = new Set(projection.on.map(({ type }) => type));
  const assigned: Assigned[] = [];
  for (const entry of entries) {
    if (!types.has(entry.logged.type)) continue;
    if (entry.kind === 'undecodable') {
      assigned.push({ kind: 'failed', logged: entry.logged, error: entry.error });
      continue;
    }
    try {
      assigned.push({ kind: 'event', group: projection.group(entry.event), event: entry.event });
    } catch (error) {
      assigned.push({ kind: 'failed', logged: entry.logged, error: asError(error) });
    }
  }
  return assigned;
};

/** The groups of a page that may have rows before it. */
export const groupsToLoad = (projection: AnyProjection, assigned: readonly Assigned[]): readonly string[] => {
  const load = new Map<string, boolean>();
  for (const next of assigned) if (next.kind === 'event' && !load.has(next.group)) load.set(next.group, !projection.begins?.(next.event));
  return [...load].flatMap(([group, wanted]) => (wanted ? [group] : []));
};

/**
 * Folds a page in memory. A group whose fold fails keeps the rows it had before that event and waits from there on; so does the
 * stream of an event that cannot be decoded. Groups that wait already stay as they are.
 */
export const fold = (
  projection: AnyProjection,
  assigned: readonly Assigned[],
  before: ReadonlyMap<string, readonly object[]>,
  waiting: ReadonlySet<string>,
): Folded => {
  const rows = new Map<string, readonly object[]>();
  const blocked = new Set(waiting);
  const parked: ParkedEvent[] = [];
  let folded = 0;
  for (const next of assigned) {
    const stream = next.kind === 'event' ? next.event.stream : next.logged.stream;
    if (next.kind === 'failed') {
      parked.push(parkedEvent(stream, next.logged, blocked.has(stream) ? undefined : next.error));
      blocked.add(stream);
      continue;
    }
    const { group, event } = next;
    const behind = blocked.has(group) ? group : blocked.has(stream) ? stream : undefined;
    if (behind !== undefined) {
      parked.push(parkedEvent(behind, event));
      continue;
    }
    try {
      rows.set(group, projection.evolve(rows.get(group) ?? before.get(group) ?? [], event));
      folded += 1;
    } catch (error) {
      parked.push(parkedEvent(group, event, asError(error)));
      blocked.add(group);
    }
  }
  return { rows, parked, folded };
};

/** An event that waits in a group: because it failed with this error, or behind one that did. */
export const parkedEvent = (
  group: string,
  { id, stream, revision, position, type }: Pick<Logged, 'id' | 'stream' | 'revision' | 'position' | 'type'>,
  error?: Error,
): ParkedEvent => ({
  group,
  position,
  eventId: id,
  stream,
  revision,
  type,
  attempts: error ? 1 : 0,
  ...(error ? { error: error.message } : {}),
});
