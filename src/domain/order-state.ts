import type { HoldCause, OrderEvent, OrderEventData } from './order-events.ts';

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

/** The order after an event. */
export const afterOrderEvent = (state: Order, { type, data }: OrderEvent): Order => {
  if (type === 'OrderPlaced') return placed(data);
  if (state.status === 'unplaced') throw new Error(`${type} before OrderPlaced`);
  switch (type) {
    case 'LineReserved':
      return withLine(state, data.lineId, (line) => ({ ...line, status: 'reserved' }));
    case 'LineRefused':
      return state;
    case 'OrderConfirmed':
      return advanced({ ...state, paymentId: data.paymentId, acceptBy: data.acceptBy });
    case 'LineAccepted':
      return withLine(state, data.lineId, (line) => ({ ...line, status: 'accepted', dispatchBy: data.dispatchBy }));
    case 'LineCancelled':
      return withLine(state, data.lineId, (line) => ({ ...line, open: line.open - data.quantity, cancelled: line.cancelled + data.quantity }));
    case 'AddressChanged':
      return { ...state, shippingAddress: data.shippingAddress };
    case 'ShipmentDispatched': {
      const { customerId: _, currency: __, ...shipment } = data;
      const shipments: readonly Shipment[] = [...state.shipments, { ...shipment, status: 'dispatched' }];
      return withPieces({ ...state, shipments }, data.lines, (line, quantity) => ({
        ...line,
        open: line.open - quantity,
        shipped: line.shipped + quantity,
      }));
    }
    case 'ShipmentDelivered': {
      const { shipmentId, deliveredAt } = data;
      const delivered = withShipment(state, shipmentId, (shipment) => ({ ...shipment, status: 'delivered', deliveredAt }));
      const pieces = state.shipments.find((shipment) => shipment.shipmentId === shipmentId)?.lines ?? [];
      return withPieces(delivered, pieces, (line, quantity) => ({ ...line, delivered: line.delivered + quantity }));
    }
    case 'ShipmentLost': {
      const lost = withShipment(state, data.shipmentId, (shipment) => ({ ...shipment, status: 'lost' }));
      return withPieces(lost, data.lines, (line, quantity) => ({ ...line, lost: line.lost + quantity }));
    }
    case 'OrderDelivered':
      return { ...state, status: 'delivered', withdrawalEnds: data.withdrawalEnds };
    case 'OrderHeld':
      return { ...state, held: data };
    case 'HoldReleased': {
      const { acceptBy = state.acceptBy } = data;
      const released = data.lines.reduce<PlacedOrder>(
        (order, { lineId, dispatchBy }) => withLine(order, lineId, (line) => ({ ...line, dispatchBy })),
        free(state),
      );
      return { ...released, ...(acceptBy === undefined ? {} : { acceptBy }) };
    }
    case 'OrderCancelled':
      return { ...withoutOpenPieces(free(state)), status: 'cancelled' };
    case 'OrderExpired':
      return { ...withoutOpenPieces(free(state)), status: 'expired' };
    case 'OrderCompleted':
      return { ...free(state), status: 'completed' };
    case 'ReturnRegistered': {
      const { returnId, lines } = data;
      const registered = { ...state, returns: [...state.returns, { returnId, lines }] };
      return withPieces(registered, lines, (line, quantity) => ({ ...line, returning: line.returning + quantity }));
    }
    case 'ReturnUnregistered': {
      const unregistered = { ...state, returns: state.returns.filter(({ returnId }) => returnId !== data.returnId) };
      return withPieces(unregistered, data.lines, (line, quantity) => ({ ...line, returning: line.returning - quantity }));
    }
    case 'SupportTaskRaised':
      return { ...state, tasks: [...state.tasks, { ...data, status: 'open' }] };
    case 'SupportTaskResolved':
      return { ...state, tasks: state.tasks.map((task) => (task.taskId === data.taskId ? { ...task, status: 'resolved' } : task)) };
  }
};

const placed = ({ lines, ...data }: Placed): PlacedOrder => ({
  status: 'placed',
  ...data,
  lines: lines.map((line) => ({ ...line, status: 'open', open: line.quantity, cancelled: 0, shipped: 0, delivered: 0, lost: 0, returning: 0 })),
  shipments: [],
  returns: [],
  tasks: [],
});

/** The order with one line changed, and the statuses that follow. */
const withLine = (state: PlacedOrder, lineId: string, change: (line: OrderLine) => OrderLine): PlacedOrder =>
  advanced({ ...state, lines: state.lines.map((line) => (line.lineId === lineId ? settled(change(line)) : line)) });

/** The order with pieces of several lines moved, and the statuses that follow. */
const withPieces = (
  state: PlacedOrder,
  pieces: readonly { readonly lineId: string; readonly quantity: number }[],
  move: (line: OrderLine, quantity: number) => OrderLine,
): PlacedOrder => pieces.reduce((order, { lineId, quantity }) => withLine(order, lineId, (line) => move(line, quantity)), state);

const withShipment = (state: PlacedOrder, shipmentId: string, change: (shipment: Shipment) => Shipment): PlacedOrder => ({
  ...state,
  shipments: state.shipments.map((shipment) => (shipment.shipmentId === shipmentId ? change(shipment) : shipment)),
});

const withoutOpenPieces = (state: PlacedOrder): PlacedOrder => ({
  ...state,
  lines: state.lines.map((line) => settled({ ...line, open: 0, cancelled: line.cancelled + line.open })),
});

const free = (state: PlacedOrder): PlacedOrder => {
  const { held: _, ...others } = state;
  return others;
};

/** A line whose status says where its pieces are. */
const settled = (line: OrderLine): OrderLine => ({ ...line, status: statusOfLine(line) });

const statusOfLine = ({ status, open, shipped, delivered, lost }: OrderLine): OrderLine['status'] => {
  if (shipped === 0) return open === 0 ? 'cancelled' : status;
  if (open > 0) return 'partially_shipped';
  return delivered > 0 && delivered + lost === shipped ? 'delivered' : 'shipped';
};

/** An order whose status says how far it is. */
const advanced = (state: PlacedOrder): PlacedOrder => ({ ...state, status: statusOf(state) });

const statusOf = ({ status, paymentId, lines }: PlacedOrder): PlacedOrder['status'] => {
  switch (status) {
    case 'delivered':
    case 'completed':
    case 'cancelled':
    case 'expired':
      return status;
    case 'placed':
    case 'confirmed':
    case 'partially_shipped':
    case 'shipped':
      if (lines.some(({ shipped }) => shipped > 0)) return lines.some(({ open }) => open > 0) ? 'partially_shipped' : 'shipped';
      return paymentId === undefined ? 'placed' : 'confirmed';
  }
};
