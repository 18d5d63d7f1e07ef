import type { OrderCancellation } from '../domain/order-events.ts';
import type { PlacedOrder } from '../domain/order-state.ts';

/** One order as queries need it: the domain's own state, and beside it what is searched. Personal values stay sealed. */
export type OrderRow = {
  readonly order_id: string;
  readonly customer_id: string;
  readonly status: OrderStatus;
  readonly on_hold: boolean;
  readonly cancel_cause: OrderCancellation | null;
  readonly revision: number;
  readonly currency: string;
  readonly total_minor: number;
  readonly state: PlacedOrder;
  /** When each support task was raised and resolved, ISO 8601, by task id. */
  readonly task_times: Readonly<Record<string, { readonly raisedAt: string; readonly resolvedAt?: string }>>;
  readonly placed_at: Date;
  readonly updated_at: Date;
};

/** Statuses as the API names them. */
export type OrderStatus = Uppercase<PlacedOrder['status']>;
