import assert from 'node:assert/strict';
import { Check, Errors } from 'typebox/value';
import { catalogue, type DomainEvent } from '../../../src/domain/catalogue.ts';
import { customer, type Customer, type CustomerCommand } from '../../../src/domain/customer.ts';
import type { Decider } from '../../../src/domain/decider.ts';
import { derivedId, offerStream, orderStream, paymentStream, returnStream } from '../../../src/domain/ids.ts';
import { offer, type Offer, type OfferCommand } from '../../../src/domain/offer.ts';
import type { OrderCommand } from '../../../src/domain/order-commands.ts';
import type { Order } from '../../../src/domain/order-state.ts';
import { order } from '../../../src/domain/order.ts';
import type { PaymentCommand } from '../../../src/domain/payment-commands.ts';
import type { Payment } from '../../../src/domain/payment-state.ts';
import { payment } from '../../../src/domain/payment.ts';
import type { ReturnCommand } from '../../../src/domain/return-commands.ts';
import type { Return } from '../../../src/domain/return-state.ts';
import { returns } from '../../../src/domain/return.ts';

export type LoggedEvent = DomainEvent & { readonly stream: string; readonly id: string };

/** A command with all that its decider wants to know, and whom it is for. */
export type Asked =
  | { readonly to: 'offer'; readonly id: string; readonly command: OfferCommand }
  | { readonly to: 'order'; readonly id: string; readonly command: OrderCommand }
  | { readonly to: 'payment'; readonly id: string; readonly command: PaymentCommand }
  | { readonly to: 'return'; readonly id: string; readonly command: ReturnCommand }
  | { readonly to: 'customer'; readonly id: string; readonly command: CustomerCommand };

export type Answer = { readonly kind: 'accepted' } | { readonly kind: 'rejected'; readonly code: string };

type Stream = { state: unknown; readonly commands: Set<string>; length: number };

/** All streams of the platform in memory, in one order. A command whose events stand in its stream is not decided again. */
export const openLog = () => {
  const events: LoggedEvent[] = [];
  const streams = new Map<string, Stream>();

  const state = <State>(name: string, initial: State): State => (streams.get(name)?.state as State | undefined) ?? initial;

  const decide = <State, Command, Event extends DomainEvent, Code extends string>(
    { initial, decide: judge, evolve }: Decider<State, Command, Event, Code>,
    stream: string,
    command: Command,
    commandId: string,
  ): Answer => {
    const known = streams.get(stream) ?? { state: initial, commands: new Set<string>(), length: 0 };
    if (known.commands.has(commandId)) return { kind: 'accepted' };
    const decision = judge(command, known.state as State);
    if (decision.kind === 'rejected') return { kind: 'rejected', code: decision.code };
    for (const [index, event] of decision.events.entries()) {
      const { data } = catalogue.find(({ type }) => type === event.type)!;
      assert.ok(Check(data, event.data), `${event.type}: ${JSON.stringify(Errors(data, event.data))} in ${JSON.stringify(event.data)}`);
      known.state = evolve(known.state as State, event);
      known.length += 1;
      events.push({ ...event, stream, id: derivedId(commandId, String(index)) } as LoggedEvent);
    }
    if (decision.events.length > 0) {
      known.commands.add(commandId);
      streams.set(stream, known);
    }
    return { kind: 'accepted' };
  };

  return {
    events: events as readonly LoggedEvent[],

    execute: ({ to, id, command }: Asked, commandId: string): Answer => {
      switch (to) {
        case 'offer':
          return decide(offer, offerStream(id), command, commandId);
        case 'order':
          return decide(order, orderStream(id), command, commandId);
        case 'payment':
          return decide(payment, paymentStream(id), command, commandId);
        case 'return':
          return decide(returns, returnStream(id), command, commandId);
        case 'customer':
          return decide(customer, `customer-${id}`, command, commandId);
      }
    },

    offer: (id: string): Offer => state(offerStream(id), offer.initial),
    order: (id: string): Order => state(orderStream(id), order.initial),
    payment: (id: string): Payment => state(paymentStream(id), payment.initial),
    return: (id: string): Return => state(returnStream(id), returns.initial),
    customer: (id: string): Customer => state(`customer-${id}`, customer.initial),

    /** The ids of what has come into being, by kind. */
    ids: (kind: Asked['to']): readonly string[] =>
      [...streams.keys()].filter((name) => name.startsWith(`${kind}-`)).map((name) => name.slice(kind.length + 1)),
  };
};

export type Log = ReturnType<typeof openLog>;
