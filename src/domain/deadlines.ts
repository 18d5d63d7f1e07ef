import { idOf } from './ids.ts';
import type { ProcessCommand, Reported } from './processes/process.ts';

/** A time that a fact named: once it has come, a command says so. One per stream, kind and subject; setting it again replaces it. */
export type Deadline = {
  readonly kind: DeadlineKind;
  readonly stream: string;
  /** What of the stream it is about: a line, a shipment, `order/line` of a reservation; empty: the whole. */
  readonly subject: string;
  /** As the fact says it, ISO 8601 in UTC. */
  readonly dueAt: string;
  /** The event that set it. */
  readonly eventId: string;
};

export type DeadlineKind =
  | 'reserveBy'
  | 'payBy'
  | 'acceptBy'
  | 'dispatchBy'
  | 'deliveredBy'
  | 'holdUntil'
  | 'withdrawalEnds'
  | 'captureBefore'
  | 'decideBy'
  | 'returnBy'
  | 'inspectBy';

/** Deadlines that are none any more; without `subject` all of the kind. */
export type Cleared = { readonly stream: string; readonly kind: DeadlineKind; readonly subject?: string };

/** The types of the events that set or clear deadlines. */
export const deadlineEvents = [
  'StockReserved',
  'ReservationConfirmed',
  'ReservationReleased',
  'OrderPlaced',
  'OrderConfirmed',
  'LineAccepted',
  'LineCancelled',
  'ShipmentDispatched',
  'ShipmentDelivered',
  'ShipmentLost',
  'OrderHeld',
  'HoldReleased',
  'OrderDelivered',
  'OrderCompleted',
  'OrderCancelled',
  'OrderExpired',
  'PaymentAuthorised',
  'VoidRequested',
  'PaymentVoided',
  'AuthorisationLapsed',
  'ReturnAdmitted',
  'ReturnApproved',
  'ReturnRejected',
  'ReturnReceived',
  'InspectionOverdue',
  'ReturnInspected',
  'ReturnClosed',
] as const;

/**
 * What an event does to deadlines: first those in `cleared` go, then those in `set` come. Some are left standing though nothing
 * waits for them any more (a line that shipped whole): their command finds nothing to do.
 */
export const deadlinesOf = (
  event: Reported<(typeof deadlineEvents)[number]>,
): { readonly set: readonly Deadline[]; readonly cleared: readonly Cleared[] } => {
  const { stream, id: eventId, type, data } = event;
  const due = (kind: DeadlineKind, dueAt: string, subject = ''): Deadline => ({ kind, stream, subject, dueAt, eventId });
  const gone = (kind: DeadlineKind, subject?: string): Cleared => (subject === undefined ? { stream, kind } : { stream, kind, subject });
  switch (type) {
    case 'StockReserved':
      return { set: [due('reserveBy', data.reserveBy, reservation(data))], cleared: [] };
    case 'ReservationConfirmed':
    case 'ReservationReleased':
      return { set: [], cleared: [gone('reserveBy', reservation(data))] };
    case 'OrderPlaced':
      return { set: [due('payBy', data.payBy)], cleared: [] };
    case 'OrderConfirmed':
      return { set: [due('acceptBy', data.acceptBy)], cleared: [gone('payBy')] };
    case 'LineAccepted':
      return { set: [due('dispatchBy', data.dispatchBy, data.lineId)], cleared: [] };
    case 'LineCancelled':
      return { set: [], cleared: [gone('dispatchBy', data.lineId)] };
    case 'ShipmentDispatched':
      return { set: [due('deliveredBy', data.deliveredBy, data.shipmentId)], cleared: [] };
    case 'ShipmentDelivered':
    case 'ShipmentLost':
      return { set: [], cleared: [gone('deliveredBy', data.shipmentId)] };
    case 'OrderHeld':
      return { set: [due('holdUntil', data.holdUntil)], cleared: [gone('acceptBy'), gone('dispatchBy')] };
    case 'HoldReleased': {
      const acceptBy = data.acceptBy === undefined ? [] : [due('acceptBy', data.acceptBy)];
      const dispatchBy = data.lines.map((line) => due('dispatchBy', line.dispatchBy, line.lineId));
      return { set: [...acceptBy, ...dispatchBy], cleared: [gone('holdUntil'), gone('acceptBy'), gone('dispatchBy')] };
    }
    case 'OrderDelivered':
      return { set: [due('withdrawalEnds', data.withdrawalEnds)], cleared: [gone('acceptBy'), gone('dispatchBy')] };
    case 'OrderCompleted':
    case 'OrderCancelled':
    case 'OrderExpired':
      return { set: [], cleared: ofOrders.map((kind) => gone(kind)) };
    case 'PaymentAuthorised':
      return { set: [due('captureBefore', data.captureBefore)], cleared: [] };
    case 'VoidRequested':
    case 'PaymentVoided':
    case 'AuthorisationLapsed':
      return { set: [], cleared: [gone('captureBefore')] };
    case 'ReturnAdmitted':
      return { set: data.decideBy === undefined ? [] : [due('decideBy', data.decideBy)], cleared: [] };
    case 'ReturnApproved':
      return { set: [due('returnBy', data.returnBy)], cleared: [gone('decideBy')] };
    case 'ReturnReceived':
      return { set: [due('inspectBy', data.inspectBy)], cleared: [gone('returnBy')] };
    case 'InspectionOverdue':
    case 'ReturnInspected':
      return { set: [], cleared: [gone('inspectBy')] };
    case 'ReturnRejected':
    case 'ReturnClosed':
      return { set: [], cleared: [gone('decideBy'), gone('returnBy'), gone('inspectBy')] };
  }
};

/** The command of a deadline that has come. It names the fact, and does nothing where another stands by then. */
export const commandOf = ({ kind, stream, subject, dueAt }: Deadline): ProcessCommand => {
  const id = idOf(stream);
  switch (kind) {
    case 'reserveBy': {
      const [orderId, lineId] = subject.split('/') as [string, string];
      return { to: 'offer', id, command: { type: 'ExpireReservation', orderId, lineId, reserveBy: dueAt } };
    }
    case 'payBy':
      return { to: 'order', id, command: { type: 'ExpireOrder', payBy: dueAt } };
    case 'acceptBy':
      return { to: 'order', id, command: { type: 'CancelUnaccepted', acceptBy: dueAt } };
    case 'dispatchBy':
      return { to: 'order', id, command: { type: 'CancelUndispatched', lineId: subject, dispatchBy: dueAt } };
    case 'deliveredBy':
      return { to: 'order', id, command: { type: 'ReportOverdue', shipmentId: subject, deliveredBy: dueAt } };
    case 'holdUntil':
      return { to: 'order', id, command: { type: 'LapseHold', holdUntil: dueAt } };
    case 'withdrawalEnds':
      return { to: 'order', id, command: { type: 'CompleteOrder', withdrawalEnds: dueAt } };
    case 'captureBefore':
      return { to: 'payment', id, command: { type: 'LapseAuthorisation', captureBefore: dueAt } };
    case 'decideBy':
      return { to: 'return', id, command: { type: 'ApproveUndecided', decideBy: dueAt } };
    case 'returnBy':
      return { to: 'return', id, command: { type: 'CloseUnreturned', returnBy: dueAt } };
    case 'inspectBy':
      return { to: 'return', id, command: { type: 'ReportUninspected', inspectBy: dueAt } };
  }
};

const reservation = ({ orderId, lineId }: { readonly orderId: string; readonly lineId: string }): string => `${orderId}/${lineId}`;

const ofOrders: readonly DeadlineKind[] = ['payBy', 'acceptBy', 'dispatchBy', 'deliveredBy', 'holdUntil', 'withdrawalEnds'];
