import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { Check, Errors } from 'typebox/value';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import type { Decider } from '../../src/domain/decider.ts';
import { Sealed } from '../../src/domain/event.ts';
import { maxAmountMinor } from '../../src/domain/money.ts';
import { availableOf, maxOnHand, offer, offerEvents, type Offer, type OfferCommand } from '../../src/domain/offer.ts';
import { order, type Order, type OrderCommand } from '../../src/domain/order.ts';
import { arbitraryOf } from '../support/arbitrary.ts';
import { offerAfter, published } from './examples.ts';

/** What a decider accepted of a sequence of commands, one after another. */
const run = <State, Command, Event, Code extends string>(
  { initial, decide, evolve }: Decider<State, Command, Event, Code>,
  commands: readonly Command[],
) => {
  const states = [initial];
  const events: Event[] = [];
  for (const command of commands) {
    const decision = decide(command, states.at(-1)!);
    if (decision.kind === 'rejected') continue;
    events.push(...decision.events);
    states.push(decision.events.reduce(evolve, states.at(-1)!));
  }
  return { states, events, last: states.at(-1)! };
};

const conforms = (events: readonly DomainEvent[]): void => {
  for (const { type, data } of events) {
    const schema = catalogue.find((definition) => definition.type === type)!.data;
    assert.ok(Check(schema, data), `${type}: ${JSON.stringify(Errors(schema, data))} in ${JSON.stringify(data)}`);
  }
};

const currency = fc.constantFrom('EUR', 'CHF');
/** Few prices, so that sequences meet the same one twice. */
const price = fc.oneof(fc.constantFrom(0, 1, 39_900), fc.integer({ min: 0, max: maxAmountMinor }));
const publish = arbitraryOf(offerEvents[0].data).chain((data) =>
  currency.map((code): OfferCommand => ({ type: 'PublishOffer', ...data, currency: code })),
);
const offerCommand: Arbitrary<OfferCommand> = fc.oneof(
  publish,
  fc.record({ type: fc.constant('ChangePrice' as const), unitPriceMinor: price, currency }),
  fc.record({
    type: fc.constant('AdjustStock' as const),
    difference: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -maxOnHand, max: maxOnHand })),
  }),
  fc.record({ type: fc.constant('WithdrawOffer' as const) }),
);
/** Sequences that mostly get past publication. */
const offerLife = fc.tuple(publish, fc.array(offerCommand, { maxLength: 30 })).map(([first, rest]) => [first, ...rest]);

describe('an offer, whatever is asked of it', () => {
  test('makes only events of their declared shape, and evolves with each', () =>
    fc.assert(fc.property(offerLife, (commands) => conforms(run(offer, commands).events))));

  test('never has stock below zero, nor above what an offer may hold', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        for (const state of run(offer, commands).states) {
          if (state.status !== 'unpublished') assert.ok(state.onHand >= 0 && state.onHand <= maxOnHand);
        }
      }),
    ));

  test('has on hand what was published and adjusted since', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { events, last } = run(offer, commands);
        const pieces = events.reduce(
          (total, { type, data }) => (type === 'OfferPublished' ? data.onHand : type === 'StockAdjusted' ? total + data.difference : total),
          0,
        );
        if (last.status !== 'unpublished') assert.equal(last.onHand, pieces);
      }),
    ));

  test('keeps its merchant and currency for life', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const kept = run(offer, commands).states.flatMap((state) =>
          state.status === 'unpublished' ? [] : [`${state.merchantId} ${state.currency}`],
        );
        assert.ok(new Set(kept).size <= 1);
      }),
    ));

  test('changes nothing once it is withdrawn', () =>
    fc.assert(
      fc.property(offerLife, offerLife, (before, after) => {
        const { last } = run(offer, [...before, { type: 'WithdrawOffer' }]);
        fc.pre(last.status === 'withdrawn');
        const events = after.flatMap((command) => {
          const decision = offer.decide(command, last);
          return decision.kind === 'accepted' ? decision.events : [];
        });
        assert.deepEqual(events, []);
      }),
    ));

  test('changes nothing when the price it has, or its withdrawal, is asked for again', () =>
    fc.assert(
      fc.property(offerLife, price, (commands, unitPriceMinor) => {
        const once: readonly OfferCommand[] = [...commands, { type: 'ChangePrice', unitPriceMinor, currency: 'EUR' }, { type: 'WithdrawOffer' }];
        const twice = [...once.slice(0, -1), once.at(-2)!, once.at(-1)!, once.at(-1)!];
        assert.deepEqual(run(offer, twice).events, run(offer, once).events);
      }),
    ));
});

const offers: Arbitrary<Offer> = fc.oneof(
  { weight: 2, arbitrary: offerLife.map((commands) => run(offer, commands).last) },
  {
    weight: 8,
    arbitrary: fc
      .record({ unitPriceMinor: fc.integer({ min: 1, max: 1e6 }), onHand: fc.integer({ min: 0, max: 9 }) })
      .map((some) => offerAfter(published(some))),
  },
  { weight: 1, arbitrary: fc.constant(offer.initial) },
);
const sealed = arbitraryOf(Sealed);
const quantity = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 1_000 }) });
const lines = fc.array(fc.tuple(fc.uuid(), offers), { minLength: 1, maxLength: 3 }).chain((known) =>
  fc.array(
    fc
      .tuple(
        fc.uuid(),
        fc.constantFrom(...known),
        quantity,
        fc.nat(5).map((chance) => chance > 0),
      )
      .map(([lineId, [offerId, of], pieces, right]) => ({
        lineId,
        offerId,
        quantity: pieces,
        shownPriceMinor: of.status === 'unpublished' ? 1 : of.unitPriceMinor + (right ? 0 : 1),
        shownCurrency: of.status === 'unpublished' ? 'EUR' : of.currency,
        offer: of,
      })),
    { minLength: 1, maxLength: 4 },
  ),
);
const place = fc.record({
  type: fc.constant('PlaceOrder' as const),
  day: fc.constantFrom('2025-06-30', '2025-07-01', '2026-11-23'),
  customerId: fc.uuid(),
  contact: fc.record({ name: sealed, email: sealed, language: fc.constantFrom('de', 'en') }, { noNullPrototype: true }),
  shippingAddress: fc.record({ address: sealed, countryCode: fc.constantFrom('DE', 'AT', 'EE', 'US') }, { noNullPrototype: true }),
  paymentMethod: fc.string(),
  lines,
});
const orderCommand: Arbitrary<OrderCommand> = fc.oneof(
  { weight: 3, arbitrary: place },
  { weight: 1, arbitrary: fc.constant({ type: 'CancelOrder' as const }) },
);
const orderLife = fc.array(orderCommand, { minLength: 1, maxLength: 8 });

/** The terms of an order: all of it but where it stands in its life. */
const termsOf = (state: Order): unknown =>
  state.status === 'unplaced' ? undefined : { ...state, status: '', lines: state.lines.map((line) => ({ ...line, status: '' })) };

describe('an order, whatever is asked of it', () => {
  test('makes only events of their declared shape, and evolves with each', () =>
    fc.assert(fc.property(orderLife, (commands) => conforms(run(order, commands).events))));

  test('never changes its terms once it is placed', () =>
    fc.assert(
      fc.property(orderLife, (commands) => {
        const terms = run(order, commands)
          .states.map(termsOf)
          .filter((each) => each !== undefined);
        for (const each of terms) assert.deepEqual(each, terms[0]);
      }),
    ));

  test('is placed once and cancelled once, in this order', () =>
    fc.assert(
      fc.property(orderLife, (commands) => {
        const types = run(order, commands).events.map(({ type }) => type);
        assert.deepEqual(types, ['OrderPlaced', 'OrderCancelled'].slice(0, types.length));
      }),
    ));

  test('is placed only at the price, currency and merchant of the offers, with all lines of one offer in stock together', () => {
    let placed = 0;
    fc.assert(
      fc.property(place, (command) => {
        const decision = order.decide(command, order.initial);
        if (decision.kind === 'rejected') return;
        placed += 1;
        const [event] = decision.events;
        assert.ok(event?.type === 'OrderPlaced' && event.data.lines.length === command.lines.length);
        const { data } = event;
        for (const [index, { offer: of, offerId, shownPriceMinor }] of command.lines.entries()) {
          assert.ok(of.status === 'published');
          assert.equal(shownPriceMinor, of.unitPriceMinor);
          assert.equal(data.currency, of.currency);
          const { merchantId, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths } = of;
          assert.partialDeepStrictEqual(data.lines[index], { merchantId, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths });
          const together = command.lines.filter((line) => line.offerId === offerId).reduce((total, line) => total + line.quantity, 0);
          assert.ok(together <= availableOf(of));
        }
        assert.ok(data.lines.reduce((total, line) => total + BigInt(line.unitPriceMinor) * BigInt(line.quantity), 0n) <= BigInt(maxAmountMinor));
      }),
      { numRuns: 500 },
    );
    assert.ok(placed > 50, `only ${placed} orders were placed`);
  });
});

test('every event of the catalogue has a name of its own and says what it means', () => {
  assert.equal(new Set(catalogue.map(({ type }) => type)).size, catalogue.length);
  for (const { type, version, means } of catalogue) assert.ok(/^[A-Z][A-Za-z]+$/.test(type) && version >= 1 && means.endsWith('.'), type);
});
