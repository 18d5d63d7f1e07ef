import type { Writable } from 'node:stream';
import { connect, type ChannelModel } from 'amqplib';
import { gatherWrites } from '../platform/gather-writes.ts';
import type { Logger } from '../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../platform/retry.ts';

/** A connection to RabbitMQ that opens itself again, for ever, whenever it is lost. */
export type BrokerConnection = {
  /** Why nothing can be sent just now; undefined when all is well. */
  readonly trouble: () => string | undefined;
  /** Says goodbye to the broker; gives up after five seconds when it does not answer. */
  readonly close: () => Promise<void>;
};

export type BrokerConnectionOptions = {
  /** `amqp://` or `amqps://`; a `heartbeat` in its query wins over ours. */
  readonly url: string;
  /** Shown in RabbitMQ's list of connections. */
  readonly name: string;
  readonly logger: Logger;
  /** Opens channels on a fresh connection and declares what they need. A throw closes the connection and it is tried again, later each time. */
  readonly setup: (connection: ChannelModel) => Promise<void>;
  /** Called after the connection came, went, was blocked or unblocked. */
  readonly changed?: () => void;
};

/** A broker that stays silent is given up after two missed heartbeats: well before a confirm is overdue, so that an outage is never taken for a refusal. */
const heartbeatSeconds = 5;
const connectTimeoutMs = 5_000;
const closeTimeoutMs = 5_000;

/** Connects in the background and returns at once, so that a process starts, and says it is not ready, while the broker is away. */
export const connectBroker = async ({ url, name, logger, setup, changed = () => {} }: BrokerConnectionOptions): Promise<BrokerConnection> => {
  let trouble: string | undefined = 'RabbitMQ has not been reached yet';
  const becomes = (state: string | undefined): void => {
    trouble = state;
    changed();
  };

  const connection = await connect(withHeartbeat(url), {
    noDelay: true,
    keepAlive: true,
    timeout: connectTimeoutMs,
    clientProperties: { connection_name: name },
    recovery: {
      waitForConnect: false,
      calculateDelay: (attempt) => backoffMs(reconnecting, attempt - 1),
      setup: async (model: ChannelModel) => {
        // Until setup is over nobody else listens, and an unheard 'error' would end the process.
        model.on('error', () => {});
        gatherWrites((model.connection as unknown as { readonly stream: Writable }).stream);
        await setup(model);
      },
    },
  });
  connection.on('connect', (model: ChannelModel) => {
    logger.info({ connection: name, version: model.connection.serverProperties.version }, 'connected to RabbitMQ');
    becomes(undefined);
  });
  connection.on('disconnect', (error: Error) => {
    logger.warn({ err: error, connection: name }, 'the connection to RabbitMQ was lost');
    becomes('RabbitMQ is not connected');
  });
  connection.on('reconnect-scheduled', ({ attempt, delay, error }: { attempt: number; delay: number; error: Error }) => {
    logger.warn({ err: error, connection: name, attempt, delayMs: delay }, 'RabbitMQ will be tried again');
  });
  connection.on('blocked', (reason: string) => {
    logger.warn({ connection: name, reason }, 'RabbitMQ takes no messages for now');
    becomes(`RabbitMQ takes no messages: ${reason}`);
  });
  connection.on('unblocked', () => {
    logger.info({ connection: name }, 'RabbitMQ takes messages again');
    becomes(undefined);
  });
  // Followed by 'disconnect' with the same error; it must have a listener all the same.
  connection.on('error', () => {});

  return {
    trouble: () => trouble,
    close: async () => {
      becomes('the connection to RabbitMQ was closed');
      const closed = new AbortController();
      await Promise.race([connection.close(), pause(closeTimeoutMs, closed.signal)]);
      closed.abort();
    },
  };
};

const withHeartbeat = (url: string): string => {
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeatSeconds));
  return address.toString();
};
