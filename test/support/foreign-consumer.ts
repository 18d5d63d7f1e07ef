import { connect, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { afterwards } from './afterwards.ts';
import { eventually } from './eventually.ts';

/** Another team's service: a durable queue of its own and what came to it, acknowledged one by one, in the order in which it came. */
export type ForeignConsumer = {
  readonly messages: readonly ConsumeMessage[];
  readonly close: () => Promise<void>;
};

/** A broker that is started again is back long before. */
const patienceMs = 120_000;

/** Consumes everything that an exchange gets, and goes on after the broker was away. */
export const consumeAll = async (rabbitmqUrl: string, exchange: string): Promise<ForeignConsumer> => {
  const queue = `${exchange}.foreign`;
  const messages: ConsumeMessage[] = [];
  let connection: ChannelModel | undefined;
  let closing = false;

  const consume = async (): Promise<void> => {
    connection = await connect(rabbitmqUrl, { timeout: 5_000 });
    connection.on('error', () => {});
    connection.on('close', () => void again());
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, exchange, '#');
    await channel.consume(queue, (message) => {
      if (!message) return;
      messages.push(message);
      channel.ack(message);
    });
  };
  const again = (): Promise<void> =>
    eventually(
      'the broker takes the consumer again',
      async () => {
        if (closing) return true;
        return consume().then(
          () => true,
          async () => {
            await connection?.close().catch(() => {});
            return false;
          },
        );
      },
      patienceMs,
    );
  const close = async (): Promise<void> => {
    if (closing) return;
    closing = true;
    const channel = await connection?.createChannel();
    await channel?.deleteQueue(queue);
    await connection?.close();
  };
  await consume();
  afterwards(close);
  return { messages, close };
};

/** A CloudEvents attribute of a message. */
export const attribute = (message: ConsumeMessage, name: string): string => String(message.properties.headers?.[`cloudEvents:${name}`]);

/** What a consumer processes that drops a `sequence` not above the last it processed of the same `partitionkey`. */
export const processed = (messages: readonly ConsumeMessage[]): readonly ConsumeMessage[] => {
  const last = new Map<string, string>();
  return messages.filter((message) => {
    const [key, sequence] = [attribute(message, 'partitionkey'), attribute(message, 'sequence')];
    if (sequence <= (last.get(key) ?? '')) return false;
    last.set(key, sequence);
    return true;
  });
};
