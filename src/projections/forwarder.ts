import { catalogue } from '../domain/catalogue.ts';
import { idOf } from '../domain/ids.ts';
import type { EventStore, LogIdentity, Logged } from '../eventstore/event-store.ts';
import { decoder, EventNewerThanReader } from '../eventstore/event-versions.ts';
import { openPublisher, type Confirmation, type Publisher } from '../messaging/publisher.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, Gauge, type Registry } from '../platform/metrics.ts';
import { pause, type RetryPolicy } from '../platform/retry.ts';
import { exportLag } from '../subscriptions/lag.ts';
import { lead, type Leading } from '../subscriptions/leadership.ts';
import type { ParkedEvent } from '../subscriptions/parking.ts';
import { LeaseLost, type Held } from '../subscriptions/subscription.ts';
import { openLedger } from './forwarder-ledger.ts';
import { openWindow, type Item, type Window } from './forwarder-window.ts';
import { messageOf } from './integration-event.ts';
import { translate } from './translators.ts';

/** The name under which the forwarder's lease, checkpoint and parked groups are kept. */
export const forwarderSubscription = 'forwarder';

/** A message that a queue refuses is tried for about four minutes; then its group is parked. A lost connection counts for nothing. */
export const refusedMessages: RetryPolicy = { attempts: 10, baseMs: 500, capMs: 60_000 };

export type ForwarderOptions = {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly rabbitmqUrl: string;
  /** The topic exchange, `<name>.events`; what nobody takes goes to `<name>.unrouted`. */
  readonly exchange: string;
  /** Unique per process: names the holder of the lease. */
  readonly holder: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Ends the forwarder: what is under way may still be confirmed, the checkpoint is written, the lease given back. */
  readonly signal: AbortSignal;
  readonly limits?: Partial<ForwarderLimits>;
};

export type ForwarderLimits = {
  readonly maxInFlight: number;
  /** Events read from the log and not yet confirmed or parked, and the size of their messages. */
  readonly capacity: { readonly events: number; readonly bytes: number };
  readonly confirmTimeoutMs: number;
  readonly policy: RetryPolicy;
  readonly leaseMs: number;
};

const usual: ForwarderLimits = {
  maxInFlight: 1_000,
  capacity: { events: 5_000, bytes: 32 * 1024 * 1024 },
  confirmTimeoutMs: 30_000,
  policy: refusedMessages,
  leaseMs: 5_000,
};

const checkpointEveryMs = 100;
/** How long an ending forwarder waits for the broker's word on what is under way. */
const farewellMs = 3_000;

/** A forwarder at work, or standing by. */
export type Forwarder = {
  /** Why it is not ready; empty when it is. */
  readonly ready: () => readonly string[];
  /** Resolves when the signal has aborted and everything is closed. */
  readonly done: Promise<void>;
};

/**
 * Sends integration events to RabbitMQ: at least once, and in order per order or offer for a consumer that drops a
 * `sequence` not above the last it processed. The checkpoint passes what every queue has confirmed, or what is parked.
 */
export const runForwarder = (options: ForwarderOptions): Forwarder => {
  const limits = { ...usual, ...options.limits };
  const { store, pool, exchange, logger, metrics, signal } = options;
  let window: Window | undefined;
  let publisher: Publisher | undefined;
  let leading: Leading | undefined;
  const parkedTotal = forwarderMetrics(metrics, () => window?.size());
  exportLag({ pool, store, names: [forwarderSubscription], metrics });

  const run = async (): Promise<void> => {
    const opened = await openPublisher({
      url: options.rabbitmqUrl,
      exchange,
      name: `forwarder ${options.holder}`,
      logger,
      metrics,
      maxInFlight: limits.maxInFlight,
      confirmTimeoutMs: limits.confirmTimeoutMs,
      changed: () => window?.pump(),
    });
    publisher = opened;
    const follow = (held: Held, well: () => void): Promise<void> =>
      forward({
        ...{ store, pool, logger, held, well, parkedTotal, limits, publisher: opened },
        opened: (current) => (window = current),
      });
    leading = lead({ pool, store, name: forwarderSubscription, holder: options.holder, leaseMs: limits.leaseMs, logger, signal, follow });
    await leading.done;
    await opened.close();
  };

  const done = run();
  return {
    ready: () => (leading && publisher ? [leading.problem(), publisher.trouble()].filter((reason) => reason !== undefined) : ['starting']),
    done,
  };
};

/** One term of leadership: reads on while there is room in the window, and keeps the checkpoint behind what is confirmed. */
const forward = async (options: {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly held: Held;
  readonly well: () => void;
  readonly parkedTotal: Counter;
  readonly limits: ForwarderLimits;
  readonly publisher: Publisher;
  readonly opened: (window: Window | undefined) => void;
}): Promise<void> => {
  const { store, pool, logger, held, well, parkedTotal, limits, publisher } = options;
  const log = await store.identity();
  const window = openWindow({
    from: held.progress,
    publish: publisher.publish,
    publisherHasRoom: publisher.room,
    policy: limits.policy,
    capacity: limits.capacity,
  });
  const ledger = openLedger({
    ...{ pool, subscription: forwarderSubscription, held, window, logger, parkedTotal },
    resend: (event) => resend(event, store, log, window),
  });
  await ledger.load();
  options.opened(window);

  const failed = new AbortController();
  const signal = AbortSignal.any([held.signal, failed.signal]);
  signal.addEventListener('abort', () => void window.close(), { once: true });
  const write = async (): Promise<void> => {
    if (await ledger.write()) well();
  };
  const keeping = (async () => {
    while (await pause(checkpointEveryMs, signal)) await write();
  })().catch((error: unknown) => failed.abort(error));

  try {
    await read(store, log, window, held, signal);
  } catch (error) {
    // What comes before the event that cannot be read is sent first; then another may have the lease.
    if (error instanceof EventNewerThanReader) await window.empty();
    if (!signal.aborted) failed.abort(error);
  }
  const farewell = new AbortController();
  await Promise.race([window.close(), pause(farewellMs, farewell.signal)]);
  farewell.abort();
  await keeping;
  options.opened(undefined);
  if (!(held.signal.reason instanceof LeaseLost)) await write();
  if (failed.signal.aborted) throw failed.signal.reason;
};

const read = async (store: EventStore, log: LogIdentity, window: Window, held: Held, signal: AbortSignal): Promise<void> => {
  for await (const { events, progress } of store.subscribe({ after: held.progress?.position ?? store.start, signal })) {
    for (const event of events) {
      const item = itemOf(event, log);
      if (!item) continue;
      if (!(await window.room())) return;
      window.admit(item);
    }
    if (signal.aborted) return;
    window.pass(progress);
  }
};

const decode = decoder(catalogue);

/** What is to be sent for an event; undefined: nothing. An event that cannot be made sense of parks its partition key. */
const itemOf = (event: Logged, log: LogIdentity): Item | undefined => {
  const { id, position, stream, revision, type } = event;
  const kept = { id, position, stream, revision, type };
  try {
    const integration = translate(decode(event), event);
    return integration && { event: kept, group: integration.partitionKey, message: messageOf(integration, event, log) };
  } catch (error) {
    if (error instanceof EventNewerThanReader) throw error;
    return { event: kept, group: keyOf(event), poison: String(error) };
  }
};

/** The partition key of an event that cannot be translated: payments and returns say in every version of which order they are. */
const keyOf = ({ stream, data }: Logged): string => {
  const orderId = (data as { readonly orderId?: unknown } | null)?.orderId;
  return /^(payment|return)-/.test(stream) && typeof orderId === 'string' ? orderId : idOf(stream);
};

/** Reads a parked event again and sends what follows from it today. What hinders it outside the event itself counts as lost: it is tried again. */
const resend = async (
  parked: ParkedEvent,
  store: EventStore,
  log: LogIdentity,
  window: Window,
): Promise<Confirmation | { readonly poison: string }> => {
  try {
    for await (const event of store.read(parked.stream, { from: parked.revision, limit: 1 })) {
      const item = itemOf({ ...event, position: parked.position }, log);
      if (!item) return 'confirmed';
      return 'poison' in item ? { poison: item.poison } : await window.once(item.message);
    }
    return { poison: 'the event is not in the log' };
  } catch {
    return 'lost';
  }
};

const forwarderMetrics = (registry: Registry, size: () => ReturnType<Window['size']> | undefined): Counter => {
  const gauge = (name: string, help: string, read: () => number | undefined): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read() ?? 0);
      },
    });
  gauge('forwarder_waiting_events', 'Events read from the log and neither confirmed nor parked yet.', () => size()?.waiting);
  gauge(
    'forwarder_held_groups',
    'Orders (with their payments and returns) and offers whose next message was refused and will be tried again.',
    () => size()?.held,
  );
  return new Counter({ name: 'forwarder_parked_events_total', help: 'Events parked, those behind a failed one included.', registers: [registry] });
};
