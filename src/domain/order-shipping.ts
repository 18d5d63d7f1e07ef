import { accepted, rejected, type Rejected } from './decider.ts';
import { derivedId } from './ids.ts';
import { sum, times } from './money.ts';
import type { OrderCode, OrderCommandOf, OrderDecision } from './order-commands.ts';
import { refusalOfLines, withEnding } from './order-ending.ts';
import type { OrderEvent, OrderEventData } from './order-events.ts';
import type { OrderLine, PlacedOrder, Shipment } from './order-state.ts';
import { after } from './terms.ts';
import { vatOfPart } from './vat.ts';

/** The merchant will deliver a line. A hold does not stop it. */
export const acceptLine = ({ lineId, now, terms }: OrderCommandOf<'AcceptLine'>, state: PlacedOrder): OrderDecision => {
  const line = state.lines.find((each) => each.lineId === lineId);
  if (!line) return rejected('LINE_NOT_FOUND', 'The order has no such line.');
  if (line.dispatchBy !== undefined && line.status !== 'cancelled') return accepted();
  const refusal = refusalOfLines(state);
  if (refusal) return refusal;
  if (line.open === 0) return rejected('LINE_CANCELLED', 'The line has been cancelled.');
  const { offerId, merchantId } = line;
  return accepted({ type: 'LineAccepted', data: { lineId, offerId, merchantId, dispatchBy: after(now, terms.dispatchMs) } });
};

/** A parcel of one merchant leaves, with pieces of lines that it accepted. */
export const dispatchShipment = (command: OrderCommandOf<'DispatchShipment'>, state: PlacedOrder): OrderDecision => {
  const { shipmentId, merchantId, carrier, trackingNumber, now, terms } = command;
  if (state.shipments.some((shipment) => shipment.shipmentId === shipmentId)) return accepted();
  const refusal = refusalOfLines(state) ?? (state.held ? rejected('ORDER_ON_HOLD', 'The order is on hold; nothing of it ships.') : undefined);
  if (refusal) return refusal;
  if (command.lines.length === 0) return rejected('LINE_NOT_FOUND', 'A parcel holds one line at least.');
  const { customerId, currency } = state;
  const lines: OrderEventData<'ShipmentDispatched'>['lines'] = [];
  for (const [index, { lineId, quantity }] of command.lines.entries()) {
    const line = state.lines.find((each) => each.lineId === lineId && each.merchantId === merchantId);
    const problem = problemOf(line, quantity, lines);
    if (problem) return rejected(problem[0], `lines[${index}]: ${problem[1]}`);
    lines.push(partOf(line!, quantity));
  }
  return accepted({
    type: 'ShipmentDispatched',
    data: {
      shipmentId,
      merchantId,
      customerId,
      carrier,
      trackingNumber,
      lines,
      amountMinor: sum(lines.map(({ amountMinor }) => amountMinor)),
      currency,
      deliveredBy: after(now, terms.deliverMs),
    },
  });
};

/** Why pieces of a line cannot go into a parcel, if they cannot. A line of another merchant is not there. */
const problemOf = (
  line: OrderLine | undefined,
  quantity: number,
  packed: readonly { readonly lineId: string }[],
): readonly [OrderCode, string] | undefined => {
  if (!line) return ['LINE_NOT_FOUND', 'the order has no such line of this merchant.'];
  if (packed.some(({ lineId }) => lineId === line.lineId)) return ['LINE_REPEATED', 'the line is in the parcel already.'];
  if (line.status === 'cancelled') return ['LINE_CANCELLED', 'the line has been cancelled.'];
  if (line.open === 0) return ['ALREADY_SHIPPED', 'nothing of the line is left to ship.'];
  if (line.dispatchBy === undefined) return ['LINE_NOT_ACCEPTED', 'the merchant has not accepted the line.'];
  if (quantity > line.open) return ['QUANTITY_TOO_HIGH', `${line.open} left to ship, not ${quantity}.`];
  return undefined;
};

/** Pieces of a line with their amount and VAT. */
const partOf = (line: OrderLine, quantity: number): OrderEventData<'ShipmentDispatched'>['lines'][number] => {
  const vat = vatOfPart(line, line.open, quantity);
  return {
    lineId: line.lineId,
    offerId: line.offerId,
    quantity,
    amountMinor: times(line.unitPriceMinor, quantity),
    ...(line.vatScheme === 'STANDARD' ? { vatMinor: vat } : { marginVatMinor: vat }),
  };
};

export const confirmDelivery = (command: OrderCommandOf<'ConfirmDelivery'>, state: PlacedOrder): OrderDecision => {
  const shipment = shipmentOf(state, command.shipmentId);
  if (!shipment) return noSuchShipment();
  const { shipmentId, merchantId, status } = shipment;
  if (status === 'delivered') return accepted();
  if (status === 'lost') return rejected('SHIPMENT_LOST', 'The parcel was reported lost.');
  const delivered: OrderEvent = {
    type: 'ShipmentDelivered',
    data: { shipmentId, merchantId, customerId: state.customerId, deliveredAt: command.now },
  };
  return withEnding(state, [delivered, ...overdueTasks(state, shipmentId)]);
};

/** What support found out never arrives; the customer gets its amount back. */
export const reportShipmentLost = (command: OrderCommandOf<'ReportShipmentLost'>, state: PlacedOrder): OrderDecision => {
  const shipment = shipmentOf(state, command.shipmentId);
  if (!shipment) return noSuchShipment();
  const { shipmentId, merchantId, status, lines, amountMinor } = shipment;
  if (status === 'lost') return accepted();
  if (status === 'delivered') return rejected('ALREADY_DELIVERED', 'The parcel has arrived.');
  const lost: OrderEvent = {
    type: 'ShipmentLost',
    data: {
      shipmentId,
      merchantId,
      customerId: state.customerId,
      lines: lines.map((line) => ({ lineId: line.lineId, quantity: line.quantity, amountMinor: line.amountMinor })),
      amountMinor,
      currency: state.currency,
    },
  };
  return withEnding(state, [lost, ...overdueTasks(state, shipmentId)]);
};

/** A parcel that should have arrived is a task for support. A hold does not stop this: the parcel is on its way. */
export const reportOverdue = ({ shipmentId, deliveredBy }: OrderCommandOf<'ReportOverdue'>, state: PlacedOrder): OrderDecision => {
  const shipment = shipmentOf(state, shipmentId);
  if (shipment?.status !== 'dispatched' || shipment.deliveredBy !== deliveredBy) return accepted();
  const taskId = derivedId('task', 'NOT_DELIVERED', shipmentId);
  if (state.tasks.some((task) => task.taskId === taskId)) return accepted();
  return accepted({ type: 'SupportTaskRaised', data: { taskId, kind: 'NOT_DELIVERED', merchantId: shipment.merchantId, shipmentId } });
};

/** The task about a late parcel is settled once it is known what became of it. */
const overdueTasks = ({ tasks }: PlacedOrder, shipmentId: string): readonly OrderEvent[] =>
  tasks
    .filter((task) => task.kind === 'NOT_DELIVERED' && task.shipmentId === shipmentId && task.status === 'open')
    .map(({ taskId }) => ({ type: 'SupportTaskResolved', data: { taskId } }));

const shipmentOf = ({ shipments }: PlacedOrder, shipmentId: string): Shipment | undefined =>
  shipments.find((shipment) => shipment.shipmentId === shipmentId);

const noSuchShipment = (): Rejected<'SHIPMENT_NOT_FOUND'> => rejected('SHIPMENT_NOT_FOUND', 'The order has no such shipment.');
