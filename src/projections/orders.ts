import { idOf } from '../domain/ids.ts';
import { sum, times } from '../domain/money.ts';
import { orderEvents, type OrderEvent } from '../domain/order-events.ts';
import { order } from '../domain/order.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { orderLines } from './order-lines.ts';
import type { OrderRow, OrderStatus } from './order-row.ts';
import { documents } from './projection.ts';
import { supportTasks } from './support-tasks.ts';

/** Orders, one row each, with their lines and support tasks as parts. */
export const orders = documents<OrderRow, OrderEvent>({
  name: 'orders',
  version: 2,
  on: orderEvents,
  create: (table) => `
    create table ${table} (
      order_id     uuid        primary key,
      customer_id  uuid        not null,
      status       text        not null,
      on_hold      boolean     not null,
      cancel_cause text,
      revision     integer     not null,
      currency     text        not null,
      total_minor  bigint      not null,
      state        json        not null,
      task_times   json        not null,
      placed_at    timestamptz not null,
      updated_at   timestamptz not null
    );
  `,
  indexes: ['(customer_id, placed_at, order_id)', '(status, placed_at, order_id)', '(placed_at, order_id)'],
  key: ['order_id'],
  groupColumn: 'order_id',
  group: ({ stream }) => idOf(stream),
  begins: ({ revision }) => revision === 0,
  parts: [orderLines, supportTasks],

  evolve: ([row], event) => [orderAfter(row, event)],
});

/** An order's row after one more event; no row: before its first. */
export const orderAfter = (row: OrderRow | undefined, event: OrderEvent & Pick<Recorded, 'stream' | 'revision' | 'recordedAt'>): OrderRow => {
  const state = order.evolve(row?.state ?? order.initial, event);
  if (state.status === 'unplaced') throw new Error(`${event.type} left the order unplaced`);
  const { stream, revision, recordedAt } = event;
  return {
    order_id: idOf(stream),
    customer_id: state.customerId,
    status: state.status.toUpperCase() as OrderStatus,
    on_hold: state.held !== undefined,
    cancel_cause: event.type === 'OrderCancelled' ? event.data.cause : (row?.cancel_cause ?? null),
    revision,
    currency: state.currency,
    total_minor: row?.total_minor ?? sum(state.lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity))),
    state,
    task_times: taskTimes(row?.task_times ?? {}, event, recordedAt.toISOString()),
    placed_at: row?.placed_at ?? recordedAt,
    updated_at: recordedAt,
  };
};

const taskTimes = (known: OrderRow['task_times'], { type, data }: OrderEvent, at: string): OrderRow['task_times'] => {
  if (type === 'SupportTaskRaised') return { ...known, [data.taskId]: { raisedAt: at } };
  if (type === 'SupportTaskResolved') return { ...known, [data.taskId]: { raisedAt: at, ...known[data.taskId], resolvedAt: at } };
  return known;
};
