import { actsForMerchant, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Decision } from './decider.ts';
import { exponentOf } from './money.ts';
import { maxOnHand, type Grade, type OfferEvent, type PublishedOffer } from './offer-events.ts';
import { afterReservation, noReservations, reservationOf, type Reservations } from './reservations.ts';
import { hasPassed, type Timed } from './terms.ts';
import { emptyTrie, entryOf, withEntry, type Trie } from './trie.ts';

type Line = { readonly orderId: string; readonly lineId: string };

/** What is asked of an offer: by its merchant, and from `ReserveStock` on by processes and deadlines. */
export type OfferCommand =
  | ({ readonly type: 'PublishOffer' } & PublishedOffer)
  | { readonly type: 'ChangePrice'; readonly unitPriceMinor: number; readonly currency: string }
  | { readonly type: 'AdjustStock'; readonly difference: number }
  | { readonly type: 'WithdrawOffer' }
  | ({ readonly type: 'ReserveStock'; readonly quantity: number; readonly reserveBy: string } & Line & Timed)
  | ({ readonly type: 'ConfirmReservation' } & Line)
  | ({ readonly type: 'ReleaseReservation'; readonly cause: 'ORDER' } & Line)
  /** Of a deadline: does nothing unless an unconfirmed reservation until `reserveBy` stands there. */
  | ({ readonly type: 'ExpireReservation'; readonly reserveBy: string } & Line)
  /** Told apart from another parcel of the same line by its command's id alone. */
  | ({ readonly type: 'DispatchStock'; readonly quantity: number } & Line)
  | ({ readonly type: 'RestockOffer'; readonly returnId: string; readonly quantity: number; readonly grade: Grade } & Line);

/** A published offer, with what is kept of it for order lines. Plain JSON. */
type KnownOffer = { readonly status: 'published' | 'withdrawn' } & Readonly<PublishedOffer> & {
    readonly reservations: Reservations;
    /** Lines of returns that were put back, so that none is twice. */
    readonly restocked: Trie<true>;
  };

export type Offer = { readonly status: 'unpublished' } | KnownOffer;

export type OfferCode =
  | 'OFFER_NOT_FOUND'
  | 'OFFER_ALREADY_PUBLISHED'
  | 'OFFER_WITHDRAWN'
  | 'CURRENCY_UNKNOWN'
  | 'CURRENCY_MISMATCH'
  | 'PRICE_NOT_POSITIVE'
  | 'PURCHASE_PRICE_REQUIRED'
  | 'STOCK_BELOW_ZERO'
  | 'STOCK_RESERVED'
  | 'STOCK_TOO_HIGH'
  | 'OUT_OF_STOCK'
  | 'RESERVATION_EXPIRED'
  | 'ALREADY_RELEASED'
  | 'RESERVATION_NOT_CONFIRMED'
  | 'QUANTITY_TOO_HIGH'
  | 'GRADE_LOWER';

type Decided = Decision<OfferEvent, OfferCode>;

/** An offer belongs to its merchant. What does not exist passes, and is refused by `decide`. */
export const mayActOnOffer = (authority: Authority, state: Offer): boolean =>
  state.status === 'unpublished' || actsForMerchant(authority, state.merchantId);

/** Pieces that can be ordered now. */
export const availableOf = (state: Offer): number => (state.status === 'published' ? state.onHand - state.reservations.reserved : 0);

/**
 * Price and stock of one offer. Always: on hand − reserved ≥ 0; one reservation per order line, and never another once it was
 * released; one currency for life. A withdrawn offer still honours its reservations.
 */
export const offer: Decider<Offer, OfferCommand, OfferEvent, OfferCode> = {
  initial: { status: 'unpublished' },

  decide(command, state) {
    if (command.type === 'PublishOffer') return publish(command, state);
    if (state.status === 'unpublished') return rejected('OFFER_NOT_FOUND', 'No such offer has been published.');
    switch (command.type) {
      case 'ChangePrice':
        return changePrice(command, state);
      case 'AdjustStock':
        return adjustStock(command, state);
      case 'WithdrawOffer':
        return state.status === 'withdrawn' ? accepted() : accepted({ type: 'OfferWithdrawn', data: { merchantId: state.merchantId } });
      case 'ReserveStock':
        return reserve(command, state);
      case 'ConfirmReservation':
        return confirm(command, state);
      case 'ReleaseReservation':
        return release(command, state, command.cause);
      case 'ExpireReservation': {
        const known = reservationOf(state.reservations, command.lineId);
        if (typeof known !== 'object' || known.confirmed || known.reserveBy !== command.reserveBy) return accepted();
        return release(command, state, 'EXPIRED');
      }
      case 'DispatchStock':
        return dispatch(command, state);
      case 'RestockOffer':
        return restock(command, state);
    }
  },

  evolve(state, event) {
    const { type, data } = event;
    if (type === 'OfferPublished') return { status: 'published', ...data, reservations: noReservations, restocked: emptyTrie };
    if (state.status === 'unpublished') throw new Error(`${type} before OfferPublished`);
    switch (type) {
      case 'PriceChanged':
        return { ...state, unitPriceMinor: data.unitPriceMinor };
      case 'StockAdjusted':
        return { ...state, onHand: data.onHand };
      case 'OfferWithdrawn':
        return { ...state, status: 'withdrawn' };
      case 'StockReserved':
      case 'ReservationConfirmed':
      case 'ReservationReleased':
        return { ...state, reservations: afterReservation(state.reservations, event) };
      case 'StockDispatched':
        return { ...state, onHand: data.onHand, reservations: afterReservation(state.reservations, event) };
      case 'StockRestocked':
        return { ...state, onHand: data.onHand, grade: data.grade, restocked: withEntry(state.restocked, restockKey(data), true) };
    }
  },
};

type CommandOf<Type extends OfferCommand['type']> = Extract<OfferCommand, { readonly type: Type }>;

const withdrawn = () => rejected('OFFER_WITHDRAWN', 'The offer has been withdrawn.');

const publish = (command: CommandOf<'PublishOffer'>, state: Offer): Decided => {
  if (state.status !== 'unpublished') return rejected('OFFER_ALREADY_PUBLISHED', 'This offer has been published before.');
  const { type: _, ...data } = command;
  if (exponentOf(data.currency) === undefined) return rejected('CURRENCY_UNKNOWN', `${data.currency} is no currency of ISO 4217.`);
  if (data.unitPriceMinor <= 0) return rejected('PRICE_NOT_POSITIVE', 'A price is above zero.');
  if (data.vatScheme === 'MARGIN' && data.purchasePriceMinor === undefined)
    return rejected('PURCHASE_PRICE_REQUIRED', 'VAT on the margin needs the purchase price.');
  return accepted({ type: 'OfferPublished', data });
};

const changePrice = ({ unitPriceMinor, currency }: CommandOf<'ChangePrice'>, state: KnownOffer): Decided => {
  if (state.status === 'withdrawn') return withdrawn();
  if (currency !== state.currency) return rejected('CURRENCY_MISMATCH', `The offer is in ${state.currency}.`);
  if (unitPriceMinor <= 0) return rejected('PRICE_NOT_POSITIVE', 'A price is above zero.');
  if (unitPriceMinor === state.unitPriceMinor) return accepted();
  return accepted({ type: 'PriceChanged', data: { merchantId: state.merchantId, currency, unitPriceMinor } });
};

const adjustStock = ({ difference }: CommandOf<'AdjustStock'>, state: KnownOffer): Decided => {
  if (state.status === 'withdrawn') return withdrawn();
  const { reserved } = state.reservations;
  const onHand = state.onHand + difference;
  if (onHand < 0) return rejected('STOCK_BELOW_ZERO', `${state.onHand} on hand; ${-difference} cannot be taken away.`);
  if (onHand > maxOnHand) return rejected('STOCK_TOO_HIGH', `An offer holds at most ${maxOnHand} pieces.`);
  if (difference === 0) return accepted();
  if (onHand < reserved)
    return rejected('STOCK_RESERVED', `${reserved} of ${state.onHand} on hand are reserved; ${-difference} cannot be taken away.`);
  return accepted({ type: 'StockAdjusted', data: { merchantId: state.merchantId, difference, onHand } });
};

const reserve = ({ orderId, lineId, quantity, reserveBy, now }: CommandOf<'ReserveStock'>, state: KnownOffer): Decided => {
  const known = reservationOf(state.reservations, lineId);
  if (known === 'released') return rejected('ALREADY_RELEASED', 'This line has given its reservation back.');
  if (known !== undefined) return accepted();
  if (state.status === 'withdrawn') return withdrawn();
  if (hasPassed(reserveBy, now)) return rejected('RESERVATION_EXPIRED', `The line was to be reserved until ${reserveBy}.`);
  const available = availableOf(state);
  if (quantity > available) return rejected('OUT_OF_STOCK', `${available} left, ${quantity} asked for.`);
  return accepted({ type: 'StockReserved', data: { merchantId: state.merchantId, orderId, lineId, quantity, reserveBy, reservedAt: now } });
};

/** The time is not looked at: what was not released can be confirmed. */
const confirm = ({ orderId, lineId }: CommandOf<'ConfirmReservation'>, state: KnownOffer): Decided => {
  const known = reservationOf(state.reservations, lineId);
  if (known === undefined || known === 'released') return rejected('ALREADY_RELEASED', 'The reservation is given back or expired.');
  if (known === 'dispatched' || known.confirmed) return accepted();
  return accepted({ type: 'ReservationConfirmed', data: { merchantId: state.merchantId, orderId, lineId, quantity: known.quantity } });
};

/** What is not kept, or no longer, needs no release. */
const release = ({ orderId, lineId }: Line, state: KnownOffer, cause: 'ORDER' | 'EXPIRED'): Decided => {
  const known = reservationOf(state.reservations, lineId);
  if (typeof known !== 'object') return accepted();
  return accepted({ type: 'ReservationReleased', data: { merchantId: state.merchantId, orderId, lineId, quantity: known.quantity, cause } });
};

const dispatch = ({ orderId, lineId, quantity }: CommandOf<'DispatchStock'>, state: KnownOffer): Decided => {
  const known = reservationOf(state.reservations, lineId);
  if (typeof known !== 'object') return rejected('ALREADY_RELEASED', 'Nothing is kept for this line any more.');
  if (!known.confirmed) return rejected('RESERVATION_NOT_CONFIRMED', 'Pieces leave the house for confirmed orders only.');
  if (quantity > known.quantity) return rejected('QUANTITY_TOO_HIGH', `${known.quantity} are kept, ${quantity} were to leave.`);
  return accepted({
    type: 'StockDispatched',
    data: { merchantId: state.merchantId, orderId, lineId, quantity, onHand: state.onHand - quantity },
  });
};

/** Goods that came back worse are sold only as what they are: the offer's grade falls when nothing better is left of it. */
const restock = (command: CommandOf<'RestockOffer'>, state: KnownOffer): Decided => {
  const { orderId, lineId, returnId, quantity } = command;
  if (entryOf(state.restocked, restockKey(command))) return accepted();
  if (state.status === 'withdrawn') return withdrawn();
  const onHand = state.onHand + quantity;
  if (onHand > maxOnHand) return rejected('STOCK_TOO_HIGH', `An offer holds at most ${maxOnHand} pieces.`);
  // Grades are letters; the best is A.
  const worse = command.grade > state.grade;
  if (worse && state.onHand > 0) return rejected('GRADE_LOWER', `The offer holds grade ${state.grade}; what came back is ${command.grade}.`);
  const grade = worse ? command.grade : state.grade;
  return accepted({ type: 'StockRestocked', data: { merchantId: state.merchantId, orderId, lineId, returnId, quantity, grade, onHand } });
};

const restockKey = ({ returnId, lineId }: { readonly returnId: string; readonly lineId: string }): string => `${returnId}/${lineId}`;
