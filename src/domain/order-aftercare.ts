import { accepted, rejected } from './decider.ts';
import type { OrderCommandOf, OrderDecision } from './order-commands.ts';
import type { OrderEventData } from './order-events.ts';
import type { PlacedOrder } from './order-state.ts';

/** Gives delivered pieces to a return, each to one only. */
export const registerReturn = ({ returnId, lines }: OrderCommandOf<'RegisterReturn'>, state: PlacedOrder): OrderDecision => {
  if (state.returns.some((known) => known.returnId === returnId)) return accepted();
  const asked = new Map<string, number>();
  for (const { lineId, quantity } of lines) asked.set(lineId, (asked.get(lineId) ?? 0) + quantity);
  const merchants = new Set<string>();
  for (const [lineId, quantity] of asked) {
    const line = state.lines.find((each) => each.lineId === lineId);
    if (!line) return rejected('LINE_NOT_FOUND', 'The order has no such line.');
    if (line.delivered === 0) return rejected('NOT_DELIVERED', 'Nothing of the line has been delivered.');
    const left = line.delivered - line.returning;
    if (quantity > left) return rejected('RETURNED_TOO_MANY', `${left} delivered and not in a return, ${quantity} asked for.`);
    merchants.add(line.merchantId);
  }
  const [merchantId, ...others] = merchants;
  if (merchantId === undefined) return rejected('LINE_NOT_FOUND', 'A return is of one line at least.');
  if (others.length > 0) return rejected('SEVERAL_MERCHANTS', 'A return goes to one merchant.');
  if (state.paymentId === undefined) throw new Error('delivered before it was confirmed');
  const { customerId, paymentId } = state;
  return accepted({
    type: 'ReturnRegistered',
    data: { returnId, customerId, merchantId, paymentId, lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })) },
  });
};

export const unregisterReturn = ({ returnId }: OrderCommandOf<'UnregisterReturn'>, state: PlacedOrder): OrderDecision => {
  const known = state.returns.find((each) => each.returnId === returnId);
  return known ? accepted({ type: 'ReturnUnregistered', data: { returnId, lines: [...known.lines] } }) : accepted();
};

/** One thing is one task, however often it fails until somebody has seen to it. */
export const raiseTask = (command: OrderCommandOf<'RaiseTask'>, state: PlacedOrder): OrderDecision => {
  const { type: _, now: __, terms: ___, ...task } = command;
  const isKnown = state.tasks.some((known) => known.taskId === task.taskId || (known.status === 'open' && isAboutTheSame(known, task)));
  return isKnown ? accepted() : accepted({ type: 'SupportTaskRaised', data: task });
};

type Task = OrderEventData<'SupportTaskRaised'>;
const isAboutTheSame = (one: Task, other: Task): boolean =>
  one.kind === other.kind && one.shipmentId === other.shipmentId && one.returnId === other.returnId && one.paymentId === other.paymentId;

export const resolveTask = ({ taskId }: OrderCommandOf<'ResolveTask'>, state: PlacedOrder): OrderDecision => {
  const task = state.tasks.find((each) => each.taskId === taskId);
  if (!task) return rejected('TASK_NOT_FOUND', 'The order has no such task.');
  return task.status === 'resolved' ? accepted() : accepted({ type: 'SupportTaskResolved', data: { taskId } });
};
