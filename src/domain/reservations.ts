import type { OfferEvent } from './offer-events.ts';
import { after } from './terms.ts';
import { emptyTrie, entryOf, withEntry, withoutEntry, type Trie } from './trie.ts';

/** Pieces that are kept for an order line. */
export type Reservation = { readonly quantity: number; readonly reserveBy: string; readonly confirmed: boolean };

/** How a reservation ended: given back, or shipped to the last piece. */
type Ending = 'released' | 'dispatched';

/** The order lines that an offer knows. Plain JSON; each change costs the same however many there are. */
export type Reservations = {
  /** Pieces kept, of all lines. */
  readonly reserved: number;
  /** By line id. */
  readonly kept: Trie<Reservation>;
  /** Lines that are done, by the day (UTC) until which they were to be reserved; an old day is dropped as a whole. */
  readonly ended: readonly { readonly day: string; readonly lines: Trie<Ending> }[];
};

export const noReservations: Reservations = { reserved: 0, kept: emptyTrie, ended: [] };

/** What an offer knows of a line. A line that ended long ago is unknown again. */
export const reservationOf = ({ kept, ended }: Reservations, lineId: string): Reservation | Ending | undefined => {
  const reservation = entryOf(kept, lineId);
  if (reservation) return reservation;
  for (const { lines } of ended) {
    const ending = entryOf(lines, lineId);
    if (ending) return ending;
  }
  return undefined;
};

type ReservationEvent = Extract<OfferEvent, { type: 'StockReserved' | 'ReservationConfirmed' | 'ReservationReleased' | 'StockDispatched' }>;

/** The reservations after an event. */
export const afterReservation = (state: Reservations, { type, data }: ReservationEvent): Reservations => {
  const { lineId, quantity } = data;
  switch (type) {
    case 'StockReserved': {
      const { reserveBy, reservedAt } = data;
      return {
        reserved: state.reserved + quantity,
        kept: withEntry(state.kept, lineId, { quantity, reserveBy, confirmed: false }),
        ended: remembered(state.ended, reservedAt),
      };
    }
    case 'ReservationConfirmed': {
      const reservation = entryOf(state.kept, lineId);
      return reservation ? { ...state, kept: withEntry(state.kept, lineId, { ...reservation, confirmed: true }) } : state;
    }
    case 'ReservationReleased':
      return taken(state, lineId, quantity, 'released');
    case 'StockDispatched':
      return taken(state, lineId, quantity, 'dispatched');
  }
};

/** Pieces of a line are no longer kept; with the last one the line is done. */
const taken = (state: Reservations, lineId: string, quantity: number, ending: Ending): Reservations => {
  const reserved = state.reserved - quantity;
  const reservation = entryOf(state.kept, lineId);
  if (!reservation) return { ...state, reserved };
  const left = reservation.quantity - quantity;
  if (left > 0) return { ...state, reserved, kept: withEntry(state.kept, lineId, { ...reservation, quantity: left }) };
  const day = dayOf(reservation.reserveBy);
  const known = state.ended.find((ended) => ended.day === day);
  const lines = withEntry(known?.lines ?? emptyTrie, lineId, ending);
  return { reserved, kept: withoutEntry(state.kept, lineId), ended: [...state.ended.filter((ended) => ended !== known), { day, lines }] };
};

const forgottenAfterMs = 24 * 3_600_000;

/**
 * Forgets lines that were to be reserved until a day which ended more than 24 hours ago: a reservation past its time is refused, so none of
 * them is ever reserved again.
 */
const remembered = (ended: Reservations['ended'], reservedAt: string): Reservations['ended'] => {
  const today = dayOf(reservedAt);
  if (ended.every(({ day }) => day >= today)) return ended;
  const first = dayOf(after(reservedAt, -forgottenAfterMs));
  return ended.filter(({ day }) => day >= first);
};

const dayOf = (time: string): string => time.slice(0, 10);
