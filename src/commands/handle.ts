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

/** Handles the commands of callers: each is brought to its end once, and answered the same however often it is sent. */
export const commandHandler = (options: SettlerOptions & { readonly keys: Keys }): Handle => {
  const { store, keys } = options;
  const settle = settler(options);
  let logId: Promise<string> | undefined;

  const token = async (position: Position | undefined): Promise<string> => {
    logId ??= store.identity().then(({ id }) => id);
    logId.catch(() => (logId = undefined));
    return encodeToken({ logId: await logId, position: position ?? (await store.head()) });
  };

  return async (decider, work) => {
    const { call, method, creates } = work;
    const commandId = commandIdOf(call.caller, method, work.id, work.requestId);
    const id = work.id === '' ? createdIdOf(commandId) : work.id;
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
        return judge(decider, work, loaded, { ...at, id, commandId, keys });
      },
    });
    if (outcome.kind === 'refused') return outcome;
    return answered({ id, commandId, revision: BigInt(outcome.revision), consistencyToken: await token(outcome.position) });
  };
};
