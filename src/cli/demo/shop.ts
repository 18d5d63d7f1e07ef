import { articles, merchants, type Article } from './articles.ts';
import type { Api, OfferRead, Reply } from './api.ts';
import { between, chance, oneOf, someOf } from './chance.ts';

/** An offer as the shop shows it. */
export type Shown = {
  readonly article: Article;
  priceMinor: number;
  /** What it cost before the last change: some customers still have that page open. */
  formerPriceMinor: number | undefined;
  /** Pieces that can be ordered, as far as is known. */
  onHand: number;
  revision: bigint;
  /** Its merchant is at it: one change at a time. */
  isBusy: boolean;
};

export type Item = { readonly shown: Shown; readonly quantity: number; readonly shownPriceMinor: number };

/** The marketplace as its shop window shows it, which may be a moment behind the platform. */
export type Shop = {
  readonly offers: readonly Shown[];
  /** What a customer puts into the basket: now and then at an old price, or more than there is. */
  readonly basket: () => readonly Item[];
  /** Shows what the platform says, unless something newer is known. */
  readonly refresh: (shown: Shown, read: OfferRead) => void;
  /** The same for all of these. */
  readonly reload: (offers: readonly OfferRead[]) => void;
};

/** Takes over the offers of an earlier demo and publishes what is missing. Says how many were new; a reply that is no answer ends it. */
export const openShop = async (
  api: Api,
): Promise<{ readonly kind: 'open'; readonly shop: Shop; readonly published: number } | Exclude<Reply<never>, { kind: 'answered' }>> => {
  const known = new Map<string, OfferRead>();
  for (const { merchantId } of merchants) {
    const reply = await api.listOffers(merchantId);
    if (reply.kind !== 'answered') return reply;
    for (const offer of reply.answer) known.set(offer.offerId, offer);
  }
  const offers: Shown[] = [];
  let published = 0;
  for (const article of articles) {
    const found = known.get(article.offerId);
    if (found) {
      if (found.isPublished) offers.push(shownOf(article, found));
      continue;
    }
    const reply = await api.publishOffer(article, `publish ${article.offerId}`);
    if (reply.kind === 'failed') return reply;
    // Refused: another demo published it this very moment.
    if (reply.kind === 'answered') published += 1;
    offers.push(
      shownOf(article, { offerId: article.offerId, priceMinor: article.priceMinor, available: article.quantity, isPublished: true, revision: 0n }),
    );
  }
  if (offers.length === 0)
    return { kind: 'refused', code: 'OFFER_WITHDRAWN', because: 'All offers of the demo have been withdrawn; npm run reset starts afresh.' };
  return { kind: 'open', shop: shopOf(offers), published };
};

const shownOf = (article: Article, { priceMinor, available, revision }: OfferRead): Shown => ({
  article,
  priceMinor,
  formerPriceMinor: undefined,
  onHand: available,
  revision,
  isBusy: false,
});

const shopOf = (offers: readonly Shown[]): Shop => ({
  offers,
  reload(read) {
    for (const offer of read) {
      const shown = offers.find(({ article }) => article.offerId === offer.offerId);
      if (shown) refresh(shown, offer);
    }
  },
  basket: () => {
    const inStock = offers.filter(({ onHand }) => onHand > 0);
    const soldOut = offers.filter(({ onHand }) => onHand === 0);
    if (inStock.length === 0 || (soldOut.length > 0 && chance(0.03))) return [item(oneOf(soldOut), 1)];
    if (chance(0.02)) {
      const rare = inStock.toSorted((a, b) => a.onHand - b.onHand)[0]!;
      return [item(rare, rare.onHand + 1)];
    }
    const repriced = inStock.filter(({ formerPriceMinor, priceMinor }) => formerPriceMinor !== undefined && formerPriceMinor !== priceMinor);
    if (repriced.length > 0 && chance(0.03)) {
      const shown = oneOf(repriced);
      return [{ ...item(shown, 1), shownPriceMinor: shown.formerPriceMinor! }];
    }
    const lines = chance(0.7) ? 1 : between(2, 4);
    return someOf(inStock, lines).map((shown) => item(shown, chance(0.9) ? 1 : Math.min(between(2, 3), shown.onHand)));
  },
  refresh,
});

const refresh: Shop['refresh'] = (shown, { priceMinor, available, revision }) => {
  if (revision < shown.revision) return;
  Object.assign(shown, { priceMinor, onHand: available, revision });
};

const item = (shown: Shown, quantity: number): Item => ({ shown, quantity, shownPriceMinor: shown.priceMinor });
