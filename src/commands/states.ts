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
type Folded = { readonly revision: number; readonly position?: Position | undefined; readonly recordedAt: Date; readonly meta: EventMeta; readonly event: DomainEvent };

/** How long a stream remembers its commands: offers change often and for years; orders are short and remember for ever. */
const remembersMs = (stream: string): number => (stream.startsWith('offer-') ? 30 * 24 * 3_600_000 : Infinity);

/**
 * Folded streams, kept in memory. A cached state may be behind the store: it may decide about an append to its own stream,
 * because the append verifies the revision, and about nothing else.
 */
export const openStates = (options: { readonly store: EventStore; readonly decode: (recorded: Recorded) => DomainEvent; readonly maxStreams: number }) => {
  const { store, decode } = options;
  const cache = new LRUCache<string, Loaded<unknown>>({ max: options.maxStreams });

  const fold = <State>(stream: string, { initial, evolve }: Fold<State>, events: readonly Folded[]): Loaded<State> => {
    const loaded = (cache.get(stream) as Loaded<State> | undefined) ?? { state: initial, revision: 'none', position: undefined, commands: new Map<string, FirstAnswer>() };
    let { state, position } = loaded;
    let revision = loaded.revision === 'none' ? -1 : loaded.revision;
    const commands = loaded.commands as Map<string, FirstAnswer>;
    for (const { event, meta, recordedAt, ...at } of events) {
      if (at.revision <= revision) continue;
      if (at.revision !== revision + 1) throw new Error(`revision ${at.revision} of ${stream} came after ${revision}`);
      state = evolve(state, event as never);
      revision = at.revision;
      position = at.position;
      commands.set(meta.commandId, { hash: meta.commandHash, revision, position, recordedAt });
      for (const [id, first] of commands) {
        if (recordedAt.getTime() - first.recordedAt.getTime() <= remembersMs(stream)) break;
        commands.delete(id);
      }
    }
    if (revision < 0) return loaded;
    const folded = { state, revision, position, commands };
    cache.set(stream, folded);
    return folded;
  };

  return {
    /** What is in memory, possibly behind the store. */
    cached: <State>(stream: string): Loaded<State> | undefined => cache.get(stream) as Loaded<State> | undefined,

    /** The streams as the store has them now: what is missing in memory is read, in one query for all that ask at once. */
    fresh: async <State>(streams: readonly string[], aggregate: Fold<State>): Promise<readonly Loaded<State>[]> => {
      const tails = await store.readTails(
        streams.map((stream) => {
          const revision = cache.get(stream)?.revision ?? 'none';
          return { stream, from: revision === 'none' ? 0 : revision + 1 };
        }),
      );
      return streams.map((stream, index) =>
        fold(
          stream,
          aggregate,
          tails[index]!.map((recorded) => ({ ...recorded, event: decode(recorded) })),
        ),
      );
    },

    /** Takes over what was just appended. */
    appended: <State>(stream: string, aggregate: Fold<State>, events: readonly Folded[]): Loaded<State> => fold(stream, aggregate, events),
  };
};

export type States = ReturnType<typeof openStates>;
