import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { order } from '../../src/domain/order.ts';
import type { OrderCommand, OrderCommandOf } from '../../src/domain/order-commands.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import { given } from '../support/given.ts';
import {
  acceptedOrder,
  arrived,
  cancelled,
  completed,
  confirmedOrder,
  customerId,
  delivered,
  dispatched,
  lineId,
  merchantId,
  orderAfter,
  otherLineId,
  otherMerchantId,
  otherOfferId,
  otherShipmentId,
  part,
  paymentId,
  placed,
  placedLine,
  returnId,
  task,
  taskId,
  timed,
} from './examples.ts';

const three = placedLine({ quantity: 3 });
const ofAnother = placedLine({ lineId: otherLineId, offerId: otherOfferId, merchantId: otherMerchantId });
const threeDelivered = [
  ...acceptedOrder(three),
  dispatched({ lines: [part({ quantity: 3, amountMinor: 119_700, marginVatMinor: 7_137 })] }),
  arrived(),
  delivered(),
];
const registered = (quantity: number, id = returnId): OrderEvent => ({
  type: 'ReturnRegistered',
  data: { returnId: id, customerId, merchantId, paymentId, lines: [{ lineId, quantity }] },
});
const unregistered = (quantity: number): OrderEvent => ({ type: 'ReturnUnregistered', data: { returnId, lines: [{ lineId, quantity }] } });

describe('a return of delivered pieces', () => {
  const register = (change: Partial<OrderCommandOf<'RegisterReturn'>> = {}): OrderCommand => ({
    type: 'RegisterReturn',
    returnId,
    lines: [{ lineId, quantity: 2 }],
    ...timed('6 d'),
    ...change,
  });

  test('is registered with the payment that it is refunded from', () =>
    given(order, ...threeDelivered)
      .when(register())
      .expect(accepted(registered(2))));

  test('is registered after completion, too', () =>
    given(order, ...threeDelivered, completed)
      .when(register())
      .expect(accepted(registered(2))));

  test('again changes nothing', () =>
    given(order, ...threeDelivered, registered(2))
      .when(register())
      .expect(accepted()));

  test('is refused for more than was delivered and is in no other return', () =>
    given(order, ...threeDelivered, registered(2, taskId))
      .when(register())
      .expect(rejected('RETURNED_TOO_MANY', '1 delivered and not in a return, 2 asked for.')));

  test('is refused for more than was delivered in several parts', () =>
    given(order, ...threeDelivered)
      .when(
        register({
          lines: [
            { lineId, quantity: 2 },
            { lineId, quantity: 2 },
          ],
        }),
      )
      .expect(rejected('RETURNED_TOO_MANY', '3 delivered and not in a return, 4 asked for.')));

  test('is refused for what is on its way', () =>
    given(order, ...acceptedOrder(three), dispatched())
      .when(register())
      .expect(rejected('NOT_DELIVERED', 'Nothing of the line has been delivered.')));

  test('is refused for lines of several merchants', () =>
    given(
      order,
      ...acceptedOrder(placedLine(), ofAnother),
      dispatched(),
      dispatched({
        shipmentId: otherShipmentId,
        merchantId: otherMerchantId,
        lines: [part({ lineId: otherLineId, offerId: otherOfferId })],
      }),
      arrived(),
      arrived('5 d', { shipmentId: otherShipmentId, merchantId: otherMerchantId }),
    )
      .when(
        register({
          lines: [
            { lineId, quantity: 1 },
            { lineId: otherLineId, quantity: 1 },
          ],
        }),
      )
      .expect(rejected('SEVERAL_MERCHANTS', 'A return goes to one merchant.')));

  test('is refused for a line that is not of the order', () =>
    given(order, ...threeDelivered)
      .when(register({ lines: [{ lineId: otherLineId, quantity: 1 }] }))
      .expect(rejected('LINE_NOT_FOUND', 'The order has no such line.')));

  test('is refused for nothing', () =>
    given(order, ...threeDelivered)
      .when(register({ lines: [] }))
      .expect(rejected('LINE_NOT_FOUND', 'A return is of one line at least.')));

  test('is refused for an order that does not exist', () =>
    given(order).when(register()).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));
});

describe('a return that came to nothing', () => {
  const unregister: OrderCommand = { type: 'UnregisterReturn', returnId, ...timed() };

  test('frees its pieces', () => {
    given(order, ...threeDelivered, registered(2))
      .when(unregister)
      .expect(accepted(unregistered(2)));
    const state = orderAfter(...threeDelivered, registered(2), unregistered(2));
    assert.ok(state.status === 'delivered');
    assert.deepEqual([state.lines[0]?.returning, state.returns], [0, []]);
  });

  test('changes nothing the second time', () =>
    given(order, ...threeDelivered, registered(2), unregistered(2))
      .when(unregister)
      .expect(accepted()));
});

describe('a task for support', () => {
  const raise: OrderCommand = { type: 'RaiseTask', taskId, kind: 'CAPTURE_FAILED', paymentId, ...timed() };
  const resolve: OrderCommand = { type: 'ResolveTask', taskId, ...timed() };
  const resolved: OrderEvent = { type: 'SupportTaskResolved', data: { taskId } };

  test('is raised', () =>
    given(order, ...confirmedOrder())
      .when(raise)
      .expect(accepted(task())));

  test('is raised whatever became of the order', () => given(order, placed(), cancelled()).when(raise).expect(accepted(task())));

  test('is raised once', () => given(order, placed(), task()).when(raise).expect(accepted()));

  test('is not raised beside an open one about the same, and is once that is resolved', () => {
    const again: OrderCommand = { ...raise, taskId: returnId };
    given(order, placed(), task()).when(again).expect(accepted());
    given(order, placed(), task(), resolved)
      .when(again)
      .expect(accepted(task({ taskId: returnId })));
  });

  test('is raised beside an open one about something else', () =>
    given(order, placed(), task({ taskId: returnId, shipmentId: returnId }))
      .when(raise)
      .expect(accepted(task())));

  test('is not raised again when it was resolved', () => given(order, placed(), task(), resolved).when(raise).expect(accepted()));

  test('is resolved', () => {
    given(order, placed(), task()).when(resolve).expect(accepted(resolved));
    const state = orderAfter(placed(), task(), task({ taskId: returnId }), resolved);
    assert.ok(state.status === 'placed');
    assert.deepEqual(
      state.tasks.map(({ status }) => status),
      ['resolved', 'open'],
    );
  });

  test('is resolved once', () => given(order, placed(), task(), resolved).when(resolve).expect(accepted()));

  test('is refused when there is none', () => given(order, placed()).when(resolve).expect(rejected('TASK_NOT_FOUND', 'The order has no such task.')));

  test('is refused for an order that does not exist', () => {
    given(order).when(raise).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.'));
    given(order).when(resolve).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.'));
  });
});
