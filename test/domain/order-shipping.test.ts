import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { derivedId } from '../../src/domain/ids.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand, OrderCommandOf } from '../../src/domain/order-commands.ts';
import { briefTerms } from '../../src/domain/terms.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { given } from '../support/given.ts';
import {
  acceptedOrder,
  arrived,
  at,
  cancelled,
  completed,
  confirmedOrder,
  delivered,
  dispatched,
  held,
  lineAccepted,
  lineCancelled,
  lineId,
  lost,
  merchantId,
  orderAfter,
  otherLineId,
  otherMerchantId,
  otherOfferId,
  otherShipmentId,
  part,
  placed,
  placedLine,
  shipmentId,
  task,
  taskId,
  timed,
} from './examples.ts';

const second = placedLine({ lineId: otherLineId, offerId: otherOfferId });
const ofAnother = placedLine({ lineId: otherLineId, offerId: otherOfferId, merchantId: otherMerchantId });
const three = placedLine({ quantity: 3 });
const notFound = rejected('ORDER_NOT_FOUND', 'No such order has been placed.');
const notConfirmed = rejected('ORDER_NOT_CONFIRMED', 'The order is not confirmed yet.');
const gone = rejected('ORDER_CANCELLED', 'The order has been cancelled.');
const noParcel = rejected('SHIPMENT_NOT_FOUND', 'The order has no such shipment.');

describe('accepting a line', () => {
  const accept: OrderCommand = { type: 'AcceptLine', lineId, ...timed() };

  test('says by when it leaves', () =>
    given(order, ...confirmedOrder())
      .when(accept)
      .expect(accepted(lineAccepted())));

  test('is done on hold, too', () =>
    given(order, ...confirmedOrder(), held())
      .when(accept)
      .expect(accepted(lineAccepted())));

  test('again changes nothing, whatever became of it', () => {
    given(order, ...acceptedOrder())
      .when(accept)
      .expect(accepted());
    given(order, ...acceptedOrder(), dispatched())
      .when(accept)
      .expect(accepted());
  });

  test('is refused before the order is confirmed', () => given(order, placed()).when(accept).expect(notConfirmed));

  test('is refused for a line that was cancelled', () =>
    given(order, ...acceptedOrder(placedLine(), second), lineCancelled('CUSTOMER'))
      .when(accept)
      .expect(rejected('LINE_CANCELLED', 'The line has been cancelled.')));

  test('is refused for a cancelled order', () => given(order, placed(), cancelled()).when(accept).expect(gone));

  test('is refused when it is not of the order', () =>
    given(order, ...confirmedOrder())
      .when({ ...accept, lineId: otherLineId })
      .expect(rejected('LINE_NOT_FOUND', 'The order has no such line.')));

  test('is refused for an order that does not exist', () => given(order).when(accept).expect(notFound));
});

describe('dispatching a shipment', () => {
  const dispatch = (change: Partial<OrderCommandOf<'DispatchShipment'>> = {}): OrderCommand => ({
    type: 'DispatchShipment',
    shipmentId,
    merchantId,
    carrier: 'DHL',
    trackingNumber: '00340434',
    lines: [{ lineId, quantity: 1 }],
    ...timed(),
    ...change,
  });

  test('says what is in it, what it costs and by when it arrives', () =>
    given(order, ...acceptedOrder())
      .when(dispatch())
      .expect(accepted(dispatched())));

  test('takes several lines of its merchant', () =>
    given(order, ...acceptedOrder(three, second))
      .when(
        dispatch({
          lines: [
            { lineId, quantity: 2 },
            { lineId: otherLineId, quantity: 1 },
          ],
        }),
      )
      .expect(
        accepted(
          dispatched({
            lines: [part({ quantity: 2, amountMinor: 79_800, marginVatMinor: 4_758 }), part({ lineId: otherLineId, offerId: otherOfferId })],
          }),
        ),
      ));

  test('shows the VAT of a line whose whole price is taxed', () => {
    const { purchasePriceMinor: _, ...standard } = placedLine({ vatScheme: 'STANDARD' });
    const { marginVatMinor: __, ...line } = part();
    given(order, ...acceptedOrder(standard))
      .when(dispatch())
      .expect(accepted(dispatched({ lines: [{ ...line, vatMinor: 6_371 }] })));
  });

  test('cuts the VAT so that the parcels of a line sum to the line', () => {
    // 0.03 EUR at 19 %: 0.48 cents of VAT a piece, 1.44 for three.
    const { purchasePriceMinor: _, ...cheap } = placedLine({ quantity: 3, unitPriceMinor: 3, vatScheme: 'STANDARD' });
    const { marginVatMinor: __, ...line } = part({ amountMinor: 3 });
    const events = [
      ...acceptedOrder(cheap),
      dispatched({ shipmentId: otherShipmentId, lines: [{ ...line, vatMinor: 0 }] }),
      dispatched({ shipmentId: taskId, lines: [{ ...line, vatMinor: 1 }] }),
    ];
    given(order, ...events.slice(0, -2))
      .when(dispatch({ shipmentId: otherShipmentId }))
      .expect(accepted(events.at(-2)!));
    given(order, ...events.slice(0, -1))
      .when(dispatch({ shipmentId: taskId }))
      .expect(accepted(events.at(-1)!));
    given(order, ...events)
      .when(dispatch())
      .expect(accepted(dispatched({ lines: [{ ...line, vatMinor: 0 }] })));
  });

  test('again changes nothing', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(dispatch({ trackingNumber: 'another' }))
      .expect(accepted()));

  test('is refused on hold', () =>
    given(order, ...acceptedOrder(), held())
      .when(dispatch())
      .expect(rejected('ORDER_ON_HOLD', 'The order is on hold; nothing of it ships.')));

  test('is refused for a line that is not accepted', () =>
    given(order, ...confirmedOrder())
      .when(dispatch())
      .expect(rejected('LINE_NOT_ACCEPTED', 'lines[0]: the merchant has not accepted the line.')));

  test('is refused for more than is left', () =>
    given(order, ...acceptedOrder(three), dispatched({ shipmentId: otherShipmentId }))
      .when(dispatch({ lines: [{ lineId, quantity: 3 }] }))
      .expect(rejected('QUANTITY_TOO_HIGH', 'lines[0]: 2 left to ship, not 3.')));

  test('is refused when nothing is left', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched({ shipmentId: otherShipmentId }))
      .when(dispatch())
      .expect(rejected('ALREADY_SHIPPED', 'lines[0]: nothing of the line is left to ship.')));

  test('is refused for a cancelled line', () =>
    given(order, ...acceptedOrder(placedLine(), second), lineCancelled('CUSTOMER'))
      .when(dispatch())
      .expect(rejected('LINE_CANCELLED', 'lines[0]: the line has been cancelled.')));

  test('is refused for a line twice', () =>
    given(order, ...acceptedOrder(three))
      .when(
        dispatch({
          lines: [
            { lineId, quantity: 2 },
            { lineId, quantity: 2 },
          ],
        }),
      )
      .expect(rejected('LINE_REPEATED', 'lines[1]: the line is in the parcel already.')));

  test("is refused for another merchant's line, as if it were not there", () =>
    given(order, ...acceptedOrder(placedLine(), ofAnother))
      .when(
        dispatch({
          lines: [
            { lineId, quantity: 1 },
            { lineId: otherLineId, quantity: 1 },
          ],
        }),
      )
      .expect(rejected('LINE_NOT_FOUND', 'lines[1]: the order has no such line of this merchant.')));

  test('is refused with nothing in it', () =>
    given(order, ...acceptedOrder())
      .when(dispatch({ lines: [] }))
      .expect(rejected('LINE_NOT_FOUND', 'A parcel holds one line at least.')));

  test('is refused before the order is confirmed', () => given(order, placed()).when(dispatch()).expect(notConfirmed));
  test('is refused for a cancelled order', () => given(order, placed(), cancelled()).when(dispatch()).expect(gone));
  test('is refused for an order that does not exist', () => given(order).when(dispatch()).expect(notFound));
});

describe('a parcel that arrives', () => {
  const confirm: OrderCommand = { type: 'ConfirmDelivery', shipmentId, ...timed('5 d') };

  test('delivers the order when nothing else is open, and the customer may withdraw from then on', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(confirm)
      .expect(accepted(arrived(), delivered())));

  test('starts the term that was agreed, whatever the terms are by now', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when({ ...confirm, terms: briefTerms })
      .expect(accepted(arrived(), delivered())));

  test('is one of several as long as something is open', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(confirm)
      .expect(accepted(arrived())));

  test('is one of several as long as another is on its way', () =>
    given(
      order,
      ...acceptedOrder(placedLine(), second),
      dispatched(),
      dispatched({ shipmentId: otherShipmentId, lines: [part({ lineId: otherLineId, offerId: otherOfferId })] }),
    )
      .when(confirm)
      .expect(accepted(arrived())));

  test('delivers the order when all else was lost', () =>
    given(
      order,
      ...acceptedOrder(placedLine(), second),
      dispatched(),
      dispatched({ shipmentId: otherShipmentId, lines: [part({ lineId: otherLineId, offerId: otherOfferId })] }),
      lost({ shipmentId: otherShipmentId, lines: [{ lineId: otherLineId, quantity: 1, amountMinor: 39_900 }] }),
    )
      .when(confirm)
      .expect(accepted(arrived(), delivered())));

  test('settles the task about its being late', () => {
    const late = task({ taskId: derivedId('task', 'NOT_DELIVERED', shipmentId), kind: 'NOT_DELIVERED', shipmentId });
    given(order, ...acceptedOrder(), dispatched(), late)
      .when(confirm)
      .expect(accepted(arrived(), { type: 'SupportTaskResolved', data: { taskId: derivedId('task', 'NOT_DELIVERED', shipmentId) } }, delivered()));
  });

  test('again changes nothing', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered())
      .when(confirm)
      .expect(accepted()));

  test('is refused when it was reported lost', () =>
    given(order, ...acceptedOrder(), dispatched(), lost(), completed)
      .when(confirm)
      .expect(rejected('SHIPMENT_LOST', 'The parcel was reported lost.')));

  test('is refused when there is none', () =>
    given(order, ...acceptedOrder())
      .when(confirm)
      .expect(noParcel));

  test('is refused for an order that does not exist', () => given(order).when(confirm).expect(notFound));
});

describe('a parcel that is lost', () => {
  const report: OrderCommand = { type: 'ReportShipmentLost', shipmentId, ...timed('30 d') };

  test('completes the order when nothing else shipped or is open', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(report)
      .expect(accepted(lost(), completed)));

  test('leaves the order open as long as something of it is', () =>
    given(order, ...acceptedOrder(placedLine(), second), dispatched())
      .when(report)
      .expect(accepted(lost())));

  test('delivers the order when all else has arrived; the term runs from that delivery', () =>
    given(
      order,
      ...acceptedOrder(placedLine(), second),
      dispatched(),
      dispatched({ shipmentId: otherShipmentId, lines: [part({ lineId: otherLineId, offerId: otherOfferId })] }),
      arrived('4 d', { shipmentId: otherShipmentId }),
    )
      .when(report)
      .expect(accepted(lost(), delivered(at('19 d')))));

  test('settles no task that a person has settled', () => {
    const late = task({ kind: 'NOT_DELIVERED', shipmentId });
    given(order, ...acceptedOrder(), dispatched(), late, { type: 'SupportTaskResolved', data: { taskId } })
      .when(report)
      .expect(accepted(lost(), completed));
  });

  test('settles the task about its being late, and no other', () => {
    const late = task({ kind: 'NOT_DELIVERED', shipmentId });
    const others = [task({ taskId: otherShipmentId, shipmentId }), task({ taskId: otherLineId, kind: 'NOT_DELIVERED', shipmentId: otherShipmentId })];
    given(order, ...acceptedOrder(), dispatched(), late, ...others)
      .when(report)
      .expect(accepted(lost(), { type: 'SupportTaskResolved', data: { taskId } }, completed));
  });

  test('again changes nothing', () =>
    given(order, ...acceptedOrder(), dispatched(), lost(), completed)
      .when(report)
      .expect(accepted()));

  test('is refused when it has arrived', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered())
      .when(report)
      .expect(rejected('ALREADY_DELIVERED', 'The parcel has arrived.')));

  test('is refused when there is none', () =>
    given(order, ...acceptedOrder())
      .when(report)
      .expect(noParcel));
});

describe('the time to arrive', () => {
  const report: OrderCommand = { type: 'ReportOverdue', shipmentId, deliveredBy: at('21 d'), ...timed('21 d') };
  const late = task({ taskId: derivedId('task', 'NOT_DELIVERED', shipmentId), kind: 'NOT_DELIVERED', merchantId, shipmentId });
  const { paymentId: _, ...about } = (late as Extract<typeof late, { type: 'SupportTaskRaised' }>).data;

  test('makes a parcel on its way a task', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(report)
      .expect(accepted({ type: 'SupportTaskRaised', data: about })));

  test('does so on hold, too', () =>
    given(order, ...acceptedOrder(three), dispatched(), held())
      .when(report)
      .expect(accepted({ type: 'SupportTaskRaised', data: about })));

  test('makes one task', () =>
    given(order, ...acceptedOrder(), dispatched(), late)
      .when(report)
      .expect(accepted()));

  test('is nothing to a parcel that has arrived, or was lost', () => {
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered())
      .when(report)
      .expect(accepted());
    given(order, ...acceptedOrder(), dispatched(), lost(), completed)
      .when(report)
      .expect(accepted());
  });

  test('is nothing when another time stands there', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when({ ...report, deliveredBy: at('20 d') })
      .expect(accepted()));
});

describe("the end of the customer's term", () => {
  const complete: OrderCommand = { type: 'CompleteOrder', withdrawalEnds: at('20 d'), ...timed('20 d') };

  test('completes the order', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered())
      .when(complete)
      .expect(accepted(completed)));

  test('is nothing the second time', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered(), completed)
      .when(complete)
      .expect(accepted()));

  test('is nothing to an order that is not delivered', () =>
    given(order, ...acceptedOrder(), dispatched())
      .when(complete)
      .expect(accepted()));

  test('is nothing when another time stands there', () =>
    given(order, ...acceptedOrder(), dispatched(), arrived(), delivered(at('21 d')))
      .when(complete)
      .expect(accepted()));
});

test('the statuses of an order and its lines say how far they are', () => {
  const life = [
    ...acceptedOrder(three),
    dispatched(),
    dispatched({ shipmentId: otherShipmentId, lines: [part({ quantity: 2, amountMinor: 79_800 })] }),
    arrived(),
    arrived('6 d', { shipmentId: otherShipmentId }),
    delivered(),
    completed,
  ];
  const statuses = life.map((_event, index) => {
    const state = orderAfter(...life.slice(0, index + 1));
    return state.status === 'unplaced' ? [] : [state.status, ...state.lines.map(({ status }) => status)];
  });
  assert.deepEqual(statuses, [
    ['placed', 'open'],
    ['placed', 'reserved'],
    ['confirmed', 'reserved'],
    ['confirmed', 'accepted'],
    ['partially_shipped', 'partially_shipped'],
    ['shipped', 'shipped'],
    ['shipped', 'shipped'],
    ['shipped', 'delivered'],
    ['delivered', 'delivered'],
    ['completed', 'delivered'],
  ]);
});

test('an order of which one line has left and another is open is shipped in part, and shipped once that one is cancelled', () => {
  const left = [...acceptedOrder(placedLine(), second), dispatched()];
  assert.equal(orderAfter(...left).status, 'partially_shipped');
  const ofSecond = { lineId: otherLineId, offerId: otherOfferId };
  assert.equal(orderAfter(...left, lineCancelled('CUSTOMER', ofSecond)).status, 'shipped');
});

test('a line of which some was lost is delivered with the rest of it, and shipped for ever when all was lost', () => {
  const parcels = [
    ...acceptedOrder(three),
    dispatched(),
    dispatched({ shipmentId: otherShipmentId, lines: [part({ quantity: 2, amountMinor: 79_800 })] }),
    lost(),
  ];
  const lineAfter = (...more: readonly OrderEvent[]) => {
    const state = orderAfter(...parcels, ...more);
    assert.ok(state.status !== 'unplaced');
    const [line] = state.lines;
    return [line?.status, line?.shipped, line?.delivered, line?.lost];
  };
  assert.deepEqual(lineAfter(), ['shipped', 3, 0, 1]);
  assert.deepEqual(lineAfter(arrived('5 d', { shipmentId: otherShipmentId })), ['delivered', 3, 2, 1]);
  assert.deepEqual(lineAfter(lost({ shipmentId: otherShipmentId, lines: [{ lineId, quantity: 2, amountMinor: 79_800 }] })), ['shipped', 3, 0, 3]);
});
