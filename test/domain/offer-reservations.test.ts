import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { availableOf, offer, type OfferCommand } from '../../src/domain/offer.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import { reservationOf } from '../../src/domain/reservations.ts';
import { given } from '../support/given.ts';
import {
  at,
  lineId,
  merchantId,
  offerAfter,
  orderId,
  otherLineId,
  published,
  returnId,
  stockAdjusted,
  taskId,
  timed,
  withdrawn,
} from './examples.ts';

type Data<Type extends OfferEvent['type']> = Partial<Extract<OfferEvent, { type: Type }>['data']>;
const line = { orderId, lineId };
const reserved = (change: Data<'StockReserved'> = {}): OfferEvent => ({
  type: 'StockReserved',
  data: { merchantId, ...line, quantity: 2, reserveBy: at('15 min'), reservedAt: at(), ...change },
});
const confirmed = (change: Data<'ReservationConfirmed'> = {}): OfferEvent => ({
  type: 'ReservationConfirmed',
  data: { merchantId, ...line, quantity: 2, ...change },
});
const released = (change: Data<'ReservationReleased'> = {}): OfferEvent => ({
  type: 'ReservationReleased',
  data: { merchantId, ...line, quantity: 2, cause: 'ORDER', ...change },
});
const dispatched = (quantity: number, onHand: number): OfferEvent => ({
  type: 'StockDispatched',
  data: { merchantId, ...line, quantity, onHand },
});
const notFound = rejected('OFFER_NOT_FOUND', 'No such offer has been published.');
const gone = rejected('OFFER_WITHDRAWN', 'The offer has been withdrawn.');
const givenBack = rejected('ALREADY_RELEASED', 'The reservation is given back or expired.');
/** What is on hand, reserved and available after some events. */
const stockAfter = (...events: readonly OfferEvent[]) => {
  const state = offerAfter(...events);
  assert.ok(state.status !== 'unpublished');
  return [state.onHand, state.reservations.reserved, availableOf(state)];
};

describe('reserving stock', () => {
  const reserve = (change: Data<'StockReserved'> = {}, later?: string): OfferCommand => ({
    type: 'ReserveStock',
    ...line,
    quantity: 2,
    reserveBy: at('15 min'),
    ...timed(later),
    ...change,
  });

  test('keeps pieces for a line', () => {
    given(offer, published()).when(reserve()).expect(accepted(reserved()));
    assert.deepEqual(stockAfter(published(), reserved()), [3, 2, 1]);
  });

  test('takes the last piece', () =>
    given(offer, published(), reserved())
      .when(reserve({ lineId: otherLineId, quantity: 1 }))
      .expect(accepted(reserved({ lineId: otherLineId, quantity: 1 }))));

  test('is refused beyond what others left', () =>
    given(offer, published(), reserved())
      .when(reserve({ lineId: otherLineId }))
      .expect(rejected('OUT_OF_STOCK', '1 left, 2 asked for.')));

  test('finds what others gave back', () =>
    given(offer, published(), reserved(), released())
      .when(reserve({ lineId: otherLineId, quantity: 3 }))
      .expect(accepted(reserved({ lineId: otherLineId, quantity: 3 }))));

  test('again for the same line changes nothing, however late', () => {
    given(offer, published(), reserved()).when(reserve()).expect(accepted());
    given(offer, published(), reserved(), confirmed()).when(reserve({}, '20 min')).expect(accepted());
    given(offer, published(), reserved(), withdrawn).when(reserve()).expect(accepted());
    given(offer, published(), reserved(), confirmed(), dispatched(2, 1)).when(reserve()).expect(accepted());
  });

  test('is refused for a line that gave its reservation back', () =>
    given(offer, published(), reserved(), released())
      .when(reserve())
      .expect(rejected('ALREADY_RELEASED', 'This line has given its reservation back.')));

  test('is refused once its time has come', () =>
    given(offer, published())
      .when(reserve({}, '15 min'))
      .expect(rejected('RESERVATION_EXPIRED', `The line was to be reserved until ${at('15 min')}.`)));

  test('is refused for a withdrawn offer', () => given(offer, published(), withdrawn).when(reserve()).expect(gone));
  test('is refused for an offer that does not exist', () => given(offer).when(reserve()).expect(notFound));
});

describe('confirming a reservation', () => {
  const confirm: OfferCommand = { type: 'ConfirmReservation', ...line };

  test('keeps the pieces for good', () => given(offer, published(), reserved()).when(confirm).expect(accepted(confirmed())));
  test('again changes nothing', () => given(offer, published(), reserved(), confirmed()).when(confirm).expect(accepted()));
  test('changes nothing once all of it left', () =>
    given(offer, published(), reserved(), confirmed(), dispatched(2, 1)).when(confirm).expect(accepted()));
  test('is honoured by a withdrawn offer', () => given(offer, published(), reserved(), withdrawn).when(confirm).expect(accepted(confirmed())));
  test('is refused once it was given back', () => given(offer, published(), reserved(), released()).when(confirm).expect(givenBack));
  test('is refused for a line that is not known', () => given(offer, published()).when(confirm).expect(givenBack));
  test('is refused for an offer that does not exist', () => given(offer).when(confirm).expect(notFound));
});

describe('releasing a reservation', () => {
  const release: OfferCommand = { type: 'ReleaseReservation', ...line, cause: 'ORDER' };

  test('puts the pieces up for sale again', () => {
    given(offer, published(), reserved()).when(release).expect(accepted(released()));
    assert.deepEqual(stockAfter(published(), reserved(), released()), [3, 0, 3]);
  });

  test('releases a confirmed one', () => given(offer, published(), reserved(), confirmed()).when(release).expect(accepted(released())));

  test('releases what has not left', () => {
    given(offer, published(), reserved(), confirmed(), dispatched(1, 2))
      .when(release)
      .expect(accepted(released({ quantity: 1 })));
    assert.deepEqual(stockAfter(published(), reserved(), confirmed(), dispatched(1, 2), released({ quantity: 1 })), [2, 0, 2]);
  });

  test('is honoured by a withdrawn offer', () => given(offer, published(), reserved(), withdrawn).when(release).expect(accepted(released())));
  test('again changes nothing', () => given(offer, published(), reserved(), released()).when(release).expect(accepted()));
  test('changes nothing once all of it left', () =>
    given(offer, published(), reserved(), confirmed(), dispatched(2, 1)).when(release).expect(accepted()));
  test('changes nothing for a line that is not known', () => given(offer, published()).when(release).expect(accepted()));
  test('is refused for an offer that does not exist', () => given(offer).when(release).expect(notFound));
});

describe('the time of a reservation', () => {
  const expire = (reserveBy = at('15 min')): OfferCommand => ({ type: 'ExpireReservation', ...line, reserveBy });

  test('gives it back', () =>
    given(offer, published(), reserved())
      .when(expire())
      .expect(accepted(released({ cause: 'EXPIRED' }))));
  test('is nothing to a confirmed one', () => given(offer, published(), reserved(), confirmed()).when(expire()).expect(accepted()));
  test('is nothing when another time stands there', () =>
    given(offer, published(), reserved())
      .when(expire(at('16 min')))
      .expect(accepted()));
  test('is nothing once it was given back', () => given(offer, published(), reserved(), released()).when(expire()).expect(accepted()));
  test('is nothing to a line that is not known', () => given(offer, published()).when(expire()).expect(accepted()));
});

describe('dispatching stock', () => {
  const dispatch = (quantity: number): OfferCommand => ({ type: 'DispatchStock', ...line, quantity });

  test('takes the pieces off the shelf', () => {
    given(offer, published(), reserved(), confirmed())
      .when(dispatch(2))
      .expect(accepted(dispatched(2, 1)));
    assert.deepEqual(stockAfter(published(), reserved(), confirmed(), dispatched(2, 1)), [1, 0, 1]);
  });

  test('takes some of them, and keeps the others', () => {
    given(offer, published(), reserved(), confirmed())
      .when(dispatch(1))
      .expect(accepted(dispatched(1, 2)));
    assert.deepEqual(stockAfter(published(), reserved(), confirmed(), dispatched(1, 2)), [2, 1, 1]);
  });

  test('is honoured by a withdrawn offer', () =>
    given(offer, published(), reserved(), confirmed(), withdrawn)
      .when(dispatch(2))
      .expect(accepted(dispatched(2, 1))));

  test('is refused for more than is kept', () =>
    given(offer, published(), reserved(), confirmed(), dispatched(1, 2))
      .when(dispatch(2))
      .expect(rejected('QUANTITY_TOO_HIGH', '1 are kept, 2 were to leave.')));

  test('is refused before it is confirmed', () =>
    given(offer, published(), reserved())
      .when(dispatch(2))
      .expect(rejected('RESERVATION_NOT_CONFIRMED', 'Pieces leave the house for confirmed orders only.')));

  test('is refused when nothing is kept', () => {
    const nothing = rejected('ALREADY_RELEASED', 'Nothing is kept for this line any more.');
    given(offer, published()).when(dispatch(1)).expect(nothing);
    given(offer, published(), reserved(), released()).when(dispatch(1)).expect(nothing);
    given(offer, published(), reserved(), confirmed(), dispatched(2, 1)).when(dispatch(1)).expect(nothing);
  });
});

describe('restocking', () => {
  const restock = (grade: 'A' | 'B' | 'C', change: Data<'StockRestocked'> = {}): OfferCommand => ({
    type: 'RestockOffer',
    ...line,
    returnId,
    quantity: 1,
    ...change,
    grade,
  });
  const restocked = (onHand: number, grade: 'A' | 'B' | 'C', change: Data<'StockRestocked'> = {}): OfferEvent => ({
    type: 'StockRestocked',
    data: { merchantId, ...line, returnId, quantity: 1, grade, onHand, ...change },
  });

  test('puts pieces as good as the offer up for sale', () => {
    given(offer, published({ grade: 'B' }))
      .when(restock('B'))
      .expect(accepted(restocked(4, 'B')));
    assert.deepEqual(stockAfter(published(), restocked(4, 'A')), [4, 0, 4]);
  });

  test('sells better pieces as what the offer is', () =>
    given(offer, published({ grade: 'B' }))
      .when(restock('A'))
      .expect(accepted(restocked(4, 'B'))));

  test('lowers the grade of an offer that has nothing on hand', () => {
    const empty = [published(), stockAdjusted(-3, 0)];
    given(offer, ...empty)
      .when(restock('C'))
      .expect(accepted(restocked(1, 'C')));
    const state = offerAfter(...empty, restocked(1, 'C'));
    assert.ok(state.status === 'published' && state.grade === 'C');
  });

  test('is refused for worse pieces while better ones are on hand', () =>
    given(offer, published()).when(restock('B')).expect(rejected('GRADE_LOWER', 'The offer holds grade A; what came back is B.')));

  test('again for the same line of the same return changes nothing', () => {
    given(offer, published(), restocked(4, 'A')).when(restock('A')).expect(accepted());
    given(offer, published(), restocked(4, 'A'), withdrawn).when(restock('A')).expect(accepted());
  });

  test('takes another line of the same return, and the same line of another', () => {
    given(offer, published(), restocked(4, 'A'))
      .when(restock('A', { lineId: otherLineId }))
      .expect(accepted(restocked(5, 'A', { lineId: otherLineId })));
    given(offer, published(), restocked(4, 'A'))
      .when(restock('A', { returnId: taskId }))
      .expect(accepted(restocked(5, 'A', { returnId: taskId })));
  });

  test('fills an offer to what it may hold', () =>
    given(offer, published({ onHand: 999_999 }))
      .when(restock('A'))
      .expect(accepted(restocked(1_000_000, 'A'))));

  test('is refused above what an offer may hold', () =>
    given(offer, published({ onHand: 1_000_000 }))
      .when(restock('A'))
      .expect(rejected('STOCK_TOO_HIGH', 'An offer holds at most 1000000 pieces.')));

  test('is refused for a withdrawn offer', () => given(offer, published(), withdrawn).when(restock('A')).expect(gone));
  test('is refused for an offer that does not exist', () => given(offer).when(restock('A')).expect(notFound));
});

test('stock cannot be taken away from under its reservations', () =>
  given(offer, published(), reserved())
    .when({ type: 'AdjustStock', difference: -2 })
    .expect(rejected('STOCK_RESERVED', '2 of 3 on hand are reserved; 2 cannot be taken away.')));

describe('a line whose reservation ended', () => {
  const ended = [published(), reserved(), released()];
  const known = (...events: readonly OfferEvent[]) => {
    const state = offerAfter(...ended, ...events);
    assert.ok(state.status !== 'unpublished');
    return reservationOf(state.reservations, lineId);
  };
  const later = (reservedAt: string): OfferEvent => reserved({ lineId: otherLineId, reservedAt, reserveBy: reservedAt });

  test('is known for a day after its time, and longer as long as nothing happens', () => {
    assert.equal(known(), 'released');
    assert.equal(known(later('2026-03-02T23:59:59.999Z')), 'released');
  });

  test('is forgotten then: a reservation past its time is refused anyway', () => assert.equal(known(later('2026-03-03T00:00:00.000Z')), undefined));

  test('is not forgotten for others', () => {
    const state = offerAfter(...ended, later('2026-03-03T00:00:00.000Z'), { ...released({ lineId: otherLineId }) });
    assert.ok(state.status !== 'unpublished');
    assert.equal(reservationOf(state.reservations, otherLineId), 'released');
  });

  test('is known beside others of its day, and of other days', () => {
    const others = [
      ...[reserved({ lineId: otherLineId, quantity: 1 }), released({ lineId: otherLineId, quantity: 1 })],
      ...[reserved({ lineId: taskId, quantity: 1, reserveBy: at('1 d') }), released({ lineId: taskId, quantity: 1 })],
    ];
    const state = offerAfter(...ended, ...others);
    assert.ok(state.status !== 'unpublished');
    for (const id of [lineId, otherLineId, taskId]) assert.equal(reservationOf(state.reservations, id), 'released');
  });

  test('is forgotten while those of later days are not', () => {
    const tomorrow = [reserved({ lineId: taskId, quantity: 1, reserveBy: at('3 d') }), released({ lineId: taskId, quantity: 1 })];
    const state = offerAfter(...ended, ...tomorrow, later('2026-03-03T00:00:00.000Z'));
    assert.ok(state.status !== 'unpublished');
    assert.deepEqual([reservationOf(state.reservations, lineId), reservationOf(state.reservations, taskId)], [undefined, 'released']);
  });
});
