import assert from 'node:assert/strict';
import { sum } from '../../../src/domain/money.ts';
import type { PlacedOrder } from '../../../src/domain/order-state.ts';
import { capturedOf, refundedOf, type RequestedPayment } from '../../../src/domain/payment-state.ts';
import { idOf } from '../../../src/domain/ids.ts';
import type { RequestedReturn } from '../../../src/domain/return-state.ts';
import type { Log, LoggedEvent } from './log.ts';

type Events = readonly LoggedEvent[];
type EventOf<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { readonly type: Type }>;

/** What holds when every deadline has passed and nothing is left to do: stock, goods and money add up, and whatever hangs is somebody's task. */
export const balances = (log: Log): void => {
  const { events } = log;
  const returns = log.ids('return').map((id) => ({ id, state: log.return(id) as RequestedReturn }));
  for (const id of log.ids('offer')) stockBalances(log, events, id);
  for (const id of log.ids('order')) {
    const order = log.order(id) as PlacedOrder;
    const ofOrder = returns.filter(({ state }) => state.orderId === id);
    const payments = of(events, 'PaymentRequested').filter(({ data }) => data.orderId === id);
    assert.ok(payments.length <= 1, 'an order is paid for once');
    reservationsEnded(events, id, order);
    orderIsOver(order);
    for (const { stream } of payments) {
      const payment = log.payment(idOf(stream)) as RequestedPayment;
      moneyIsFree(payment);
      moneyBalances(
        payment,
        order,
        ofOrder.map(({ state }) => state),
      );
    }
    if (payments.length === 0) assert.equal(order.shipments.length, 0, 'nothing ships unpaid');
    returnsAreOver(order, ofOrder);
  }
};

const of = <Type extends LoggedEvent['type']>(events: Events, type: Type): readonly EventOf<Type>[] =>
  events.filter((event): event is EventOf<Type> => event.type === type);

/** What is on hand is what came less what went, and nothing of it is kept for anybody. */
const stockBalances = (log: Log, events: Events, id: string): void => {
  const offer = log.offer(id);
  if (offer.status === 'unpublished') return;
  const own = events.filter(({ stream }) => idOf(stream) === id);
  const came = sum([
    ...of(own, 'OfferPublished').map(({ data }) => data.onHand),
    ...of(own, 'StockAdjusted').map(({ data }) => data.difference),
    ...of(own, 'StockRestocked').map(({ data }) => data.quantity),
  ]);
  const went = sum(of(own, 'StockDispatched').map(({ data }) => data.quantity));
  assert.equal(offer.onHand, came - went, 'stock adds up');
  assert.equal(offer.reservations.reserved, 0, 'nothing is reserved for ever');
};

/** Of every reservation each piece was dispatched, after it was confirmed, or released. */
const reservationsEnded = (events: Events, orderId: string, order: PlacedOrder): void => {
  for (const { lineId, shipped } of order.lines) {
    const isOfLine = ({ data }: { readonly data: { readonly orderId: string; readonly lineId: string } }): boolean =>
      data.orderId === orderId && data.lineId === lineId;
    const pieces = (type: 'StockReserved' | 'ReservationReleased' | 'StockDispatched'): number =>
      sum(
        of(events, type)
          .filter(isOfLine)
          .map(({ data }) => data.quantity),
      );
    assert.ok(of(events, 'StockReserved').filter(isOfLine).length <= 1, 'a line is reserved once');
    assert.equal(pieces('StockDispatched'), shipped, 'what shipped left the stock');
    assert.equal(pieces('StockReserved'), pieces('ReservationReleased') + pieces('StockDispatched'), 'a reservation ends');
    if (shipped > 0) assert.equal(of(events, 'ReservationConfirmed').filter(isOfLine).length, 1, 'only confirmed pieces ship');
  }
};

const orderIsOver = ({ status, tasks, lines }: PlacedOrder): void => {
  const isFinal = status === 'completed' || status === 'cancelled' || status === 'expired';
  assert.ok(isFinal || tasks.some((task) => task.status === 'open'), `an order is over or somebody's task, not ${status}`);
  assert.ok(
    lines.every(({ open }) => open === 0),
    'nothing waits to be shipped',
  );
};

/** The provider holds nothing any more that was not captured, or was asked not to. */
const moneyIsFree = (payment: RequestedPayment): void => {
  switch (payment.status) {
    case 'requested':
      return assert.equal(payment.voiding, 'REQUESTED', 'an unanswered authorisation is given up');
    case 'authorised':
      return assert.ok(capturedOf(payment) === payment.amountMinor || payment.voiding === 'REQUESTED', 'what is not captured is given back');
    case 'declined':
    case 'voided':
    case 'lapsed':
  }
};

/** Captured less refunded is the price of what was shipped, arrived and was kept; what is not so is a task. */
const moneyBalances = (payment: RequestedPayment, order: PlacedOrder, returns: readonly RequestedReturn[]): void => {
  const hasTask = (...kinds: readonly string[]): boolean => order.tasks.some(({ kind }) => kinds.includes(kind));
  const isCaptured = (shipmentId: string): boolean =>
    payment.captures.some((capture) => capture.shipmentId === shipmentId && capture.status === 'captured');
  for (const { shipmentId } of order.shipments)
    assert.ok(payment.captures.some((capture) => capture.shipmentId === shipmentId) || hasTask('CAPTURE_FAILED'), 'what ships is to be paid for');
  const arrived = order.shipments.filter(({ status }) => status !== 'lost');
  for (const { shipmentId } of arrived)
    assert.ok(isCaptured(shipmentId) || hasTask('CAPTURE_FAILED', 'AUTHORISATION_LAPSED'), 'what shipped was paid for, or is a task');
  for (const { shipmentId, status } of payment.captures)
    if (status === 'failed' && arrived.some((shipment) => shipment.shipmentId === shipmentId))
      assert.ok(hasTask('CAPTURE_FAILED'), 'a capture that failed is a task');
  if (hasTask('REFUND_FAILED', 'PAYMENT_UNKNOWN')) return;
  const paid = sum(arrived.filter(({ shipmentId }) => isCaptured(shipmentId)).map(({ amountMinor }) => amountMinor));
  const gaveBack = sum(returns.map(({ refundMinor }) => refundMinor ?? 0));
  const goodwill = sum(payment.refunds.filter(({ cause }) => cause === 'GOODWILL').map(({ amountMinor }) => amountMinor));
  assert.equal(capturedOf(payment) - refundedOf(payment), paid - gaveBack - goodwill, 'money adds up');
};

const returnsAreOver = (order: PlacedOrder, returns: readonly { readonly id: string; readonly state: RequestedReturn }[]): void => {
  const isOpen = (...kinds: readonly string[]): boolean => order.tasks.some((task) => kinds.includes(task.kind) && task.status === 'open');
  for (const { id, state } of returns) {
    const isHeldUp = (state.status === 'received' && isOpen('RETURN_NOT_INSPECTED')) || (state.status === 'inspected' && isOpen('PAYMENT_UNKNOWN'));
    assert.ok(state.status === 'closed' || state.status === 'rejected' || isHeldUp, `a return is over or somebody's task, not ${state.status}`);
    const wentNowhere = state.status === 'rejected' || state.closing === 'NOT_RECEIVED';
    assert.equal(
      order.returns.some(({ returnId }) => returnId === id),
      !wentNowhere,
      'the order knows what came back',
    );
    if (state.closing === 'REFUND_FAILED') assert.ok(isOpen('REFUND_FAILED'), 'a refund that failed is a task');
  }
};
