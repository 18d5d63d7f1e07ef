import assert from 'node:assert/strict';
import { commandOf, deadlineEvents, deadlinesOf, type Deadline } from '../../../src/domain/deadlines.ts';
import { derivedId } from '../../../src/domain/ids.ts';
import type { ProcessCommand, Reported } from '../../../src/domain/processes/process.ts';
import type { Chance } from './chance.ts';
import type { Answer, LoggedEvent } from './log.ts';

const types: readonly string[] = deadlineEvents;

/** Keeps the deadlines that events name, and sends the commands of those that have come: some twice, some late. */
export const runDeadlines = (options: {
  readonly events: readonly LoggedEvent[];
  readonly now: () => string;
  readonly send: (command: ProcessCommand, commandId: string) => Answer;
}) => {
  const { events, send } = options;
  let read = 0;
  let standing: readonly Deadline[] = [];
  const due = (): readonly Deadline[] => standing.filter(({ dueAt }) => dueAt <= options.now());

  const serve = (deadline: Deadline): void => {
    const { kind, stream, subject, eventId } = deadline;
    const answer = send(commandOf(deadline), derivedId('deadline', stream, kind, subject, eventId));
    assert.deepEqual(answer, { kind: 'accepted' }, `no deadline is refused: ${kind}`);
  };

  return {
    follow(chance: Chance): boolean {
      const upTo = Math.min(events.length, read + 1 + chance.below(4));
      if (upTo === read) return false;
      for (; read < upTo; read += 1) {
        const event = events[read]!;
        if (!types.includes(event.type)) continue;
        const { set, cleared } = deadlinesOf(event as Reported<(typeof deadlineEvents)[number]>);
        const isGone = ({ stream, kind, subject }: Deadline): boolean =>
          [...cleared, ...set].some((gone) => gone.stream === stream && gone.kind === kind && (gone.subject ?? subject) === subject);
        standing = [...standing.filter((deadline) => !isGone(deadline)), ...set];
      }
      return true;
    },

    /** Serves a deadline that has come. */
    send(chance: Chance): boolean {
      const [...come] = due();
      if (come.length === 0) return false;
      const deadline = chance.of(come);
      serve(deadline);
      if (chance.percent(10)) return true;
      standing = standing.filter((other) => other !== deadline);
      return true;
    },

    /** When the next deadline comes. */
    next: (): string | undefined =>
      standing
        .map(({ dueAt }) => dueAt)
        .toSorted()
        .at(0),
  };
};
