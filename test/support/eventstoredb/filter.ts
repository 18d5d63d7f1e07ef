import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent } from './log.ts';

/** Which events of the whole log a request is about, and after how many considered events it wants a checkpoint. */
export type Filter = {
  readonly matches: (event: StoredEvent) => boolean;
  /** How many events a page looks through. */
  readonly windowEvents: number;
  readonly checkpointEvery: number | undefined;
};

/** How many events a page of the server has when the request does not say. */
const defaultWindowEvents = 32;

export const filterOf = (options: NonNullable<ReturnType<ReadReq['getOptions']>>): Filter => {
  const filter = options.getFilter();
  if (!filter) return { matches: () => true, windowEvents: defaultWindowEvents, checkpointEvery: undefined };
  const ofType = filter.getEventType();
  const expression = ofType ?? filter.getStreamIdentifier();
  const regex = expression?.getRegex();
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = regex ? new RegExp(regex, 'u') : undefined;
  const windowEvents = filter.hasMax() ? filter.getMax() : defaultWindowEvents;
  return {
    windowEvents,
    matches(event) {
      const text = ofType ? event.type : event.stream;
      return pattern ? pattern.test(text) : prefixes.some((prefix) => text.startsWith(prefix));
    },
    checkpointEvery: windowEvents * filter.getCheckpointintervalmultiplier(),
  };
};
