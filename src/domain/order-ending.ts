import { accepted, rejected, type Rejected } from './decider.ts';
import type { OrderCode, OrderCommandOf, OrderDecision } from './order-commands.ts';
import type { OrderEvent } from './order-events.ts';
import { afterOrderEvent, type PlacedOrder } from './order-state.ts';
import { after } from './terms.ts';

/** Why an order that is over takes no command, if it is. */
export const refusalOfEnded = ({ status }: PlacedOrder): Rejected<OrderCode> | undefined => {
  switch (status) {
    case 'cancelled':
      return rejected('ORDER_CANCELLED', 'The order has been cancelled.');
    case 'expired':
      return rejected('ORDER_ENDED', 'The order was not paid for in time.');
    case 'completed':
      return rejected('ORDER_ENDED', 'The order is completed.');
    case 'placed':
    case 'confirmed':
    case 'partially_shipped':
    case 'shipped':
    case 'delivered':
      return undefined;
  }
};

/** Why nothing can be done with the lines of an order yet or any more, if so. */
export const refusalOfLines = (state: PlacedOrder): Rejected<OrderCode> | undefined =>
  refusalOfEnded(state) ?? (state.status === 'placed' ? rejected('ORDER_NOT_CONFIRMED', 'The order is not confirmed yet.') : undefined);

/**
 * The events of a decision, and the one that follows when they leave nothing open and nothing on its way: the order is cancelled
 * if nothing shipped, delivered if something arrived, completed if all was lost. The customer's term, as
 * it was agreed, runs from the last delivery.
 */
export const withEnding = (state: PlacedOrder, events: readonly OrderEvent[]): OrderDecision => {
  const then = events.reduce(afterOrderEvent, state) as PlacedOrder;
  if (events.length === 0 || then.lines.some(({ open }) => open > 0)) return accepted(...events);
  const { customerId, shipments, lines } = then;
  if (shipments.length === 0) return accepted(...events, { type: 'OrderCancelled', data: { customerId, cause: 'LINES_CANCELLED' } });
  if (shipments.some(({ status }) => status === 'dispatched')) return accepted(...events);
  const last = shipments
    .flatMap(({ deliveredAt }) => deliveredAt ?? [])
    .toSorted()
    .at(-1);
  if (last === undefined) return accepted(...events, { type: 'OrderCompleted', data: { customerId } });
  const withdrawalMs = Math.max(...lines.filter(({ delivered }) => delivered > 0).map((line) => line.withdrawalMs));
  return accepted(...events, { type: 'OrderDelivered', data: { customerId, withdrawalEnds: after(last, withdrawalMs) } });
};

/** The end of the customer's right to withdraw is the end of the order. */
export const completeOrder = ({ withdrawalEnds }: OrderCommandOf<'CompleteOrder'>, state: PlacedOrder): OrderDecision =>
  state.status === 'delivered' && state.withdrawalEnds === withdrawalEnds
    ? accepted({ type: 'OrderCompleted', data: { customerId: state.customerId } })
    : accepted();
