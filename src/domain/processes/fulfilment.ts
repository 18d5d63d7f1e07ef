import { idOf } from '../ids.ts';
import type { OrderCommand } from '../order-commands.ts';
import type { OrderEventData } from '../order-events.ts';
import type { Process, ProcessCommand, Reaction, Stored } from './process.ts';

const on = [
  'OrderConfirmed',
  'LineCancelled',
  'ShipmentDispatched',
  'ShipmentLost',
  'HoldReleased',
  'PaymentCaptured',
  'CaptureFailed',
  'AuthorisationLapsed',
  'RefundFailed',
  'OutcomeUnknown',
] as const;

type Shipment = {
  readonly shipmentId: string;
  readonly amountMinor: number;
  readonly capture: 'requested' | 'captured' | 'failed';
  readonly isLost: boolean;
};

type Memory = {
  /** Known from confirmation on. */
  readonly paymentId?: string;
  /** What is confirmed and neither shipped nor cancelled. */
  readonly openMinor: number;
  readonly shipments: readonly Shipment[];
  /** More was authorised than will be captured. */
  readonly hasRemainder: boolean;
  readonly hasLapsed: boolean;
};

/**
 * Fulfilment: what ships leaves the stock and is paid for; what is cancelled goes back on sale, and its money is no longer held once
 * the rest is captured; what is lost is refunded. What money does not do by itself holds the order and becomes a task for support.
 */
export const fulfilment: Process<Memory, (typeof on)[number]> = {
  name: 'fulfilment',
  version: 1,
  on,
  key: ({ data, stream }) => ('orderId' in data ? data.orderId : idOf(stream)),
  initial: { openMinor: 0, shipments: [], hasRemainder: false, hasLapsed: false },

  react(memory, { type, data, stream }) {
    switch (type) {
      case 'OrderConfirmed': {
        const { paymentId, amountMinor: openMinor } = data;
        // A process that slept for days may find the money gone already.
        return { memory: { ...memory, paymentId, openMinor }, commands: memory.hasLapsed ? [cancelOpenLines(idOf(stream))] : [] };
      }
      case 'LineCancelled': {
        const { offerId, lineId, amountMinor } = data;
        const orderId = idOf(stream);
        const release: ProcessCommand = { to: 'offer', id: offerId, command: { type: 'ReleaseReservation', orderId, lineId, cause: 'ORDER' } };
        return settle({ ...memory, openMinor: memory.openMinor - amountMinor, hasRemainder: true }, [release]);
      }
      case 'ShipmentDispatched':
        return dispatch(memory, idOf(stream), data);
      case 'ShipmentLost': {
        const lost = memory.shipments.find(({ shipmentId }) => shipmentId === data.shipmentId);
        const refunds = lost?.capture === 'captured' ? [refund(memory, idOf(stream), lost, 'LOST')] : [];
        return { memory: withShipment(memory, data.shipmentId, { isLost: true }), commands: refunds };
      }
      case 'HoldReleased': {
        // Support lets the order go on: what could not be taken is tried again.
        const failed = data.cause === 'SUPPORT' ? memory.shipments.filter(({ capture, isLost }) => capture === 'failed' && !isLost) : [];
        const again = failed.reduce((next, { shipmentId }) => withShipment(next, shipmentId, { capture: 'requested' }), memory);
        return { memory: again, commands: failed.map((shipment) => capture(memory, idOf(stream), shipment)) };
      }
      case 'PaymentCaptured': {
        const { orderId, shipmentId } = data;
        const shipment = memory.shipments.find((other) => other.shipmentId === shipmentId);
        if (!shipment) return { memory, commands: [] };
        // The one that was given up and the one in its place.
        if (shipment.capture === 'captured') return { memory, commands: [refund(memory, orderId, shipment, 'OVERCAPTURED')] };
        return settle(withShipment(memory, shipmentId, { capture: 'captured' }), shipment.isLost ? [refund(memory, orderId, shipment, 'LOST')] : []);
      }
      case 'CaptureFailed': {
        const { orderId, shipmentId, code } = data;
        const failed = withShipment(memory, shipmentId, { capture: 'failed' });
        const isLost = memory.shipments.some((shipment) => shipment.shipmentId === shipmentId && shipment.isLost);
        return { memory: failed, commands: isLost ? [] : notCaptured(orderId, { shipmentId, paymentId: idOf(stream), code }) };
      }
      case 'AuthorisationLapsed': {
        const cancels = memory.openMinor > 0 ? [cancelOpenLines(data.orderId)] : [];
        const isOwed = memory.shipments.some((shipment) => shipment.capture !== 'captured' && !shipment.isLost);
        const tasks = isOwed ? [task(data.orderId, { kind: 'AUTHORISATION_LAPSED', paymentId: idOf(stream) })] : [];
        return { memory: { ...memory, hasLapsed: true }, commands: [...cancels, ...tasks] };
      }
      case 'RefundFailed': {
        const { orderId, code, returnId } = data;
        const about = returnId === undefined ? { code } : { code, returnId };
        return { memory, commands: [task(orderId, { kind: 'REFUND_FAILED', paymentId: idOf(stream), ...about })] };
      }
      case 'OutcomeUnknown': {
        // Every other operation has a deadline behind it: `payBy` of the order, `captureBefore` of the authorisation.
        const isNobodys = data.operation === 'REFUND';
        return {
          memory,
          commands: isNobodys ? [task(data.orderId, { kind: 'PAYMENT_UNKNOWN', paymentId: idOf(stream), code: data.operation })] : [],
        };
      }
    }
  },

  refused({ to, id: paymentId, command }, code) {
    if (to !== 'payment') return [];
    if (command.type === 'RequestCapture') return notCaptured(command.orderId, { shipmentId: command.shipmentId, paymentId, code });
    if (command.type === 'RequestRefund' && command.orderId !== undefined) return [task(command.orderId, { kind: 'REFUND_FAILED', paymentId, code })];
    return [];
  },
};

const dispatch = (memory: Memory, orderId: string, { shipmentId, amountMinor, lines }: OrderEventData<'ShipmentDispatched'>): Reaction<Memory> => {
  const shipment: Shipment = { shipmentId, amountMinor, capture: 'requested', isLost: false };
  const leaves = lines.map(({ offerId, lineId, quantity }): ProcessCommand => ({
    to: 'offer',
    id: offerId,
    command: { type: 'DispatchStock', orderId, lineId, quantity },
  }));
  const next = { ...memory, openMinor: memory.openMinor - amountMinor, shipments: [...memory.shipments, shipment] };
  return { memory: next, commands: [...leaves, capture(memory, orderId, shipment)] };
};

/** Nothing more will be captured: what was authorised beyond it need not be held. An order of which nothing ships is Placement's. */
const settle = (memory: Memory, commands: readonly ProcessCommand[]): Reaction<Memory> => {
  const { paymentId, openMinor, shipments, hasRemainder } = memory;
  const isOver = openMinor === 0 && shipments.length > 0 && shipments.every((shipment) => shipment.capture === 'captured');
  if (!isOver || !hasRemainder || paymentId === undefined) return { memory, commands };
  const giveBack: ProcessCommand = { to: 'payment', id: paymentId, command: { type: 'RequestVoid' } };
  return { memory, commands: [...commands, giveBack] };
};

const withShipment = (memory: Memory, shipmentId: string, change: Partial<Shipment>): Memory => ({
  ...memory,
  shipments: memory.shipments.map((shipment) => (shipment.shipmentId === shipmentId ? { ...shipment, ...change } : shipment)),
});

const capture = (memory: Memory, orderId: string, { shipmentId, amountMinor }: Shipment): ProcessCommand => ({
  to: 'payment',
  id: paymentOf(memory),
  command: { type: 'RequestCapture', orderId, shipmentId, amountMinor },
});

const refund = (memory: Memory, orderId: string, { shipmentId, amountMinor }: Shipment, cause: 'LOST' | 'OVERCAPTURED'): ProcessCommand => ({
  to: 'payment',
  id: paymentOf(memory),
  command: { type: 'RequestRefund', cause, orderId, shipmentId, amountMinor },
});

const paymentOf = ({ paymentId }: Memory): string => {
  if (paymentId === undefined) throw new Error('something shipped of an order that was never confirmed');
  return paymentId;
};

const notCaptured = (
  orderId: string,
  about: { readonly shipmentId: string; readonly paymentId: string; readonly code: string },
): readonly ProcessCommand[] => [
  { to: 'order', id: orderId, command: { type: 'HoldOrder', cause: 'PAYMENT' } },
  task(orderId, { kind: 'CAPTURE_FAILED', ...about }),
];

const cancelOpenLines = (orderId: string): ProcessCommand => ({
  to: 'order',
  id: orderId,
  command: { type: 'CancelOpenLines', cause: 'AUTHORISATION_LAPSED' },
});

type RaiseTask = Extract<Stored<OrderCommand>, { readonly type: 'RaiseTask' }>;

const task = (orderId: string, about: Omit<RaiseTask, 'type'>): ProcessCommand => ({
  to: 'order',
  id: orderId,
  command: { type: 'RaiseTask', ...about },
});
