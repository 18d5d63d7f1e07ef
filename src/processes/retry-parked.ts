import type { EventStore } from '../eventstore/event-store.ts';
import type { ClientBase } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Assigned } from '../projections/fold.ts';
import type { Decode } from '../projections/page.ts';
import { readAgain } from '../projections/retry-parked.ts';
import { loadParked, park, retryFailed, unpark, type ParkedGroup } from '../subscriptions/parking.ts';
import type { AnyProcess } from './any-process.ts';
import { loadMemories, writeMemories } from './memories.ts';
import { discardOutgoing, insertOutgoing, resumeOutgoing, stoppedKeys, type Cause, type Outgoing } from './outgoing.ts';
import { assignKey, keysOf, reactAll, type Reactions } from './react.ts';

type Source = { readonly store: EventStore; readonly decode: Decode; readonly logger: Logger };

/** What is to be sent after a retry has committed. */
export type Retried = { readonly outgoing: readonly Outgoing[]; readonly waiting: boolean; readonly seq: number };

/**
 * Tries the groups again that an operator asked for, inside the caller's transaction: events are reacted to in order, up to the
 * first that fails again; a command that stopped its key is sent again, with what follows of it. Commands of keys that were given
 * up are given up too.
 */
export const retryParked = async (source: Source, process: AnyProcess, client: ClientBase, firstSeq: number): Promise<Retried> => {
  const groups = await loadParked(client, process.name);
  const stopped = await stoppedKeys(client, process.name);
  await discardOutgoing(
    client,
    process.name,
    [...stopped.keys()].filter((key) => !groups.has(key)),
  );
  const outgoing: Outgoing[] = [];
  let seq = firstSeq;
  let left = 0;
  for (const [group, parked] of groups) {
    if (!parked.retryRequested) {
      left += 1;
      continue;
    }
    const others = new Set([...groups.keys()].filter((other) => other !== group));
    const { commands, done } = await retryGroup(source, process, client, { group, parked, others, cause: stopped.get(group), firstSeq: seq });
    seq += commands.length;
    outgoing.push(...(stopped.has(group) ? await resumeOutgoing(client, process.name, group) : commands));
    if (done) source.logger.info({ process: process.name, group }, 'a parked group goes on');
    else left += 1;
  }
  return { outgoing, waiting: left > 0, seq };
};

/** True when nothing of the group waits any more. */
const retryGroup = async (
  source: Source,
  process: AnyProcess,
  client: ClientBase,
  at: {
    readonly group: string;
    readonly parked: ParkedGroup;
    /** What waits beside it: an event of a stream may belong to a key that waits for another reason. */
    readonly others: ReadonlySet<string>;
    /** The event whose command stopped the key: it was reacted to already. */
    readonly cause: Cause | undefined;
    readonly firstSeq: number;
  },
): Promise<{ readonly commands: readonly Outgoing[]; readonly done: boolean }> => {
  const { events: parked } = at.parked;
  const { events, error: unreadable } = await readAgain(source, parked);
  const assigned = events.map((event) => assignKey(process, event)).filter((each) => each !== undefined);
  const before = await loadMemories(client, process, keysOf(assigned));
  const react = (some: readonly Assigned[]): Reactions =>
    reactAll(process, some, before, at.others, { firstSeq: at.firstSeq, isOld: ({ id }) => id === at.cause?.eventId });

  const failed = react(assigned).parked.find(({ error }) => error !== undefined);
  const failedAt = failed ? parked.findIndex(({ eventId }) => eventId === failed.eventId) : events.length;
  const first = new Set(parked.slice(0, failedAt).map(({ eventId }) => eventId));
  const reactions = react(assigned.filter((each) => first.has((each.kind === 'event' ? each.event : each.logged).id)));
  await writeMemories(client, process, reactions.memories);
  await insertOutgoing(client, process.name, reactions.outgoing);
  await unpark(client, process.name, parked.slice(0, failedAt));
  // What belongs to another key that waits goes on waiting there.
  await park(client, process.name, reactions.parked);
  const error = failed?.error ?? unreadable?.message;
  if (error !== undefined) await retryFailed(client, process.name, parked[failedAt]!, error);
  return { commands: reactions.outgoing, done: error === undefined };
};
