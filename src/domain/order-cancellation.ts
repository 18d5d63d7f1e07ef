import { accepted, rejected } from './decider.ts';
import { times } from './money.ts';
import type { OrderCommandOf, OrderDecision } from './order-commands.ts';
import { refusalOfEnded, refusalOfLines, withEnding } from './order-ending.ts';
import type { LineCancellation, OrderEvent } from './order-events.ts';
import type { OrderLine, PlacedOrder } from './order-state.ts';

/** Cancels the order as a whole, as long as nothing of it has shipped. */
export const cancelOrder = ({ cause }: OrderCommandOf<'CancelOrder'>, state: PlacedOrder): OrderDecision => {
  if (state.status === 'cancelled') return accepted();
  const ended = refusalOfEnded(state);
  if (ended) return ended;
  if (state.shipments.length > 0)
    return rejected('ALREADY_SHIPPED', 'Something of the order has shipped; what has not can be cancelled line by line.');
  return accepted({ type: 'OrderCancelled', data: { customerId: state.customerId, cause } });
};

/** Cancels what has not shipped of one line: by the customer or support, or by the merchant who cannot deliver it. */
export const cancelLine = (command: OrderCommandOf<'CancelLine' | 'RejectLine'>, state: PlacedOrder): OrderDecision => {
  const line = state.lines.find(({ lineId }) => lineId === command.lineId);
  if (!line) return rejected('LINE_NOT_FOUND', 'The order has no such line.');
  if (line.open === 0 && line.cancelled > 0) return accepted();
  const refusal = refusalOfLines(state);
  if (refusal) return refusal;
  if (line.open === 0) return rejected('ALREADY_SHIPPED', 'All pieces of the line have shipped.');
  return cancelled(state, [line], command.type === 'RejectLine' ? 'MERCHANT' : command.cause);
};

/** Cancels everything that has not shipped. */
export const cancelOpenLines = (command: OrderCommandOf<'CancelOpenLines'>, state: PlacedOrder): OrderDecision => {
  const open = openLines(state);
  if (open.length === 0) return accepted();
  return refusalOfLines(state) ?? cancelled(state, open, command.cause);
};

/** Cancels what no merchant accepted in time. A hold stops the clock. */
export const cancelUnaccepted = (command: OrderCommandOf<'CancelUnaccepted'>, state: PlacedOrder): OrderDecision => {
  if (state.held || state.acceptBy !== command.acceptBy) return accepted();
  const unaccepted = openLines(state).filter(({ dispatchBy }) => dispatchBy === undefined);
  return cancelled(state, unaccepted, 'NOT_ACCEPTED');
};

/** Cancels what its merchant did not dispatch in time. A hold stops the clock. */
export const cancelUndispatched = (command: OrderCommandOf<'CancelUndispatched'>, state: PlacedOrder): OrderDecision => {
  if (state.held) return accepted();
  const overdue = openLines(state).filter(({ lineId, dispatchBy }) => lineId === command.lineId && dispatchBy === command.dispatchBy);
  return cancelled(state, overdue, 'NOT_DISPATCHED');
};

const openLines = ({ lines }: PlacedOrder): readonly OrderLine[] => lines.filter(({ open }) => open > 0);

const cancelled = (state: PlacedOrder, lines: readonly OrderLine[], cause: LineCancellation): OrderDecision =>
  withEnding(
    state,
    lines.map(({ lineId, offerId, merchantId, open, unitPriceMinor }): OrderEvent => ({
      type: 'LineCancelled',
      data: {
        lineId,
        offerId,
        merchantId,
        customerId: state.customerId,
        quantity: open,
        amountMinor: times(unitPriceMinor, open),
        currency: state.currency,
        cause,
      },
    })),
  );
