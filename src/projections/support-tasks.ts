import type { SupportTask } from '../domain/order-state.ts';
import type { OrderRow } from './order-row.ts';
import type { Part } from './projection.ts';

/** Something about an order that a person has to settle. */
export type SupportTaskRow = {
  readonly task_id: string;
  readonly order_id: string;
  readonly kind: SupportTask['kind'];
  readonly status: Uppercase<SupportTask['status']>;
  readonly merchant_id: string | null;
  readonly shipment_id: string | null;
  readonly return_id: string | null;
  readonly payment_id: string | null;
  readonly code: string | null;
  readonly raised_at: string;
  readonly resolved_at: string | null;
};

/** The tasks of support, a row each. */
export const supportTasks: Part<OrderRow> = {
  name: 'support_tasks',
  create: (table) => `
    create table ${table} (
      task_id     uuid        primary key,
      order_id    uuid        not null,
      kind        text        not null,
      status      text        not null,
      merchant_id uuid,
      shipment_id uuid,
      return_id   uuid,
      payment_id  uuid,
      code        text,
      raised_at   timestamptz not null,
      resolved_at timestamptz
    );
  `,
  indexes: ['(status, raised_at, task_id)', '(raised_at, task_id)', '(order_id)'],
  key: ['task_id'],

  rows: ({ order_id, state, task_times }): readonly SupportTaskRow[] =>
    state.tasks.map(({ taskId, kind, status, merchantId, shipmentId, returnId, paymentId, code }) => ({
      task_id: taskId,
      order_id,
      kind,
      status: status === 'open' ? 'OPEN' : 'RESOLVED',
      merchant_id: merchantId ?? null,
      shipment_id: shipmentId ?? null,
      return_id: returnId ?? null,
      payment_id: paymentId ?? null,
      code: code ?? null,
      raised_at: task_times[taskId]!.raisedAt,
      resolved_at: task_times[taskId]!.resolvedAt ?? null,
    })),
};
