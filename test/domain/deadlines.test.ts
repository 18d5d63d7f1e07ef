import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import { commandOf, deadlineEvents, deadlinesOf, type Deadline, type DeadlineKind } from '../../src/domain/deadlines.ts';
import { offerStream, orderStream, paymentStream, returnStream } from '../../src/domain/ids.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import type { ProcessCommand, Reported } from '../../src/domain/processes/process.ts';
import {
  arrived,
  at,
  cancelled,
  completed,
  confirmed,
  delivered,
  dispatched,
  expired,
  held,
  lineAccepted,
  lineCancelled,
  lineId,
  lost,
  merchantId,
  offerId,
  orderId,
  otherLineId,
  paymentId,
  placed,
  returnId,
  shipmentId,
} from './examples.ts';
import { authorised, lapsed, voided, voidRequested } from './payment-examples.ts';
import { admitted, approved, closed, inspected, inspectionOverdue, received, returnRejected } from './return-examples.ts';

const eventId = '0192f0a0-0000-7000-8000-0000000000ee';
const order = orderStream(orderId);
const reservation = { merchantId, orderId, lineId, quantity: 1 };
const reserved: OfferEvent = { type: 'StockReserved', data: { ...reservation, reserveBy: at('15 min'), reservedAt: at() } };

const of = (stream: string, event: DomainEvent) => deadlinesOf({ ...event, stream, id: eventId } as Reported<(typeof deadlineEvents)[number]>);
const ofOrder = (event: DomainEvent) => of(order, event);
const ofPayment = (event: DomainEvent) => of(paymentStream(paymentId), event);
const ofReturn = (event: DomainEvent) => of(returnStream(returnId), event);
const kindsOf = (cleared: readonly { readonly kind: DeadlineKind }[]): readonly string[] => cleared.map(({ kind }) => kind).toSorted();

describe('a deadline', () => {
  const sets = (
    found: { readonly set: readonly Deadline[] },
    stream: string,
    kind: DeadlineKind,
    dueAt: string,
    subject: string,
    command: ProcessCommand,
  ): void => {
    assert.deepEqual(found.set, [{ kind, stream, subject, dueAt, eventId }]);
    assert.deepEqual(commandOf(found.set[0]!), command);
  };

  test('ends a reservation', () => {
    const command = { type: 'ExpireReservation', orderId, lineId, reserveBy: at('15 min') } as const;
    const stream = offerStream(offerId);
    sets(of(stream, reserved), stream, 'reserveBy', at('15 min'), `${orderId}/${lineId}`, { to: 'offer', id: offerId, command });
  });
  test('ends the wait for a payment', () =>
    sets(ofOrder(placed()), order, 'payBy', at('15 min'), '', { to: 'order', id: orderId, command: { type: 'ExpireOrder', payBy: at('15 min') } }));
  test('ends the wait for acceptance', () =>
    sets(ofOrder(confirmed()), order, 'acceptBy', at('2 d'), '', {
      to: 'order',
      id: orderId,
      command: { type: 'CancelUnaccepted', acceptBy: at('2 d') },
    }));
  test('ends the wait for a line to leave', () =>
    sets(ofOrder(lineAccepted()), order, 'dispatchBy', at('3 d'), lineId, {
      to: 'order',
      id: orderId,
      command: { type: 'CancelUndispatched', lineId, dispatchBy: at('3 d') },
    }));
  test('ends the wait for a parcel', () =>
    sets(ofOrder(dispatched()), order, 'deliveredBy', at('21 d'), shipmentId, {
      to: 'order',
      id: orderId,
      command: { type: 'ReportOverdue', shipmentId, deliveredBy: at('21 d') },
    }));
  test('ends a hold', () =>
    sets(ofOrder(held()), order, 'holdUntil', at('30 d'), '', { to: 'order', id: orderId, command: { type: 'LapseHold', holdUntil: at('30 d') } }));
  test('ends the right to withdraw', () =>
    sets(ofOrder(delivered()), order, 'withdrawalEnds', at('20 d'), '', {
      to: 'order',
      id: orderId,
      command: { type: 'CompleteOrder', withdrawalEnds: at('20 d') },
    }));
  test('ends an authorisation', () =>
    sets(ofPayment(authorised), paymentStream(paymentId), 'captureBefore', at('7 d'), '', {
      to: 'payment',
      id: paymentId,
      command: { type: 'LapseAuthorisation', captureBefore: at('7 d') },
    }));
  test('ends the wait for a decision, the goods, their inspection', () => {
    const stream = returnStream(returnId);
    const command = (inner: Extract<ProcessCommand, { to: 'return' }>['command']): ProcessCommand => ({ to: 'return', id: returnId, command: inner });
    sets(ofReturn(admitted(at('7 d'))), stream, 'decideBy', at('7 d'), '', command({ type: 'ApproveUndecided', decideBy: at('7 d') }));
    sets(ofReturn(approved()), stream, 'returnBy', at('21 d'), '', command({ type: 'CloseUnreturned', returnBy: at('21 d') }));
    sets(ofReturn(received()), stream, 'inspectBy', at('14 d'), '', command({ type: 'ReportUninspected', inspectBy: at('14 d') }));
  });
  test('is none where nobody has to decide', () => assert.deepEqual(ofReturn(admitted()).set, []));
});

describe('a deadline is gone', () => {
  test('of a reservation that is confirmed or released, and of no other', () => {
    const gone = [{ stream: offerStream(offerId), kind: 'reserveBy', subject: `${orderId}/${lineId}` }];
    assert.deepEqual(of(offerStream(offerId), { type: 'ReservationConfirmed', data: reservation }).cleared, gone);
    assert.deepEqual(of(offerStream(offerId), { type: 'ReservationReleased', data: { ...reservation, cause: 'ORDER' } }).cleared, gone);
  });
  test('of the payment once the order is confirmed', () => assert.deepEqual(ofOrder(confirmed()).cleared, [{ stream: order, kind: 'payBy' }]));
  test('of a line that is cancelled, and of no other', () =>
    assert.deepEqual(ofOrder(lineCancelled('CUSTOMER')).cleared, [{ stream: order, kind: 'dispatchBy', subject: lineId }]));
  test('of a parcel that arrived or is lost, and of no other', () => {
    const gone = [{ stream: order, kind: 'deliveredBy', subject: shipmentId }];
    assert.deepEqual(ofOrder(arrived()).cleared, gone);
    assert.deepEqual(ofOrder(lost()).cleared, gone);
  });
  test('of every kind once the order is over', () => {
    const all = ['acceptBy', 'deliveredBy', 'dispatchBy', 'holdUntil', 'payBy', 'withdrawalEnds'];
    for (const event of [cancelled(), expired, completed]) assert.deepEqual(kindsOf(ofOrder(event).cleared), all);
  });
  test('of an authorisation that is given back or ran out', () => {
    for (const event of [voidRequested(), voided, lapsed]) assert.deepEqual(kindsOf(ofPayment(event).cleared), ['captureBefore']);
  });
  test('of a return that goes on, or is over', () => {
    assert.deepEqual(kindsOf(ofReturn(approved()).cleared), ['decideBy']);
    assert.deepEqual(kindsOf(ofReturn(received()).cleared), ['returnBy']);
    assert.deepEqual(kindsOf(ofReturn(inspected()).cleared), ['inspectBy']);
    assert.deepEqual(kindsOf(ofReturn(inspectionOverdue).cleared), ['inspectBy']);
    for (const event of [returnRejected(), closed()]) assert.deepEqual(kindsOf(ofReturn(event).cleared), ['decideBy', 'inspectBy', 'returnBy']);
  });
});

describe('a hold', () => {
  test('stops the merchants’ clocks; parcels on their way and the customer’s term run on', () =>
    assert.deepEqual(kindsOf(ofOrder(held()).cleared), ['acceptBy', 'dispatchBy']));

  test('starts them anew when it ends', () => {
    const lines = [{ lineId: otherLineId, dispatchBy: at('9 d') }];
    const { set, cleared } = ofOrder({ type: 'HoldReleased', data: { cause: 'SUPPORT', acceptBy: at('8 d'), lines } });
    assert.deepEqual(set, [
      { kind: 'acceptBy', stream: order, subject: '', dueAt: at('8 d'), eventId },
      { kind: 'dispatchBy', stream: order, subject: otherLineId, dueAt: at('9 d'), eventId },
    ]);
    assert.ok(kindsOf(cleared).includes('holdUntil'));
  });

  test('starts none where nothing is open', () => assert.deepEqual(ofOrder({ type: 'HoldReleased', data: { cause: 'LAPSED', lines: [] } }).set, []));
});

test('every time that an event says something is due by is a deadline', () => {
  const times = [
    'reserveBy',
    'payBy',
    'acceptBy',
    'dispatchBy',
    'deliveredBy',
    'holdUntil',
    'withdrawalEnds',
    'captureBefore',
    'decideBy',
    'returnBy',
    'inspectBy',
  ];
  // What was asked for by then is the order's deadline.
  const told = catalogue.filter(
    ({ type, data }) => type !== 'PaymentRequested' && Object.keys(data.properties).some((field) => times.includes(field)),
  );
  const types: readonly string[] = deadlineEvents;
  assert.deepEqual(
    told.filter(({ type }) => !types.includes(type)),
    [],
  );
});
