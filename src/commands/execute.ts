import type { DomainEvent } from '../domain/catalogue.ts';
import type { Decider } from '../domain/decider.ts';
import type { EventMeta } from '../eventstore/event-store.ts';
import type { Refusal } from '../platform/call.ts';
import { refusalOf, type At } from './judge.ts';
import { settler, type Settled, type SettlerOptions, type Task } from './settle.ts';

/** A command that the platform itself gives: a process's or a deadline's. It comes with its id, and is safe to send again. */
export type Instruction<Command> = {
  /** What metrics and logs call it: `ReserveStock`. */
  readonly name: string;
  readonly stream: string;
  /** The stream must not exist. */
  readonly creates: boolean;
  /** Kept with the events: id and hash of the command as it was stored, cause, correlation, and `process:…` or `deadline:…` as the actor. */
  readonly meta: Omit<EventMeta, 'reason' | 'recordedAt'>;
  /** Milliseconds of the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly command: (at: Pick<At, 'now' | 'read'>) => Command | Promise<Command>;
};

export type Execute = <State, Command, Event extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, Event, Code>,
  instruction: Instruction<Command>,
) => Promise<Settled | Refusal>;

/** Executes what the platform asks of itself, with the guarantees of a caller's command. Nobody's rights are asked for. */
export const commandExecutor = (options: SettlerOptions): Execute => {
  const settle = settler(options);

  return <State, Command, Event extends DomainEvent, Code extends string>(
    decider: Decider<State, Command, Event, Code>,
    { name, stream, creates, meta, deadline, signal, command }: Instruction<Command>,
  ) => {
    const judge: Task<State, Event>['judge'] = async ({ state, revision, position }, { first, ...at }) => {
      if (first && first.hash !== meta.commandHash) throw new Error(`${name} ${meta.commandId} was stored as another command`);
      if (first) return { kind: 'done', revision: first.revision, position: first.position };
      if (creates && revision !== 'none') throw new Error(`${name} ${meta.commandId} creates ${stream}, which stands already`);
      const decision = decider.decide(await command(at), state);
      if (decision.kind === 'rejected') return refusalOf(decision.code, decision.because);
      if (decision.events.length > 0) return { kind: 'append', events: decision.events, meta };
      if (revision === 'none') throw new Error(`${name} was accepted without events where nothing stands`);
      return { kind: 'done', revision, position };
    };
    return settle(decider, { name, stream, commandId: meta.commandId, correlationId: meta.correlationId, creates, deadline, signal, judge });
  };
};
