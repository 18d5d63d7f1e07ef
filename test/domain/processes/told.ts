import assert from 'node:assert/strict';
import type { DomainEvent } from '../../../src/domain/catalogue.ts';
import { offerStream, orderStream, paymentStream, returnStream } from '../../../src/domain/ids.ts';
import type { Process, ProcessCommand, Reported } from '../../../src/domain/processes/process.ts';
import { offerId, orderId, paymentId, returnId } from '../examples.ts';

/** Whose event it is, as the examples name them. */
export const ofOrder = <Event extends DomainEvent>(event: Event) => reported(orderStream(orderId), event);
export const ofPayment = <Event extends DomainEvent>(event: Event) => reported(paymentStream(paymentId), event);
export const ofReturn = <Event extends DomainEvent>(event: Event) => reported(returnStream(returnId), event);
export const ofOffer = <Event extends DomainEvent>(event: Event, id = offerId) => reported(offerStream(id), event);

const reported = <Event extends DomainEvent>(stream: string, event: Event) => ({ ...event, stream, id: '0192f0a0-0000-7000-8000-0000000000ee' });

type Told = DomainEvent & { readonly stream: string; readonly id: string };

/** A process's specification: told what happened, all of one key, this is what it asks for on the last of it. */
export const told = <Memory, Type extends DomainEvent['type']>(process: Process<Memory, Type>, ...events: readonly Told[]) => {
  const heard = events.map((event) => event as unknown as Reported<Type>);
  return {
    expect: (...commands: readonly ProcessCommand[]): void => {
      const types: readonly string[] = process.on;
      assert.deepEqual(
        events.filter(({ type }) => !types.includes(type)).map(({ type }) => type),
        [],
        'it reads these events',
      );
      assert.equal(new Set(heard.map((event) => process.key(event))).size, 1, 'they are of one key');
      const { asked } = heard.reduce<{ memory: Memory; asked: readonly ProcessCommand[] }>(
        ({ memory }, event) => {
          const reaction = process.react(JSON.parse(JSON.stringify(memory)) as Memory, event);
          return { memory: reaction.memory, asked: reaction.commands };
        },
        { memory: process.initial, asked: [] },
      );
      assert.deepEqual(asked, commands);
    },
  };
};

/** What a process asks for when this was refused. */
export const refused = (process: Pick<Process<never>, 'refused'>, command: ProcessCommand, code: string) => ({
  expect: (...commands: readonly ProcessCommand[]): void => assert.deepEqual(process.refused(command, code), commands),
});
