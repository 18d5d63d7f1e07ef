import type { HoldCause, OrderEventData } from './order-events.ts';

type Placed = OrderEventData<'OrderPlaced'>;

/** A line as it was ordered, and where its pieces are. Always: quantity = open + cancelled + shipped; delivered + lost ≤ shipped; returning ≤ delivered. */
export type OrderLine = Readonly<Placed['lines'][number]> & {
  readonly status: 'open' | 'reserved' | 'accepted' | 'partially_shipped' | 'shipped' | 'delivered' | 'cancelled';
  /** Pieces that still have to ship. */
  readonly open: number;
  readonly cancelled: number;
  /** Pieces that left the merchant, whatever became of them. */
  readonly shipped: number;
  readonly delivered: number;
  readonly lost: number;
  /** Delivered pieces that are in a return. */
  readonly returning: number;
  /** Set with acceptance: by when what is open leaves. */
  readonly dispatchBy?: string;
};

/** A parcel of one merchant. */
export type Shipment = Readonly<Omit<OrderEventData<'ShipmentDispatched'>, 'customerId' | 'currency'>> & {
  readonly status: 'dispatched' | 'delivered' | 'lost';
  readonly deliveredAt?: string;
};

/** Something for a person to settle. */
export type SupportTask = Readonly<OrderEventData<'SupportTaskRaised'>> & { readonly status: 'open' | 'resolved' };

/** An order after `OrderPlaced`. Plain JSON: a read model keeps it as it is. */
export type PlacedOrder = Readonly<Omit<Placed, 'lines'>> & {
  readonly status: 'placed' | 'confirmed' | 'partially_shipped' | 'shipped' | 'delivered' | 'completed' | 'cancelled' | 'expired';
  readonly held?: { readonly holdUntil: string; readonly cause: HoldCause };
  readonly paymentId?: string;
  readonly acceptBy?: string;
  readonly withdrawalEnds?: string;
  readonly lines: readonly OrderLine[];
  readonly shipments: readonly Shipment[];
  readonly returns: readonly { readonly returnId: string; readonly lines: readonly { readonly lineId: string; readonly quantity: number }[] }[];
  readonly tasks: readonly SupportTask[];
};

export type Order = { readonly status: 'unplaced' } | PlacedOrder;
