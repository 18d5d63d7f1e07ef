import { randomUUID } from 'node:crypto';
import type { Acknowledged, Api, OrderRead, Reply } from './api.ts';
import type { Ask } from './asking.ts';
import { between, chance, oneOf } from './chance.ts';
import { nextFate, paymentMethodFor } from './fates.ts';
import type { Arrival, Journey, Ledger } from './ledger.ts';
import type { Lives } from './lives.ts';
import { short } from './living.ts';
import { somebody } from './people.ts';
import type { Screen } from './screen.ts';
import type { Item, Shop, Shown } from './shop.ts';
import { milliseconds } from './summary.ts';
import type { Tally } from './tally.ts';
import type { Tales } from './tales.ts';

/** What happens in the marketplace, each to its end. */
export type Stories = {
  readonly placeOrder: () => Promise<void>;
  /** A cancellation was acknowledged: it is followed until it was seen everywhere. */
  readonly cancelled: (orderId: string, reason: string, answer: Acknowledged, sentAt: number) => void;
  readonly changePrice: () => Promise<void>;
  readonly adjustStock: () => Promise<void>;
  /** The shop window shows again what the platform says of one merchant's offers. */
  readonly lookAtShelves: () => Promise<void>;
  readonly lookAtHistory: () => Promise<void>;
  /** Reads an acknowledged order and notes where it shows what was acknowledged. */
  readonly read: (journey: Journey, api: Api) => Promise<void>;
};

/** Orders that may still be looked at. */
const maxRecent = 200;

export const createStories = (options: {
  readonly apis: readonly Api[];
  readonly shop: Shop;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly screen: Pick<Screen, 'tell'>;
  readonly ask: Ask;
  readonly tales: Tales;
  readonly lives: () => Lives;
}): Stories => {
  const { apis, shop, ledger, tally, screen, ask, tales, lives } = options;
  const recent: { readonly orderId: string; readonly totalMinor: number }[] = [];

  const broken = (promise: string): void => {
    tally.broken(promise);
    screen.tell({ label: 'BROKEN', what: promise });
  };

  const read = async (journey: Journey, api: Api): Promise<void> => void (await readOrder(journey, api));

  /** Notes where the order was seen, and answers it. */
  const readOrder = async (journey: Journey, api: Api): Promise<OrderRead | undefined> => {
    const { what, orderId, consistencyToken } = journey;
    const reply = await ask(api, (through) => through.getOrder(orderId, consistencyToken));
    if (reply.kind !== 'answered') return undefined;
    tally.count('reads');
    const { status } = reply.answer;
    if (what === 'cancelled' && status !== 'CANCELLED')
      broken(`order ${orderId} was cancelled, but is ${status} when read with that answer's consistency token`);
    const known = recent.findLast((order) => order.orderId === orderId);
    if (known && known.totalMinor !== reply.answer.totalMinor)
      broken(`order ${orderId} was placed for ${euros(known.totalMinor)}, but reads ${euros(reply.answer.totalMinor)}`);
    ledger.read(what, orderId);
    return reply.answer;
  };

  /** From the acknowledgement until it has been seen everywhere; the first reading is the customer's own. */
  const follow = (journey: Journey, api: Api, tell: (times: string) => void): Promise<OrderRead | undefined> => {
    const { sentAt, acknowledgedAt } = journey;
    ledger.acknowledged(journey, ({ readAt, heardAt }: Arrival) => {
      tally.took('read model', readAt - sentAt);
      tally.took('RabbitMQ', heardAt - sentAt);
      const after = (at: number): string => milliseconds(at - sentAt);
      tell(`${api.transport} ${after(acknowledgedAt)}, seen ${after(readAt)}, told ${after(heardAt)} ms`);
    });
    return readOrder(journey, api);
  };

  /** The same request again, through whichever transport: it must be the same order. */
  const sendAgain = async (first: Api, orderId: string, send: (api: Api) => Promise<Reply<{ readonly orderId: string }>>): Promise<void> => {
    const second = oneOf(apis);
    const reply = await ask(second, send);
    if (reply.kind === 'failed') return;
    tally.count('sent twice');
    if (reply.kind === 'refused') return broken(`order ${orderId}, sent again with its key through ${second.transport}, was refused: ${reply.code}`);
    if (reply.answer.orderId !== orderId)
      return broken(`order ${orderId}, sent again with its key through ${second.transport}, became order ${reply.answer.orderId}`);
    screen.tell({
      label: 'same again',
      what: `order ${short(orderId)} sent twice, ${first.transport === second.transport ? `both through ${first.transport}` : `through ${first.transport} and ${second.transport}`}: one order`,
    });
  };

  /** The shop window is brought up to date where the platform disagreed with it. */
  const reload = async (items: readonly Item[]): Promise<void> => {
    for (const { shown } of items) {
      const reply = await ask(oneOf(apis), (api) => api.getOffer({ offerId: shown.article.offerId, merchant: shown.article.merchant }));
      if (reply.kind !== 'answered') continue;
      tally.count('reads');
      shop.refresh(shown, reply.answer);
    }
  };

  /** A merchant's change of one of its offers. */
  const change = async (shown: Shown, send: (api: Api, key: string) => Promise<Reply<Acknowledged>>): Promise<boolean> => {
    shown.isBusy = true;
    const key = randomUUID();
    const reply = await ask(oneOf(apis), (api) => send(api, key));
    shown.isBusy = false;
    if (reply.kind === 'answered') shown.revision = reply.answer.revision;
    if (reply.kind === 'refused') await reload([{ shown, quantity: 0, shownPriceMinor: 0 }]);
    return reply.kind === 'answered';
  };

  return {
    async placeOrder() {
      const api = oneOf(apis);
      const items = shop.basket();
      const person = somebody();
      const fate = nextFate();
      const form = {
        person,
        paymentMethod: paymentMethodFor(fate),
        lines: items.map(({ shown, quantity, shownPriceMinor }) => ({ offerId: shown.article.offerId, quantity, shownPriceMinor })),
      };
      const totalMinor = items.reduce((total, { quantity, shownPriceMinor }) => total + quantity * shownPriceMinor, 0);
      const key = randomUUID();
      const send = (through: Api) => through.placeOrder(form, key);

      tally.count('sent');
      const sentAt = performance.now();
      const reply = await ask(api, send);
      const acknowledgedAt = performance.now();
      if (reply.kind === 'refused') {
        await reload(items);
        return screen.tell({
          label: 'refused',
          what: `${reply.code}  ${listed(items)}`,
          tail: disagreement(reply.code, items) ?? reply.because.replace(/^lines\[\d+\]: /, ''),
        });
      }
      if (reply.kind === 'failed') return;
      const { orderId, consistencyToken } = reply.answer;
      tally.count('placed');
      tally.took(api.transport, acknowledgedAt - sentAt);
      const tale = tales.of(orderId);
      recent.push({ orderId, totalMinor });
      if (recent.length > maxRecent) recent.shift();
      for (const { shown, quantity } of items) shown.onHand = Math.max(0, shown.onHand - quantity);
      const seen = await follow({ what: 'placed', orderId, consistencyToken, sentAt, acknowledgedAt }, api, (times) =>
        screen.tell({
          label: 'order',
          what: `${short(orderId)}  ${listed(items)}`,
          tail: `${euros(totalMinor).padStart(11)} to ${person.countryCode}   ${times}`,
        }),
      );
      if (seen) lives().begin({ orderId, person, fate, read: seen, tale });
      if (chance(0.03)) await sendAgain(api, orderId, send);
    },

    cancelled(orderId, reason, { consistencyToken }, sentAt) {
      tally.count('cancelled');
      const journey: Journey = { what: 'cancelled', orderId, consistencyToken, sentAt, acknowledgedAt: performance.now() };
      void follow(journey, oneOf(apis), (times) => screen.tell({ label: 'cancelled', what: `${short(orderId)}  “${reason}”`, tail: times }));
    },

    async changePrice() {
      const shown = oneOf(shop.offers);
      if (shown.isBusy) return;
      const { article, priceMinor: before } = shown;
      // A few per cent up or down, never far from where it began, in whole euros.
      const wished = wholeEuros(before * (1 + between(-6, 6) / 100));
      const priceMinor = Math.min(Math.max(wished, wholeEuros(article.priceMinor * 0.85)), wholeEuros(article.priceMinor * 1.15));
      if (priceMinor === before || !(await change(shown, (api, key) => api.changePrice(article, priceMinor, key)))) return;
      tally.count('price changes');
      Object.assign(shown, { priceMinor, formerPriceMinor: before });
      screen.tell({ label: 'price', what: `${named(shown)}  ${euros(before)} → ${euros(priceMinor)}`, tail: article.merchant.name });
    },

    async adjustStock() {
      const wanting = shop.offers.filter(({ isBusy, onHand }) => !isBusy && onHand <= 1);
      if (wanting.length === 0) return;
      const shown = oneOf(wanting);
      const { article } = shown;
      const pieces = between(2, article.quantity + 4);
      if (!(await change(shown, (api, key) => api.adjustStock(article, pieces, 'New stock', key)))) return;
      tally.count('stock changes');
      shown.onHand += pieces;
      screen.tell({ label: 'stock', what: `${named(shown)}  ${pieces} new`, tail: article.merchant.name });
    },

    async lookAtShelves() {
      const { merchantId } = oneOf(shop.offers).article.merchant;
      const reply = await ask(oneOf(apis), (api) => api.listOffers(merchantId));
      if (reply.kind !== 'answered') return;
      tally.count('reads');
      shop.reload(reply.answer);
    },

    async lookAtHistory() {
      if (recent.length === 0) return;
      const { orderId } = oneOf(recent);
      const reply = await ask(oneOf(apis), (api) => api.getOrderHistory(orderId));
      if (reply.kind !== 'answered') return;
      tally.count('reads');
      if (reply.answer[0] !== 'OrderPlaced') broken(`the history of order ${orderId} does not begin with OrderPlaced: ${reply.answer.join(', ')}`);
      screen.tell({ label: 'history', what: `order ${short(orderId)}: ${reply.answer.join(' → ')}`, tail: 'support' });
    },

    read,
  };
};

const named = ({ article: { title, grade } }: Shown): string => `${title} (${grade})`;

const listed = (items: readonly Item[]): string => {
  const first = items.slice(0, 2).map(({ shown, quantity }) => `${quantity} × ${named(shown)}`);
  const sellers = new Set(items.map(({ shown }) => shown.article.merchant.merchantId)).size;
  return `${first.join(', ')}${items.length > 2 ? ` and ${items.length - 2} more` : ''}${sellers > 1 ? ` from ${sellers} merchants` : ''}`;
};

/** Where the shop window and the platform disagreed, after it was brought up to date. */
const disagreement = (code: string, items: readonly Item[]): string | undefined => {
  const repriced = items.find(({ shown, shownPriceMinor }) => shown.priceMinor !== shownPriceMinor);
  if (code === 'PRICE_CHANGED' && repriced) return `seen at ${euros(repriced.shownPriceMinor)}, costs ${euros(repriced.shown.priceMinor)} now`;
  const scarce = items.find(({ shown, quantity }) => shown.onHand < quantity);
  if (code === 'OUT_OF_STOCK' && scarce) return `${scarce.quantity} asked for, ${scarce.shown.onHand === 0 ? 'none' : scarce.shown.onHand} left`;
  return undefined;
};

const wholeEuros = (amountMinor: number): number => Math.round(amountMinor / 100) * 100;

const euros = (amountMinor: number): string => `${(amountMinor / 100).toFixed(2)} EUR`;
