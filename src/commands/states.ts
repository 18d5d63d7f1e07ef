import { LRUCache } from 'lru-cache';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { EventMeta, EventStore, Expected, Position, Recorded } from '../eventstore/event-store.ts';

/** What is needed of an aggregate to fold its stream. */
export type Fold<State> = {
  readonly initial: State;
  readonly evolve: (state: State, event: never) => State;
};

/** A stream folded up to `revision`, with the commands that made it. */
export type Loaded<State> = {
  readonly state: State;
  readonly revision: Expected;
  /** Of the newest event, where the store knows it. */
  readonly position: Position | undefined;
  /** Commands by id, so that the same command again gets its first answer. */
  readonly commands: ReadonlyMap<string, FirstAnswer>;
};

export type FirstAnswer = { readonly hash: string; readonly revision: number; readonly position: Position | undefined; readonly recordedAt: Date };

/** An event of a stream, read or just appended. */
type Folded = Pick<Recorded, 'revision' | 'recordedAt' | 'meta'> & { readonly position?: Position | undefined; readonly event: DomainEvent };

/** A stream of which nothing has been read. */
export const unread = <State>({ initial }: Fold<State>): Loaded<State> => ({
  state: initial,
  revision: 'none',
  position: undefined,
  commands: new Map(),
});

/** How long a stream remembers its commands: offers change often and for years; orders are short and remember for ever. */
const remembersMs = (stream: string): number => (stream.startsWith('offer-') ? 30 * 24 * 3_600_000 : Infinity);

/**
 * Folded streams, kept in memory. A cached state may be behind the store: it may decide about an append to its own stream,
 * because the append verifies the revision, and about nothing else.
 */
export const openStates = (options: {
  readonly store: EventStore;
  readonly decode: (recorded: Recorded) => DomainEvent;
  readonly maxStreams: number;
}) => {
  const { store, decode } = options;
  const cache = new LRUCache<string, Loaded<unknown>>({ max: options.maxStreams });
  const cached = <State>(stream: string): Loaded<State> | undefined => cache.get(stream) as Loaded<State> | undefined;

  /** Takes up events that follow `seen`. Memory may know more than `seen` by now, or have dropped the stream. */
  const fold = <State>(stream: string, { evolve }: Fold<State>, seen: Loaded<State>, events: readonly Folded[]): Loaded<State> => {
    const inMemory = cached<State>(stream);
    const newest = inMemory && after(inMemory) > after(seen) ? inMemory : seen;
    const following = events.filter((event) => event.revision >= after(newest));
    if (newest.revision === 'none' && following.length === 0) return newest;
    let { state, position } = newest;
    let next = after(newest);
    const commands = newest.commands as Map<string, FirstAnswer>;
    for (const { event, meta, recordedAt, ...at } of following) {
      if (at.revision !== next) throw new Error(`revision ${at.revision} of ${stream} came where ${next} was due`);
      state = evolve(state, event as never);
      next += 1;
      position = at.position;
      commands.set(meta.commandId, { hash: meta.commandHash, revision: at.revision, position, recordedAt });
      for (const [id, first] of commands) {
        if (recordedAt.getTime() - first.recordedAt.getTime() <= remembersMs(stream)) break;
        commands.delete(id);
      }
    }
    const folded = { state, revision: next - 1, position, commands };
    cache.set(stream, folded);
    return folded;
  };

  return {
    /** What is in memory, possibly behind the store. */
    cached,

    /** The streams as the store has them now: what is missing in memory is read, in one query for all that ask at once. */
    fresh: async <State>(streams: readonly string[], aggregate: Fold<State>): Promise<readonly Loaded<State>[]> => {
      const seen = streams.map((stream) => cached<State>(stream) ?? unread(aggregate));
      const tails = await store.readTails(streams.map((stream, index) => ({ stream, from: after(seen[index]!) })));
      return streams.map((stream, index) => {
        const events = tails[index]!.map((recorded) => ({ ...recorded, event: decode(recorded) }));
        return fold(stream, aggregate, seen[index]!, events);
      });
    },

    /** Takes over what was just appended to `loaded`; `position` is the last event's. */
    appended: <State>(
      stream: string,
      aggregate: Fold<State>,
      loaded: Loaded<State>,
      events: readonly DomainEvent[],
      meta: EventMeta,
      position: Position,
    ): void => {
      // Nearly the log's own time, and like it not moved by a clock that jumps.
      const recordedAt = new Date(performance.timeOrigin + performance.now());
      fold(
        stream,
        aggregate,
        loaded,
        events.map((event, index) => ({ event, meta, recordedAt, revision: after(loaded) + index, position })),
      );
    },
  };
};

export type States = ReturnType<typeof openStates>;

/** The revision that comes next. */
const after = ({ revision }: Loaded<unknown>): number => (revision === 'none' ? 0 : revision + 1);
