import { isDeepStrictEqual } from 'node:util';
import type { EventStore, Logged, Position } from '../eventstore/event-store.ts';

/** The same event's place in two logs; the starts of both before the first. */
export type Place = { readonly source: Position; readonly target: Position };

export type Comparison =
  /** Up to this place the target holds exactly the source's events, in the source's order. */
  { readonly kind: 'equal'; readonly at: Place; readonly events: number } | { readonly kind: 'differs'; readonly because: string };

/**
 * Compares, from a place where both are known to be equal, every event of the target with the source's next one: stream,
 * revision, id, type, version, data, metadata and time. The same events in the same order are the same streams as well.
 * `passed` is called for each equal event. Rejects with the signal's reason.
 */
export const compareLogs = async (options: {
  readonly source: EventStore;
  readonly target: EventStore;
  readonly from: Place;
  readonly passed?: (place: Place) => void;
  readonly signal: AbortSignal;
}): Promise<Comparison> => {
  const { source, target, signal, passed } = options;
  let at = options.from;
  let events = 0;
  const expected = eventsBetween(source, at.source, await source.head(), signal);
  try {
    for await (const copy of eventsBetween(target, at.target, await target.head(), signal)) {
      const { value: original } = await expected.next();
      if (!original) return { kind: 'differs', because: `the target has ${nameOf(copy)}, which the source does not have` };
      const difference = differenceOf(original, copy);
      if (difference !== undefined) return { kind: 'differs', because: difference };
      at = { source: original.position, target: copy.position };
      events += 1;
      passed?.(at);
    }
  } finally {
    await expected.return(undefined);
  }
  return { kind: 'equal', at, events };
};

/** The events of a log after one position and up to another, which is an event's or the log's start. */
export async function* eventsBetween(
  store: EventStore,
  after: Position,
  to: Position,
  signal: AbortSignal,
): AsyncGenerator<Logged, undefined, undefined> {
  if (to <= after) return;
  for await (const { events, progress } of store.subscribe({ after, signal })) {
    for (const event of events) if (event.position <= to) yield event;
    if (progress.position >= to) return;
  }
  signal.throwIfAborted();
}

const fields = ['id', 'type', 'schemaVersion', 'recordedAt', 'data', 'meta'] as const;

/** The first difference between an event and its copy, in words; undefined: there is none. Values are not shown: they may be anything. */
const differenceOf = (original: Logged, copy: Logged): string | undefined => {
  if (original.stream !== copy.stream || original.revision !== copy.revision)
    return `where the source has ${nameOf(original)}, the target has ${nameOf(copy)}`;
  const field = fields.find((name) => !same(comparable(original, name), comparable(copy, name)));
  return field && `${nameOf(original)} has another ${field} in the target than in the source`;
};

/** The time of a copied event is in its metadata; it is compared as what it means. */
const comparable = (event: Logged, field: (typeof fields)[number]): unknown =>
  field === 'meta' ? { ...event.meta, recordedAt: undefined } : event[field];

/** Equal as JSON: a field without a value is no field. */
const same = (left: unknown, right: unknown): boolean =>
  isDeepStrictEqual(left, right) || isDeepStrictEqual(JSON.parse(JSON.stringify(left)), JSON.parse(JSON.stringify(right)));

const nameOf = ({ stream, revision, position }: Logged): string => `event ${revision} of ${stream} (position ${position})`;
