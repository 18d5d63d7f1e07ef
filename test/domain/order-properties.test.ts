import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { maxAmountMinor } from '../../src/domain/money.ts';
import { availableOf, type Offer } from '../../src/domain/offer.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand, OrderCommandOf } from '../../src/domain/order-commands.ts';
import { orderEvents, type OrderEvent } from '../../src/domain/order-events.ts';
import type { Order, PlacedOrder } from '../../src/domain/order-state.ts';
import { after, standardTerms } from '../../src/domain/terms.ts';
import { vatOf } from '../../src/domain/vat.ts';
import {
  at,
  lineId,
  merchantId,
  offerAfter,
  offerId,
  otherLineId,
  otherMerchantId,
  otherOfferId,
  otherShipmentId,
  paymentId,
  placeOrder,
  published,
  returnId,
  sealed,
  shipmentId,
  taskId,
  withdrawn,
} from './examples.ts';
import { comesFrom, conforms, run } from './running.ts';
import { orderOrigins } from '../../infra/contract/event-origins.ts';

type Timely = (state: Order) => OrderCommand;
/** A command without its time; deadlines look into the state for the fact that they act on. */
type Asked = { [Type in OrderCommand['type']]: Omit<OrderCommandOf<Type>, 'now' | 'terms'> }[OrderCommand['type']];
type Timeless = (state: PlacedOrder) => Asked;

const offers = fc
  .tuple(
    fc.constantFrom(merchantId, otherMerchantId),
    fc.oneof(fc.constantFrom(1, 3, 39_900), fc.integer({ min: 1, max: 1e9 })),
    fc.constantFrom('STANDARD' as const, 'MARGIN' as const),
    fc.integer({ min: 0, max: 2e9 }),
  )
  .map(([merchant, unitPriceMinor, vatScheme, purchasePriceMinor]) =>
    offerAfter(published({ merchantId: merchant, unitPriceMinor, vatScheme, purchasePriceMinor, onHand: 9 })),
  );
const lineIds = [lineId, otherLineId, taskId];
const place: Arbitrary<Timely> = fc
  .tuple(fc.array(fc.tuple(offers, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 3 }), fc.constantFrom('DE', 'EE', 'CH'))
  .map(([lines, countryCode]) => {
    const command = placeOrder({
      shippingAddress: { address: sealed('shipping_address'), countryCode },
      lines: lines.map(([offer, quantity], index) => ({
        lineId: lineIds[index]!,
        offerId: [offerId, otherOfferId, paymentId][index]!,
        quantity,
        shownPriceMinor: offer.status === 'unpublished' ? 0 : offer.unitPriceMinor,
        shownCurrency: 'EUR',
        offer,
      })),
    });
    return () => command;
  });

const line = fc.constantFrom(...lineIds);
const parcel = fc.constantFrom(shipmentId, otherShipmentId, returnId, paymentId);
const pieces = fc.integer({ min: 1, max: 3 });
const goods = fc.array(fc.record({ lineId: line, quantity: pieces }, { noNullPrototype: true }), { minLength: 1, maxLength: 3 });
const merchant = fc.constantFrom(merchantId, otherMerchantId);
const returned = fc.constantFrom(returnId, shipmentId, taskId);
/** Mostly the fact that stands there. */
const wrong = fc.nat(9).map((chance) => (chance === 0 ? at('1 min') : undefined));
const cause = fc.constantFrom('CUSTOMER' as const, 'SUPPORT' as const);

const dispatch: Arbitrary<Timeless> = fc.tuple(parcel, merchant, goods).map(([id, from, lines]) => (): Asked => ({
  type: 'DispatchShipment',
  shipmentId: id,
  merchantId: from,
  carrier: 'DHL',
  trackingNumber: '1',
  lines,
}));
/** A parcel with what a merchant has left of its lines: all of it, or a piece of each. */
const dispatchedWhole =
  (id: string, from: string, whole = true): Timeless =>
  ({ lines }) => ({
    type: 'DispatchShipment',
    shipmentId: id,
    merchantId: from,
    carrier: 'DHL',
    trackingNumber: '1',
    lines: lines
      .filter((each) => each.merchantId === from && each.open > 0)
      .map((each) => ({ lineId: each.lineId, quantity: whole ? each.open : 1 })),
  });
const dispatchOpen: Arbitrary<Timeless> = fc.tuple(parcel, merchant, fc.boolean()).map(([id, from, whole]) => dispatchedWhole(id, from, whole));
const returnPiece: Arbitrary<Timeless> = fc.tuple(returned, line).map(([id, of]) => (): Asked => ({
  type: 'RegisterReturn',
  returnId: id,
  lines: [{ lineId: of, quantity: 1 }],
}));
const timeless: Arbitrary<Timeless> = fc.oneof(
  { weight: 3, arbitrary: line.map((id) => (): Asked => ({ type: 'MarkLineReserved', lineId: id })) },
  { weight: 1, arbitrary: line.map((id) => (): Asked => ({ type: 'MarkLineRefused', lineId: id, code: 'OUT_OF_STOCK' })) },
  { weight: 2, arbitrary: fc.constant((): Asked => ({ type: 'ConfirmOrder', paymentId })) },
  { weight: 4, arbitrary: line.map((id) => (): Asked => ({ type: 'AcceptLine', lineId: id })) },
  { weight: 1, arbitrary: line.map((id) => (): Asked => ({ type: 'RejectLine', lineId: id })) },
  {
    weight: 1,
    arbitrary: fc.tuple(line, cause).map(([id, why]) => (): Asked => ({ type: 'CancelLine', lineId: id, cause: why })),
  },
  { weight: 1, arbitrary: cause.map((why) => (): Asked => ({ type: 'CancelOrder', cause: why })) },
  { weight: 1, arbitrary: fc.constant((): Asked => ({ type: 'CancelOpenLines', cause: 'AUTHORISATION_LAPSED' })) },
  { weight: 3, arbitrary: dispatch },
  { weight: 6, arbitrary: dispatchOpen },
  { weight: 3, arbitrary: returnPiece },
  { weight: 8, arbitrary: parcel.map((id) => (): Asked => ({ type: 'ConfirmDelivery', shipmentId: id })) },
  { weight: 1, arbitrary: parcel.map((id) => (): Asked => ({ type: 'ReportShipmentLost', shipmentId: id })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('DE', 'EE', 'CH'), fc.constantFrom('a', 'b')).map(([countryCode, text]) => (): Asked => ({
      type: 'ChangeAddress',
      shippingAddress: { address: { ...sealed('shipping_address'), sealed: text }, countryCode },
    })),
  },
  { weight: 1, arbitrary: fc.constantFrom('SUPPORT' as const, 'PAYMENT' as const).map((why) => (): Asked => ({ type: 'HoldOrder', cause: why })) },
  { weight: 2, arbitrary: fc.constant((): Asked => ({ type: 'ReleaseOrder' })) },
  {
    weight: 3,
    arbitrary: fc.tuple(returned, goods).map(([id, lines]) => (): Asked => ({ type: 'RegisterReturn', returnId: id, lines })),
  },
  { weight: 1, arbitrary: returned.map((id) => (): Asked => ({ type: 'UnregisterReturn', returnId: id })) },
  { weight: 1, arbitrary: returned.map((id) => (): Asked => ({ type: 'RaiseTask', taskId: id, kind: 'CAPTURE_FAILED' })) },
  { weight: 1, arbitrary: returned.map((id) => (): Asked => ({ type: 'ResolveTask', taskId: id })) },
  {
    weight: 1,
    arbitrary: wrong.map((other) => (state: PlacedOrder): Asked => ({ type: 'ExpireOrder', payBy: other ?? state.payBy })),
  },
  {
    weight: 1,
    arbitrary: wrong.map((other) => (state: PlacedOrder): Asked => ({ type: 'CancelUnaccepted', acceptBy: other ?? state.acceptBy ?? '' })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(line, wrong).map(([id, other]) => (state: PlacedOrder): Asked => ({
      type: 'CancelUndispatched',
      lineId: id,
      dispatchBy: other ?? state.lines.find((each) => each.lineId === id)?.dispatchBy ?? '',
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(parcel, wrong).map(([id, other]) => (state: PlacedOrder): Asked => ({
      type: 'ReportOverdue',
      shipmentId: id,
      deliveredBy: other ?? state.shipments.find((each) => each.shipmentId === id)?.deliveredBy ?? '',
    })),
  },
  {
    weight: 1,
    arbitrary: wrong.map((other) => (state: PlacedOrder): Asked => ({ type: 'LapseHold', holdUntil: other ?? state.held?.holdUntil ?? '' })),
  },
  {
    weight: 3,
    arbitrary: wrong.map((other) => (state: PlacedOrder): Asked => ({ type: 'CompleteOrder', withdrawalEnds: other ?? state.withdrawalEnds ?? '' })),
  },
);

/** How far an order is brought before anything may happen: reserved, confirmed, accepted, dispatched, delivered, completed. */
const beginnings: readonly (readonly Timeless[])[] = [
  lineIds.map((id) => () => ({ type: 'MarkLineReserved', lineId: id })),
  [() => ({ type: 'ConfirmOrder', paymentId })],
  lineIds.map((id) => () => ({ type: 'AcceptLine', lineId: id })),
  [dispatchedWhole(shipmentId, merchantId), dispatchedWhole(otherShipmentId, otherMerchantId)],
  [shipmentId, otherShipmentId].map((id) => () => ({ type: 'ConfirmDelivery', shipmentId: id })),
  [({ withdrawalEnds }) => ({ type: 'CompleteOrder', withdrawalEnds: withdrawalEnds ?? '' })],
];
const laterMs = fc.constantFrom(0, 60_000, 24 * 3_600_000);
const life: Arbitrary<readonly Timely[]> = fc
  .tuple(place, fc.integer({ min: 0, max: beginnings.length }), fc.array(fc.tuple(timeless, laterMs), { maxLength: 40, size: 'max' }))
  .map(([first, depth, rest]) => {
    const steps = [...beginnings.slice(0, depth).flatMap((each) => each.map((one) => [one, 0] as const)), ...rest];
    let now = at();
    return [
      first,
      ...steps.map(([command, ms]): Timely => {
        now = after(now, ms);
        const timed = { now, terms: standardTerms };
        return (state) => ({ ...command(state as PlacedOrder), ...timed }) as OrderCommand;
      }),
    ];
  });

const placedOf = (state: Order): PlacedOrder => {
  assert.ok(state.status !== 'unplaced');
  return state;
};
const always = (property: (lived: ReturnType<typeof lives>) => void, numRuns = 300): void =>
  fc.assert(
    fc.property(life, (commands) => property(lives(commands))),
    { numRuns },
  );
const lives = (commands: readonly Timely[]) => run<Order, OrderCommand, OrderEvent, string>(order, commands);
const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

describe('an order, whatever is asked of it', () => {
  test('makes only events of their declared shape, evolves with each, and makes them all', () => {
    const seen = new Set<string>();
    always(({ events, steps }) => {
      conforms(events);
      comesFrom(orderOrigins, steps);
      for (const { type } of events) seen.add(type);
    }, 500);
    assert.deepEqual([...seen].toSorted(), orderEvents.map(({ type }) => type).toSorted());
  });

  test('knows of every piece where it is', () =>
    always(({ states }) => {
      for (const state of states.slice(1)) {
        for (const each of placedOf(state).lines) {
          const { quantity, open, cancelled, shipped, delivered, lost, returning } = each;
          assert.equal(open + cancelled + shipped, quantity);
          assert.ok(Math.min(open, cancelled, shipped, delivered, lost, returning) >= 0);
          assert.ok(delivered + lost <= shipped && returning <= delivered);
        }
      }
    }));

  test('ships for what it costs, less what is cancelled and what is open', () =>
    always(({ events, last }) => {
      const { lines, shipments, status } = placedOf(last);
      const costs = total(lines.map(({ unitPriceMinor, quantity }) => unitPriceMinor * quantity));
      const shipped = total(shipments.map(({ amountMinor }) => amountMinor));
      const cancelled = total(lines.map((each) => each.unitPriceMinor * each.cancelled));
      const open = total(lines.map((each) => each.unitPriceMinor * each.open));
      assert.equal(shipped, costs - cancelled - open);
      for (const { lines: parts, amountMinor } of shipments) assert.equal(total(parts.map((part) => part.amountMinor)), amountMinor);
      const said = total(events.flatMap(({ type, data }) => (type === 'LineCancelled' ? [data.amountMinor] : [])));
      if (status !== 'cancelled' && status !== 'expired') assert.equal(said, cancelled);
    }));

  test('ships with VAT that sums to the VAT of each line', () =>
    always(({ last }) => {
      const { lines, shipments } = placedOf(last);
      for (const each of lines) {
        const parts = shipments.flatMap((shipment) => shipment.lines).filter((part) => part.lineId === each.lineId);
        const shipped = total(parts.map(({ vatMinor, marginVatMinor }) => vatMinor ?? marginVatMinor!));
        assert.equal(shipped + vatOf(each, each.open + each.cancelled), vatOf(each, each.quantity));
        const own = each.vatScheme === 'STANDARD' ? 'vatMinor' : 'marginVatMinor';
        assert.ok(parts.every((part) => part[own] !== undefined && !('vatMinor' in part && 'marginVatMinor' in part)));
      }
    }));

  test('confirms the whole amount, once', () =>
    always(({ events, last }) => {
      const amounts = events.flatMap(({ type, data }) => (type === 'OrderConfirmed' ? [data.amountMinor] : []));
      assert.ok(amounts.length <= 1);
      for (const amount of amounts) assert.equal(amount, total(placedOf(last).lines.map((each) => each.unitPriceMinor * each.quantity)));
    }));

  test('never changes its prices and terms', () =>
    always(({ states, events }) => {
      for (const state of states.slice(1)) {
        assert.ok(events[0]?.type === 'OrderPlaced');
        const { shippingAddress, ...terms } = events[0].data;
        assert.partialDeepStrictEqual(placedOf(state), { ...terms, shippingAddress: { countryCode: shippingAddress.countryCode } });
      }
    }));

  test('goes to no other address once something has shipped', () =>
    always(({ events }) => {
      const shipped = events.findIndex(({ type }) => type === 'ShipmentDispatched');
      assert.ok(shipped < 0 || events.slice(shipped).every(({ type }) => type !== 'AddressChanged'));
    }));

  test('ships nothing on hold, and nothing of a line that its merchant has not accepted', () =>
    always(({ steps }) => {
      for (const { before, events } of steps) {
        for (const { type, data } of events) {
          if (type !== 'ShipmentDispatched') continue;
          const { held, lines } = placedOf(before);
          assert.equal(held, undefined);
          for (const part of data.lines) {
            const of = lines.find((each) => each.lineId === part.lineId)!;
            assert.ok(of.dispatchBy !== undefined && of.merchantId === data.merchantId);
          }
        }
      }
    }));

  test('takes nothing but returns and tasks once it is completed, and nothing but tasks once it is cancelled or expired', () =>
    always(({ events }) => {
      const tasks = ['SupportTaskRaised', 'SupportTaskResolved'];
      const still: Readonly<Record<string, readonly string[]>> = {
        OrderCompleted: ['ReturnRegistered', 'ReturnUnregistered', ...tasks],
        OrderCancelled: tasks,
        OrderExpired: tasks,
      };
      const end = events.findIndex(({ type }) => type in still);
      if (end >= 0) for (const { type } of events.slice(end + 1)) assert.ok(still[events[end]!.type]!.includes(type), type);
    }));

  test('is delivered or over when nothing of it is open or on its way', () =>
    always(({ states }) => {
      for (const state of states.slice(1)) {
        const { status, lines, shipments } = placedOf(state);
        const underWay = lines.some(({ open }) => open > 0) || shipments.some((each) => each.status === 'dispatched');
        assert.equal(underWay, ['placed', 'confirmed', 'partially_shipped', 'shipped'].includes(status), status);
      }
    }));

  test('changes nothing when the same is asked again', () =>
    always(({ steps }) => {
      for (const { command, after: state } of steps.slice(1)) {
        const again = order.decide(command, state);
        assert.deepEqual(again, { kind: 'accepted', events: [] }, command.type);
      }
    }));

  test('is over, or a task for support, once all its times have passed', () =>
    always(({ last }) => {
      const { states } = run<Order, OrderCommand, OrderEvent, string>(
        { ...order, initial: last },
        Array.from({ length: 12 }, () => nextDeadline),
      );
      const end = placedOf(states.at(-1)!);
      const isOver = ['completed', 'cancelled', 'expired'].includes(end.status);
      const onItsWay = end.shipments.filter(({ status }) => status === 'dispatched');
      const reported = onItsWay.every((each) => end.tasks.some((task) => task.kind === 'NOT_DELIVERED' && task.shipmentId === each.shipmentId));
      assert.ok(isOver ? onItsWay.length === 0 : onItsWay.length > 0 && reported, JSON.stringify(end));
    }));

  test('is plain JSON', () => always(({ last }) => assert.deepEqual(JSON.parse(JSON.stringify(last)), last)));
});

const muchLater = { now: at('900 d'), terms: standardTerms };

/** The command of a deadline that stands in the state; the last one of an order's life if none does. */
const nextDeadline = (state: Order): OrderCommand => {
  const { status, payBy, acceptBy, withdrawalEnds, held, lines, shipments, tasks } = placedOf(state);
  if (status === 'placed') return { type: 'ExpireOrder', payBy, ...muchLater };
  if (held) return { type: 'LapseHold', holdUntil: held.holdUntil, ...muchLater };
  const unaccepted = lines.find(({ open, dispatchBy }) => open > 0 && dispatchBy === undefined);
  if (unaccepted) return { type: 'CancelUnaccepted', acceptBy: acceptBy!, ...muchLater };
  const undispatched = lines.find(({ open }) => open > 0);
  if (undispatched) return { type: 'CancelUndispatched', lineId: undispatched.lineId, dispatchBy: undispatched.dispatchBy!, ...muchLater };
  const late = shipments.find(
    (each) => each.status === 'dispatched' && !tasks.some((task) => task.kind === 'NOT_DELIVERED' && task.shipmentId === each.shipmentId),
  );
  if (late) return { type: 'ReportOverdue', shipmentId: late.shipmentId, deliveredBy: late.deliveredBy, ...muchLater };
  return { type: 'CompleteOrder', withdrawalEnds: withdrawalEnds ?? '', ...muchLater };
};

describe('an order is placed', () => {
  const offered: Arbitrary<Offer> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record({ unitPriceMinor: fc.integer({ min: 1, max: 1e6 }), onHand: fc.integer({ min: 0, max: 9 }) })
        .map((some) => offerAfter(published(some))),
    },
    { weight: 1, arbitrary: fc.constantFrom(offerAfter(), offerAfter(published(), withdrawn), offerAfter(published({ currency: 'CHF' }))) },
  );
  const lines = fc.array(fc.tuple(fc.uuid(), offered), { minLength: 1, maxLength: 3 }).chain((known) =>
    fc.array(
      fc.tuple(fc.uuid(), fc.constantFrom(...known), fc.integer({ min: 1, max: 4 }), fc.nat(9)).map(([id, [of, offer], quantity, chance]) => ({
        lineId: id,
        offerId: of,
        quantity,
        shownPriceMinor: offer.status === 'unpublished' ? 1 : offer.unitPriceMinor + (chance > 0 ? 0 : 1),
        shownCurrency: offer.status === 'unpublished' ? 'EUR' : offer.currency,
        offer,
      })),
      { minLength: 1, maxLength: 4 },
    ),
  );

  test('only at the price, currency and merchant of the offers, with all lines of one offer in stock together', () => {
    let placed = 0;
    fc.assert(
      fc.property(lines, (requested) => {
        const decision = order.decide(placeOrder({ lines: requested }), order.initial);
        if (decision.kind === 'rejected') return;
        placed += 1;
        const [event] = decision.events;
        assert.ok(event?.type === 'OrderPlaced' && event.data.lines.length === requested.length);
        const { data } = event;
        for (const [index, { offer: of, offerId: id, shownPriceMinor }] of requested.entries()) {
          assert.ok(of.status === 'published');
          assert.equal(shownPriceMinor, of.unitPriceMinor);
          assert.equal(data.currency, of.currency);
          const { merchantId: owner, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths } = of;
          assert.partialDeepStrictEqual(data.lines[index], { merchantId: owner, sku, title, grade, unitPriceMinor, vatScheme, warrantyMonths });
          const together = total(requested.filter((each) => each.offerId === id).map(({ quantity }) => quantity));
          assert.ok(together <= availableOf(of));
        }
        assert.ok(total(data.lines.map(({ unitPriceMinor, quantity }) => unitPriceMinor * quantity)) <= maxAmountMinor);
      }),
      { numRuns: 500 },
    );
    assert.ok(placed > 50, `only ${placed} orders were placed`);
  });
});
