import { misnamed, newSize, type Refused } from '../append-checks.ts';
import type { Expected, NewEvent } from '../event-store.ts';

/** An append as the text that is sent: a retry sends the same. Lists of the procedure's parameters, without what joins them to a batch. */
export type SerialisedAppend = {
  readonly kind: 'serialised';
  readonly stream: string;
  /** -1: the stream must not exist. */
  readonly expected: number;
  readonly count: number;
  /** Of data and metadata. */
  readonly bytes: number;
  readonly revisions: string;
  readonly ids: string;
  readonly types: string;
  readonly versions: string;
  readonly data: string;
  readonly metas: string;
};

/** The most that one batch carries. */
export const maxBatchBytes = 4 * 1024 * 1024;

/** Checks names and limits, and writes the events as text. */
export const serialiseAppend = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused => {
  const wrong = misnamed(stream, events);
  if (wrong) return wrong;
  const size = newSize();
  const data: string[] = [];
  const metas: string[] = [];
  for (const event of events) {
    const text = JSON.stringify(event.data);
    const meta = JSON.stringify(event.meta);
    const tooLarge = size.add(event, Buffer.byteLength(text) + Buffer.byteLength(meta));
    if (tooLarge) return tooLarge;
    data.push(text);
    metas.push(meta);
  }
  const last = expected === 'none' ? -1 : expected;
  return {
    kind: 'serialised',
    stream,
    expected: last,
    count: events.length,
    bytes: size.bytes(),
    revisions: events.map((_, index) => last + 1 + index).join(','),
    ids: events.map(({ id }) => id).join(','),
    types: events.map(({ type }) => type).join(','),
    versions: events.map(({ schemaVersion }) => schemaVersion).join(','),
    data: data.join('\n'),
    metas: metas.join('\n'),
  };
};
