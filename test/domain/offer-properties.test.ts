import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { maxAmountMinor } from '../../src/domain/money.ts';
import { availableOf, offer, type OfferCommand } from '../../src/domain/offer.ts';
import { maxOnHand, offerEvents, type OfferEvent } from '../../src/domain/offer-events.ts';
import { after, standardTerms } from '../../src/domain/terms.ts';
import { arbitraryOf } from '../support/arbitrary.ts';
import { at, lineId, orderId, otherLineId, otherShipmentId, returnId, shipmentId, taskId } from './examples.ts';
import { comesFrom, conforms, run } from './running.ts';
import { offerOrigins } from '../../infra/contract/event-origins.ts';

const currency = fc.constantFrom('EUR', 'CHF');
/** Few prices, so that sequences meet the same one twice. */
const price = fc.oneof(fc.constantFrom(0, 1, 39_900), fc.integer({ min: 0, max: maxAmountMinor }));
const onHand = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(maxOnHand - 1, maxOnHand) },
);
const publish = fc
  .tuple(arbitraryOf(offerEvents[0].data), currency, onHand)
  .map(([data, code, pieces]): OfferCommand => ({ type: 'PublishOffer', ...data, currency: code, onHand: pieces }));

/** A few lines, each with the time that its order named once and for all. */
const lines = [
  [lineId, at('15 min')],
  [otherLineId, at('20 min')],
  [shipmentId, at('1 d')],
  [otherShipmentId, at('2 d')],
  [taskId, at('3 d')],
] as const;
const line = fc.constantFrom(...lines).map(([id]) => ({ orderId, lineId: id }));
const timeOf = new Map<string, string>(lines);
const pieces = fc.integer({ min: 1, max: 3 });
const grade = fc.constantFrom('A' as const, 'B' as const, 'C' as const);

/** A command, and how long after the one before it comes. */
type Timely = readonly [command: OfferCommand, laterMs: number];
const offerCommand: Arbitrary<OfferCommand> = fc.oneof(
  { weight: 1, arbitrary: publish },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ChangePrice' as const), unitPriceMinor: price, currency }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('AdjustStock' as const),
      difference: fc.oneof(fc.integer({ min: -3, max: 5 }), fc.integer({ min: -maxOnHand, max: maxOnHand })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(9).map((chance): OfferCommand => (chance > 0 ? { type: 'AdjustStock', difference: 1 } : { type: 'WithdrawOffer' })),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(line, pieces).map(([of, quantity]): OfferCommand => ({
      type: 'ReserveStock',
      ...of,
      reserveBy: timeOf.get(of.lineId)!,
      quantity,
      now: '',
      terms: standardTerms,
    })),
  },
  { weight: 4, arbitrary: line.map((of): OfferCommand => ({ type: 'ConfirmReservation', ...of })) },
  { weight: 3, arbitrary: line.map((of): OfferCommand => ({ type: 'ReleaseReservation', ...of, cause: 'ORDER' })) },
  { weight: 2, arbitrary: line.map((of): OfferCommand => ({ type: 'ExpireReservation', ...of, reserveBy: timeOf.get(of.lineId)! })) },
  {
    weight: 4,
    arbitrary: fc.tuple(line, pieces).map(([of, quantity]): OfferCommand => ({ type: 'DispatchStock', ...of, quantity })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(line, pieces, grade, fc.constantFrom(returnId, taskId))
      .map(([of, quantity, worn, id]): OfferCommand => ({ type: 'RestockOffer', ...of, returnId: id, quantity, grade: worn })),
  },
);
const later = fc.constantFrom(0, 0, 60_000, 3_600_000, 24 * 3_600_000);
/** What a line that is sold goes through. */
const sale = fc.tuple(line, later).map(([of, pause]): readonly Timely[] => [
  [{ type: 'ReserveStock', ...of, quantity: 2, reserveBy: timeOf.get(of.lineId)!, now: '', terms: standardTerms }, 0],
  [{ type: 'ConfirmReservation', ...of }, 0],
  [{ type: 'DispatchStock', ...of, quantity: 1 }, pause],
]);
const timely: Arbitrary<readonly Timely[]> = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.tuple(offerCommand, later).map((each) => [each]) }, { weight: 1, arbitrary: sale }), {
    maxLength: 40,
    size: 'max',
  })
  .map((parts) => parts.flat());
/** Sequences that mostly get past publication, each command with its time. */
const offerLife = fc.tuple(publish, timely).map(([first, rest]) => {
  let now = at();
  return [first, ...rest.map(([command, laterMs]): OfferCommand => ((now = after(now, laterMs)), 'now' in command ? { ...command, now } : command))];
});

describe('an offer, whatever is asked of it', () => {
  test('makes only events of their declared shape, evolves with each, and makes them all', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { events, steps } = run(offer, commands);
        conforms(events);
        comesFrom(offerOrigins, steps);
        for (const { type } of events) seen.add(type);
      }),
      { numRuns: 300 },
    );
    assert.deepEqual([...seen].toSorted(), offerEvents.map(({ type }) => type).toSorted());
  });

  test('never has less on hand than it keeps for lines, nor less kept than nothing', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        for (const state of run(offer, commands).states) {
          if (state.status === 'unpublished') continue;
          const { reserved } = state.reservations;
          assert.ok(reserved >= 0 && reserved <= state.onHand && state.onHand <= maxOnHand);
          assert.equal(availableOf(state), state.status === 'published' ? state.onHand - reserved : 0);
        }
      }),
    ));

  test('has on hand what was published, adjusted, dispatched and restocked', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { events, last } = run(offer, commands);
        if (last.status !== 'unpublished') assert.equal(last.onHand, sum(events, onHandBy));
      }),
    ));

  test('keeps for each line what was reserved and neither released nor dispatched', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { events, last } = run(offer, commands);
        if (last.status === 'unpublished') return;
        assert.equal(last.reservations.reserved, sum(events, keptBy));
        for (const [id] of lines) assert.ok(sum(events, (event) => ('lineId' in event.data && event.data.lineId === id ? keptBy(event) : 0)) >= 0);
      }),
    ));

  test('reserves a line once, however often and however late it is asked', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const reserved = run(offer, commands).events.flatMap((event) => (event.type === 'StockReserved' ? [event.data.lineId] : []));
        assert.equal(new Set(reserved).size, reserved.length);
      }),
      { numRuns: 300 },
    ));

  test('takes only confirmed pieces off the shelf, and releases none for its time that was confirmed', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const confirmed = new Set<string>();
        for (const { type, data } of run(offer, commands).events) {
          if (type === 'ReservationConfirmed') confirmed.add(data.lineId);
          if (type === 'StockDispatched') assert.ok(confirmed.has(data.lineId));
          if (type === 'ReservationReleased' && data.cause === 'EXPIRED') assert.ok(!confirmed.has(data.lineId));
        }
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

  test('sells nothing more once it is withdrawn, and honours what it promised', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { events } = run(offer, commands);
        const since = events.slice(events.findIndex(({ type }) => type === 'OfferWithdrawn'));
        if (since[0]?.type !== 'OfferWithdrawn') return;
        const honoured: readonly string[] = ['ReservationConfirmed', 'ReservationReleased', 'StockDispatched'];
        assert.ok(since.slice(1).every(({ type }) => honoured.includes(type)));
      }),
    ));

  test('changes nothing when the same is asked again', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        for (const { command, after: state } of run(offer, commands).steps) {
          // Corrections and parcels that look alike are told apart by their commands' ids.
          if (command.type === 'AdjustStock' || command.type === 'DispatchStock' || command.type === 'PublishOffer') continue;
          assert.deepEqual(offer.decide(command, state), { kind: 'accepted', events: [] });
        }
      }),
    ));

  test('is the same after it was kept as JSON', () =>
    fc.assert(
      fc.property(offerLife, (commands) => {
        const { last } = run(offer, commands);
        assert.deepEqual(JSON.parse(JSON.stringify(last)), last);
      }),
    ));
});

const sum = (events: readonly OfferEvent[], of: (event: OfferEvent) => number): number => events.reduce((total, event) => total + of(event), 0);

const onHandBy = ({ type, data }: OfferEvent): number => {
  switch (type) {
    case 'OfferPublished':
      return data.onHand;
    case 'StockAdjusted':
      return data.difference;
    case 'StockDispatched':
      return -data.quantity;
    case 'StockRestocked':
      return data.quantity;
    case 'PriceChanged':
    case 'OfferWithdrawn':
    case 'StockReserved':
    case 'ReservationConfirmed':
    case 'ReservationReleased':
      return 0;
  }
};

const keptBy = ({ type, data }: OfferEvent): number => {
  switch (type) {
    case 'StockReserved':
      return data.quantity;
    case 'ReservationReleased':
    case 'StockDispatched':
      return -data.quantity;
    case 'OfferPublished':
    case 'StockAdjusted':
    case 'StockRestocked':
    case 'PriceChanged':
    case 'OfferWithdrawn':
    case 'ReservationConfirmed':
      return 0;
  }
};
