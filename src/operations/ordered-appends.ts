import type { Logged, NewEvent } from '../eventstore/event-store.ts';
import type { OrderedAppend } from '../eventstore/log-operations.ts';

/** Small enough for both stores to take as one append, and as one batch. */
const limits = { eventsPerAppend: 500, bytesPerAppend: 512 * 1024, appendsPerBatch: 512, bytesPerBatch: 2 * 1024 * 1024 } as const;

/**
 * Turns a piece of a log into batches of appends that repeat it event for event: same ids, same revisions, same order.
 * Neighbours of one stream share an append; a batch ends before a stream would be in it twice.
 */
export function* orderedAppends(events: readonly Logged[]): Generator<readonly OrderedAppend[]> {
  let batch: { readonly stream: string; readonly first: number; readonly events: NewEvent[] }[] = [];
  let streams = new Set<string>();
  let batchBytes = 0;
  let appendBytes = 0;
  const finished = (): readonly OrderedAppend[] =>
    batch.map(({ stream, first, events }) => ({ stream, events, expected: first === 0 ? 'none' : first - 1 }));
  for (const event of events) {
    const copy = copyOf(event);
    const bytes = Buffer.byteLength(JSON.stringify(copy));
    const last = batch.at(-1);
    const joins =
      last?.stream === event.stream &&
      last.first + last.events.length === event.revision &&
      last.events.length < limits.eventsPerAppend &&
      appendBytes + bytes <= limits.bytesPerAppend;
    if (joins) {
      last.events.push(copy);
      appendBytes += bytes;
    } else {
      if (streams.has(event.stream) || batch.length === limits.appendsPerBatch || batchBytes + bytes > limits.bytesPerBatch) {
        if (batch.length > 0) yield finished();
        batch = [];
        streams = new Set();
        batchBytes = 0;
      }
      batch.push({ stream: event.stream, first: event.revision, events: [copy] });
      streams.add(event.stream);
      appendBytes = bytes;
    }
    batchBytes += bytes;
  }
  if (batch.length > 0) yield finished();
}

/** The event as it is appended elsewhere: it keeps its time. */
const copyOf = ({ id, type, schemaVersion, data, meta, recordedAt }: Logged): NewEvent => ({
  id,
  type,
  schemaVersion,
  data,
  meta: { ...meta, recordedAt: recordedAt.toISOString() },
});
