import { LRUCache } from 'lru-cache';

/** Something that the platform acknowledged and has to show everywhere: an order placed, an order cancelled. */
export type Journey = {
  readonly what: 'placed' | 'cancelled';
  readonly orderId: string;
  readonly consistencyToken: string;
  /** Milliseconds of the monotonic clock, as all times here. */
  readonly sentAt: number;
  readonly acknowledgedAt: number;
};

/** A journey's end: seen in the read model, and as a message from RabbitMQ. */
export type Arrival = { readonly readAt: number; readonly heardAt: number };

/** The demo's own account of what was acknowledged and where it has been seen since. */
export type Ledger = {
  /** `arrived` is called once, when it has been seen in the read model and on RabbitMQ. */
  readonly acknowledged: (journey: Journey, arrived: (arrival: Arrival) => void) => void;
  readonly read: (what: Journey['what'], orderId: string) => void;
  /** A message may come before its acknowledgement, and may be of an order that is not ours. */
  readonly heard: (what: Journey['what'], orderId: string) => void;
  readonly unread: () => readonly Journey[];
  readonly unheard: () => readonly Journey[];
  readonly size: () => number;
};

/** Messages that came before their acknowledgement, or are not ours, are remembered up to this many. */
const maxEarly = 20_000;

/** An empty ledger. */
export const createLedger = (now: () => number = () => performance.now()): Ledger => {
  const open = new Map<string, { readonly journey: Journey; readonly arrived: (arrival: Arrival) => void; readAt?: number; heardAt?: number }>();
  const early = new LRUCache<string, number>({ max: maxEarly });

  const settle = (key: string): void => {
    const entry = open.get(key);
    if (entry?.readAt === undefined || entry.heardAt === undefined) return;
    open.delete(key);
    entry.arrived({ readAt: entry.readAt, heardAt: entry.heardAt });
  };
  const journeys = (missing: 'readAt' | 'heardAt'): readonly Journey[] =>
    [...open.values()].filter((entry) => entry[missing] === undefined).map(({ journey }) => journey);

  return {
    acknowledged(journey, arrived) {
      const key = keyOf(journey.what, journey.orderId);
      const heardAt = early.get(key);
      open.set(key, { journey, arrived, ...(heardAt === undefined ? {} : { heardAt }) });
    },
    read(what, orderId) {
      const key = keyOf(what, orderId);
      const entry = open.get(key);
      if (entry) entry.readAt ??= now();
      settle(key);
    },
    heard(what, orderId) {
      const key = keyOf(what, orderId);
      const entry = open.get(key);
      if (entry) entry.heardAt ??= now();
      else if (!early.has(key)) early.set(key, now());
      settle(key);
    },
    unread: () => journeys('readAt'),
    unheard: () => journeys('heardAt'),
    size: () => open.size,
  };
};

const keyOf = (what: Journey['what'], orderId: string): string => `${what} ${orderId}`;
