import type { EventStore, Position } from '../eventstore/event-store.ts';
import type { LogOperations } from '../eventstore/log-operations.ts';
import { compareLogs, type Place } from './compare-logs.ts';
import { orderedAppends } from './ordered-appends.ts';

export type CopyOptions = {
  readonly source: EventStore;
  readonly target: EventStore;
  readonly targetOperations: Pick<LogOperations, 'appendInOrder'>;
  /** Where both are known to be equal; left out: nowhere, and what the target holds is compared first. */
  readonly from?: Place;
  /** Goes on until nothing is left, which a log that is still written to may never come to; otherwise until little is. */
  readonly toTheEnd?: boolean;
  /** Called for each event that was found equal in both logs. */
  readonly passed?: (place: Place) => void;
  /** Told about once a second how far it is. */
  readonly report?: (progress: CopyProgress) => void;
  readonly signal: AbortSignal;
};

export type CopyProgress = {
  readonly doing: 'copying' | 'comparing';
  /** Since this run began to do so. */
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Of the log, 0–1. */
  readonly share: number;
  /** Until the end of the log as it is now, at this speed; undefined while there is nothing to judge by. */
  readonly secondsLeft: number | undefined;
};

export type CopyOutcome = { readonly kind: 'copied'; readonly at: Place; readonly events: number } | CopyRefused;
/** The copy cannot go on, and will not by itself. */
export type CopyRefused = { readonly kind: 'refused'; readonly because: string };

/** The rest after a round of fewer events is left to the next call. */
const fewEvents = 1_000;
const reportEveryMs = 1_000;

/**
 * Copies a log event by event and in order while others go on writing to it, and compares all that is copied. How far it has
 * come is what the target holds, so it may be stopped at any moment and begun again. Rejects with the signal's reason.
 */
export const copyLog = async (options: CopyOptions): Promise<CopyOutcome> => {
  const { source, target, toTheEnd = false, report = () => {}, signal } = options;
  const [from, to] = await Promise.all([source.identity(), target.identity()]);
  if (from.id === to.id) return refused(`source and target are the same log, ${from.id}, or one was restored from a backup of the other`);
  let at = options.from ?? { source: source.start, target: target.start };
  let events = 0;
  let round = Infinity;
  for (;;) {
    const compared = await compareLogs({ ...options, from: at, passed: counting('comparing', options, report) });
    if (compared.kind === 'differs') return refused(`the target is no copy of the source: ${compared.because}`);
    at = compared.at;
    const head = await source.head();
    if (at.source >= head || (!toTheEnd && round < fewEvents)) return { kind: 'copied', at, events };
    const copied = await copyEvents(options, at.source, head, report);
    if (copied.kind === 'refused') return copied;
    if (copied.events === 0) throw new Error(`nothing is between position ${at.source} and the head ${head} of the source`);
    round = copied.events;
    events += round;
    signal.throwIfAborted();
  }
};

const copyEvents = async (
  options: CopyOptions,
  after: Position,
  head: Position,
  report: (progress: CopyProgress) => void,
): Promise<{ readonly kind: 'written'; readonly events: number } | CopyRefused> => {
  const { source, targetOperations, signal } = options;
  const tell = reporter('copying', source, report);
  let count = 0;
  for await (const { events, progress } of source.subscribe({ after, signal })) {
    for (const appends of orderedAppends(events)) {
      const result = await targetOperations.appendInOrder(appends, signal);
      if (result.kind === 'refused') return refused(`the target refuses events of ${result.stream}: ${result.because}`);
      if (result.kind === 'conflict')
        return refused(`the target is no copy of the source: its stream ${result.stream} is at ${result.actual}. Somebody else writes to it`);
    }
    count += events.length;
    tell(count, progress.position);
    if (progress.position >= head) return { kind: 'written', events: count };
  }
  signal.throwIfAborted();
  throw new Error('the subscription to the source ended by itself');
};

/** What is called for each event that was compared. */
const counting = (
  doing: CopyProgress['doing'],
  { source, passed }: CopyOptions,
  report: (progress: CopyProgress) => void,
): ((place: Place) => void) => {
  const tell = reporter(doing, source, report);
  let count = 0;
  return (place) => {
    passed?.(place);
    count += 1;
    tell(count, place.source);
  };
};

/** Reports once in a while, judging the time left by the share of the log that was done since it began. */
const reporter = (doing: CopyProgress['doing'], source: EventStore, report: (progress: CopyProgress) => void) => {
  const begun = performance.now();
  let toldAt = begun;
  let first: number | undefined;
  return (events: number, position: Position): void => {
    const now = performance.now();
    if (now - toldAt < reportEveryMs) return;
    toldAt = now;
    void source.behind(position).then(
      ({ share }) => {
        first ??= share;
        const seconds = (now - begun) / 1_000;
        report({
          doing,
          events,
          eventsPerSecond: events / seconds,
          share,
          secondsLeft: share > first ? ((1 - share) * seconds) / (share - first) : undefined,
        });
      },
      () => {},
    );
  };
};

export const refused = (because: string): CopyRefused => ({ kind: 'refused', because });
