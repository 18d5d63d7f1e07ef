import { subscriptionOf } from '../src/projections/projection.ts';
import { orders } from '../src/projections/orders.ts';
import { testDatabase } from '../test/support/database.ts';
import { inTurns, quantile, series, type Sample } from './measure.ts';
import { startPart, type Part } from './part.ts';
import type { Observed } from './parts/observe.ts';
import type { Paced } from './parts/pace.ts';
import { openPlatform } from './platform.ts';
import type { Findings } from './report.ts';
import type { Bench } from './run.ts';

const perSecond = 1_000;

/** How long after it was sent an event is in the read model, and at a consumer of RabbitMQ: writer, projector and forwarder are processes of their own. */
export const lagBenchmark = async ({ quick, rounds, rabbitmqUrl, say }: Bench): Promise<Findings> => {
  const durationMs = quick ? 3_000 : 10_000;
  await using held = new AsyncDisposableStack();
  const part = async (program: string, options: unknown): Promise<Part> =>
    held.adopt(await startPart(new URL(`parts/${program}.ts`, import.meta.url), options), ({ end }) => end());
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const platform = held.adopt(openPlatform(database, rabbitmqUrl), ({ stop }) => stop());
  await platform.start('projector');
  await platform.start('forwarder');
  const observer = await part('observe', { url: database.runtimeUrl, rabbitmqUrl, exchange: 'orders.events', subscription: subscriptionOf(orders) });
  const writer = await part('pace', { url: database.runtimeUrl });

  const round = async (): Promise<Sample> => {
    const events = await writer.ask<readonly Paced[]>('pace', { perSecond, durationMs });
    const head = events.reduce((newest, { position }) => (position > newest ? position : newest), '');
    const { shown, received, polls } = await observer.ask<Observed>('observed', { position: head, messages: events.map(({ id }) => id) });
    const inOrder = events.toSorted((a, b) => (a.position < b.position ? -1 : 1));
    let seen = 0;
    const visibleAt = new Map(
      inOrder.map(({ id, position }) => {
        while (shown[seen]![0] < position) seen += 1;
        return [id, shown[seen]![1]] as const;
      }),
    );
    const times = (at: (event: Paced) => number) => events.map(at);
    const measures = {
      append: times(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt),
      readModel: times(({ id, sentAt }) => visibleAt.get(id)! - sentAt),
      consumer: times(({ id, sentAt }) => received.get(id)! - sentAt),
    };
    const sample: Record<string, number> = {
      rate: (events.length / (Math.max(...times(({ sentAt }) => sentAt)) - Math.min(...times(({ sentAt }) => sentAt)))) * 1_000,
      pollMs: durationMs / polls,
    };
    for (const [name, values] of Object.entries(measures))
      Object.assign(sample, { [`${name}P50`]: quantile(values, 0.5), [`${name}P99`]: quantile(values, 0.99) });
    return sample;
  };
  const results = await inTurns([{ name: 'lag', round }], rounds, say);
  const of = (measure: string): readonly number[] => series(results, 'lag', measure);
  return {
    figures: [
      { name: 'events', unit: '/s', values: of('rate') },
      { name: "append's own latency, p50", unit: ' ms', values: of('appendP50') },
      { name: "append's own latency, p99", unit: ' ms', values: of('appendP99') },
      { name: 'between two looks at the read model', unit: ' ms', values: of('pollMs') },
    ],
    comparisons: [
      { what: 'sent → in the read model, p50', values: of('readModelP50'), unit: ' ms', target: { atMost: 4 } },
      { what: 'sent → in the read model, p99', values: of('readModelP99'), unit: ' ms', target: { atMost: 20 } },
      { what: 'sent → at a RabbitMQ consumer, p50', values: of('consumerP50'), unit: ' ms', target: { atMost: 6 } },
      { what: 'sent → at a RabbitMQ consumer, p99', values: of('consumerP99'), unit: ' ms', target: { atMost: 30 } },
    ],
    notes: [
      `Orders appended at ${perSecond.toLocaleString('en')} a second by one process; the projector builds all read models, the forwarder publishes with confirms. Times begin when append is called, so they contain the append's own latency.`,
      'The read model is looked at as a waiting query does, by its checkpoint, which commits with its rows; half the time between two looks is the observer’s own. The consumer is plain amqplib with noDelay and acknowledgements.',
    ],
  };
};
