// Another team's service: takes the order platform's integration events from RabbitMQ and prints them.
// It needs nothing of the platform but the address of the broker, and no package but amqplib.
//
//   node examples/consume-orders.mjs                          everything
//   node examples/consume-orders.mjs orders.order-placed.v1   only this type; more can be named
//
// RABBITMQ_URL names the broker; without it, the one that `npm start` runs in this clone is taken.
import { readFileSync } from 'node:fs';
import amqp from 'amqplib';

const exchange = 'orders.events';
const topics = process.argv.length > 2 ? process.argv.slice(2) : ['#'];

/** The broker of `npm start` in this clone, which writes its address down. */
const localBroker = () => {
  try {
    return /^RABBITMQ_URL=(.*)$/m.exec(readFileSync(new URL('../.local/start/services.env', import.meta.url), 'utf8'))?.[1];
  } catch {
    return undefined;
  }
};

const url = process.env.RABBITMQ_URL ?? localBroker();
if (!url) {
  console.error('The platform does not run in this clone: start it with `npm start`, or set RABBITMQ_URL.');
  process.exit(1);
}

/**
 * The last `sequence` of each order (`partitionkey`). A message may come twice, and a repeated one may be late: what is not above
 * the last sequence of its order has been processed before. A real service keeps this with its own data, in the same transaction.
 */
const lastSequences = new Map();

const print = ({ content, properties: { headers } }) => {
  const attribute = (name) => headers[`cloudEvents:${name}`];
  const key = attribute('partitionkey');
  const sequence = attribute('sequence');
  if (sequence <= (lastSequences.get(key) ?? '')) {
    console.log(`${attribute('time')}  ${attribute('type')}  ${attribute('subject')}  (again: dropped)`);
    return;
  }
  lastSequences.set(key, sequence);
  console.log(`${attribute('time')}  ${attribute('type')}  ${attribute('subject')}\n  ${JSON.stringify(JSON.parse(content))}`);
};

const connection = await amqp.connect(url);
const channel = await connection.createChannel();
// A queue of its own, gone with this program. A service that must not miss anything declares a durable queue with a name.
const { queue } = await channel.assertQueue('', { exclusive: true });
for (const topic of topics) await channel.bindQueue(queue, exchange, topic);
await channel.prefetch(100);
await channel.consume(queue, (message) => {
  if (!message) return;
  print(message);
  channel.ack(message);
});
console.log(`Listening to ${exchange} (${topics.join(', ')}); Ctrl-C ends this.`);

connection.on('error', (error) => console.error(error.message));
connection.on('close', () => {
  console.error('The connection to RabbitMQ was lost.');
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
