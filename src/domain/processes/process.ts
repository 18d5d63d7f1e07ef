import type { DomainEvent } from '../catalogue.ts';
import type { OfferCommand } from '../offer.ts';
import type { OrderCommand } from '../order-commands.ts';
import type { PaymentCommand } from '../payment-commands.ts';
import type { ReturnCommand } from '../return-commands.ts';

/** What the executor takes from the sent command's own id. */
type Minted = { readonly RequestCapture: 'captureId'; readonly RequestRefund: 'refundId'; readonly RaiseTask: 'taskId' };

/** A command as it is stored before it is sent, plain JSON: without clock and terms, and without the ids that are the command's own. */
export type Stored<Command extends { readonly type: string }> = Command extends unknown
  ? Omit<Command, 'now' | 'terms' | (Command['type'] extends keyof Minted ? Minted[Command['type']] : never)>
  : never;

/** A command of a process or a deadline, and whom it is for. `id` is the aggregate's; empty: it is created under the command's id. */
export type ProcessCommand =
  | { readonly to: 'offer'; readonly id: string; readonly command: Stored<OfferCommand> }
  | { readonly to: 'order'; readonly id: string; readonly command: Stored<OrderCommand> }
  | { readonly to: 'payment'; readonly id: string; readonly command: Stored<PaymentCommand> }
  | { readonly to: 'return'; readonly id: string; readonly command: Stored<ReturnCommand> };

/** An event of a type, as a process gets it: with the stream it is of and its id. */
export type Reported<Type extends DomainEvent['type'] = DomainEvent['type']> = Extract<DomainEvent, { readonly type: Type }> & {
  readonly stream: string;
  readonly id: string;
};

/** What a process remembers, and what it asks for next. */
export type Reaction<Memory> = { readonly memory: Memory; readonly commands: readonly ProcessCommand[] };

/**
 * A process manager: what it remembers per key, and what it asks for next. Pure, and its memory is plain JSON; ids,
 * checkpoints, sending and parking are the runner's.
 */
export type Process<Memory, Type extends DomainEvent['type'] = DomainEvent['type']> = {
  readonly name: string;
  /** One more when memories of an earlier version cannot be read any more. */
  readonly version: number;
  /** The types of the events that it reads. */
  readonly on: readonly Type[];
  /** Whose event this is; undefined: nobody's. */
  key(event: Reported<Type>): string | undefined;
  readonly initial: Memory;
  react(memory: Memory, event: Reported<Type>): Reaction<Memory>;
  /** A refusal is no event and changes no memory: what it leads to is recorded by commands. */
  refused(command: ProcessCommand, code: string): readonly ProcessCommand[];
};
