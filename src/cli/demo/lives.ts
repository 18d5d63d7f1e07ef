import { randomUUID } from 'node:crypto';
import { pause } from '../../platform/retry.ts';
import type { Acknowledged, Api, OrderRead, Reply } from './api.ts';
import type { Ask } from './asking.ts';
import { between, chance, oneOf } from './chance.ts';
import type { Command } from './commands.ts';
import type { Fate } from './fates.ts';
import { returnGoods } from './giving-back.ts';
import { short, type Living } from './living.ts';
import { textOf } from './messages.ts';
import { someAddress, type Person } from './people.ts';
import type { Screen } from './screen.ts';
import { shipGoods } from './shipping.ts';
import { help, hold } from './support.ts';
import type { Tally } from './tally.ts';
import { isEnd, type Tale } from './tales.ts';

/** The lives of orders after their placement: their people listen to messages, as other services would, and act through the API. */
export type Lives = {
  readonly begin: (order: {
    readonly orderId: string;
    readonly person: Person;
    readonly fate: Fate;
    readonly read: OrderRead;
    readonly tale: Tale;
  }) => void;
  readonly open: () => number;
  /** All that were begun, for the end. */
  readonly tales: readonly Tale[];
  /** Resolves when no life is open. */
  readonly idle: () => Promise<void>;
};

/** Beyond so many open lives an order is left to its deadlines. */
const maxLives = 3_000;
/** Longer than any brief term; with standard terms people do not wait for days. */
const patienceMs = 60_000;
const reasons = ['Found it cheaper elsewhere', 'Ordered by mistake', 'Takes too long', 'Wrong colour', 'Changed my mind'];

export const createLives = (options: {
  readonly apis: readonly Api[];
  readonly ask: Ask;
  readonly tally: Tally;
  readonly screen: Pick<Screen, 'tell'>;
  readonly stopped: AbortSignal;
  readonly cancelled: (orderId: string, reason: string, answer: Acknowledged, sentAt: number) => void;
  readonly failed: (error: unknown) => void;
}): Lives => {
  const { apis, ask, tally, screen, stopped, cancelled, failed } = options;
  const running = new Set<Promise<void>>();
  const tales: Tale[] = [];

  const act = async (command: Command): Promise<Reply<Acknowledged>> => {
    const key = randomUUID();
    const reply = await ask(oneOf(apis), (api) => api.send(command, key));
    if (reply.kind === 'answered') tally.count('commands');
    return reply;
  };
  const think = (fromMs: number, toMs: number): Promise<boolean> => pause(between(fromMs, toMs), stopped);

  const live = async (living: Living): Promise<void> => {
    const { tale, orderId, fate, person } = living;
    const began = await tale.until((message) => message.name === 'order-confirmed' || isEnd(message), patienceMs);
    if (began?.name === 'order-confirmed' && (await think(200, 1_500))) {
      const as = { customerId: person.customerId };
      if (fate === 'cancelled') {
        const reason = oneOf(reasons);
        const sentAt = performance.now();
        const reply = await act({ type: 'CancelOrder', as, orderId, reason });
        if (reply.kind === 'answered') cancelled(orderId, reason, reply.answer, sentAt);
      } else {
        if (fate === 'moved') {
          const reply = await act({ type: 'ChangeAddress', as, orderId, address: someAddress(person) });
          if (reply.kind === 'answered')
            living.tell({ label: 'address', what: `${short(orderId)}  goes to another address in ${person.countryCode}` });
        }
        if (fate === 'line cancelled') {
          const { lineId, title } = living.lines[0]!;
          const reason = oneOf(reasons);
          const reply = await act({ type: 'CancelLine', as, orderId, lineId, reason });
          if (reply.kind === 'answered') living.tell({ label: 'line', what: `${short(orderId)}  without ${title}: “${reason}”`, tail: 'customer' });
        }
        if (fate === 'held') await hold(living);
        await shipGoods(living);
        await tale.until((message) => message.name === 'order-delivered' || isEnd(message), patienceMs);
        if (fate === 'returned' || fate === 'claimed') await returnGoods(living);
      }
    }
    const end = await tale.until(isEnd, patienceMs);
    if (!end) return;
    const parcels = tale.heard.filter(({ name }) => name === 'shipment-delivered').length;
    if (end.name === 'order-completed')
      living.tell({
        label: 'completed',
        what: `${short(orderId)}  ${parcels === 0 ? 'nothing arrived, all refunded' : `${parcels} ${parcels === 1 ? 'parcel' : 'parcels'} arrived, the time to withdraw is over`}`,
      });
    else if (fate !== 'cancelled')
      living.tell({
        label: end.name === 'order-expired' ? 'expired' : 'cancelled',
        what: `${short(orderId)}  ${textOf(end, 'cause') || 'not paid in time'}`,
        tail: 'platform',
      });
  };

  return {
    begin({ orderId, person, fate, read, tale }) {
      tales.push(tale);
      if (running.size >= maxLives) return;
      // Of an order with one line little is left without it: that is not to happen often.
      const spared = read.lines.length === 1 && (fate === 'line cancelled' || fate === 'line rejected') && chance(0.8);
      const living: Living = { orderId, person, fate: spared ? 'kept' : fate, tale, lines: read.lines, act, tell: screen.tell, think };
      const done: Promise<void> = Promise.all([live(living), help(living)])
        .then(() => {}, failed)
        .finally(() => running.delete(done));
      running.add(done);
    },
    open: () => running.size,
    tales,
    idle: async () => void (await Promise.all(running)),
  };
};
