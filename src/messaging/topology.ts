import type { Channel } from 'amqplib';

/** How many messages that nobody took are kept for a look; the oldest go first. */
const unroutedLimit = 10_000;

/** Exchange and queue of what no queue took from `<name>.events`: `<name>.unrouted`. */
export const unroutedOf = (exchange: string): string => `${exchange.replace(/\.events$/, '')}.unrouted`;

/**
 * Declares the topic exchange that integration events go to and its alternate exchange, whose one queue is bounded.
 * Declaring what already stands changes nothing; what stands with other arguments is an error of the channel.
 * RabbitMQ 3.10 and later.
 */
export const declareTopology = async (channel: Channel, exchange: string): Promise<void> => {
  const unrouted = unroutedOf(exchange);
  await channel.assertExchange(unrouted, 'fanout', { durable: true });
  await channel.assertQueue(unrouted, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': unroutedLimit, 'x-overflow': 'drop-head' },
  });
  await channel.bindQueue(unrouted, unrouted, '');
  await channel.assertExchange(exchange, 'topic', { durable: true, alternateExchange: unrouted });
};
