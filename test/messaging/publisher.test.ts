import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect, type Channel } from 'amqplib';
import { Registry } from 'prom-client';
import { openPublisher, type OutgoingMessage, type Publisher, type PublisherOptions } from '../../src/messaging/publisher.ts';
import { unroutedOf } from '../../src/messaging/topology.ts';
import { silent } from '../../src/platform/logging.ts';
import { openProxy, type Proxy } from '../support/proxy.ts';

type Scene = {
  readonly proxy: Proxy;
  readonly exchange: string;
  readonly channel: Channel;
  /** Opens a publisher and waits, unless told otherwise, until it has room. */
  readonly open: (options?: Partial<PublisherOptions>) => Promise<Publisher>;
  /** Resolves as soon as the condition holds; looked at whenever a publisher has changed. */
  readonly until: (holds: () => boolean) => Promise<void>;
};

const onScene = (name: string, behaviour: (scene: Scene) => Promise<void>): void => {
  void test(name, { timeout: 60_000 }, async () => {
    const rabbitmqUrl = process.env['TEST_RABBITMQ_URL'];
    if (!rabbitmqUrl) throw new Error('TEST_RABBITMQ_URL is not set: run the tests with `npm test`');
    const proxy = await openProxy(rabbitmqUrl);
    const exchange = `test-${randomUUID()}.events`;
    const broker = await connect(rabbitmqUrl);
    const channel = await broker.createChannel();
    const publishers: Publisher[] = [];
    const watchers = new Set<() => void>();
    const until = (holds: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      });
    const open = async (options: Partial<PublisherOptions> = {}): Promise<Publisher> => {
      const changed = (): void => watchers.forEach((look) => look());
      const common = {
        url: proxy.url,
        exchange,
        name: 'test',
        logger: silent,
        metrics: new Registry(),
        maxInFlight: 10,
        confirmTimeoutMs: 30_000,
        changed,
      };
      const publisher = await openPublisher({ ...common, ...options });
      publishers.push(publisher);
      return publisher;
    };
    try {
      await behaviour({ proxy, exchange, channel, open, until });
    } finally {
      proxy.pass();
      for (const publisher of publishers) await publisher.close();
      await channel.deleteExchange(exchange);
      await channel.deleteExchange(unroutedOf(exchange));
      await channel.deleteQueue(unroutedOf(exchange));
      await broker.close();
      await proxy.close();
    }
  });
};

const message: OutgoingMessage = {
  routingKey: 'a.b',
  messageId: 'm-1',
  contentType: 'application/json',
  headers: { kind: 'test' },
  content: Buffer.from('{}'),
};

onScene('a message that every queue has taken is confirmed', async ({ open, until }) => {
  const publisher = await open();
  await until(publisher.room);
  assert.equal(await publisher.publish(message), 'confirmed');
});

onScene('a message that one of its queues refuses is nacked', async ({ open, until, channel, exchange }) => {
  const publisher = await open();
  await until(publisher.room);
  const { queue } = await channel.assertQueue('', { exclusive: true, maxLength: 0, overflow: 'reject-publish' });
  await channel.bindQueue(queue, exchange, '#');
  assert.equal(await publisher.publish(message), 'nacked');
});

onScene('a message under way when the connection breaks is lost, and so is one sent before the next', async ({ open, until, proxy }) => {
  const publisher = await open();
  await until(publisher.room);
  proxy.blackhole();
  const underWay = publisher.publish(message);
  proxy.refuse();
  assert.equal(await underWay, 'lost');
  assert.equal(await publisher.publish(message), 'lost');
  assert.equal(publisher.room(), false);
  proxy.pass();
  await until(publisher.room);
  assert.equal(await publisher.publish(message), 'confirmed');
});

onScene('a message without an answer in time is unconfirmed, and keeps its place until the answer comes', async ({ open, until, proxy }) => {
  const publisher = await open({ confirmTimeoutMs: 500, maxInFlight: 2 });
  await until(publisher.room);
  proxy.blackhole();
  assert.equal(await publisher.publish(message), 'unconfirmed');
  const second = publisher.publish(message);
  assert.equal(publisher.room(), false);
  proxy.pass();
  assert.equal(await second, 'confirmed');
  await until(publisher.room);
});

onScene('a broker that answers nothing is connected to anew, for overdue messages leave no room', async ({ open, until, proxy }) => {
  const publisher = await open({ confirmTimeoutMs: 500, maxInFlight: 3 });
  await until(publisher.room);
  proxy.blackhole();
  assert.deepEqual(await Promise.all([publisher.publish(message), publisher.publish(message)]), ['unconfirmed', 'unconfirmed']);
  assert.equal(publisher.room(), false);
  const away = until(() => publisher.trouble() !== undefined);
  proxy.pass();
  await away;
  await until(publisher.room);
  assert.equal(await publisher.publish(message), 'confirmed');
});

onScene('an exchange that was deleted is declared again', async ({ open, until, channel, exchange }) => {
  const publisher = await open();
  await until(publisher.room);
  await channel.deleteExchange(exchange);
  assert.equal(await publisher.publish(message), 'lost');
  await until(publisher.room);
  assert.equal(await publisher.publish(message), 'confirmed');
});

onScene('a publisher whose exchange stands with other arguments says so and waits', async ({ open, until, channel, exchange }) => {
  await channel.assertExchange(exchange, 'direct');
  const said: string[] = [];
  const logger = silent.child({});
  const waits = Promise.withResolvers<void>();
  logger.warn = ((fields: { err: Error }) => {
    said.push(fields.err.message);
    waits.resolve();
  }) as typeof logger.warn;
  const publisher = await open({ logger });
  await waits.promise;
  assert.match(said[0]!, /inequivalent arg 'type'/);
  assert.equal(publisher.room(), false);
  await channel.deleteExchange(exchange);
  await until(publisher.room);
});

onScene('a publisher opened while the broker is away finds it later', async ({ open, until, proxy }) => {
  proxy.refuse();
  const publisher = await open();
  assert.equal(await publisher.publish(message), 'lost');
  proxy.pass();
  await until(publisher.room);
  assert.equal(publisher.trouble(), undefined);
});
