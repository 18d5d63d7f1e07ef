import type { Sealed } from '../domain/event.ts';

/**
 * The event store's port: what PostgreSQL and EventStoreDB have in common, and nothing else.
 *
 * The contract, held by every adapter and checked by one suite: all events of an append or none; a wrong revision is a
 * conflict that carries the actual one; a retried append (same event ids, same expected revision) succeeds with the first
 * result; positions only grow, and no reader ever sees one before an earlier one; a missing stream reads as empty; a slow
 * consumer gets back-pressure; subscriptions survive a lost connection and go on exactly where they were.
 */
export type EventStore = {
  /**
   * Appends all events or none, if the stream is at the expected revision. Throws {@link OutcomeUnknown} when the
   * deadline passed and the events may or may not be stored, and {@link StoreUnavailable} when they certainly are not.
   */
  readonly append: (stream: string, events: readonly NewEvent[], expected: Expected, options?: AppendOptions) => Promise<AppendResult>;
  /** Events of one stream, in order of their revisions; `from` and `to` are inclusive. A missing stream is empty. */
  readonly read: (stream: string, range?: StreamRange) => AsyncIterable<Recorded>;
  /** For each asked stream its events from `from` (inclusive) on, in one round trip. */
  readonly readTails: (streams: readonly StreamTail[]) => Promise<readonly (readonly Recorded[])[]>;
  /**
   * The whole log after a position (exclusive), in order: catches up, then follows until the signal aborts. Throws
   * {@link LogChanged} when the event at the last position seen is no longer there or another, and nothing else.
   */
  readonly subscribe: (options: SubscribeOptions) => AsyncIterable<Batch>;
  /** The event at a position, if there is one. */
  readonly eventAt: (position: Position) => Promise<{ readonly id: string } | undefined>;
  /** The position of the newest event; `start` in an empty log. */
  readonly head: () => Promise<Position>;
  /** How far a reader at this position is behind the head. */
  readonly behind: (position: Position) => Promise<Behind>;
  /** Which log this is. */
  readonly identity: () => Promise<LogIdentity>;
  /** Before the first event. */
  readonly start: Position;
  /** A position from its text form; undefined for a text that is none of this store's. */
  readonly parsePosition: (text: string) => Position | undefined;
  /** Ends subscriptions, timers and connections; pending appends are finished or settled first, within their deadline. */
  readonly close: () => Promise<void>;
};

declare const positionTag: unique symbol;
/** A place in the log. Opaque; as text it sorts (`<`) in log order. */
export type Position = string & { readonly [positionTag]: true };

/** A stream's newest revision, counted from 0; 'none': the stream must not exist yet. */
export type Expected = 'none' | number;

/** An event to append. `id` is a lower-case UUID and stays the same in every retry. */
export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly meta: EventMeta;
};

/** Where an event comes from. Kept in the log for ever; carries no personal data but sealed. */
export type EventMeta = {
  readonly commandId: string;
  /** SHA-256 (keyed where the request carries personal data) of the request as received, base64url. */
  readonly commandHash: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Who: `user:<subject>`, `process:<name>`, `deadline:<name>`. */
  readonly actor: string;
  readonly reason?: Sealed;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  /** Only on an event that was copied from another log: when it was recorded there (ISO 8601). It wins over the store's own time on every read. */
  readonly recordedAt?: string;
};

/** A stored event as a stream read gives it. */
export type Recorded = {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: string;
  /** Place in the stream, from 0. */
  readonly revision: number;
  /** Place in the log; not every store knows it when it reads a stream. */
  readonly position?: Position;
  readonly recordedAt: Date;
  readonly data: unknown;
  readonly meta: EventMeta;
};

/** A stored event as the log gives it. */
export type Logged = Recorded & { readonly position: Position };

export type AppendOptions = {
  /** Until when the caller waits for the outcome: milliseconds of the monotonic clock (`performance.now()`), so that a clock that jumps changes nothing. */
  readonly deadline?: number;
};

export type AppendResult =
  /** Stored, now or by an earlier try. The last event's revision and position. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: Position }
  /** The stream is elsewhere; `actual` is its newest revision. */
  | { readonly kind: 'conflict'; readonly actual: Expected }
  /** Not taken, and will not be. */
  | { readonly kind: 'refused'; readonly code: 'TOO_LARGE' | 'LOG_CLOSED' | 'INVALID_NAME'; readonly because: string };

export type StreamRange = { readonly from?: number; readonly to?: number; readonly backwards?: boolean; readonly limit?: number };
export type StreamTail = { readonly stream: string; readonly from: number };

export type SubscribeOptions = {
  readonly after: Position;
  /** Only these event types; progress is reported all the same. */
  readonly types?: readonly string[];
  readonly signal: AbortSignal;
};

/** One page of the log: the events asked for, and how far it reaches. Never empty of progress. */
export type Batch = {
  readonly events: readonly Logged[];
  /** The last event of ours that the page reaches, whether or not it is among `events`. */
  readonly progress: Progress;
  /** True when nothing was behind this page when it was read. */
  readonly caughtUp: boolean;
};

/** A place in the log and the id of the event there: what a checkpoint keeps. */
export type Progress = { readonly position: Position; readonly eventId: string };

/** How far behind: seconds since the oldest event not yet seen was recorded (0: none), in events where the store can count, and how much of the log is done (0–1). */
export type Behind = { readonly seconds: number; readonly events?: number; readonly share: number };

/** Which log: an id written once, and a generation that rises with every copy and every restore that an operator accepted. */
export type LogIdentity = {
  readonly id: string;
  readonly generation: number;
  /** The logs whose whole content was copied into this one, verified; their tokens stay good. */
  readonly predecessors: readonly Predecessor[];
  /** Appends are refused: the log has moved, or is about to. */
  readonly closed: boolean;
};

/** A log that was copied: its last event stood at `copiedTo` there (text form of its own positions) and stands at `here` in this log. */
export type Predecessor = { readonly id: string; readonly generation: number; readonly copiedTo: string; readonly here: Position };

/** The deadline passed and the append may or may not be stored: send the same append again. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** The store cannot be reached or has no room; nothing was stored. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The log is not the one that was read before: the event at a known position is missing or another. Reading on would skip events in silence. */
export class LogChanged extends Error {
  override readonly name = 'LogChanged';
}

/** Limits of both stores. Bytes are those of data and metadata as JSON, with what little a store adds of its own. */
export const limits = { eventBytes: 1024 * 1024, appendBytes: 1024 * 1024, eventsPerAppend: 500 } as const;

/** What stream names and event types look like. */
export const validName = (name: string): boolean => /^[A-Za-z0-9_.-]{1,200}$/.test(name);
