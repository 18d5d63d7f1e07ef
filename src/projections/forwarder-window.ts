import type { Logged, Progress } from '../eventstore/event-store.ts';
import type { Confirmation, OutgoingMessage } from '../messaging/publisher.ts';
import { backoffMs, type RetryPolicy } from '../platform/retry.ts';

/** An event on its way out: its message, or why there can be none. Items of one group leave one after another. */
export type Item = { readonly event: ItemEvent; readonly group: string } & ({ readonly message: OutgoingMessage } | { readonly poison: string });
/** What must be known of the event itself; its data is not kept. */
export type ItemEvent = Pick<Logged, 'id' | 'position' | 'stream' | 'revision' | 'type'>;

/** An item in the window. `before` is where the log stood when it came: the checkpoint while it is the oldest that waits. */
export type Entry = Item & { readonly before: Progress | undefined; attempts: number; error?: string };

/**
 * What has been read from the log and not yet been confirmed or parked: pipelined across groups, with at most one
 * unconfirmed message per group.
 */
export type Window = {
  /** Takes an item. The caller waits for {@link Window.room} first. */
  readonly admit: (item: Item) => void;
  /** The log was read up to here; between the last item and this nothing is to be sent. */
  readonly pass: (progress: Progress) => void;
  /** Resolves once another item may be admitted: at once unless the window is full. False: the window was closed. */
  readonly room: () => Promise<boolean>;
  /** Resolves once nothing waits any more. False: the window was closed. */
  readonly empty: () => Promise<boolean>;
  /** Sends a message beside the groups, as soon as there is room for it. */
  readonly once: (message: OutgoingMessage) => Promise<Confirmation>;
  /** Up to here everything is confirmed, or among {@link Window.parking}. */
  readonly safe: () => Progress | undefined;
  /** What is to be parked, group by group in order. */
  readonly parking: () => readonly Entry[];
  /** These are parked for good. */
  readonly parked: (entries: readonly Entry[]) => void;
  /** From now on exactly these groups are parked: what comes for them waits behind; what came for others is sent. */
  readonly parkOnly: (groups: ReadonlySet<string>) => void;
  /** Looks whether something can be sent: to be called when the publisher has room again. */
  readonly pump: () => void;
  readonly size: () => { readonly waiting: number; readonly held: number; readonly parked: number };
  /** Sends nothing any more, and resolves when what is under way has been answered. */
  readonly close: () => Promise<void>;
};

export type WindowOptions = {
  readonly from: Progress | undefined;
  readonly publish: (message: OutgoingMessage) => Promise<Confirmation>;
  /** Whether the publisher takes a message now. */
  readonly publisherHasRoom: () => boolean;
  /** How often, and how far apart, a refused message is tried before its group is parked. */
  readonly policy: RetryPolicy;
  /** How much may be in the window; beyond, the log is not read on. */
  readonly capacity: { readonly events: number; readonly bytes: number };
};

/** A group's events, oldest first. `sending`: the first is under way; `held`: it was refused and waits; `parked`: all wait for an operator. */
type Lane = { readonly group: string; entries: Entry[]; state: 'ready' | 'sending' | 'held' | 'parked'; timer?: NodeJS.Timeout };

export const openWindow = ({ from, publish, publisherHasRoom, policy, capacity }: WindowOptions): Window => {
  const lanes = new Map<string, Lane>();
  const ready: Lane[] = [];
  const beside: { readonly message: OutgoingMessage; readonly answer: (outcome: Confirmation) => void }[] = [];
  let reached = from;
  let waiting = 0;
  let waitingBytes = 0;
  let underWay = 0;
  let closed = false;
  let changes = Promise.withResolvers<void>();

  const full = (): boolean => waiting >= capacity.events || waitingBytes >= capacity.bytes;
  const changed = (): void => {
    changes.resolve();
    changes = Promise.withResolvers();
  };
  const until = async (holds: () => boolean): Promise<boolean> => {
    while (!holds() && !closed) await changes.promise;
    return !closed;
  };

  const pump = (): void => {
    while (!closed && publisherHasRoom() && (beside.length > 0 || ready.length > 0)) {
      const single = beside.shift();
      if (single) send(single.message, single.answer);
      else serve(ready.shift()!);
    }
    if (underWay === 0 && ready.length === 0 && full()) unjam();
  };

  const send = (message: OutgoingMessage, answer: (outcome: Confirmation) => void): void => {
    underWay += 1;
    void publish(message).then((outcome) => {
      underWay -= 1;
      const wasFull = full();
      answer(outcome);
      pump();
      if (closed || waiting === 0 || wasFull) changed();
    });
  };

  const serve = (lane: Lane): void => {
    const entry = lane.entries[0]!;
    if ('poison' in entry) {
      entry.error = entry.poison;
      return parkLane(lane);
    }
    lane.state = 'sending';
    send(entry.message, (outcome) => {
      switch (outcome) {
        case 'confirmed':
          leave(lane);
          return proceed(lane);
        case 'lost':
          return proceed(lane);
        case 'nacked':
        case 'unconfirmed':
          return refused(lane, entry, outcome);
      }
    });
  };

  const leave = (lane: Lane): void => {
    const entry = lane.entries.shift()!;
    waiting -= 1;
    waitingBytes -= bytesOf(entry);
  };

  const proceed = (lane: Lane): void => {
    if (lane.entries.length === 0) return void lanes.delete(lane.group);
    lane.state = 'ready';
    ready.push(lane);
  };

  const refused = (lane: Lane, entry: Entry, outcome: 'nacked' | 'unconfirmed'): void => {
    entry.attempts += 1;
    entry.error = outcome === 'nacked' ? 'a queue refused the message' : 'the broker did not confirm the message in time';
    if (entry.attempts >= policy.attempts) return parkLane(lane);
    lane.state = 'held';
    lane.timer = setTimeout(
      () => {
        proceed(lane);
        pump();
      },
      backoffMs(policy, entry.attempts - 1),
    );
  };

  const parkLane = (lane: Lane): void => {
    clearTimeout(lane.timer);
    lane.state = 'parked';
  };

  /** When all there is room for is held, one refusing queue would stop the log for everybody: then the held are parked before their time. */
  const unjam = (): void => {
    for (const lane of lanes.values()) if (lane.state === 'held') parkLane(lane);
  };

  return {
    admit(item) {
      const entry: Entry = { ...item, before: reached, attempts: 0 };
      reached = { position: item.event.position, eventId: item.event.id };
      waiting += 1;
      waitingBytes += bytesOf(entry);
      const lane = lanes.get(item.group);
      if (lane) lane.entries.push(entry);
      else {
        const opened: Lane = { group: item.group, entries: [entry], state: 'ready' };
        lanes.set(item.group, opened);
        ready.push(opened);
      }
      pump();
    },
    pass(progress) {
      reached = progress;
    },
    room: () => until(() => !full()),
    empty: () => until(() => waiting === 0),
    once: (message) =>
      new Promise((answer) => {
        if (closed) return answer('lost');
        beside.push({ message, answer });
        pump();
      }),
    safe() {
      let oldest: Entry | undefined;
      for (const { state, entries } of lanes.values()) {
        const first = entries[0];
        if (state !== 'parked' && first && (!oldest || first.event.position < oldest.event.position)) oldest = first;
      }
      return oldest ? oldest.before : reached;
    },
    parking: () => [...lanes.values()].filter(({ state }) => state === 'parked').flatMap(({ entries }) => entries),
    parked(entries) {
      for (const { group } of entries) leave(lanes.get(group)!);
      if (entries.length > 0) changed();
    },
    parkOnly(groups) {
      for (const group of groups) {
        const lane = lanes.get(group);
        if (!lane) lanes.set(group, { group, entries: [], state: 'parked' });
      }
      for (const lane of lanes.values()) {
        const failedSince = lane.entries[0]?.error !== undefined;
        if (lane.state === 'parked' && !groups.has(lane.group) && !failedSince) proceed(lane);
      }
      pump();
    },
    pump,
    size() {
      const states = [...lanes.values()].map(({ state }) => state);
      return { waiting, held: states.filter((state) => state === 'held').length, parked: states.filter((state) => state === 'parked').length };
    },
    async close() {
      closed = true;
      for (const { timer } of lanes.values()) clearTimeout(timer);
      for (const { answer } of beside.splice(0)) answer('lost');
      changed();
      while (underWay > 0) await changes.promise;
    },
  };
};

const bytesOf = (item: Item): number => ('message' in item ? item.message.content.length : 0);
