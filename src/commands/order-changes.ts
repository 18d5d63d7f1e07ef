import { orderStream } from '../domain/ids.ts';
import { order } from '../domain/order.ts';
import type { Order } from '../domain/order-state.ts';
import type { Terms, Timed } from '../domain/terms.ts';
import type { At } from './judge.ts';

/** Orders, as the methods that change them share it. A reason is sealed for the customer whose order it is, whoever gives it. */
export const changedOrder = {
  decider: order,
  stream: orderStream,
  id: 'orderId',
  subject: (state: Order): string | undefined => (state.status === 'unplaced' ? undefined : state.customerId),
} as const;

/** What commands know of time: when they are judged, and by which terms. */
export const timedBy =
  (terms: Terms) =>
  ({ now }: Pick<At, 'now'>): Timed => ({ now: now.toISOString(), terms });
