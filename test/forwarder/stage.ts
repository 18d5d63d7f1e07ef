import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect, type ConsumeMessage, type Options } from 'amqplib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { NewEvent } from '../../src/eventstore/event-store.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { unroutedOf } from '../../src/messaging/topology.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { runForwarder, type ForwarderLimits } from '../../src/projections/forwarder.ts';
import { testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openProxy } from '../support/proxy.ts';

export type Stage = Awaited<ReturnType<typeof openStage>>;
export type Listener = Awaited<ReturnType<Stage['listen']>>;

const merchantId = '0198c0de-0000-7000-8000-00000000000a';

/** A database, a log and an exchange of a test's own, RabbitMQ behind a proxy that can break, and forwarders at will. */
const openStage = async () => {
  const rabbitmqUrl = process.env['TEST_RABBITMQ_URL'];
  if (!rabbitmqUrl) throw new Error('TEST_RABBITMQ_URL is not set: run the tests with `npm test`');
  const database = await testDatabase();
  const proxy = await openProxy(`${rabbitmqUrl}?heartbeat=2`);
  const store = openPostgresStore({ url: database.runtimeUrl, name: 'test', logger: silent, metrics: new Registry() });
  const pool = openPool({ url: database.runtimeUrl, name: 'forwarder', max: 4, logger: silent });
  const owner = openPool({ url: database.ownerUrl, name: 'test', max: 2, logger: silent });
  const exchange = `test-${randomUUID()}.events`;
  const broker = await connect(rabbitmqUrl, { noDelay: true });
  const channel = await broker.createChannel();
  await channel.assertExchange(unroutedOf(exchange), 'fanout', { durable: true });
  await channel.assertExchange(exchange, 'topic', { durable: true, alternateExchange: unroutedOf(exchange) });
  const queues = [unroutedOf(exchange)];
  const running = new Set<{ stop: () => Promise<void> }>();

  const append = async (stream: string, ...events: readonly (Pick<NewEvent, 'type' | 'data'> & Partial<NewEvent>)[]): Promise<void> => {
    const revision = revisions.get(stream) ?? 'none';
    const result = await store.append(
      stream,
      events.map((event) => ({
        id: randomUUID(),
        schemaVersion: 1,
        meta: { commandId: randomUUID(), commandHash: '', correlationId: 'correlation-1', actor: 'user:test' },
        ...event,
      })),
      revision,
    );
    if (result.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(result)}`);
    revisions.set(stream, result.revision);
  };
  const revisions = new Map<string, number>();

  const queue = async (pattern: string, options: Options.AssertQueue): Promise<string> => {
    const { queue: name } = await channel.assertQueue('', { durable: true, ...options });
    queues.push(name);
    await channel.bindQueue(name, exchange, pattern);
    return name;
  };

  return {
    store,
    pool,
    owner,
    proxy,
    exchange,
    channel,
    append,
    queue,

    /** A foreign consumer: everything that comes to a queue of its own, in the order in which it came. */
    async listen(pattern: string) {
      const messages: ConsumeMessage[] = [];
      let look = (): void => {};
      await channel.consume(
        await queue(pattern, {}),
        (message) => {
          if (message) messages.push(message);
          look();
        },
        { noAck: true },
      );
      return {
        messages,
        /** Resolves as soon as the messages satisfy the condition. */
        until: (holds: (messages: readonly ConsumeMessage[]) => boolean): Promise<void> =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`${messages.length} messages came, and not those that were waited for`)), 30_000);
            look = () => {
              if (!holds(messages)) return;
              clearTimeout(timer);
              resolve();
            };
            look();
          }),
      };
    },

    /** A queue that refuses every message. */
    refuse: (pattern: string): Promise<string> => queue(pattern, { maxLength: 0, overflow: 'reject-publish' }),

    start(limits: Partial<ForwarderLimits> = {}) {
      const ending = new AbortController();
      const metrics = new Registry();
      const holder = randomUUID();
      const said: string[] = [];
      const logger = pino({ level: 'warn' }, { write: (line) => said.push(JSON.parse(line).msg) });
      const forwarder = runForwarder({ store, pool, rabbitmqUrl: proxy.url, exchange, holder, logger, metrics, signal: ending.signal, limits });
      const started = {
        ...forwarder,
        /** What it logged as a warning or worse. */
        said,
        stop: async (): Promise<void> => {
          running.delete(started);
          ending.abort();
          await forwarder.done;
        },
        /** The value of a metric without labels, or with these. */
        metric: async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> => {
          const values = (await metrics.getSingleMetric(name)!.get()).values;
          return values.find((value) => Object.entries(labels).every(([label, text]) => value.labels[label] === text))?.value ?? 0;
        },
      };
      running.add(started);
      return started;
    },

    /** Resolves once everything in the log is confirmed or parked, and the checkpoint says so. */
    forwarded: async (): Promise<void> => {
      const head = await store.head();
      await eventually('the checkpoint reaches the head', async () => {
        const { rows } = await pool.query<{ position: string | null }>(`select position from subscriptions.checkpoints where name = 'forwarder'`);
        return (rows[0]?.position ?? '') >= head;
      });
    },

    close: async (): Promise<void> => {
      proxy.pass();
      for (const { stop } of running) await stop();
      for (const name of queues) await channel.deleteQueue(name);
      await channel.deleteExchange(exchange);
      await channel.deleteExchange(unroutedOf(exchange));
      await broker.close();
      await proxy.close();
      await store.close();
      await pool.end();
      await owner.end();
      await database.drop();
    },
  };
};

/** A test with a stage of its own. */
export const onStage = (name: string, behaviour: (stage: Stage) => Promise<void>): void => {
  void test(name, async () => {
    const stage = await openStage();
    try {
      await behaviour(stage);
    } finally {
      await stage.close();
    }
  });
};

export const offerPublished = {
  type: 'OfferPublished',
  data: {
    merchantId,
    sku: 'P-1',
    title: 'Phone',
    grade: 'B',
    currency: 'EUR',
    unitPriceMinor: 39_900,
    onHand: 0,
    vatScheme: 'STANDARD',
    warrantyMonths: 12,
  },
} as const;
export const priceChanged = { type: 'PriceChanged', data: { merchantId, currency: 'EUR', unitPriceMinor: 34_900 } } as const;
export const stockAdjusted = (onHand: number) => ({ type: 'StockAdjusted', data: { merchantId, difference: 1, onHand } }) as const;

export const header = (message: ConsumeMessage, name: string): string => message.properties.headers![`cloudEvents:${name}`];

/** What a consumer processes that drops a `sequence` not above the last of its partition key. */
export const processed = (messages: readonly ConsumeMessage[]): readonly ConsumeMessage[] => {
  const last = new Map<string, string>();
  return messages.filter((message) => {
    const [key, sequence] = [header(message, 'partitionkey'), header(message, 'sequence')];
    if (sequence <= (last.get(key) ?? '')) return false;
    last.set(key, sequence);
    return true;
  });
};
