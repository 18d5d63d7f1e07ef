import type { Order, WatchOrderRequest } from '../contract/generated/orders/v1/orders.ts';
import { answered, type Messages, type Outcome, type StreamingMethod } from '../platform/call.ts';
import { durationBuckets, Histogram, type Registry } from '../platform/metrics.ts';
import type { OrderStatus } from '../projections/order-row.ts';
import { notYours } from './access.ts';
import type { OrderChanges } from './order-changes.ts';
import type { OrderReader } from './order-reader.ts';
import { sightOfOrder, viewOrders, type OrderRead } from './order-view.ts';
import { isRefusal } from './page-token.ts';
import type { Open } from './personal-text.ts';
import { watchPlaces, type WatchLimits } from './watch-places.ts';

/** The watching of orders as the proto names it. */
export type OrderWatches = { readonly watchOrder: StreamingMethod<WatchOrderRequest, Order> };

/** What cannot be brought up to date is looked at again this often: the log does not say when somebody has seen to it. */
const lookAgainMs = 2_000;

/** Nothing that comes after these concerns who waits for the order. */
const final: ReadonlySet<OrderStatus> = new Set(['COMPLETED', 'CANCELLED', 'EXPIRED']);

/**
 * Tells an order as the read model has it, and again after each change. Every message is made from the newest state when the one
 * before was taken, and cut and opened anew: who takes them slowly misses states in between and makes no queue.
 */
export const orderWatches = (options: {
  readonly reader: OrderReader;
  readonly changes: OrderChanges;
  readonly open: Open;
  readonly metrics: Registry;
  readonly limits?: WatchLimits;
}): OrderWatches => {
  const { reader, changes, open } = options;
  const takePlace = watchPlaces(options.limits);
  const delays = new Histogram({
    name: 'order_watch_delay_seconds',
    help: 'From the recording of an event to the message that tells those who watch its order.',
    buckets: durationBuckets,
    registers: [options.metrics],
  });

  return {
    async watchOrder(request, call) {
      const orderId = request.orderId.toLowerCase();
      const leave = takePlace(call.caller);
      if (isRefusal(leave)) return leave;
      // Followed before it is read, so that no change falls in between.
      const change = nextChange(changes, orderId, call.signal, leave);
      let told: Told = { revision: Number(request.afterRevision ?? -1n), stale: false };
      // Rows are large and watches mostly wait: none is held meanwhile.
      let row: OrderRead | undefined;

      const messages = async function* (): Messages<Order> {
        try {
          while (!call.signal.aborted) {
            const isFinal = row !== undefined && final.has(row.status);
            if (row && isNews(row, told)) {
              const [order] = await viewOrders([row], call, open);
              if (!order) return notYours();
              if (row.revision > told.revision && told.revision >= 0) delays.observe((Date.now() - row.updated_at.getTime()) / 1_000);
              told = { revision: row.revision, stale: row.stale };
              row = undefined;
              yield order;
            }
            if (isFinal) return undefined;
            row = undefined;
            await change.wait(told.stale ? lookAgainMs : undefined);
            if (!call.signal.aborted) row = await reader.load(orderId);
          }
          return undefined;
        } finally {
          change.end();
        }
      };
      const opened = async (): Promise<Outcome<Messages<Order> | undefined>> => {
        const first = await reader.read(orderId, call);
        if (isRefusal(first)) return first;
        if (sightOfOrder(first, call.caller).kind === 'nothing') return notYours();
        if (final.has(first.status) && !isNews(first, told)) return answered(undefined);
        row = first;
        return answered(messages());
      };

      try {
        const outcome = await opened();
        if (outcome.kind === 'refused' || !outcome.message) change.end();
        return outcome;
      } catch (error) {
        change.end();
        throw error;
      }
    },
  };
};

/** What the caller knows. */
type Told = { readonly revision: number; readonly stale: boolean };

const isNews = (row: OrderRead, told: Told): boolean => row.revision > told.revision || (row.revision === told.revision && row.stale !== told.stale);

/** Waits for the changes of one order, until it is ended or the signal aborts. */
const nextChange = (
  changes: OrderChanges,
  orderId: string,
  signal: AbortSignal,
  ended: () => void,
): { readonly wait: (atMostMs: number | undefined) => Promise<void>; readonly end: () => void } => {
  let hasChanged = false;
  let isOver = false;
  let resume: (() => void) | undefined;
  const unfollow = changes.follow(orderId, () => {
    hasChanged = true;
    resume?.();
  });
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener('abort', end);
    unfollow();
    ended();
    resume?.();
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return {
    end,
    wait: (atMostMs) =>
      new Promise((resolve) => {
        const timer = atMostMs === undefined ? undefined : setTimeout(() => resume?.(), atMostMs);
        resume = () => {
          clearTimeout(timer);
          resume = undefined;
          hasChanged = false;
          resolve();
        };
        if (hasChanged || isOver) resume();
      }),
  };
};
