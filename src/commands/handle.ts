import { randomUUIDv7 } from 'node:crypto';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { Decider } from '../domain/decider.ts';
import { encodeToken } from '../eventstore/consistency-token.ts';
import type { Position } from '../eventstore/event-store.ts';
import { answered, type Outcome } from '../platform/call.ts';
import type { Keys } from '../privacy/keys.ts';
import { commandIdOf, createdIdOf } from './command-id.ts';
import { judge, type Work } from './judge.ts';
import { settler, type SettlerOptions } from './settle.ts';

/** What a command answers. */
export type CommandResult = { readonly id: string; readonly commandId: string; readonly revision: bigint; readonly consistencyToken: string };

export type Handle = <State, Command, Event extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, Event, Code>,
  work: Work<State, Command>,
) => Promise<Outcome<CommandResult>>;

/** The id of what a command creates without naming it. A retry finds it again where the caller gave the command a key; otherwise it is new, and in the order of time. */
const idOfCreated = (requestId: string, commandId: string): string => (requestId === '' ? randomUUIDv7() : createdIdOf(commandId));

/** Handles the commands of callers: each is brought to its end once, and answered the same however often it is sent. */
export const commandHandler = (options: SettlerOptions & { readonly keys: Keys }): Handle => {
  const { store, keys } = options;
  const settle = settler(options);
  let logId: string | undefined;

  const token = async (position: Position | undefined): Promise<string> => {
    logId ??= (await store.identity()).id;
    return encodeToken({ logId, position: position ?? (await store.head()) });
  };

  return async (decider, work) => {
    const { call, method, creates } = work;
    const commandId = commandIdOf(call.caller, method, work.id, work.requestId);
    const id = work.id || idOfCreated(work.requestId, commandId);
    const outcome = await settle(decider, {
      name: method,
      stream: work.stream(id),
      commandId,
      creates,
      correlationId: call.correlationId,
      deadline: call.deadline,
      signal: call.signal,
      judge: (loaded, at) => {
        // Who has gone meanwhile does not know the outcome either way: nothing is begun for nobody.
        call.signal.throwIfAborted();
        return judge(decider, work, loaded, { now: at.now, read: at.read, first: at.first, id, commandId }, keys);
      },
    });
    if (outcome.kind === 'refused') return outcome;
    return answered({ id, commandId, revision: BigInt(outcome.revision), consistencyToken: await token(outcome.position) });
  };
};
