import type { EventStore, Position, Predecessor } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import { outgoingCauses, translateProcess } from '../processes/translation.ts';
import { foreignCheckpoints, translateCheckpoint, type Foreign } from '../subscriptions/translation.ts';
import { eventsBetween } from './compare-logs.ts';

/** What became of a subscription's checkpoint. */
export type Translated = { readonly name: string } & (
  | { readonly kind: 'translated'; readonly position: Position }
  /** It has not come to the end of the old log, and must before it may go on in the new one. */
  | { readonly kind: 'behind' }
  /** It is left as it is: it moved meanwhile, or its log or its event is not in the new log. */
  | { readonly kind: 'left'; readonly because: string }
);

/**
 * Translates the checkpoints, the parked events, and the memories and commands of processes, of subscriptions that followed a
 * predecessor of this log: they go on in it after the same event. `drained` names the subscriptions that may only go on from the old log's end. Whoever follows is fenced off.
 */
export const translateCheckpoints = async (options: {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly drained: readonly string[];
  readonly signal: AbortSignal;
}): Promise<readonly Translated[]> => {
  const { pool, store, drained, signal } = options;
  const log = await store.identity();
  const found = await foreignCheckpoints(pool, log.id);
  const predecessorOf = ({ logId }: Foreign): Predecessor | undefined => log.predecessors.find(({ id }) => id === logId);
  const isBehind = (foreign: Foreign): boolean => drained.includes(foreign.name) && foreign.position !== predecessorOf(foreign)?.copiedTo;
  const movable = found.filter((foreign) => predecessorOf(foreign) && !isBehind(foreign));
  const causes = new Map(await Promise.all(found.map(async ({ name }) => [name, await outgoingCauses(pool, name)] as const)));
  const idsOf = ({ name, eventId, parked }: Foreign): readonly string[] => [eventId, ...parked.map((event) => event.eventId), ...causes.get(name)!];
  const places = await placesOf(movable.flatMap(idsOf), log.predecessors, store, signal);

  const translate = async (foreign: Foreign): Promise<Translated> => {
    const { name } = foreign;
    if (!predecessorOf(foreign)) return { name, kind: 'left', because: `it follows log ${foreign.logId}, which was not copied into this one` };
    if (isBehind(foreign)) return { name, kind: 'behind' };
    const missing = idsOf(foreign).find((id) => places.get(id) === undefined);
    if (missing !== undefined) return { name, kind: 'left', because: `event ${missing} is not once in the log` };
    const client = await pool.connect();
    let translated: boolean;
    try {
      const placeOf = (eventId: string): Position => places.get(eventId)!;
      const checkpoint = { position: placeOf(foreign.eventId), eventId: foreign.eventId };
      translated = await translateCheckpoint(client, foreign, log, placeOf, () => translateProcess(client, name, checkpoint, placeOf));
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
    return translated
      ? { name, kind: 'translated', position: places.get(foreign.eventId)! }
      : { name, kind: 'left', because: 'it moved on meanwhile; try again' };
  };
  const outcomes: Translated[] = [];
  for (const foreign of found) outcomes.push(await translate(foreign));
  return outcomes;
};

/** Where these events are in the log; undefined for an id that is there twice. The log is only read through when somebody is not at a copy's end. */
const placesOf = async (
  ids: readonly string[],
  predecessors: readonly Predecessor[],
  store: EventStore,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Position | undefined>> => {
  const places = new Map<string, Position | undefined>();
  for (const { here } of predecessors) {
    const last = await store.eventAt(here);
    if (last) places.set(last.id, here);
  }
  const searched = new Set(ids.filter((id) => !places.has(id)));
  if (searched.size === 0) return places;
  const end = predecessors.reduce((furthest, { here }) => (here > furthest ? here : furthest), store.start);
  for await (const { id, position } of eventsBetween(store, store.start, end, signal))
    if (searched.has(id)) places.set(id, places.has(id) ? undefined : position);
  return places;
};
