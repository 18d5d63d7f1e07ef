import { randomUUID } from 'node:crypto';

/** The revision that a tombstone stands at, and the mark of a stream that was deleted softly. */
export const endOfStream = 9223372036854775807n;

export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
};

/** An event as the log has it. Its commit and its prepare position are the same number: where its record begins. */
export type StoredEvent = NewEvent & {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: number;
  /** Since 1970, in units of 100 ns. */
  readonly createdTicks: string;
};

/** −1 no stream, −2 any, −4 the stream exists; otherwise the revision of the last event. */
export type ExpectedVersion = bigint;
export const noStream = -1n;
export const any = -2n;
export const streamExists = -4n;

export type Written =
  /** `position` is missing where nothing was to be written. */
  | { readonly kind: 'written'; readonly revision: bigint; readonly position: number }
  | { readonly kind: 'wrong version'; readonly actual: bigint }
  | { readonly kind: 'stream deleted' };

type Stream = {
  readonly events: StoredEvent[];
  /** Events before this revision are hidden. */
  truncateBefore: bigint;
  tombstoned: boolean;
};

/** A log of all streams in memory, with the rules of EventStoreDB for versions, repeated writes, deletes and tombstones. */
export type Log = {
  readonly events: readonly StoredEvent[];
  /** Where the next record will begin. */
  readonly end: () => number;
  readonly append: (stream: string, expected: ExpectedVersion, events: readonly NewEvent[]) => Written;
  readonly remove: (stream: string, expected: ExpectedVersion, forGood: boolean) => Written;
  /** What can be read of a stream. */
  readonly read: (stream: string) => readonly StoredEvent[] | 'missing' | 'deleted';
  /** The index of the first event at or after a place; see {@link compareToPlace}. */
  readonly indexAt: (place: Place) => number;
  /** Settles when something has been written after this call. */
  readonly grown: () => Promise<void>;
};

/** A position as requests name it. The prepare position may be smaller than that of the event at the commit position. */
export type Place = { readonly commit: number; readonly prepare: number };

export const newLog = (): Log => {
  const events: StoredEvent[] = [];
  const streams = new Map<string, Stream>();
  let end = 0;
  let waiting: (() => void)[] = [];

  const streamOf = (name: string): Stream => {
    const found = streams.get(name);
    if (found) return found;
    const made: Stream = { events: [], truncateBefore: 0n, tombstoned: false };
    streams.set(name, made);
    return made;
  };
  const lastRevision = (stream: Stream | undefined): bigint => stream?.events.at(-1)?.revision ?? noStream;
  const softlyDeleted = (stream: Stream): boolean => stream.truncateBefore === endOfStream;

  const write = (name: string, event: NewEvent, revision: bigint): StoredEvent => {
    const stored = { ...event, stream: name, revision, position: end, createdTicks: `${BigInt(Date.now()) * 10_000n}` };
    events.push(stored);
    streamOf(name).events.push(stored);
    end += 133 + name.length + event.type.length + event.data.length + event.metadata.length;
    return stored;
  };

  /** The stream's metadata is a stream of its own, with one event for each change. */
  const truncate = (name: string, before: bigint): StoredEvent => {
    const meta = `$$${name}`;
    streamOf(name).truncateBefore = before;
    const data = Buffer.from(`{"$tb":${before}}`);
    const event = { id: randomUUID(), type: '$metadata', json: true, data, metadata: new Uint8Array() };
    return write(meta, event, lastRevision(streams.get(meta)) + 1n);
  };

  const grew = (): void => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  /** The last of the events when all of them stand in a row from a revision on; with `any`, from wherever the first stands. */
  const repeated = (stream: Stream, expected: ExpectedVersion, ids: readonly string[]): 'no' | 'in part' | StoredEvent => {
    const byId = expected < noStream ? stream.events.findLast((event) => event.id === ids[0]) : undefined;
    if (expected < noStream && !byId) return 'no';
    const from = stream.events.findIndex((event) => (byId ? event === byId : event.revision === expected + 1n));
    if (from < 0) return 'no';
    const known = ids.findIndex((id, offset) => stream.events[from + offset]?.id !== id);
    if (known === -1) return stream.events[from + ids.length - 1]!;
    return known === 0 ? 'no' : 'in part';
  };

  const append: Log['append'] = (name, expected, added) => {
    const stream = streams.get(name);
    const current = lastRevision(stream);
    if (stream?.tombstoned) return { kind: 'stream deleted' };
    if (expected === streamExists && stream && softlyDeleted(stream)) return { kind: 'stream deleted' };
    if (expected === streamExists && current === noStream && !streams.has(`$$${name}`)) return { kind: 'wrong version', actual: current };
    if (expected > current) return { kind: 'wrong version', actual: current };
    const revives = stream !== undefined && softlyDeleted(stream);
    if (stream && (expected < noStream || expected < current)) {
      const found =
        added.length === 0
          ? 'no'
          : repeated(
              stream,
              expected,
              added.map(({ id }) => id),
            );
      if (typeof found === 'object') return { kind: 'written', revision: found.revision, position: found.position };
      if (found === 'in part') return { kind: 'wrong version', actual: current };
      if (expected >= noStream && !(expected === noStream && revives)) return { kind: 'wrong version', actual: current };
    }
    let last: StoredEvent | undefined;
    let revision = current;
    for (const event of added) last = write(name, event, (revision += 1n));
    if (revives && last) truncate(name, current + 1n);
    const position = last?.position ?? end;
    if (!last) end += 133 + name.length;
    grew();
    return { kind: 'written', revision, position };
  };

  const remove: Log['remove'] = (name, expected, forGood) => {
    const stream = streams.get(name);
    const current = lastRevision(stream);
    if (stream?.tombstoned) return { kind: 'stream deleted' };
    if (expected >= noStream && expected !== current) return { kind: 'wrong version', actual: current };
    if (current === noStream && (!forGood || expected === streamExists)) return { kind: 'wrong version', actual: current };
    const none = new Uint8Array();
    const last = forGood
      ? write(name, { id: randomUUID(), type: '$streamDeleted', json: false, data: none, metadata: none }, endOfStream)
      : truncate(name, endOfStream);
    if (forGood) streamOf(name).tombstoned = true;
    grew();
    return { kind: 'written', revision: last.revision, position: last.position };
  };

  // A new server has written of its own before anyone else can.
  write('$$$settings', { id: randomUUID(), type: '$metadata', json: true, data: Buffer.from('{}'), metadata: new Uint8Array() }, 0n);

  return {
    events,
    end: () => end,
    append,
    remove,
    read(name) {
      const stream = streams.get(name);
      if (stream?.tombstoned) return 'deleted';
      if (!stream || stream.events.length === 0 || softlyDeleted(stream)) return 'missing';
      // Of a stream's metadata only the last is kept.
      if (name.startsWith('$$')) return stream.events.slice(-1);
      return stream.events.filter(({ revision }) => revision >= stream.truncateBefore);
    },
    indexAt(place) {
      let from = 0;
      let to = events.length;
      while (from < to) {
        const middle = (from + to) >> 1;
        if (compareToPlace(events[middle]!, place) < 0) from = middle + 1;
        else to = middle;
      }
      return from;
    },
    grown: () => new Promise((resolve) => waiting.push(resolve)),
  };
};

/** Negative for an event before the place, zero at it, positive after it. */
export const compareToPlace = ({ position }: Pick<StoredEvent, 'position'>, place: Place): number =>
  comparePlaces({ commit: position, prepare: position }, place);

export const comparePlaces = (one: Place, other: Place): number => one.commit - other.commit || one.prepare - other.prepare;
