import type { ClientBase } from '../platform/database.ts';
import type { Progress } from '../eventstore/event-store.ts';
import { isDataError } from '../projections/apply-each.ts';
import type { Assigned } from '../projections/fold.ts';
import { asError } from '../projections/page.ts';
import { parkedEvent } from '../projections/fold.ts';
import type { Advance } from '../subscriptions/advancing.ts';
import { loadParked, park, type ParkedEvent } from '../subscriptions/parking.ts';
import type { Held } from '../subscriptions/subscription.ts';
import type { AnyProcess } from './any-process.ts';
import type { Lanes, Settlements } from './lanes.ts';
import { loadMemories, writeMemories } from './memories.ts';
import { answersTo, deleteOutgoing, insertOutgoing, parkedCause, stopOutgoing, type Outgoing } from './outgoing.ts';
import { assignKeys, keysOf, reactAll, type Reactions, type Slice } from './react.ts';

export type Term = {
  readonly process: AnyProcess;
  readonly held: Held;
  readonly advance: Advance;
  readonly lanes: Lanes;
  /** The number of the next command; numbers of a transaction that did not commit are given again. */
  seq: number;
  /** Something waits in this subscription, as far as is known. */
  waiting: boolean;
};

/** What one transaction made of a slice and of settlements. */
export type Turn = { readonly reactions: Reactions; readonly answers: readonly Answer[]; readonly parked: readonly ParkedEvent[] };
type Answer = { readonly refused: Outgoing; readonly commands: readonly Outgoing[] };

const nothing: Reactions = { memories: new Map(), outgoing: [], parked: [], reacted: 0 };

/**
 * One transaction: moves the checkpoint; reacts to a slice of the log, if there is one, and stores memories and commands; stores
 * what answers refusals; deletes what was answered; parks what failed. It is on disk before anything of it is sent.
 */
export const takeTurn = async (term: Term, slice: Slice | undefined): Promise<Turn> => {
  const { process, held, lanes } = term;
  const settlements = lanes.settlements();
  const assigned = slice ? assignKeys(process, slice.entries) : [];
  const to = slice?.progress ?? held.progress;
  if (!to) throw new Error(`${process.name}: commands were settled before anything was read`);
  try {
    return await commit(term, assigned, settlements, to);
  } catch (error) {
    if (!isDataError(error) || assigned.length === 0) throw error;
    return await oneByOne(term, assigned, settlements, to);
  }
};

const commit = async (term: Term, assigned: readonly Assigned[], settlements: Settlements, to: Progress): Promise<Turn> => {
  const { process, held, advance, lanes } = term;
  const { answered, refused, failed } = settlements;
  const judged = answersOf(process, refused, term.seq);
  const stopped = [...failed, ...judged.failed];
  const firstSeq = term.seq + judged.answers.reduce((sum, { commands }) => sum + commands.length, 0);

  const work = async (client: ClientBase): Promise<Turn & { readonly waiting: boolean }> => {
    const blocked = new Set(term.waiting ? (await loadParked(client, process.name)).keys() : []);
    for (const { command } of stopped) blocked.add(command.key);
    const before = await loadMemories(client, process, keysOf(assigned));
    const reactions = assigned.length === 0 ? nothing : reactAll(process, assigned, before, blocked, { firstSeq });
    const parked = [...stopped.map(({ command, error, attempts }) => parkedCause(command, error, attempts)), ...reactions.parked];
    const stored = [...judged.answers.flatMap(({ commands }) => commands), ...reactions.outgoing];
    await together([
      ...(stored.length > 0 ? [onDisk(client)] : []),
      writeMemories(client, process, reactions.memories),
      insertOutgoing(client, process.name, stored),
      deleteOutgoing(client, process.name, [...answered, ...judged.answers.map((answer) => answer.refused)]),
      park(client, process.name, parked),
      ...stopped.map(({ command, error }) => stopOutgoing(client, process.name, command, error)),
    ]);
    return { reactions, answers: judged.answers, parked, waiting: blocked.size > 0 || parked.length > 0 };
  };
  const turn = await advance(held, to, work);

  term.seq = firstSeq + turn.reactions.outgoing.length;
  term.waiting = turn.waiting;
  for (const { command } of stopped) lanes.drop(command.key);
  lanes.add(turn.reactions.outgoing);
  for (const { refused: command, commands } of turn.answers) lanes.goOn(command, commands);
  return turn;
};

/** A value that the database does not take is found event by event; what it belongs to waits alone. */
const oneByOne = async (term: Term, assigned: readonly Assigned[], settlements: Settlements, to: Progress): Promise<Turn> => {
  const turns: Turn[] = [];
  let settled: Settlements = settlements;
  for (const next of assigned) {
    const { position, id: eventId } = next.kind === 'event' ? next.event : next.logged;
    const progress = next === assigned.at(-1) ? to : { position, eventId };
    try {
      turns.push(await commit(term, [next], settled, progress));
    } catch (error) {
      if (!isDataError(error) || next.kind === 'failed') throw error;
      const { group, event } = next;
      turns.push(await commit(term, [], settled, progress));
      await term.advance(term.held, progress, (client) => park(client, term.process.name, [parkedEvent(group, event, asError(error))]));
      term.waiting = true;
    }
    settled = { answered: [], refused: [], failed: [] };
  }
  return {
    reactions: { ...nothing, reacted: turns.reduce((sum, { reactions }) => sum + reactions.reacted, 0) },
    answers: turns.flatMap(({ answers }) => answers),
    parked: turns.flatMap(({ parked }) => parked),
  };
};

/** What a process does about refusals. A refusal that it cannot answer stops the key. */
const answersOf = (
  process: AnyProcess,
  refused: Settlements['refused'],
  firstSeq: number,
): { readonly answers: readonly Answer[]; readonly failed: Settlements['failed'] } => {
  const answers: Answer[] = [];
  const failed: Settlements['failed'][number][] = [];
  let seq = firstSeq;
  for (const { command, code } of refused) {
    try {
      const commands = answersTo(command, code, process.refused(JSON.parse(command.command) as never, code), seq);
      seq += commands.length;
      answers.push({ refused: command, commands });
    } catch (error) {
      failed.push({ command, error: `refused with ${code}, and then: ${asError(error).message}`, attempts: 1 });
    }
  }
  return { answers, failed };
};

/** A command that was sent and then forgotten by a crash of the database could be decided on otherwise the second time. */
export const onDisk = async (client: ClientBase): Promise<void> => {
  await client.query('set local synchronous_commit = on');
};

/** Statements that do not wait for each other share a round trip; all of them have ended when one has failed. */
const together = async (statements: readonly Promise<void>[]): Promise<void> => {
  for (const outcome of await Promise.allSettled(statements)) if (outcome.status === 'rejected') throw outcome.reason;
};
