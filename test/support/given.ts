import assert from 'node:assert/strict';
import type { Decider, Decision } from '../../src/domain/decider.ts';

/** A decider's specification: given what has happened, when a command comes, expect this outcome. */
export const given = <State, Command, Event, Code extends string>(
  { initial, decide, evolve }: Decider<State, Command, Event, Code>,
  ...history: readonly Event[]
) => ({
  when: (command: Command) => ({
    expect: (outcome: Decision<Event, Code>): void => {
      const state = history.reduce(evolve, initial);
      const decision = decide(command, state);
      assert.deepEqual(decision, outcome);
      if (decision.kind === 'accepted') decision.events.reduce(evolve, state);
    },
  }),
});
