import { IllegalOperationError, type ChannelModel, type ConfirmChannel } from 'amqplib';
import type { Logger } from '../platform/logging.ts';
import { Counter, durationBuckets, Gauge, Histogram, type Registry } from '../platform/metrics.ts';
import { connectBroker } from './connection.ts';
import { declareTopology, unroutedOf } from './topology.ts';

/** A message as it goes to the exchange; always persistent. */
export type OutgoingMessage = {
  readonly routingKey: string;
  readonly messageId: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Buffer;
};

/**
 * What became of a message. `confirmed`: every queue has it for good. `nacked`: some queue refused it. `unconfirmed`: no
 * word in time. `lost`: the connection went before the broker's word came. All but the first may or may not have arrived.
 */
export type Confirmation = 'confirmed' | 'nacked' | 'unconfirmed' | 'lost';

/** Sends messages to one topic exchange and tells what became of each. */
export type Publisher = {
  /** Sends at once, whether or not there is room: ask {@link Publisher.room} first. Never rejects. */
  readonly publish: (message: OutgoingMessage) => Promise<Confirmation>;
  /** Whether a message can be taken now: connected, not blocked, the socket keeps up, few enough are under way. */
  readonly room: () => boolean;
  /** Why nothing can be sent; undefined when all is well. */
  readonly trouble: () => string | undefined;
  readonly close: () => Promise<void>;
};

export type PublisherOptions = {
  readonly url: string;
  readonly exchange: string;
  /** Name of the connection. */
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Messages that may be under way at once. */
  readonly maxInFlight: number;
  /** How long to wait for the broker's word on a message. */
  readonly confirmTimeoutMs: number;
  /** Called whenever there may be room again, or none any more. */
  readonly changed: () => void;
};

/** Opens a publisher. It declares the exchanges on every connection, so a broker that came back empty is made ready again. */
export const openPublisher = async (options: PublisherOptions): Promise<Publisher> => {
  const { exchange, logger, maxInFlight, confirmTimeoutMs, changed } = options;
  let channel: ConfirmChannel | undefined;
  let draining = false;
  let inFlight = 0;
  let overdue = 0;
  let closeConnection = (): void => {};
  /** A channel that is of no use any more, whatever closed it, is replaced by way of a new connection. */
  const reconnect = (): void => {
    channel = undefined;
    closeConnection();
  };
  const metrics = publisherMetrics(options.metrics, async () => (connection.trouble() === undefined ? unroutedCount() : undefined));
  let unroutedCount = async (): Promise<number | undefined> => undefined;

  const setup = async (model: ChannelModel): Promise<void> => {
    const declaring = await model.createChannel();
    declaring.on('error', () => {});
    await declareTopology(declaring, exchange);
    unroutedCount = async () => (await declaring.checkQueue(unroutedOf(exchange))).messageCount;

    const opened = await model.createConfirmChannel();
    opened.on('error', (error) => logger.error({ err: error, exchange }, 'RabbitMQ closed the publishing channel'));
    opened.on('close', reconnect);
    opened.on('drain', () => {
      draining = false;
      changed();
    });
    opened.on('return', ({ fields: { routingKey } }) => {
      metrics.returned.inc();
      logger.warn({ exchange, routingKey }, 'a message reached no queue at all, not even that of the unrouted');
    });
    closeConnection = () => void model.close().catch(() => {});
    draining = false;
    channel = opened;
  };
  const connection = await connectBroker({
    url: options.url,
    name: options.name,
    logger,
    setup,
    changed: () => {
      metrics.connected.set(connection.trouble() === undefined ? 1 : 0);
      changed();
    },
  });

  const publish = (message: OutgoingMessage): Promise<Confirmation> =>
    new Promise((resolve) => {
      const startedAt = performance.now();
      let isOverdue = false;
      const settle = (outcome: Confirmation): void => {
        clearTimeout(timer);
        inFlight -= 1;
        metrics.inFlight.dec();
        if (!isOverdue) return answer(outcome);
        overdue -= 1;
        changed();
      };
      const answer = (outcome: Confirmation): void => {
        metrics.outcomes.inc({ outcome });
        if (outcome === 'confirmed') metrics.duration.observe((performance.now() - startedAt) / 1_000);
        resolve(outcome);
      };
      const late = (): void => {
        // A broker that has told us to wait owes us nothing.
        if (connection.trouble() !== undefined) return void timer.refresh();
        isOverdue = true;
        overdue += 1;
        answer('unconfirmed');
        // An overdue message keeps its place; were all places theirs, nothing could ever be sent again.
        if (overdue * 2 > maxInFlight) reconnect();
      };
      const timer = setTimeout(late, confirmTimeoutMs);

      inFlight += 1;
      metrics.inFlight.inc();
      metrics.published.inc();
      if (!channel) return settle('lost');
      const { routingKey, content, ...properties } = message;
      try {
        draining = !channel.publish(exchange, routingKey, content, { ...properties, persistent: true, mandatory: true }, (error: Error | null) =>
          settle(error === null ? 'confirmed' : error.message === 'message nacked' ? 'nacked' : 'lost'),
        );
      } catch (error) {
        // What the client itself cannot encode is refused as by a queue: it would never get through.
        if (!(error instanceof IllegalOperationError)) return settle('nacked');
        channel = undefined;
        settle('lost');
      }
    });

  return {
    publish,
    room: () => channel !== undefined && !draining && inFlight < maxInFlight && connection.trouble() === undefined,
    trouble: connection.trouble,
    close: connection.close,
  };
};

const publisherMetrics = (registry: Registry, unrouted: () => Promise<number | undefined>) => {
  const registers = [registry];
  const collectWithinMs = 1_000;
  const gauge = new Gauge({
    name: 'messaging_unrouted_messages',
    help: 'Messages that nobody took and that wait in the bounded queue of the alternate exchange.',
    registers,
    async collect() {
      const count = await Promise.race([
        unrouted().catch(() => undefined),
        new Promise<undefined>((resolve) => setTimeout(resolve, collectWithinMs, undefined).unref()),
      ]);
      if (count !== undefined) this.set(count);
    },
  });
  return {
    gauge,
    published: new Counter({ name: 'messaging_published_total', help: 'Messages sent, repetitions included.', registers }),
    outcomes: new Counter({ name: 'messaging_confirmations_total', help: 'What became of sent messages.', labelNames: ['outcome'], registers }),
    returned: new Counter({ name: 'messaging_returned_total', help: 'Messages that reached no queue at all.', registers }),
    inFlight: new Gauge({ name: 'messaging_in_flight', help: 'Messages sent and not answered yet.', registers }),
    connected: new Gauge({ name: 'messaging_connected', help: '1 while RabbitMQ is connected and takes messages.', registers }),
    duration: new Histogram({
      name: 'messaging_confirm_duration_seconds',
      help: 'From sending to the confirm.',
      buckets: durationBuckets,
      registers,
    }),
  };
};
