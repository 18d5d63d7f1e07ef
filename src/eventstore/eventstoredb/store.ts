import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { EventStore } from '../event-store.ts';
import { openAppender } from './append.ts';
import { openConnection } from './connection.ts';
import { parseConnectionString } from './connection-string.ts';
import { loggedOf, positionOf } from './events.ts';
import { CallFailed } from './failures.ts';
import { openIdentity, type Identity } from './identity.ts';
import { bytesBefore, parsePosition, start } from './position.ts';
import { readFew, readStream, tailReader } from './read.ts';
import { headRequest, logRequest } from './requests.ts';
import { subscriber } from './subscribe.ts';

/** The event store on EventStoreDB or KurrentDB (23.10 or newer), a node or a cluster that holds nothing but this log. */
export type EventStoreDb = EventStore & {
  /** For the operator's copy: changes what the log says of itself. */
  readonly changeIdentity: Identity['change'];
  /** How many calls are open on the server. */
  readonly openCalls: () => number;
};

/** Opens the store; throws `ConnectionStringError` for a URL that cannot be right, and nothing for a server that is away. */
export const openEventStoreDb = (options: {
  readonly url: string;
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}): EventStoreDb => {
  const { name, logger, metrics } = options;
  const settings = parseConnectionString(options.url);
  // Whatever must see what was just written is asked of the leader; following may be cheaper elsewhere.
  const connection = openConnection({ settings: { ...settings, nodePreference: 'leader' }, name, logger });
  const following = settings.nodePreference === 'leader' ? connection : openConnection({ settings, name: `${name} following`, logger });
  const identity = openIdentity(connection, (serialised) => appender.send(serialised));
  const readTails = tailReader(connection);
  const appender = openAppender({ connection, readTails, logger, metrics, closed: identity.isClosed });

  const eventAt: EventStore['eventAt'] = async (position) => {
    if (position === start) return undefined;
    try {
      const [sent] = await readFew(connection, logRequest(position, { backwards: false, count: 1, systemEvents: true }), { leader: true });
      const event = sent && loggedOf(sent);
      return event?.position === position && !event.type.startsWith('$') ? { id: event.id } : undefined;
    } catch (error) {
      // The position lies inside a record.
      if (error instanceof CallFailed && error.failure.kind === 'invalid') return undefined;
      throw error;
    }
  };

  const head: EventStore['head'] = async () => {
    const [newest] = await readFew(connection, headRequest(), { leader: true });
    return newest ? positionOf(newest) : start;
  };

  return {
    append: appender.append,
    read: (stream, range) => readStream(connection, stream, range),
    readTails,
    subscribe: subscriber({ connection: following, eventAt, logger }),
    eventAt,
    head,
    start,
    parsePosition,
    identity: identity.read,
    changeIdentity: identity.change,
    openCalls: () => connection.openCalls() + (following === connection ? 0 : following.openCalls()),

    /** There is no counting of events here; shares are of the transaction file. */
    async behind(position) {
      const [from, newest] = await Promise.all([
        readFew(connection, logRequest(position, { backwards: false, count: 2, systemEvents: false }), { leader: true }),
        head(),
      ]);
      const next = from.map(loggedOf).find((event) => event.position > position);
      if (!next) return { seconds: 0, share: 1 };
      const seconds = Math.max(0, (Date.now() - next.recordedAt.getTime()) / 1_000);
      return { seconds, share: newest === start ? 1 : Math.min(1, bytesBefore(position) / bytesBefore(newest)) };
    },

    async close() {
      await appender.close();
      connection.close();
      following.close();
    },
  };
};
