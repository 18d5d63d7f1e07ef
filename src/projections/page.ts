import type { Batch, Logged, Progress, Recorded } from '../eventstore/event-store.ts';
import { EventNewerThanReader } from '../eventstore/event-versions.ts';
import type { Decoded, Happened } from './projection.ts';

/** A page of the log for folds: decoded once for all projections of the process. */
export type Page = {
  readonly entries: readonly Entry[];
  /** How far the page reaches; undefined: not one event further. */
  readonly progress: Progress | undefined;
  readonly caughtUp: boolean;
  /** Set when the page ends before an event that this release does not know. */
  readonly newer?: EventNewerThanReader;
};

export type Entry =
  | { readonly kind: 'event'; readonly event: Happened; readonly logged: Logged }
  /** Stored, but not in the shape its version promises: nobody can say whose rows it changes. */
  | { readonly kind: 'undecodable'; readonly error: Error; readonly logged: Logged };

export type Decode = (recorded: Pick<Recorded, 'type' | 'schemaVersion' | 'data'>) => Decoded;

/** Decodes batches, each once however many projections ask: those that stand at the same place get the same batch from the store. */
export const pageDecoder = (decode: Decode): ((batch: Batch) => Page) => {
  const decoded = new WeakMap<Batch, Page>();
  return (batch) => {
    const known = decoded.get(batch);
    if (known) return known;
    const page = decodePage(batch, decode);
    decoded.set(batch, page);
    return page;
  };
};

const decodePage = ({ events, progress, caughtUp }: Batch, decode: Decode): Page => {
  const entries: Entry[] = [];
  for (const [index, logged] of events.entries()) {
    const entry = entryOf(logged, decode);
    if (entry instanceof EventNewerThanReader) {
      const last = events[index - 1];
      return { entries, progress: last && { position: last.position, eventId: last.id }, caughtUp: false, newer: entry };
    }
    entries.push(entry);
  }
  return { entries, progress, caughtUp };
};

/** The event of a stored one; see {@link Entry}. */
export const entryOf = (logged: Logged, decode: Decode): Entry | EventNewerThanReader => {
  const { id, stream, revision, position, recordedAt, meta } = logged;
  try {
    return { kind: 'event', event: { ...decode(logged), id, stream, revision, position, recordedAt, meta }, logged };
  } catch (error) {
    if (error instanceof EventNewerThanReader) return error;
    return { kind: 'undecodable', error: asError(error), logged };
  }
};

/** Whatever was thrown, as an error. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
