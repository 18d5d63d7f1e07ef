import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { standardTerms } from '../../src/domain/terms.ts';
import { merchantId, otherMerchantId } from './examples.ts';
import { balances } from './ledger/balance.ts';
import { chanceOf } from './ledger/chance.ts';
import { act, lives, type Act } from './ledger/lives.ts';
import { moody } from './ledger/payments-worker.ts';
import { people } from './ledger/people.ts';
import { openSimulation, type Simulation } from './ledger/simulation.ts';

/** A market of three offers of two merchants, some acts, and then all the time that the platform needs. */
const live = (acts: readonly Act[], seed: number): Simulation => {
  const chance = chanceOf(seed);
  // Whether stock or money is given up first.
  const terms = { ...standardTerms, payMs: standardTerms.reserveMs * chance.of([2, 0.5]) };
  const simulation = openSimulation({ chance, terms, provider: (now) => moody(chance, now) });
  const everybody = people(simulation);
  everybody.publish(merchantId, 6);
  everybody.publish(merchantId, 1, 19_900);
  everybody.publish(otherMerchantId, 4, 5_050);
  for (const name of acts) act({ simulation, people: everybody, chance }, name);
  simulation.live(undefined);
  return simulation;
};

test('whatever people, providers, clocks and crashes do: stock, goods and money add up, and every order is over or somebody’s task', () =>
  fc.assert(
    fc.property(lives, fc.integer(), (acts, seed) => balances(live(acts, seed).log)),
    { numRuns: 300 },
  ));

test('processes are refused only what they know what to do about', () => {
  const known = [/^$/];
  fc.assert(
    fc.property(lives, fc.integer(), (acts, seed) => {
      for (const refusal of live(acts, seed).refusals)
        assert.ok(
          known.some((expected) => expected.test(refusal)),
          refusal,
        );
    }),
    { numRuns: 100 },
  );
});
