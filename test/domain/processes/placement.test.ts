import { describe, test } from 'node:test';
import type { OfferEvent } from '../../../src/domain/offer-events.ts';
import { placement } from '../../../src/domain/processes/placement.ts';
import type { ProcessCommand } from '../../../src/domain/processes/process.ts';
import {
  at,
  cancelled,
  customerId,
  expired,
  lineId,
  lineReserved,
  merchantId,
  offerId,
  orderId,
  otherLineId,
  otherOfferId,
  paymentId,
  placed,
  placedLine,
} from '../examples.ts';
import { authorised, declined, paymentRequested } from '../payment-examples.ts';
import { ofOffer, ofOrder, ofPayment, refused, told } from './told.ts';

const other = { lineId: otherLineId, offerId: otherOfferId, quantity: 2, unitPriceMinor: 1_000 };
const placedTwo = ofOrder(placed({ lines: [placedLine(), placedLine(other)] }));
const bothReserved = [placedTwo, ofOrder(lineReserved()), ofOrder(lineReserved(other))];
const requested = ofPayment(paymentRequested({ amountMinor: 41_900 }));
const paid = [...bothReserved, requested, ofPayment(authorised)];

const reservation = { merchantId, orderId, lineId, quantity: 1 };
const stockReserved: OfferEvent = { type: 'StockReserved', data: { ...reservation, reserveBy: at('20 min'), reservedAt: at() } };
const confirmedStock = (change: Partial<typeof reservation> = {}): OfferEvent => ({
  type: 'ReservationConfirmed',
  data: { ...reservation, ...change },
});
const released = (cause: 'ORDER' | 'EXPIRED'): OfferEvent => ({ type: 'ReservationReleased', data: { ...reservation, cause } });

const reserve: ProcessCommand = {
  to: 'offer',
  id: offerId,
  command: { type: 'ReserveStock', orderId, lineId, quantity: 1, reserveBy: at('20 min') },
};
const confirm: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'ConfirmReservation', orderId, lineId } };
const release: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'ReleaseReservation', orderId, lineId, cause: 'ORDER' } };
const releaseOther: ProcessCommand = {
  to: 'offer',
  id: otherOfferId,
  command: { type: 'ReleaseReservation', orderId, lineId: otherLineId, cause: 'ORDER' },
};
const giveBack: ProcessCommand = { to: 'payment', id: paymentId, command: { type: 'RequestVoid' } };
const cancel = (cause: 'PAYMENT_DECLINED' | 'RESERVATION_EXPIRED'): ProcessCommand => ({
  to: 'order',
  id: orderId,
  command: { type: 'CancelOrder', cause },
});

describe('placement', () => {
  test('reserves every line of an order', () =>
    told(placement, placedTwo).expect(reserve, {
      to: 'offer',
      id: otherOfferId,
      command: { type: 'ReserveStock', orderId, lineId: otherLineId, quantity: 2, reserveBy: at('20 min') },
    }));

  test('tells the order what is reserved', () =>
    told(placement, placedTwo, ofOffer(stockReserved)).expect({ to: 'order', id: orderId, command: { type: 'MarkLineReserved', lineId } }));

  test('waits for every line before it asks for money', () => told(placement, placedTwo, ofOrder(lineReserved())).expect());

  test('asks for the whole amount once every line is reserved', () =>
    told(placement, ...bothReserved).expect({
      to: 'payment',
      id: '',
      command: { type: 'RequestPayment', orderId, customerId, amountMinor: 41_900, currency: 'EUR', paymentMethod: 'pm_card', payBy: at('15 min') },
    }));

  test('confirms every reservation once the money is there', () =>
    told(placement, ...paid).expect(confirm, {
      to: 'offer',
      id: otherOfferId,
      command: { type: 'ConfirmReservation', orderId, lineId: otherLineId },
    }));

  test('waits for every confirmation', () => told(placement, ...paid, ofOffer(confirmedStock())).expect());

  test('confirms the order once every reservation is confirmed', () =>
    told(placement, ...paid, ofOffer(confirmedStock()), ofOffer(confirmedStock({ lineId: otherLineId }), otherOfferId)).expect({
      to: 'order',
      id: orderId,
      command: { type: 'ConfirmOrder', paymentId },
    }));

  test('cancels an order whose payment is declined', () =>
    told(placement, ...bothReserved, requested, ofPayment(declined)).expect(cancel('PAYMENT_DECLINED')));

  test('cancels an order whose reservation expires', () =>
    told(placement, ...bothReserved, ofOffer(released('EXPIRED'))).expect(cancel('RESERVATION_EXPIRED')));

  test('leaves an order alone whose reservation it released itself', () => told(placement, ...bothReserved, ofOffer(released('ORDER'))).expect());
});

describe('when the order ends, placement', () => {
  test('releases every line', () => told(placement, placedTwo, ofOrder(cancelled())).expect(release, releaseOther));
  test('gives back the money, asked for or held', () => {
    told(placement, ...bothReserved, requested, ofOrder(expired)).expect(release, releaseOther, giveBack);
    told(placement, ...paid, ofOrder(cancelled())).expect(release, releaseOther, giveBack);
  });
  test('gives back what was reserved too late', () => told(placement, placedTwo, ofOrder(cancelled()), ofOffer(stockReserved)).expect(release));
  test('gives back the money that was asked for too late', () => told(placement, ...bothReserved, ofOrder(cancelled()), requested).expect(giveBack));
  test('gives back the money that was authorised too late', () =>
    told(placement, ...bothReserved, requested, ofOrder(cancelled()), ofPayment(authorised)).expect(giveBack));
  test('is done', () => {
    told(placement, ...bothReserved, ofOrder(cancelled()), ofOffer(released('EXPIRED'))).expect();
    told(placement, ...bothReserved, requested, ofOrder(cancelled()), ofPayment(declined)).expect();
    told(placement, placedTwo, ofOrder(cancelled()), ofOrder(lineReserved())).expect();
  });
});

describe('refused, placement', () => {
  test('tells the order that a line cannot be had', () =>
    refused(placement, reserve, 'OUT_OF_STOCK').expect({
      to: 'order',
      id: orderId,
      command: { type: 'MarkLineRefused', lineId, code: 'OUT_OF_STOCK' },
    }));
  test('cancels an order whose reservation is gone when it is paid', () =>
    refused(placement, confirm, 'ALREADY_RELEASED').expect(cancel('RESERVATION_EXPIRED')));
  test('has nothing to do where the order is over, which says so itself', () => {
    refused(placement, { to: 'order', id: orderId, command: { type: 'MarkLineReserved', lineId } }, 'ORDER_CANCELLED').expect();
    refused(placement, { to: 'order', id: orderId, command: { type: 'ConfirmOrder', paymentId } }, 'ORDER_ENDED').expect();
    refused(placement, release, 'OFFER_NOT_FOUND').expect();
  });
});
