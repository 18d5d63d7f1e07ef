import type { Logged, Progress } from '../eventstore/event-store.ts';
import { parkedEvent, type Assigned } from '../projections/fold.ts';
import { asError, type Entry, type Page } from '../projections/page.ts';
import type { Happened } from '../projections/projection.ts';
import type { ParkedEvent } from '../subscriptions/parking.ts';
import type { AnyProcess } from './any-process.ts';
import type { Memory } from './memories.ts';
import { commandsOf, type Outgoing } from './outgoing.ts';

/** A part of a page that takes effect in one transaction. */
export type Slice = { readonly entries: readonly Entry[]; readonly progress: Progress };

/** However many commands an event leads to: a slice is bounded. */
const sliceEvents = 500;

export const slicesOf = ({ entries, progress }: Page): readonly Slice[] => {
  if (!progress) return [];
  const slices: Slice[] = [];
  for (let from = 0; from < Math.max(entries.length, 1); from += sliceEvents) {
    const part = entries.slice(from, from + sliceEvents);
    const isLast = from + sliceEvents >= entries.length;
    slices.push({ entries: part, progress: isLast ? progress : progressAt(part.at(-1)!.logged) });
  }
  return slices;
};

const progressAt = ({ position, id }: Logged): Progress => ({ position, eventId: id });

/** Says for each event whose it is; events that a process does not read, or that are nobody's, are left out. */
export const assignKeys = (process: AnyProcess, entries: readonly Entry[]): readonly Assigned[] =>
  entries
    .filter(({ logged }) => process.on.includes(logged.type))
    .map((entry) => (entry.kind === 'event' ? assignKey(process, entry.event) : ({ ...entry, kind: 'failed' } as const)))
    .filter((assigned) => assigned !== undefined);

/** Whose an event is; undefined: nobody's. */
export const assignKey = (process: AnyProcess, event: Happened): Assigned | undefined => {
  try {
    const group = process.key(event as never);
    return group === undefined ? undefined : { kind: 'event', group, event };
  } catch (error) {
    return { kind: 'failed', logged: event, error: asError(error) };
  }
};

/** The keys of assigned events. */
export const keysOf = (assigned: readonly Assigned[]): readonly string[] => [
  ...new Set(assigned.flatMap((next) => (next.kind === 'event' ? [next.group] : []))),
];

/** What a slice of the log leads to. */
export type Reactions = {
  readonly memories: ReadonlyMap<string, Memory>;
  readonly outgoing: readonly Outgoing[];
  readonly parked: readonly ParkedEvent[];
  readonly reacted: number;
};

/**
 * Reacts to events in order. A key whose reaction fails keeps the memory it had before that event and waits from there on; so does
 * the stream of an event that cannot be decoded. Keys that wait already stay as they are.
 */
export const reactAll = (
  process: AnyProcess,
  assigned: readonly Assigned[],
  before: ReadonlyMap<string, Memory>,
  waiting: ReadonlySet<string>,
  options: {
    readonly firstSeq: number;
    /** Whether an event is to be passed over; in a page of the log one that is not after the last that its key has reacted to. */
    readonly isOld?: (event: Pick<Logged, 'id' | 'position'>, known: Memory | undefined) => boolean;
  },
): Reactions => {
  const { firstSeq, isOld = isOldNews } = options;
  const memories = new Map<string, Memory>();
  const outgoing: Outgoing[] = [];
  const parked: ParkedEvent[] = [];
  const blocked = new Set(waiting);
  let reacted = 0;
  for (const next of assigned) {
    if (next.kind === 'failed') {
      const { stream } = next.logged;
      parked.push(parkedEvent(stream, next.logged, blocked.has(stream) ? undefined : next.error));
      blocked.add(stream);
      continue;
    }
    const { group: key, event } = next;
    const behind = blocked.has(key) ? key : blocked.has(event.stream) ? event.stream : undefined;
    if (behind !== undefined) {
      parked.push(parkedEvent(behind, event));
      continue;
    }
    const known = memories.get(key) ?? before.get(key);
    if (isOld(event, known)) continue;
    try {
      const { memory, commands } = process.react((known?.memory ?? process.initial) as never, event as never);
      outgoing.push(...commandsOf(process.name, key, event, commands, firstSeq + outgoing.length));
      const reached = known && known.position > event.position ? known : { position: event.position, eventId: event.id };
      memories.set(key, { memory, position: reached.position, eventId: reached.eventId });
      reacted += 1;
    } catch (error) {
      parked.push(parkedEvent(key, event, asError(error)));
      blocked.add(key);
    }
  }
  return { memories, outgoing, parked, reacted };
};

const isOldNews = ({ position }: Pick<Logged, 'position'>, known: Memory | undefined): boolean => known !== undefined && position <= known.position;
