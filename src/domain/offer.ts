import { Type } from 'typebox';
import { actsForMerchant, type Authority } from './authority.ts';
import { accepted, rejected, type Decider } from './decider.ts';
import { event, Uuid, type EventIn } from './event.ts';
import { exponentOf, maxAmountMinor } from './money.ts';

/** An amount in minor units. */
export const AmountMinor = Type.Integer({ minimum: 0, maximum: maxAmountMinor });
export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
export const Grade = Type.Union([Type.Literal('A'), Type.Literal('B'), Type.Literal('C')]);
export const VatScheme = Type.Union([Type.Literal('STANDARD'), Type.Literal('MARGIN')]);
export const maxOnHand = 1_000_000;
const Pieces = Type.Integer({ minimum: 0, maximum: maxOnHand });

/** What can happen to an offer. */
export const offerEvents = [
  event('OfferPublished', {
    version: 1,
    means: 'A merchant put graded stock up for sale.',
    data: {
      merchantId: Uuid,
      sku: Type.String(),
      title: Type.String(),
      grade: Grade,
      currency: Currency,
      unitPriceMinor: AmountMinor,
      purchasePriceMinor: Type.Optional(AmountMinor),
      onHand: Pieces,
      vatScheme: VatScheme,
      warrantyMonths: Type.Integer({ minimum: 0, maximum: 120 }),
    },
  }),
  event('PriceChanged', {
    version: 1,
    means: 'The offer costs this from now on; placed orders keep their price.',
    data: { merchantId: Uuid, currency: Currency, unitPriceMinor: AmountMinor },
  }),
  event('StockAdjusted', {
    version: 1,
    means: 'The count of pieces was corrected by a difference; `onHand` is what it is since.',
    data: { merchantId: Uuid, difference: Type.Integer({ minimum: -maxOnHand, maximum: maxOnHand }), onHand: Pieces },
  }),
  event('OfferWithdrawn', { version: 1, means: 'The offer is off the market for good.', data: { merchantId: Uuid } }),
] as const;
export type OfferEvent = EventIn<typeof offerEvents>;

type Published = Extract<OfferEvent, { type: 'OfferPublished' }>['data'];

export type OfferCommand =
  | ({ readonly type: 'PublishOffer' } & Published)
  | { readonly type: 'ChangePrice'; readonly unitPriceMinor: number; readonly currency: string }
  | { readonly type: 'AdjustStock'; readonly difference: number }
  | { readonly type: 'WithdrawOffer' };

export type Offer = { readonly status: 'unpublished' } | ({ readonly status: 'published' | 'withdrawn' } & Readonly<Published>);

export type OfferCode =
  | 'OFFER_NOT_FOUND'
  | 'OFFER_ALREADY_PUBLISHED'
  | 'OFFER_WITHDRAWN'
  | 'CURRENCY_UNKNOWN'
  | 'CURRENCY_MISMATCH'
  | 'PRICE_NOT_POSITIVE'
  | 'PURCHASE_PRICE_REQUIRED'
  | 'STOCK_BELOW_ZERO'
  | 'STOCK_TOO_HIGH';

/** An offer belongs to its merchant. What does not exist passes, and is refused by `decide`. */
export const mayActOnOffer = (authority: Authority, state: Offer): boolean =>
  state.status === 'unpublished' || actsForMerchant(authority, state.merchantId);

/** Pieces that can be ordered now. */
export const availableOf = (state: Offer): number => (state.status === 'published' ? state.onHand : 0);

/** Price and stock of one offer. Always: on hand ≥ 0; one currency for life; nothing changes once it is withdrawn. */
export const offer: Decider<Offer, OfferCommand, OfferEvent, OfferCode> = {
  initial: { status: 'unpublished' },

  decide(command, state) {
    if (command.type === 'PublishOffer') {
      if (state.status !== 'unpublished') return rejected('OFFER_ALREADY_PUBLISHED', 'This offer has been published before.');
      const { type: _, ...data } = command;
      if (exponentOf(data.currency) === undefined) return rejected('CURRENCY_UNKNOWN', `${data.currency} is no currency of ISO 4217.`);
      if (data.unitPriceMinor <= 0) return rejected('PRICE_NOT_POSITIVE', 'A price is above zero.');
      if (data.vatScheme === 'MARGIN' && data.purchasePriceMinor === undefined)
        return rejected('PURCHASE_PRICE_REQUIRED', 'VAT on the margin needs the purchase price.');
      return accepted({ type: 'OfferPublished', data });
    }
    if (state.status === 'unpublished') return rejected('OFFER_NOT_FOUND', 'No such offer has been published.');
    if (state.status === 'withdrawn')
      return command.type === 'WithdrawOffer' ? accepted() : rejected('OFFER_WITHDRAWN', 'The offer has been withdrawn.');
    const { merchantId } = state;
    switch (command.type) {
      case 'ChangePrice': {
        const { unitPriceMinor, currency } = command;
        if (currency !== state.currency) return rejected('CURRENCY_MISMATCH', `The offer is in ${state.currency}.`);
        if (unitPriceMinor <= 0) return rejected('PRICE_NOT_POSITIVE', 'A price is above zero.');
        if (unitPriceMinor === state.unitPriceMinor) return accepted();
        return accepted({ type: 'PriceChanged', data: { merchantId, currency, unitPriceMinor } });
      }
      case 'AdjustStock': {
        const { difference } = command;
        const onHand = state.onHand + difference;
        if (onHand < 0) return rejected('STOCK_BELOW_ZERO', `${state.onHand} on hand; ${-difference} cannot be taken away.`);
        if (onHand > maxOnHand) return rejected('STOCK_TOO_HIGH', `An offer holds at most ${maxOnHand} pieces.`);
        if (difference === 0) return accepted();
        return accepted({ type: 'StockAdjusted', data: { merchantId, difference, onHand } });
      }
      case 'WithdrawOffer':
        return accepted({ type: 'OfferWithdrawn', data: { merchantId } });
    }
  },

  evolve(state, { type, data }) {
    if (type === 'OfferPublished') return { status: 'published', ...data };
    if (state.status === 'unpublished') throw new Error(`${type} before OfferPublished`);
    switch (type) {
      case 'PriceChanged':
        return { ...state, unitPriceMinor: data.unitPriceMinor };
      case 'StockAdjusted':
        return { ...state, onHand: data.onHand };
      case 'OfferWithdrawn':
        return { ...state, status: 'withdrawn' };
    }
  },
};
