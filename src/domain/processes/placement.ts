import { idOf } from '../ids.ts';
import { sum, times } from '../money.ts';
import type { OrderEventData } from '../order-events.ts';
import type { Process, ProcessCommand, Reaction, Reported } from './process.ts';

const on = [
  'OrderPlaced',
  'StockReserved',
  'LineReserved',
  'PaymentRequested',
  'PaymentAuthorised',
  'PaymentDeclined',
  'ReservationConfirmed',
  'ReservationReleased',
  'OrderCancelled',
  'OrderExpired',
] as const;

type Line = {
  readonly lineId: string;
  readonly offerId: string;
  readonly amountMinor: number;
  readonly status: 'asked' | 'reserved' | 'confirmed';
};

/** What is to be paid, as the order said it. */
type Bill = Pick<OrderEventData<'OrderPlaced'>, 'customerId' | 'currency' | 'paymentMethod' | 'payBy'>;

type Memory =
  | { readonly status: 'unplaced' }
  | {
      readonly status: 'reserving' | 'paying' | 'confirming';
      readonly lines: readonly Line[];
      readonly bill: Bill;
      readonly paymentId?: string;
    }
  | { readonly status: 'ended' };

type Running = Exclude<Memory, { readonly status: 'unplaced' | 'ended' }>;

/**
 * Placement: every line of a placed order is reserved, then its total authorised, then every reservation confirmed, then the order. An
 * order that ends before or after gives all of it back; commands go out in order, so no release overtakes its reservation.
 */
export const placement: Process<Memory, (typeof on)[number]> = {
  name: 'placement',
  version: 1,
  on,
  key: ({ data, stream }) => ('orderId' in data ? data.orderId : idOf(stream)),
  initial: { status: 'unplaced' },

  react(memory, event) {
    if (event.type === 'OrderPlaced') return place(event);
    switch (memory.status) {
      case 'unplaced':
        return { memory, commands: [] };
      case 'ended':
        return { memory, commands: afterTheEnd(event) };
      case 'reserving':
      case 'paying':
      case 'confirming':
        return goOn(memory, event);
    }
  },

  refused({ to, command }, code) {
    if (to !== 'offer') return [];
    switch (command.type) {
      case 'ReserveStock':
        return [{ to: 'order', id: command.orderId, command: { type: 'MarkLineRefused', lineId: command.lineId, code } }];
      case 'ConfirmReservation':
        return [{ to: 'order', id: command.orderId, command: { type: 'CancelOrder', cause: 'RESERVATION_EXPIRED' } }];
      case 'ReleaseReservation':
      case 'PublishOffer':
      case 'ChangePrice':
      case 'AdjustStock':
      case 'WithdrawOffer':
      case 'ExpireReservation':
      case 'DispatchStock':
      case 'RestockOffer':
        return [];
    }
  },
};

type Event = Reported<(typeof on)[number]>;

const place = ({ stream, data }: Reported<'OrderPlaced'>): Reaction<Memory> => {
  const { customerId, currency, paymentMethod, payBy, reserveBy } = data;
  const orderId = idOf(stream);
  return {
    memory: {
      status: 'reserving',
      lines: data.lines.map(({ lineId, offerId, quantity, unitPriceMinor }) => ({
        lineId,
        offerId,
        amountMinor: times(unitPriceMinor, quantity),
        status: 'asked',
      })),
      bill: { customerId, currency, paymentMethod, payBy },
    },
    commands: data.lines.map(({ lineId, offerId, quantity }) => ({
      to: 'offer',
      id: offerId,
      command: { type: 'ReserveStock', orderId, lineId, quantity, reserveBy },
    })),
  };
};

const goOn = (memory: Running, event: Exclude<Event, Reported<'OrderPlaced'>>): Reaction<Memory> => {
  const { type, data, stream } = event;
  switch (type) {
    case 'StockReserved':
      return { memory, commands: [{ to: 'order', id: data.orderId, command: { type: 'MarkLineReserved', lineId: data.lineId } }] };
    case 'LineReserved':
      return advance(withLine(memory, data.lineId, 'reserved'), idOf(stream));
    case 'PaymentRequested':
      return { memory: { ...memory, paymentId: idOf(stream) }, commands: [] };
    case 'PaymentAuthorised':
      return { memory: { ...memory, status: 'confirming' }, commands: memory.lines.map((line) => confirm(data.orderId, line)) };
    case 'PaymentDeclined':
      return { memory, commands: [{ to: 'order', id: data.orderId, command: { type: 'CancelOrder', cause: 'PAYMENT_DECLINED' } }] };
    case 'ReservationConfirmed':
      return advance(withLine(memory, data.lineId, 'confirmed'), data.orderId);
    case 'ReservationReleased': {
      const cancel: ProcessCommand = { to: 'order', id: data.orderId, command: { type: 'CancelOrder', cause: 'RESERVATION_EXPIRED' } };
      return { memory, commands: data.cause === 'EXPIRED' ? [cancel] : [] };
    }
    case 'OrderCancelled':
    case 'OrderExpired': {
      const releases = memory.lines.map((line) => release(idOf(stream), line));
      return { memory: { status: 'ended' }, commands: memory.paymentId === undefined ? releases : [...releases, giveBack(memory.paymentId)] };
    }
  }
};

/** What was still under way when the order ended is given back as it comes. */
const afterTheEnd = ({ type, data, stream }: Event): readonly ProcessCommand[] => {
  if (type === 'StockReserved') return [release(data.orderId, { lineId: data.lineId, offerId: idOf(stream) })];
  return type === 'PaymentRequested' || type === 'PaymentAuthorised' ? [giveBack(idOf(stream))] : [];
};

/** The next step, once every line has come as far. */
const advance = (memory: Running, orderId: string): Reaction<Memory> => {
  const { status, lines, bill, paymentId } = memory;
  const all = (status: Line['status']): boolean => lines.every((line) => line.status === status);
  if (status === 'reserving' && all('reserved')) {
    const amountMinor = sum(lines.map((line) => line.amountMinor));
    return {
      memory: { ...memory, status: 'paying' },
      commands: [{ to: 'payment', id: '', command: { type: 'RequestPayment', orderId, ...bill, amountMinor } }],
    };
  }
  if (status === 'confirming' && paymentId !== undefined && all('confirmed'))
    return { memory, commands: [{ to: 'order', id: orderId, command: { type: 'ConfirmOrder', paymentId } }] };
  return { memory, commands: [] };
};

const withLine = (memory: Running, lineId: string, status: Line['status']): Running => ({
  ...memory,
  lines: memory.lines.map((line) => (line.lineId === lineId ? { ...line, status } : line)),
});

const confirm = (orderId: string, { lineId, offerId }: Line): ProcessCommand => ({
  to: 'offer',
  id: offerId,
  command: { type: 'ConfirmReservation', orderId, lineId },
});

const release = (orderId: string, { lineId, offerId }: Pick<Line, 'lineId' | 'offerId'>): ProcessCommand => ({
  to: 'offer',
  id: offerId,
  command: { type: 'ReleaseReservation', orderId, lineId, cause: 'ORDER' },
});

const giveBack = (paymentId: string): ProcessCommand => ({ to: 'payment', id: paymentId, command: { type: 'RequestVoid' } });
