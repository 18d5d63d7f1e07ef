import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { orderEvents } from '../../src/domain/order-events.ts';
import { paymentEvents } from '../../src/domain/payment-events.ts';
import { returnEvents } from '../../src/domain/return-events.ts';
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
    { numRuns: 400 },
  ));

/** What processes may hear a no to, and know what to do about, or need do nothing: the order is over, and tells them so itself. */
const expectedRefusals: ReadonlySet<string> = new Set([
  'placement ReserveStock OUT_OF_STOCK',
  'placement ReserveStock RESERVATION_EXPIRED',
  'placement ReserveStock OFFER_WITHDRAWN',
  'placement ReserveStock ALREADY_RELEASED',
  'placement MarkLineReserved ORDER_CANCELLED',
  'placement MarkLineReserved ORDER_ENDED',
  'placement ConfirmReservation ALREADY_RELEASED',
  'placement ConfirmOrder ORDER_CANCELLED',
  'placement ConfirmOrder ORDER_ENDED',
  'placement CancelOrder ORDER_ENDED',
  'fulfilment RequestCapture PAYMENT_LAPSED',
  'fulfilment RequestRefund REFUND_TOO_HIGH',
  'fulfilment HoldOrder ORDER_ENDED',
  'returns RegisterReturn RETURNED_TOO_MANY',
  'returns RequestRefund REFUND_TOO_HIGH',
  'returns RestockOffer GRADE_LOWER',
  'returns RestockOffer OFFER_WITHDRAWN',
]);

test('processes are refused nothing but what they expect', () =>
  fc.assert(
    fc.property(lives, fc.integer(), (acts, seed) => {
      for (const refusal of live(acts, seed).refusals) assert.ok(expectedRefusals.has(refusal), refusal);
    }),
    { numRuns: 100 },
  ));

test('the lives that are tried come by every event that orders, payments and returns can have', () => {
  const seen = new Set<string>();
  for (const [acts, seed] of fc.sample(fc.tuple(lives, fc.integer()), { numRuns: 600, seed: 5 }))
    for (const { type } of live(acts, seed).log.events) seen.add(type);
  const expected = [...orderEvents, ...paymentEvents, ...returnEvents].map(({ type }) => type);
  assert.deepEqual(
    expected.filter((type) => !seen.has(type)),
    [],
  );
});
