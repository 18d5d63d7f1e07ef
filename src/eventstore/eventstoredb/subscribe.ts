import type { Logger } from '../../platform/logging.ts';
import { backoffMs, pause, reconnecting, type RetryPolicy } from '../../platform/retry.ts';
import { LogChanged, type Batch, type EventStore, type Logged, type Position, type SubscribeOptions } from '../event-store.ts';
import { collect } from './collect.ts';
import type { Connection } from './connection.ts';
import { loggedOf, positionOf } from './events.ts';
import { CallFailed } from './failures.ts';
import { start } from './position.ts';
import { subscriptionRequest } from './requests.ts';
import { watchWithheld } from './withheld.ts';

const resubscribing: RetryPolicy = { ...reconnecting, baseMs: 20, capMs: 2_000 };

/**
 * Follows the whole log; see the port's `subscribe`. The server leaves out its own events and nothing else, so that every event
 * of ours is progress; types are told apart here. Whatever ends the call, the subscription begins again after the last event it
 * has handed out, once the leader has said that this event still stands there: the server itself takes any position.
 */
export const subscriber = (options: {
  /** The node that subscriptions read from. */
  readonly connection: Connection;
  readonly eventAt: EventStore['eventAt'];
  readonly logger: Logger;
}) => {
  const { connection, eventAt, logger } = options;

  return async function* subscribe({ after, types, signal }: SubscribeOptions): AsyncGenerator<Batch> {
    const wanted = types && new Set(types);
    let position = after;
    let anchorId: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      let cancel = (): void => {};
      const abort = (): void => cancel();
      signal.addEventListener('abort', abort, { once: true });
      try {
        anchorId = await unlessAborted(signal, verified(eventAt, position, anchorId));
        const link = await unlessAborted(signal, connection.link());
        let received = position;
        const onQuiet = watchWithheld(
          () => received,
          () => cancel(),
        );
        const collecting = collect(link, subscriptionRequest(position), { leader: false, follows: true, onQuiet });
        cancel = collecting.cancel;
        for (let page = await collecting.take(); page; page = await collecting.take()) {
          failures = 0;
          const events: Logged[] = [];
          let last: { readonly position: Position; readonly eventId: string } | undefined;
          for (const sent of page.sent) {
            const at = positionOf(sent);
            if (at <= position) continue;
            last = { position: at, eventId: sent.getId()!.getString() };
            position = at;
            if (!wanted || wanted.has(sent.getMetadataMap().get('type') ?? '')) events.push(loggedOf(sent));
          }
          received = position;
          if (!last) continue;
          anchorId = last.eventId;
          yield { events, progress: last, caughtUp: page.caughtUp };
        }
        if (signal.aborted) return;
        throw new CallFailed({ kind: 'unreachable', because: 'the subscription ended or did not bring what there is' });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof LogChanged) throw error;
        if (!(error instanceof CallFailed) && (error as Error).name !== 'StoreUnavailable') throw error;
        if (failures === 0) logger.warn({ because: (error as Error).message }, 'following the log failed; trying again');
        await pause(backoffMs(resubscribing, failures), signal);
        failures += 1;
      } finally {
        signal.removeEventListener('abort', abort);
        cancel();
      }
    }
  };
};

/** The id of the event that stands at a position; throws {@link LogChanged} when there is none, or another than was known. */
const verified = async (eventAt: EventStore['eventAt'], position: Position, known: string | undefined): Promise<string | undefined> => {
  if (position === start) return undefined;
  const found = await eventAt(position);
  if (found && (known === undefined || found.id === known)) return found.id;
  throw new LogChanged(`the event at position ${position} is ${found ? 'another than before' : 'missing'}: this is not the log that was read before`);
};

/** The promise's outcome; rejects at once when the signal aborts. */
const unlessAborted = <T>(signal: AbortSignal, promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
};
