import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { LRUCache } from 'lru-cache';
import { connectBroker } from '../../messaging/connection.ts';
import { silent } from '../../platform/logging.ts';

/** An integration event as it came from RabbitMQ. */
export type Message = {
  readonly type: string;
  /** The type without what all have: `order-placed`. */
  readonly name: string;
  readonly key: string;
  /** Its payload: proto3 JSON. */
  readonly data: Readonly<Record<string, unknown>>;
};

/** A text in a message's payload; empty where there is none. */
export const textOf = ({ data }: Message, field: string): string => {
  const value = data[field];
  return typeof value === 'string' ? value : '';
};

/** What to do with what comes. */
export type Listener = {
  readonly message: (message: Message) => void;
  /** The same message once more, as at-least-once delivery may bring it. */
  readonly again: () => void;
  /** A message that was not seen before came after a later one of its key. */
  readonly outOfOrder: (message: Message) => void;
  /** The connection came (undefined), went or was blocked. */
  readonly trouble: (trouble: string | undefined) => void;
};

/** A queue of our own lives this long without us, so that a restart of the broker loses nothing and a killed demo leaves nothing behind. */
const queueExpiresMs = 60_000;
/** Keys and messages that are remembered. */
const remembered = 100_000;

/** Follows every integration event on a queue of its own; reconnects for ever. */
export const followMessages = async (url: string, listener: Listener) => {
  const queue = `demo.${crypto.randomUUID()}`;
  const lastSequences = new LRUCache<string, string>({ max: remembered });
  const ids = new LRUCache<string, true>({ max: remembered });
  let current: ChannelModel | undefined;

  const take = ({ properties: { headers = {}, messageId }, content }: ConsumeMessage): void => {
    const attribute = (name: string): string => String(headers[`cloudEvents:${name}`]);
    const type = attribute('type');
    const data = JSON.parse(content.toString()) as Message['data'];
    const message: Message = { type, name: type.replace(/^orders\.(.*)\.v\d+$/, '$1'), key: attribute('partitionkey'), data };
    const sequence = attribute('sequence');
    const isLate = sequence <= (lastSequences.get(message.key) ?? '');
    const isKnown = ids.has(messageId as string);
    ids.set(messageId as string, true);
    if (!isLate) {
      lastSequences.set(message.key, sequence);
      listener.message(message);
    } else if (isKnown) listener.again();
    else listener.outOfOrder(message);
  };

  const connection = await connectBroker({
    url,
    name: 'demo',
    logger: silent,
    setup: async (model) => {
      const channel = await model.createChannel();
      // Its end is the connection's end, which is noticed there.
      channel.on('error', () => {});
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-expires': queueExpiresMs } });
      await channel.bindQueue(queue, 'orders.events', '#');
      await channel.prefetch(500);
      await channel.consume(queue, (message) => {
        if (!message) return;
        take(message);
        channel.ack(message);
      });
      current = model;
    },
    changed: () => listener.trouble(connectionTrouble()),
  });
  const connectionTrouble = (): string | undefined => connection.trouble();

  return {
    trouble: connectionTrouble,
    /** Removes the queue and says goodbye. */
    close: async (): Promise<void> => {
      if (connection.trouble() === undefined) {
        await current
          ?.createChannel()
          .then((channel) => channel.deleteQueue(queue))
          .catch(() => {});
      }
      await connection.close();
    },
  };
};
