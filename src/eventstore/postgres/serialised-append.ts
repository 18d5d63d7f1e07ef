import { limits, validName, type AppendResult, type Expected, type NewEvent } from '../event-store.ts';

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

type Refused = Extract<AppendResult, { kind: 'refused' }>;

/** The most that one batch carries. */
export const maxBatchBytes = 4 * 1024 * 1024;

/** Checks names and limits, and writes the events as text. */
export const serialiseAppend = (stream: string, events: readonly NewEvent[], expected: Expected): SerialisedAppend | Refused => {
  if (!validName(stream)) return refused('INVALID_NAME', `'${stream.slice(0, 80)}' is no stream name`);
  if (events.length === 0) return refused('INVALID_NAME', 'an append has at least one event');
  if (events.length > limits.eventsPerAppend) return refused('TOO_LARGE', `${events.length} events in one append; at most ${limits.eventsPerAppend}`);
  let bytes = 0;
  const data: string[] = [];
  const metas: string[] = [];
  for (const event of events) {
    if (!validName(event.type)) return refused('INVALID_NAME', `'${event.type.slice(0, 80)}' is no event type`);
    if (!lowerCaseUuid.test(event.id)) return refused('INVALID_NAME', `'${event.id.slice(0, 80)}' is no lower-case UUID`);
    const text = JSON.stringify(event.data);
    const meta = JSON.stringify(event.meta);
    const size = Buffer.byteLength(text) + Buffer.byteLength(meta);
    if (size > limits.eventBytes) return refused('TOO_LARGE', `an event of ${size} bytes; at most ${limits.eventBytes}`);
    bytes += size;
    data.push(text);
    metas.push(meta);
  }
  if (bytes > limits.appendBytes) return refused('TOO_LARGE', `an append of ${bytes} bytes; at most ${limits.appendBytes}`);
  const last = expected === 'none' ? -1 : expected;
  return {
    kind: 'serialised',
    stream,
    expected: last,
    count: events.length,
    bytes,
    revisions: events.map((_, index) => last + 1 + index).join(','),
    ids: events.map(({ id }) => id).join(','),
    types: events.map(({ type }) => type).join(','),
    versions: events.map(({ schemaVersion }) => schemaVersion).join(','),
    data: data.join('\n'),
    metas: metas.join('\n'),
  };
};

const lowerCaseUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refused = (code: Refused['code'], because: string): Refused => ({ kind: 'refused', code, because });
