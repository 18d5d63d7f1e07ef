import { limits, validName, type AppendResult, type NewEvent } from './event-store.ts';

export type Refused = Extract<AppendResult, { kind: 'refused' }>;

/** A copied event carries when it was recorded, and each store names things its own way: what fitted into one log fits into another. */
const copiedBytes = 1024;

/** What is wrong with names, ids or numbers of an append, before anything is written as text. */
export const misnamed = (stream: string, events: readonly NewEvent[]): Refused | undefined => {
  if (!validName(stream)) return refused('INVALID_NAME', `'${stream.slice(0, 80)}' is no stream name`);
  if (events.length === 0) return refused('INVALID_NAME', 'an append has at least one event');
  if (events.length > limits.eventsPerAppend) return refused('TOO_LARGE', `${events.length} events in one append; at most ${limits.eventsPerAppend}`);
  for (const { type, id } of events) {
    if (!validName(type)) return refused('INVALID_NAME', `'${type.slice(0, 80)}' is no event type`);
    if (!lowerCaseUuid.test(id)) return refused('INVALID_NAME', `'${id.slice(0, 80)}' is no lower-case UUID`);
  }
  return undefined;
};

/** Adds up what the events of one append take, in bytes; `add` refuses the first that is too much. */
export const newSize = (): { readonly bytes: () => number; readonly add: (event: NewEvent, bytes: number) => Refused | undefined } => {
  let sum = 0;
  return {
    bytes: () => sum,
    add({ meta }, bytes) {
      const more = meta.recordedAt === undefined ? 0 : copiedBytes;
      if (bytes > limits.eventBytes + more) return refused('TOO_LARGE', `an event of ${bytes} bytes; at most ${limits.eventBytes}`);
      sum += bytes;
      if (sum > limits.appendBytes + more) return refused('TOO_LARGE', `an append of ${sum} bytes; at most ${limits.appendBytes}`);
      return undefined;
    },
  };
};

const refused = (code: Refused['code'], because: string): Refused => ({ kind: 'refused', code, because });

const lowerCaseUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
