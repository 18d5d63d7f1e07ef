import { LRUCache } from 'lru-cache';
import { textOf, type Message } from './messages.ts';

/** What messages have told of one order, its payment and its returns so far, oldest first. */
export type Tale = {
  readonly orderId: string;
  readonly heard: readonly Message[];
  /** Resolves with the first message, heard or to come, that fits; with undefined when none came in time or the demo ends. */
  readonly until: (fits: (message: Message) => boolean, withinMs: number) => Promise<Message | undefined>;
};

/** The tales of all orders, ours or not: messages may come before the order's own acknowledgement. */
export type Tales = { readonly hear: (message: Message) => void; readonly of: (orderId: string) => Tale };

/** Tales that are remembered without anybody keeping them. */
const remembered = 20_000;

/** No tale yet. */
export const createTales = (stopped: AbortSignal): Tales => {
  const known = new LRUCache<string, Tale & { readonly tell: (message: Message) => void }>({ max: remembered });

  const open = (orderId: string) => {
    const heard: Message[] = [];
    const listeners = new Set<(message: Message) => void>();
    return {
      orderId,
      heard,
      tell: (message: Message): void => {
        heard.push(message);
        for (const listener of listeners) listener(message);
      },
      until: (fits: (message: Message) => boolean, withinMs: number): Promise<Message | undefined> => {
        const found = heard.find(fits);
        if (found || stopped.aborted) return Promise.resolve(found);
        return new Promise((resolve) => {
          const end = (message?: Message): void => {
            clearTimeout(timer);
            listeners.delete(listener);
            stopped.removeEventListener('abort', giveUp);
            resolve(message);
          };
          const giveUp = (): void => end();
          const listener = (message: Message): void => {
            if (fits(message)) end(message);
          };
          const timer = setTimeout(giveUp, withinMs);
          listeners.add(listener);
          stopped.addEventListener('abort', giveUp, { once: true });
        });
      },
    };
  };

  const of = (orderId: string) => {
    const tale = known.get(orderId) ?? open(orderId);
    known.set(orderId, tale);
    return tale;
  };
  return { of, hear: (message) => of(message.key).tell(message) };
};

const statuses: Readonly<Record<string, string>> = {
  'order-placed': 'PLACED',
  'order-confirmed': 'CONFIRMED',
  'shipment-dispatched': 'on its way',
  'order-delivered': 'DELIVERED',
  'order-completed': 'COMPLETED',
  'order-cancelled': 'CANCELLED',
  'order-expired': 'EXPIRED',
};

/** Where the order is, as far as messages tell. */
export const statusOf = ({ heard }: Tale): string => heard.reduce((status, { name }) => statuses[name] ?? status, 'PLACED');

/** Nothing but returns happens to the order any more. */
export const isEnd = ({ name }: Message): boolean => name === 'order-completed' || name === 'order-cancelled' || name === 'order-expired';

/** What is worth telling of the order, in a few words each. */
export const turnsOf = ({ heard }: Tale): readonly string[] => {
  const turns = new Set<string>();
  const merchants = new Set<string>();
  for (const message of heard) {
    const { name, data } = message;
    const cause = textOf(message, 'cause');
    if (name === 'order-completed') turns.add('completed');
    if (name === 'order-cancelled') turns.add(`cancelled as a whole: ${cause}`);
    if (name === 'order-expired') turns.add('expired');
    if (name === 'line-cancelled') turns.add(`a line cancelled: ${cause}`);
    if (name === 'order-address-changed') turns.add('another address before it shipped');
    if (name === 'order-held') turns.add(`held: ${cause}`);
    if (name === 'shipment-lost') turns.add('a parcel lost, and refunded');
    if (name === 'return-rejected') turns.add('a claim rejected');
    if (name === 'return-inspected') turns.add(`returned, ${hasDeduction(data) ? 'with a deduction' : 'refunded in full'}, ${outcomesOf(data)}`);
    if (name === 'shipment-dispatched') merchants.add(textOf(message, 'merchant_id'));
  }
  if (merchants.size > 1) turns.add(`parcels of ${merchants.size} merchants`);
  return [...turns];
};

type InspectedLine = { readonly outcome: string; readonly deduction: { readonly amount_minor: string } };
const linesOf = (data: Message['data']): readonly InspectedLine[] => data['lines'] as readonly InspectedLine[];
const hasDeduction = (data: Message['data']): boolean => linesOf(data).some(({ deduction }) => deduction.amount_minor !== '0');
const outcomesOf = (data: Message['data']): string => (linesOf(data).some(({ outcome }) => outcome === 'RESTOCK') ? 'on sale again' : 'scrapped');
