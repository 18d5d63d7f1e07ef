import type { AppendResult, Expected, NewEvent, Predecessor } from './event-store.ts';

/** What an operator may do to a log beside reading it. It needs the rights of the log's owner, which no role of the platform has. */
export type LogOperations = {
  /** Refuses appends with LOG_CLOSED from now on; once it is closed nothing follows. Closing twice changes nothing. */
  readonly close: () => Promise<Closing>;
  /** Takes appends again. */
  readonly reopen: () => Promise<void>;
  /** Records the logs that this one is the verified copy of, and its new generation, both at once. */
  readonly succeed: (predecessors: readonly Predecessor[], generation: number) => Promise<void>;
  /**
   * Appends so that the log has the events in the order given; no stream twice. Sends again what had no answer, for as long as
   * it takes. Answers the last append, or the first that was not taken; what came before that one is stored. Rejects with the
   * signal's reason.
   */
  readonly appendInOrder: (appends: readonly OrderedAppend[], signal: AbortSignal) => Promise<AppendResult & { readonly stream: string }>;
  /** Ends its connections. */
  readonly end: () => Promise<void>;
};

/** Whether a log is closed; `open`: an operator has to do something first. */
export type Closing = { readonly kind: 'closed' } | { readonly kind: 'open'; readonly because: string };

/** One append among others whose order matters. */
export type OrderedAppend = { readonly stream: string; readonly events: readonly NewEvent[]; readonly expected: Expected };
