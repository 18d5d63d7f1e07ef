import pg from 'pg';
import { orders } from '../src/projections/orders.ts';
import { testDatabase } from '../test/support/database.ts';
import { fillLog } from './history.ts';
import { inTurns, series, type Sample } from './measure.ts';
import { startPart } from './part.ts';
import { rebuiltTables, type RebuiltTables } from './rebuilt.ts';
import { ratio, type Findings } from './report.ts';
import type { Bench } from './run.ts';

/** The read model `orders` from the start of a log: by our engine, by a script for this one case, and by Emmett's rebuild. */
export const rebuildBenchmark = async ({ quick, rounds, say }: Bench): Promise<Findings> => {
  const events = quick ? 20_000 : 120_000;
  await using held = new AsyncDisposableStack();
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  held.defer(() => owner.end());
  await fillLog(database.ownerUrl, events);
  const programs = {
    ours: { program: 'rebuild-ours', options: { url: database.runtimeUrl }, suffix: `v${orders.version}` },
    'by hand': {
      program: 'rebuild-by-hand',
      options: { url: database.runtimeUrl, pageSize: 2_000, eventsPerWrite: 16_000, suffix: 'by_hand' },
      suffix: 'by_hand',
    },
    emmett: { program: 'rebuild-emmett', options: { url: database.ownerUrl, suffix: 'emmett' }, suffix: 'emmett' },
    'emmett, large pages': {
      program: 'rebuild-emmett',
      options: { url: database.ownerUrl, pulling: { batchSize: 1_000, pullingFrequencyInMs: 0 }, suffix: 'emmett' },
      suffix: 'emmett',
    },
  };
  /** Every rebuild is a process of its own: one that has compiled everything before is not what an operator starts. */
  const inProcess = async <Answer>(name: keyof typeof programs, question: string): Promise<Answer> => {
    const { program, options } = programs[name];
    const part = await startPart(new URL(`parts/${program}.ts`, import.meta.url), options);
    try {
      return await part.ask<Answer>(question);
    } finally {
      await part.end();
    }
  };
  await inProcess('emmett', 'fill');
  say(`${events.toLocaleString('en')} events`);

  const expected = await expectedOrders(owner);
  let lost = 0;
  let ownHash: string | undefined;
  const contender = (name: keyof typeof programs) => ({
    name,
    round: async (): Promise<Sample> => {
      const { seconds } = await inProcess<{ readonly seconds: number }>(name, 'rebuild');
      const built = await contentOf(owner, rebuiltTables(programs[name].suffix));
      if (name === 'ours') lost += Math.abs(expected.placed - built.placed) + Math.abs(expected.cancelled - built.cancelled);
      if (name === 'ours') ownHash = built.hash;
      else if (built.hash !== ownHash) throw new Error(`${name} built another table than ours: ${JSON.stringify({ built, expected })}`);
      return { rate: events / seconds };
    },
  });
  const results = await inTurns((Object.keys(programs) as (keyof typeof programs)[]).map(contender), quick ? rounds : Math.min(rounds, 3), say);
  return {
    figures: (Object.keys(programs) as (keyof typeof programs)[]).map((name) => ({
      name: `rebuild of orders, ${name}`,
      unit: ' events/s',
      values: series(results, name, 'rate'),
    })),
    comparisons: [
      ratio(
        "rebuild of one read model: ours against Emmett's projection",
        series(results, 'ours', 'rate'),
        series(results, 'emmett, large pages', 'rate'),
        { atLeast: 30 },
      ),
      ratio(
        "rebuild of one read model: ours against Emmett's projection at its defaults",
        series(results, 'ours', 'rate'),
        series(results, 'emmett', 'rate'),
      ),
      ratio('rebuild of one read model: ours against a script by hand', series(results, 'ours', 'rate'), series(results, 'by hand', 'rate'), {
        atLeast: 0.5,
      }),
      { what: 'orders and cancellations missing or too many after a rebuild', values: [lost], unit: ' events', target: { atMost: 0 } },
    ],
    notes: [
      `${events.toLocaleString('en')} events, the lives of ${expected.placed.toLocaleString('en')} orders of two lines: up to twelve events each, over nineteen days, so that hundreds of other orders lie between two events of one; ${expected.cancelled.toLocaleString('en')} were cancelled, and the youngest are under way. The read model is three tables: orders with four indexes, their lines with four, and support tasks; all contenders end with the same rows in each.`,
      'Emmett: rebuildPostgreSQLProjections with a projection that reads an order’s row, folds the event as ours does and writes the row and those of its lines that changed, in named statements. The target is for pages of 1,000 and no pause; beside it stand its defaults (pages of 100, 50 ms between them). It hands over one event at a time, and stores its checkpoint after each.',
      'By hand: pages of 2,000, the next one read meanwhile, rows written every 16,000 events as columns of text, and loaded only where they are not in memory; indexes for queries at the end; no lease, fencing or parking.',
      'Ours is built beside the version that queries read, and the clock runs until the view points at it, its indexes made. Each rebuild runs in a new process, connected before the clock starts.',
    ],
  };
};

type Content = { readonly placed: number; readonly cancelled: number; readonly hash: string };

const expectedOrders = async (client: pg.Client): Promise<Omit<Content, 'hash'>> => {
  const { rows } = await client.query<{ placed: string; cancelled: string }>(
    `select count(*) filter (where type = 'OrderPlaced') as placed, count(*) filter (where type = 'OrderCancelled') as cancelled from log.events`,
  );
  return { placed: Number(rows[0]!.placed), cancelled: Number(rows[0]!.cancelled) };
};

const contentOf = async (client: pg.Client, tables: RebuiltTables): Promise<Content> => {
  const { rows } = await client.query<{ placed: string; cancelled: string }>(
    `select count(*) as placed, count(*) filter (where status = 'CANCELLED') as cancelled from ${tables.orders}`,
  );
  const hashes: string[] = [];
  for (const [name, table] of Object.entries(tables)) {
    const hashed = await client.query<{ hash: string }>(
      `select count(*) || '/' || coalesce(sum(hashtextextended(to_jsonb(t)::text, 0)), 0) as hash from ${table} t`,
    );
    hashes.push(`${name} ${hashed.rows[0]!.hash}`);
  }
  return { placed: Number(rows[0]!.placed), cancelled: Number(rows[0]!.cancelled), hash: hashes.join(', ') };
};
