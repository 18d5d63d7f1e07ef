import type { Article } from './articles.ts';
import type { Actor, Command } from './commands.ts';
import type { Person } from './people.ts';

/** What the demo asks of the platform; the same through gRPC and through REST. Amounts are euro cents. */
export type Api = {
  readonly transport: 'gRPC' | 'REST';
  readonly placeOrder: (order: OrderForm, key: string) => Promise<Reply<Acknowledged & { readonly orderId: string }>>;
  readonly send: (command: Command, key: string) => Promise<Reply<Acknowledged>>;
  /** As it is in the read model, no older than the consistency token. */
  readonly getOrder: (orderId: string, consistencyToken: string) => Promise<Reply<OrderRead>>;
  /** The types of the order's events, oldest first. */
  readonly getOrderHistory: (orderId: string) => Promise<Reply<readonly string[]>>;
  readonly publishOffer: (article: Article, key: string) => Promise<Reply<Acknowledged>>;
  readonly changePrice: (offer: Owned, priceMinor: number, key: string) => Promise<Reply<Acknowledged>>;
  readonly adjustStock: (offer: Owned, difference: number, reason: string, key: string) => Promise<Reply<Acknowledged>>;
  readonly getOffer: (offer: Owned) => Promise<Reply<OfferRead>>;
  readonly listOffers: (merchantId: string) => Promise<Reply<readonly OfferRead[]>>;
  readonly close: () => void;
};

/** The one currency of the demo. */
export const currency = 'EUR';
/** No answer after this time is an error, repeated tries included. */
export const deadlineMs = 5_000;

export type Owned = Pick<Article, 'offerId' | 'merchant'>;
export type Line = { readonly offerId: string; readonly quantity: number; readonly shownPriceMinor: number };
/** `paymentMethod` is a token of the sandbox provider. */
export type OrderForm = { readonly person: Person; readonly lines: readonly Line[]; readonly paymentMethod: string };
/** The platform has it in its log. */
export type Acknowledged = { readonly revision: bigint; readonly consistencyToken: string };
export type OrderRead = { readonly status: string; readonly totalMinor: number; readonly lines: readonly OrderedLine[] };
export type OrderedLine = {
  readonly lineId: string;
  readonly offerId: string;
  readonly merchantId: string;
  readonly title: string;
  readonly grade: 'A' | 'B' | 'C';
  readonly quantity: number;
  readonly unitPriceMinor: number;
};
export type OfferRead = {
  readonly offerId: string;
  readonly priceMinor: number;
  readonly available: number;
  readonly isPublished: boolean;
  readonly revision: bigint;
};

/** Tokens of the development issuer for those whom the demo plays. */
export type Tokens = { readonly checkout: string; readonly of: (actor: Actor) => Promise<string> };

/** What came of a request. */
export type Reply<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The domain says no: part of life. */
  | { readonly kind: 'refused'; readonly code: string; readonly because: string }
  /** An error. */
  | { readonly kind: 'failed'; readonly code: string; readonly because: string };

/** Failures that no answer of the platform tells of. */
export const noConnection = 'connection lost';
export const noAnswer = `no answer in ${deadlineMs / 1_000} s`;
