import type { EventStore, Logged } from '../eventstore/event-store.ts';
import type { ClientBase } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { loadParked, retryFailed, unpark, type ParkedEvent, type ParkedGroup } from '../subscriptions/parking.ts';
import { applyEach } from './apply-each.ts';
import { entryOf, type Decode } from './page.ts';
import { subscriptionOf, type AnyProjection, type Happened } from './projection.ts';
import type { Table } from './table.ts';

type Source = { readonly store: EventStore; readonly decode: Decode; readonly logger: Logger };

/**
 * Tries the groups again that an operator asked for, inside the caller's transaction: their events are read from the log, through
 * the upcasters, and applied in order up to the first that fails again. True while anything still waits.
 */
export const retryParked = async (source: Source, projection: AnyProjection, table: Table, client: ClientBase): Promise<boolean> => {
  const name = subscriptionOf(projection);
  let left = 0;
  for (const [group, parked] of await loadParked(client, name)) {
    if (parked.retryRequested && (await retryGroup(source, projection, table, client, parked)))
      source.logger.info({ projection: name, group }, 'a parked group took effect');
    else left += 1;
  }
  return left > 0;
};

/** True when all of the group took effect and it is free again. */
const retryGroup = async (
  source: Source,
  projection: AnyProjection,
  table: Table,
  client: ClientBase,
  { events: parked }: ParkedGroup,
): Promise<boolean> => {
  const name = subscriptionOf(projection);
  const { events, error: unreadable } = await readAgain(source, parked);
  const { applied, error: failed } = await applyEach(projection, table, client, events);
  await unpark(client, name, parked.slice(0, applied));
  const error = failed ?? unreadable;
  if (!error) return true;
  await retryFailed(client, name, parked[applied]!, error.message);
  return false;
};

/** The events as the log has them, up to the first that cannot be decoded. */
export const readAgain = async (
  { store, decode }: Pick<Source, 'store' | 'decode'>,
  parked: readonly ParkedEvent[],
): Promise<{ readonly events: readonly Happened[]; readonly error?: Error }> => {
  const found = new Map<string, Logged>();
  const wanted = new Map(parked.map((event) => [event.eventId, event]));
  for (const [stream, events] of Map.groupBy(parked, ({ stream }) => stream)) {
    for await (const recorded of store.read(stream, { from: events[0]!.revision, to: events.at(-1)!.revision })) {
      const event = wanted.get(recorded.id);
      if (event) found.set(recorded.id, { ...recorded, position: event.position });
    }
  }
  const events: Happened[] = [];
  for (const { eventId, stream, revision } of parked) {
    const logged = found.get(eventId);
    if (!logged) return { events, error: new Error(`event ${eventId} is not at revision ${revision} of ${stream}`) };
    const entry = entryOf(logged, decode);
    if (entry instanceof Error) return { events, error: entry };
    if (entry.kind === 'undecodable') return { events, error: entry.error };
    events.push(entry.event);
  }
  return { events };
};
