import type { Confirmation } from '../messaging/publisher.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Counter } from '../platform/metrics.ts';
import { inTransaction } from '../platform/transaction.ts';
import { loadParked, park, retryFailed, unpark, type ParkedEvent, type ParkedGroup } from '../subscriptions/parking.ts';
import { advanceAll, type Held } from '../subscriptions/subscription.ts';
import type { Entry, Window } from './forwarder-window.ts';

/** Keeps in the database how far everything is confirmed or parked, and sends again what an operator asked for. */
export type Ledger = {
  /** Marks what is parked already. To be called before the first event is admitted. */
  readonly load: () => Promise<void>;
  /** Writes what has changed since the last time, in one transaction; answers whether the checkpoint moved. Throws when the lease is gone. */
  readonly write: () => Promise<boolean>;
};

export type LedgerOptions = {
  readonly pool: Pool;
  readonly subscription: string;
  readonly held: Held;
  readonly window: Window;
  /** Sends a parked event; answers why it cannot be sent, should that be so. */
  readonly resend: (event: ParkedEvent) => Promise<Confirmation | { readonly poison: string }>;
  readonly logger: Logger;
  readonly parkedTotal: Counter;
};

/** How often parked groups are looked at for an operator's wishes while nothing else is to be written. */
const lookEveryMs = 1_000;
/** Parked events of one group that are sent again before the outcome is written down. */
const resendAtOnce = 100;

export const openLedger = ({ pool, subscription, held, window, resend, logger, parkedTotal }: LedgerOptions): Ledger => {
  let groups: ReadonlySet<string> = new Set();
  let lookedAt = 0;
  const resending = new Set<string>();
  const settled: { group: string; sent: ParkedEvent[]; failed?: { event: ParkedEvent; error: string } }[] = [];

  /** The marked groups, and those whose failed head is gone: it was sent, or given up, while later events came in behind it. */
  const isDue = ({ events, retryRequested }: ParkedGroup): boolean => retryRequested || events[0]?.error === undefined;

  const take = (parked: ReadonlyMap<string, ParkedGroup>): void => {
    lookedAt = performance.now();
    groups = new Set(parked.keys());
    window.parkOnly(groups);
    for (const [group, waiting] of parked) {
      if (!isDue(waiting) || resending.has(group)) continue;
      resending.add(group);
      void again(group, waiting.events.slice(0, resendAtOnce));
    }
  };

  const again = async (group: string, events: readonly ParkedEvent[]): Promise<void> => {
    const outcome: (typeof settled)[number] = { group, sent: [] };
    for (const event of events) {
      const answer = await resend(event);
      if (answer === 'confirmed') outcome.sent.push(event);
      else {
        if (answer !== 'lost') outcome.failed = { event, error: typeof answer === 'object' ? answer.poison : `sent again: ${answer}` };
        break;
      }
    }
    settled.push(outcome);
  };

  const write = async (): Promise<boolean> => {
    const to = window.safe();
    const entries = window.parking();
    const moved = to?.position !== held.progress?.position;
    const looks = entries.length > 0 || settled.length > 0 || (groups.size > 0 && performance.now() - lookedAt >= lookEveryMs);
    if (!to || !(moved || looks)) return false;
    const outcomes = settled.splice(0);

    const parked = await inTransaction(pool, async (client) => {
      await advanceAll(client, [{ held, to }]);
      await park(client, subscription, entries.map(parkedEvent));
      await unpark(
        client,
        subscription,
        outcomes.flatMap(({ sent }) => sent),
      );
      for (const { failed } of outcomes) if (failed) await retryFailed(client, subscription, failed.event, failed.error);
      return looks ? loadParked(client, subscription) : undefined;
    });

    held.advanced(to);
    window.parked(entries);
    for (const { group } of outcomes) resending.delete(group);
    report(entries);
    if (parked) take(parked);
    return moved;
  };

  const report = (entries: readonly Entry[]): void => {
    parkedTotal.inc(entries.length);
    for (const { group, event, error, attempts } of entries) {
      if (error !== undefined)
        logger.error(
          { subscription, group, eventId: event.id, type: event.type, attempts, error },
          'a message could not be sent; its group is parked until an operator asks for a retry',
        );
    }
  };

  return {
    load: async () => take(await inTransaction(pool, (client) => loadParked(client, subscription))),
    write,
  };
};

const parkedEvent = ({ group, event, error, attempts }: Entry): ParkedEvent => ({
  group,
  position: event.position,
  eventId: event.id,
  stream: event.stream,
  revision: event.revision,
  type: event.type,
  attempts,
  ...(error === undefined ? {} : { error }),
});
