import assert from 'node:assert/strict';
import { Check, Errors } from 'typebox/value';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import type { Decider } from '../../src/domain/decider.ts';

/** One command that was accepted, between the states before and after it. */
export type Step<State, Command, Event> = {
  readonly before: State;
  readonly command: Command;
  readonly events: readonly Event[];
  readonly after: State;
};

/** What a decider accepts of commands one after another; each may depend on the state it meets. */
export const run = <State, Command, Event, Code extends string>(
  { initial, decide, evolve }: Decider<State, Command, Event, Code>,
  commands: readonly (Command | ((state: State) => Command))[],
) => {
  const steps: Step<State, Command, Event>[] = [];
  let state = initial;
  for (const each of commands) {
    const command = typeof each === 'function' ? (each as (state: State) => Command)(state) : each;
    const decision = decide(command, state);
    if (decision.kind === 'rejected') continue;
    const after = decision.events.reduce(evolve, state);
    steps.push({ before: state, command, events: decision.events, after });
    state = after;
  }
  return { steps, states: [initial, ...steps.map(({ after }) => after)], events: steps.flatMap(({ events }) => events), last: state };
};

/** Every event has the shape that the catalogue declares. */
export const conforms = (events: readonly DomainEvent[]): void => {
  for (const { type, data } of events) {
    const schema = catalogue.find((definition) => definition.type === type)!.data;
    assert.ok(Check(schema, data), `${type}: ${JSON.stringify(Errors(schema, data))} in ${JSON.stringify(data)}`);
  }
};

/** Every event is made by a command that the catalogue's page names. */
export const comesFrom = <State, Command extends { readonly type: string }, Event extends { readonly type: string }>(
  origins: Readonly<Record<Event['type'], readonly string[]>>,
  steps: readonly Step<State, Command, Event>[],
): void => {
  for (const { command, events } of steps)
    for (const { type } of events) assert.ok(origins[type as Event['type']].includes(command.type), `${type} by ${command.type}`);
};
