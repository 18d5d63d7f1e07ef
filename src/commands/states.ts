import { LRUCache } from 'lru-cache';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { EventMeta, EventStore, Expected, Position, Recorded } from '../eventstore/event-store.ts';
import type { Snapshots } from './snapshots.ts';

/** What is needed of an aggregate to fold its stream. */
export type Fold<State> = {
  readonly initial: State;
  readonly evolve: (state: State, event: never) => State;
};

/** A stream folded up to `revision`, with the commands that made it. */
export type Loaded<State> = {
  readonly stream: string;
  readonly state: State;
  readonly revision: Expected;
  /** Of the newest event, where the store knows it. */
  readonly position: Position | undefined;
  readonly eventId: string | undefined;
  /** Commands by id, so that the same command again gets its first answer: those after `snapshot`. */
  readonly commands: ReadonlyMap<string, FirstAnswer>;
  /** The revision of the snapshot that this began from, or of the last that was made of it; -1: none. Commands up to the former are asked for there. */
  readonly snapshot: { readonly began: number; readonly saved: number };
};

export type FirstAnswer = { readonly hash: string; readonly revision: number; readonly position: Position | undefined; readonly recordedAt: Date };

/** An event of a stream, read or just appended. */
type Folded = Pick<Recorded, 'id' | 'revision' | 'recordedAt' | 'meta'> & { readonly position?: Position | undefined; readonly event: DomainEvent };

/** A stream of which nothing has been read. */
export const unread = <State>({ initial }: Fold<State>, stream: string): Loaded<State> => ({
  stream,
  state: initial,
  revision: 'none',
  position: undefined,
  eventId: undefined,
  commands: new Map(),
  snapshot: { began: -1, saved: -1 },
});

/** Offers change often and for years: they are kept as snapshots, and remember their commands for 30 days. Everything else is short and remembers for ever. */
const isLong = (stream: string): boolean => stream.startsWith('offer-');
const remembersMs = (stream: string): number => (isLong(stream) ? 30 * 24 * 3_600_000 : Infinity);

/** A snapshot is due after this many events; a long stream, whose state may be large, waits a little longer. */
const snapshotDue = (revision: number): number => 500 + Math.floor(revision / 100);

/**
 * Folded streams, kept in memory. A cached state may be behind the store: it may decide about an append to its own stream,
 * because the append verifies the revision, and about nothing else.
 */
export const openStates = (options: {
  readonly store: EventStore;
  readonly decode: (recorded: Recorded) => DomainEvent;
  readonly maxStreams: number;
  readonly snapshots: Snapshots;
}) => {
  const { store, decode, snapshots } = options;
  const cache = new LRUCache<string, Loaded<unknown>>({ max: options.maxStreams });
  const saving = new Set<string>();
  const cached = <State>(stream: string): Loaded<State> | undefined => cache.get(stream) as Loaded<State> | undefined;

  /** Takes up events that follow `seen`. Memory may know more than `seen` by now, or have dropped the stream. */
  const fold = <State>({ evolve }: Fold<State>, seen: Loaded<State>, events: readonly Folded[]): Loaded<State> => {
    const { stream } = seen;
    const inMemory = cached<State>(stream);
    const newest = inMemory && after(inMemory) > after(seen) ? inMemory : seen;
    const following = events.filter((event) => event.revision >= after(newest));
    if (newest.revision === 'none' && following.length === 0) return newest;
    let { state, position, eventId } = newest;
    let next = after(newest);
    const commands = newest.commands as Map<string, FirstAnswer>;
    for (const { id, event, meta, recordedAt, ...at } of following) {
      if (at.revision !== next) throw new Error(`revision ${at.revision} of ${stream} came where ${next} was due`);
      state = evolve(state, event as never);
      next += 1;
      position = at.position;
      eventId = id;
      commands.set(meta.commandId, { hash: meta.commandHash, revision: at.revision, position, recordedAt });
      for (const [first, { recordedAt: then }] of commands) {
        if (recordedAt.getTime() - then.getTime() <= remembersMs(stream)) break;
        commands.delete(first);
      }
    }
    const folded = { stream, state, revision: next - 1, position, eventId, commands, snapshot: newest.snapshot };
    cache.set(stream, folded);
    if (isLong(stream) && next - 1 - newest.snapshot.saved >= snapshotDue(next)) void save(folded);
    return folded;
  };

  /** Saves in the background; one at a time of a stream. */
  const save = async ({ stream, state, revision, eventId, commands, snapshot }: Loaded<unknown>): Promise<void> => {
    if (revision === 'none' || eventId === undefined || saving.has(stream)) return;
    saving.add(stream);
    const since = new Map([...commands].filter(([, first]) => first.revision > snapshot.saved));
    const stored = await snapshots.save(stream, { revision, eventId, state }, since);
    saving.delete(stream);
    const now = cached(stream);
    if (stored && now) cache.set(stream, { ...now, snapshot: { ...now.snapshot, saved: revision } });
  };

  /** The stream as its snapshot has it, or unread. */
  const fromSnapshot = async <State>(aggregate: Fold<State>, stream: string): Promise<Loaded<State>> => {
    const blank = unread(aggregate, stream);
    const kept = await snapshots.load(stream);
    if (!kept) return blank;
    const { revision, eventId, state } = kept;
    return { ...blank, state: state as State, revision, eventId, snapshot: { began: revision, saved: revision } };
  };

  /** What of a stream comes after `seen`. A snapshot is believed only when its own last event is read again. */
  const follow = async <State>(
    aggregate: Fold<State>,
    seen: Loaded<State>,
    read: readonly Recorded[],
    wasVerified: boolean,
  ): Promise<Loaded<State>> => {
    if (wasVerified) return fold(aggregate, seen, read.map(decoded));
    if (read[0]?.id === seen.eventId) return fold(aggregate, seen, read.slice(1).map(decoded));
    await snapshots.discard(seen.stream);
    const [all] = await store.readTails([{ stream: seen.stream, from: 0 }]);
    return fold(aggregate, unread(aggregate, seen.stream), all!.map(decoded));
  };
  const decoded = (recorded: Recorded): Folded => ({ ...recorded, event: decode(recorded) });

  return {
    /** What is in memory, possibly behind the store. */
    cached,

    /** The streams as the store has them now: what is missing in memory is read, in one query for all that ask at once. */
    fresh: async <State>(streams: readonly string[], aggregate: Fold<State>): Promise<readonly Loaded<State>[]> => {
      const inMemory = streams.map((stream) => cached<State>(stream) ?? (isLong(stream) ? undefined : unread(aggregate, stream)));
      const seen = inMemory.every((loaded) => loaded !== undefined)
        ? inMemory
        : await Promise.all(inMemory.map(async (loaded, index) => loaded ?? fromSnapshot(aggregate, streams[index]!)));
      const isVerified = (index: number): boolean => inMemory[index] !== undefined || seen[index]!.revision === 'none';
      const tails = await store.readTails(
        seen.map((loaded, index) => ({ stream: loaded.stream, from: isVerified(index) ? after(loaded) : after(loaded) - 1 })),
      );
      return Promise.all(seen.map((loaded, index) => follow(aggregate, loaded, tails[index]!, isVerified(index))));
    },

    /** The first answer to a command on this stream, if it has been here. */
    firstAnswer: async ({ stream, commands, snapshot }: Loaded<unknown>, commandId: string): Promise<FirstAnswer | undefined> => {
      const inMemory = commands.get(commandId);
      if (inMemory || snapshot.began === -1) return inMemory;
      const kept = await snapshots.command(stream, commandId, snapshot.began);
      return kept && { ...kept, position: undefined };
    },

    /**
     * Takes over what was just appended to `loaded`; `position` is the last event's. A short stream that was just created is not
     * kept: the commands that follow it come to other processes, and few ever here.
     */
    appended: <State>(
      aggregate: Fold<State>,
      loaded: Loaded<State>,
      events: readonly { readonly id: string; readonly event: DomainEvent }[],
      meta: EventMeta,
      position: Position,
    ): void => {
      if (loaded.revision === 'none' && !isLong(loaded.stream)) return;
      // Nearly the log's own time, and like it not moved by a clock that jumps.
      const recordedAt = new Date(performance.timeOrigin + performance.now());
      fold(
        aggregate,
        loaded,
        events.map(({ id, event }, index) => ({ id, event, meta, recordedAt, revision: after(loaded) + index, position })),
      );
    },
  };
};

export type States = ReturnType<typeof openStates>;

/** The revision that comes next. */
const after = ({ revision }: Loaded<unknown>): number => (revision === 'none' ? 0 : revision + 1);
