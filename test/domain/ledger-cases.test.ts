import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PaymentRecord } from '../../src/domain/payment-commands.ts';
import type { PlacedOrder } from '../../src/domain/order-state.ts';
import { capturedOf, refundedOf, type RequestedPayment } from '../../src/domain/payment-state.ts';
import { orderStream, paymentStream } from '../../src/domain/ids.ts';
import { after, standardTerms, type Terms } from '../../src/domain/terms.ts';
import { customerId, merchantId, otherMerchantId } from './examples.ts';
import { balances } from './ledger/balance.ts';
import { failure, success, unknown, type PaymentRequest, type Provider } from './ledger/payments-worker.ts';
import { people } from './ledger/people.ts';
import { openSimulation } from './ledger/simulation.ts';

const day = 24 * 3_600_000;

/** A quiet platform with its people; the provider does as it is asked unless told otherwise. */
const open = (provider?: (now: () => string) => Provider, terms: Terms = standardTerms) => {
  const simulation = openSimulation({ terms, ...(provider === undefined ? {} : { provider }) });
  const { log } = simulation;
  const paymentId = (): string => log.ids('payment')[0]!;
  return {
    ...simulation,
    ...people(simulation),
    order: (id: string) => log.order(id) as PlacedOrder,
    payment: () => log.payment(paymentId()) as RequestedPayment,
    paymentId,
    /** A notice that comes by itself. */
    notice: (command: PaymentRecord) => simulation.ask({ to: 'payment', id: paymentId(), command }),
    /** What happened to the order and its payment, of these types. */
    told: (...types: readonly string[]): readonly string[] => log.events.filter(({ type }) => types.includes(type)).map(({ type }) => type),
    tasksOf: (id: string): readonly string[] => (log.order(id) as PlacedOrder).tasks.map(({ kind, status }) => `${kind} ${status}`),
    /** Nobody does anything any more; then everything adds up. */
    end(): void {
      simulation.live(undefined);
      balances(log);
    },
    in: (days: number): string => after(simulation.now(), days * day),
  };
};

type Platform = ReturnType<typeof open>;

/** An order that is confirmed and accepted. */
const accepted = (platform: Platform, lines: readonly { readonly offerId: string; readonly quantity: number }[]): string => {
  const id = platform.place(customerId, lines);
  platform.settle();
  platform.accept(id);
  return id;
};

/** The same, sent by its merchant in one parcel and arrived. */
const delivered = (platform: Platform, lines: readonly { readonly offerId: string; readonly quantity: number }[]): string => {
  const id = accepted(platform, lines);
  platform.deliver(id, platform.dispatch(id, merchantId));
  platform.settle();
  return id;
};

/** Requests of a type are answered by this. */
const when =
  (type: PaymentRequest['type'], answer: (request: PaymentRequest) => readonly PaymentRecord[]) =>
  (now: () => string): Provider =>
  (request) =>
    request.type === type ? answer(request) : [success(request, now())];

const silent = (): readonly PaymentRecord[] => [];

describe('placing', () => {
  test('an order that everything goes well with is completed, and its price is kept', () => {
    const platform = open();
    const offerId = platform.publish(merchantId, 3);
    const id = delivered(platform, [{ offerId, quantity: 2 }]);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 79_800);
    assert.equal(refundedOf(platform.payment()), 0);
    assert.deepEqual(platform.tasksOf(id), []);
  });

  test('two lines of one offer are reserved, confirmed and shipped each for itself', () => {
    const platform = open();
    const offerId = platform.publish(merchantId, 3);
    const id = delivered(platform, [
      { offerId, quantity: 1 },
      { offerId, quantity: 2 },
    ]);
    assert.deepEqual(platform.told('StockReserved', 'ReservationConfirmed', 'StockDispatched'), [
      'StockReserved',
      'StockReserved',
      'ReservationConfirmed',
      'ReservationConfirmed',
      'StockDispatched',
      'StockDispatched',
    ]);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 3 * 39_900);
  });

  test('a line that is refused gives back what was reserved beside it, and no money is asked for', () => {
    const platform = open();
    const plenty = platform.publish(merchantId, 3);
    const last = platform.publish(merchantId, 1);
    const first = platform.place(customerId, [{ offerId: last, quantity: 1 }]);
    const second = platform.place(customerId, [
      { offerId: plenty, quantity: 1 },
      { offerId: last, quantity: 1 },
    ]);
    platform.settle();
    assert.equal(platform.order(first).status, 'confirmed');
    assert.equal(platform.order(second).status, 'cancelled');
    assert.equal(platform.log.ids('payment').length, 1);
    platform.end();
  });

  test('a decline cancels the order and releases what it had reserved', () => {
    const platform = open(when('PaymentRequested', failure));
    const id = platform.place(customerId, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.settle();
    assert.equal(platform.order(id).status, 'cancelled');
    assert.deepEqual(platform.told('OrderCancelled', 'ReservationReleased'), ['OrderCancelled', 'ReservationReleased']);
    platform.end();
  });

  test('a reservation that lapses during the authorisation cancels the order, and the money that comes too late is given back', () => {
    const platform = open(when('PaymentRequested', silent), { ...standardTerms, payMs: 2 * standardTerms.reserveMs });
    const id = platform.place(customerId, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.live(platform.in(1));
    const cancelled = platform.log.events.find(({ type }) => type === 'OrderCancelled');
    assert.deepEqual(cancelled?.data, { customerId, cause: 'RESERVATION_EXPIRED' });
    platform.notice({ type: 'RecordAuthorised', providerReference: 'pi', captureBefore: platform.in(7) });
    platform.end();
    assert.equal(platform.order(id).status, 'cancelled');
    assert.equal(capturedOf(platform.payment()), 0);
  });

  test('an authorisation that comes after the customer cancelled is voided, though a void was asked for before', () => {
    const platform = open(
      (now) => (request) => (request.type === 'PaymentRequested' || platform.payment().status === 'requested' ? [] : [success(request, now())]),
    );
    const id = platform.place(customerId, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.settle();
    platform.cancel(id);
    platform.settle();
    platform.notice({ type: 'RecordAuthorised', providerReference: 'pi', captureBefore: platform.in(7) });
    platform.settle();
    assert.deepEqual(platform.told('VoidRequested', 'PaymentAuthorised', 'PaymentVoided'), [
      'VoidRequested',
      'PaymentAuthorised',
      'VoidRequested',
      'PaymentVoided',
    ]);
    platform.end();
  });

  test('a confirmed order that is cancelled gives back stock and money', () => {
    const platform = open();
    const offerId = platform.publish(merchantId, 1);
    const id = accepted(platform, [{ offerId, quantity: 1 }]);
    platform.cancel(id);
    platform.end();
    assert.equal(platform.payment().status, 'voided');
    const again = platform.place(customerId, [{ offerId, quantity: 1 }]);
    platform.settle();
    assert.equal(platform.order(again).status, 'confirmed');
  });
});

describe('fulfilling', () => {
  test('what no merchant accepts is cancelled with its order, and nothing is captured', () => {
    const platform = open();
    const id = platform.place(customerId, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.end();
    assert.equal(platform.order(id).status, 'cancelled');
    assert.equal(platform.payment().status, 'voided');
  });

  test('of two merchants one ships a part, the other nothing: that part is captured, the rest voided, the order completed', () => {
    const platform = open();
    const mine = platform.publish(merchantId, 3);
    const theirs = platform.publish(otherMerchantId, 1, 5_000);
    const id = accepted(platform, [
      { offerId: mine, quantity: 2 },
      { offerId: theirs, quantity: 1 },
    ]);
    platform.deliver(id, platform.dispatch(id, merchantId, 1));
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 39_900);
    assert.equal(platform.payment().status, 'voided');
    assert.deepEqual(
      platform.log.events.flatMap(({ type, data }) => (type === 'VoidRequested' ? [data.amountMinor] : [])),
      [44_900],
    );
  });

  test('a parcel that is lost is refunded', () => {
    const platform = open();
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    const shipmentId = platform.dispatch(id, merchantId);
    platform.settle();
    platform.lose(id, shipmentId);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.deepEqual([capturedOf(platform.payment()), refundedOf(platform.payment())], [39_900, 39_900]);
  });

  test('a parcel that is lost before its money was taken is refunded when it was', () => {
    const platform = open();
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.lose(id, platform.dispatch(id, merchantId));
    platform.end();
    assert.deepEqual([capturedOf(platform.payment()), refundedOf(platform.payment())], [39_900, 39_900]);
  });

  test('a parcel that never arrives is a task, until it is known what became of it', () => {
    const platform = open();
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    const shipmentId = platform.dispatch(id, merchantId);
    platform.end();
    assert.equal(platform.order(id).status, 'shipped');
    assert.deepEqual(platform.tasksOf(id), ['NOT_DELIVERED open']);
    platform.lose(id, shipmentId);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.deepEqual(platform.tasksOf(id), ['NOT_DELIVERED resolved']);
  });

  test('a capture that fails holds what has not shipped and is a task', () => {
    const platform = open(when('CaptureRequested', failure));
    const offerId = platform.publish(merchantId, 2);
    const id = accepted(platform, [{ offerId, quantity: 2 }]);
    platform.dispatch(id, merchantId, 1);
    platform.settle();
    assert.equal(platform.order(id).held?.cause, 'PAYMENT');
    assert.deepEqual(platform.tasksOf(id), ['CAPTURE_FAILED open']);
    platform.end();
    assert.equal(capturedOf(platform.payment()), 0);
  });

  test('a capture that failed is tried again when support lets the order go on', () => {
    let broken = true;
    const platform = open((now) => (request) => (request.type === 'CaptureRequested' && broken ? failure(request) : [success(request, now())]));
    const offerId = platform.publish(merchantId, 2);
    const id = accepted(platform, [{ offerId, quantity: 2 }]);
    const first = platform.dispatch(id, merchantId, 1);
    platform.settle();
    broken = false;
    platform.release(id);
    platform.settle();
    assert.equal(capturedOf(platform.payment()), 39_900);
    for (const shipmentId of [first, platform.dispatch(id, merchantId)]) platform.deliver(id, shipmentId);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 79_800);
  });

  test('a capture of the last parcel that failed is tried again all the same', () => {
    let broken = true;
    const platform = open((now) => (request) => (request.type === 'CaptureRequested' && broken ? failure(request) : [success(request, now())]));
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    const shipmentId = platform.dispatch(id, merchantId);
    platform.settle();
    broken = false;
    platform.release(id);
    platform.deliver(id, shipmentId);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 39_900);
  });

  test('a capture that was given up and succeeds beside the one in its place is refunded', () => {
    const tried: string[] = [];
    const platform = open((now) => (request) => {
      if (request.type !== 'CaptureRequested') return [success(request, now())];
      tried.push(request.data.captureId);
      return tried.length === 1 ? failure(request) : [success(request, now())];
    });
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 2), quantity: 2 }]);
    platform.dispatch(id, merchantId, 1);
    platform.settle();
    platform.release(id);
    platform.settle();
    platform.notice({ type: 'RecordCaptured', captureId: tried[0]!, providerReference: 'ch' });
    platform.settle();
    assert.deepEqual([capturedOf(platform.payment()), refundedOf(platform.payment())], [79_800, 39_900]);
    assert.deepEqual(
      platform.payment().refunds.map(({ cause }) => cause),
      ['OVERCAPTURED'],
    );
  });

  test('an authorisation that lapses half-shipped cancels what is open; what shipped goes on', () => {
    const platform = open();
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 2), quantity: 2 }]);
    const shipmentId = platform.dispatch(id, merchantId, 1);
    platform.hold(id);
    platform.live(platform.in(8));
    assert.deepEqual(
      platform.log.events.flatMap(({ type, data }) => (type === 'LineCancelled' ? [data.cause] : [])),
      ['AUTHORISATION_LAPSED'],
    );
    platform.deliver(id, shipmentId);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.equal(capturedOf(platform.payment()), 39_900);
    assert.deepEqual(platform.tasksOf(id), []);
  });

  test('an authorisation that lapses while something that shipped is not captured is a task', () => {
    const platform = open(when('CaptureRequested', silent));
    const id = delivered(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.end();
    assert.equal(platform.order(id).status, 'completed');
    assert.deepEqual(platform.tasksOf(id), ['AUTHORISATION_LAPSED open']);
  });

  test('what ships after the authorisation lapsed is not captured, and is a task', () => {
    const platform = open();
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.ask({
      to: 'payment',
      id: platform.paymentId(),
      command: { type: 'LapseAuthorisation', captureBefore: platform.payment().captureBefore! },
    });
    platform.dispatch(id, merchantId);
    platform.end();
    assert.ok(platform.tasksOf(id).includes('CAPTURE_FAILED open'));
    assert.ok(platform.refusals.has('fulfilment RequestCapture PAYMENT_LAPSED'));
  });

  test('a hold without end ends, and what nobody ships then is cancelled', () => {
    const platform = open((now) => (request) => [success(request, now(), 90)]);
    const id = accepted(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
    platform.hold(id);
    platform.end();
    assert.deepEqual(
      platform.log.events
        .filter(({ stream, type }) => stream === orderStream(id) && type !== 'LineReserved')
        .map(({ type, data }) => ('cause' in data ? `${type} ${data.cause}` : type)),
      [
        'OrderPlaced',
        'OrderConfirmed',
        'LineAccepted',
        'OrderHeld SUPPORT',
        'HoldReleased LAPSED',
        'LineCancelled NOT_DISPATCHED',
        'OrderCancelled LINES_CANCELLED',
      ],
    );
  });
});

describe('returning', () => {
  const returned = (platform: Platform, kind: 'WITHDRAWAL' | 'WARRANTY' = 'WITHDRAWAL') => {
    const offerId = platform.publish(merchantId, 2);
    const id = delivered(platform, [{ offerId, quantity: 2 }]);
    const lineId = platform.order(id).lines[0]!.lineId;
    const returnId = platform.requestReturn(id, [{ lineId, quantity: 1 }], kind);
    platform.settle();
    const state = () => {
      const found = platform.log.return(returnId);
      assert.ok(found.status !== 'unrequested');
      return found;
    };
    const stock = () => {
      const found = platform.log.offer(offerId);
      assert.ok(found.status !== 'unpublished');
      return found;
    };
    return { id, lineId, returnId, state, stock };
  };

  test('a withdrawal is approved at once; what came back is refunded less the deduction and is on sale again', () => {
    const platform = open();
    const { id, returnId, state, stock } = returned(platform);
    assert.equal(state().status, 'approved');
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'RESTOCK', { deductionMinor: 4_900, grade: 'B' });
    platform.end();
    assert.equal(state().closing, 'REFUNDED');
    assert.deepEqual([capturedOf(platform.payment()), refundedOf(platform.payment())], [79_800, 35_000]);
    assert.deepEqual([stock().onHand, stock().grade], [1, 'B']);
    assert.equal(platform.order(id).status, 'completed');
  });

  test('what never comes back is no return any more, and may be asked for again', () => {
    const platform = open();
    const { id, lineId, state } = returned(platform, 'WARRANTY');
    platform.live(platform.in(40));
    assert.equal(state().closing, 'NOT_RECEIVED');
    assert.equal(platform.order(id).lines[0]!.returning, 0);
    const again = platform.requestReturn(id, [{ lineId, quantity: 2 }], 'WARRANTY');
    platform.settle();
    assert.equal(platform.log.return(again).status, 'admitted');
    platform.end();
  });

  test('a claim that the merchant does not decide on is approved', () => {
    const platform = open();
    const { returnId, state } = returned(platform, 'WARRANTY');
    assert.equal(state().status, 'admitted');
    platform.live(platform.in(7));
    assert.equal(state().status, 'approved');
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'SCRAP');
    platform.end();
    assert.equal(refundedOf(platform.payment()), 39_900);
  });

  test('a claim that the merchant rejects leaves the goods with the customer', () => {
    const platform = open();
    const { id, returnId, state } = returned(platform, 'WARRANTY');
    platform.rejectReturn(returnId);
    platform.end();
    assert.equal(state().rejection, 'MERCHANT');
    assert.deepEqual(platform.order(id).returns, []);
  });

  test('of two returns of the same piece at once one is refused by the order', () => {
    const platform = open();
    const offerId = platform.publish(merchantId, 1);
    const id = delivered(platform, [{ offerId, quantity: 1 }]);
    const lines = [{ lineId: platform.order(id).lines[0]!.lineId, quantity: 1 }];
    const returns = [platform.requestReturn(id, lines), platform.requestReturn(id, lines)].map((each) => () => platform.log.return(each));
    platform.settle();
    assert.deepEqual(
      returns.map((each) => each().status),
      ['approved', 'rejected'],
    );
    platform.end();
  });

  test('what the merchant does not look at is a task', () => {
    const platform = open();
    const { id, returnId } = returned(platform);
    platform.receiveReturn(returnId);
    platform.end();
    assert.deepEqual(platform.tasksOf(id), ['RETURN_NOT_INSPECTED open']);
  });

  test('what the offer does not take back is a task, and is refunded all the same', () => {
    const platform = open();
    const offerId = platform.publish(merchantId, 2);
    const id = delivered(platform, [{ offerId, quantity: 1 }]);
    const returnId = platform.requestReturn(id, [{ lineId: platform.order(id).lines[0]!.lineId, quantity: 1 }]);
    platform.settle();
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'RESTOCK', { grade: 'C' });
    platform.end();
    assert.deepEqual(platform.tasksOf(id), ['RESTOCK_REFUSED open']);
    assert.equal(refundedOf(platform.payment()), 39_900);
  });

  test('nothing to refund closes a return without the provider', () => {
    const platform = open();
    const { returnId, state } = returned(platform);
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'SCRAP', { deductionMinor: 39_900 });
    platform.end();
    assert.equal(state().closing, 'NOTHING_TO_REFUND');
    assert.equal(refundedOf(platform.payment()), 0);
  });

  test('a refund that fails is a task, and closes its return once more when it succeeds after all', () => {
    const platform = open(when('RefundRequested', failure));
    const { id, returnId, state } = returned(platform);
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'SCRAP');
    platform.end();
    assert.equal(state().closing, 'REFUND_FAILED');
    assert.deepEqual(platform.tasksOf(id), ['REFUND_FAILED open']);
    platform.notice({ type: 'RecordRefunded', refundId: platform.payment().refunds[0]!.refundId, providerReference: 're' });
    platform.end();
    assert.equal(state().closing, 'REFUNDED');
  });

  test('a refund for which goodwill has left no money is a task', () => {
    const platform = open();
    const { id, returnId, state } = returned(platform);
    platform.goodwill(platform.paymentId(), 79_000);
    platform.settle();
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'SCRAP');
    platform.end();
    assert.equal(state().closing, 'REFUND_FAILED');
    assert.deepEqual(platform.tasksOf(id), ['REFUND_FAILED open']);
  });

  test('a refund that nobody knows the end of is a task', () => {
    const platform = open(when('RefundRequested', (request) => [unknown(request)]));
    const { id, returnId } = returned(platform);
    platform.receiveReturn(returnId);
    platform.inspectReturn(returnId, 'SCRAP');
    platform.end();
    assert.deepEqual(platform.tasksOf(id), ['PAYMENT_UNKNOWN open']);
  });
});

test('the stream of a payment tells its story', () => {
  const platform = open();
  delivered(platform, [{ offerId: platform.publish(merchantId, 1), quantity: 1 }]);
  platform.end();
  assert.deepEqual(
    platform.log.events.filter(({ stream }) => stream === paymentStream(platform.paymentId())).map(({ type }) => type),
    ['PaymentRequested', 'PaymentAuthorised', 'CaptureRequested', 'PaymentCaptured'],
  );
});
