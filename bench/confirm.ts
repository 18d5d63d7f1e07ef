import pg from 'pg';
import { pause } from '../src/platform/retry.ts';
import { testDatabase } from '../test/support/database.ts';
import { cpuOfParts, cpuOfPostgres, cpuOfRoles } from './cpu.ts';
import { inTurns, quantile, series, type Sample } from './measure.ts';
import { startPart, type Part } from './part.ts';
import type { LoadOptions, LoadRound } from './parts/load.ts';
import { publishOffers, tokensOf } from './place.ts';
import { counted, openPlatform } from './platform.ts';
import type { Findings } from './report.ts';
import type { Bench } from './run.ts';

const roles = ['api', 'processes', 'projector', 'forwarder'] as const;

/** From placing an order to its confirmation, with the sandbox answering payments and every role of the platform at work. */
export const confirmBenchmark = async ({ quick, rounds, rabbitmqUrl, say }: Bench): Promise<Findings> => {
  const orders = quick ? 1_500 : 6_000;
  await using held = new AsyncDisposableStack();
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const platform = held.adopt(openPlatform(database, rabbitmqUrl), ({ stop }) => stop());
  const running = Object.fromEntries(await Promise.all(roles.map(async (role) => [role, await platform.start(role)] as const)));
  const [api, processes] = [running['api']!, running['processes']!];
  const load: Part = held.adopt(
    await startPart(new URL('parts/load.ts', import.meta.url), {
      transport: 'rest',
      token: await platform.token('checkout'),
      merchantTokens: await tokensOf(platform),
    } satisfies LoadOptions),
    ({ end }) => end(),
  );
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  held.defer(() => owner.end());
  await publishOffers(load, [api], say);

  const confirmed = async (): Promise<number> =>
    (await counted([processes], 'commands_total', 'method="ConfirmOrder"', 'outcome')).get('accepted') ?? 0;
  const clocks = {
    ...Object.fromEntries(roles.map((role) => [role, cpuOfRoles([running[role]!])])),
    postgres: cpuOfPostgres(owner),
    client: cpuOfParts([load]),
  };
  const readClocks = async (): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries(await Promise.all(Object.entries(clocks).map(async ([name, clock]) => [name, await clock()] as const)));

  /** Places orders and waits until all are confirmed; all of that counts. */
  const round = (requests: number, concurrency: number) => async (): Promise<Sample> => {
    const [first, before, cpu, begun] = [await headOf(owner), await confirmed(), await readClocks(), performance.now()];
    const placing = await load.ask<Sample>('round', { what: 'place', targets: [api.http], concurrency, requests } satisfies LoadRound);
    const placedMs = performance.now() - begun;
    const deadline = performance.now() + 120_000;
    while ((await confirmed()) < before + requests) {
      if (performance.now() > deadline) throw new Error('not every order was confirmed; see .local/bench/logs');
      await pause(50);
    }
    const tookMs = performance.now() - begun;
    const used = await readClocks();
    const latencies = await latenciesSince(owner, first);
    return {
      rate: (requests / tookMs) * 1_000,
      placed: (requests / placedMs) * 1_000,
      refused: placing['refused']!,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      ...Object.fromEntries(Object.keys(clocks).map((name) => [name, ((used[name]! - cpu[name]!) * 1e6) / requests])),
    };
  };
  const results = await inTurns(
    [
      { name: 'many', round: round(orders, 64) },
      { name: 'one by one', round: round(quick ? 50 : 200, 1) },
    ],
    rounds,
    say,
  );
  const of = (name: string, measure: string): readonly number[] => series(results, name, measure);
  return {
    figures: [
      { name: 'orders placed meanwhile', unit: '/s', values: of('many', 'placed') },
      { name: 'placed → confirmed, placed one after another, p50', unit: ' ms', values: of('one by one', 'p50Ms') },
      { name: 'placed → confirmed, placed one after another, p99', unit: ' ms', values: of('one by one', 'p99Ms') },
      { name: 'placed → confirmed, in the crowd, p50', unit: ' ms', values: of('many', 'p50Ms') },
      ...[...roles, 'postgres', 'client'].map((name) => ({ name: `CPU per order: ${name}`, unit: ' µs', values: of('many', name) })),
    ],
    comparisons: [{ what: 'orders from placed to confirmed', values: of('many', 'rate'), unit: '/s', target: { atLeast: 250 } }],
    notes: [
      `${orders.toLocaleString('en')} orders of one or two lines over 10,000 offers, placed by REST 64 at once; the clock runs from the first request to the last confirmation. Every order takes six to ten commands of processes, each durable before it is answered: reserve, mark and confirm per line, request and record the payment, confirm the order.`,
      'One process each of api, processes (with the sandbox), projector and forwarder, PostgreSQL, RabbitMQ and the client share the machine. What RabbitMQ uses is not among the CPU figures.',
    ],
  };
};

const headOf = async (client: pg.Client): Promise<string> =>
  (await client.query<{ head: string }>('select coalesce(max(position), 0) as head from log.events')).rows[0]!.head;

/** Milliseconds from placed to confirmed, by the log's own times. */
const latenciesSince = async (client: pg.Client, position: string): Promise<readonly number[]> => {
  const { rows } = await client.query<{ ms: number }>(
    `select extract(epoch from max(recorded_at) - min(recorded_at))::float8 * 1000 as ms
       from log.events where position > $1 and type in ('OrderPlaced', 'OrderConfirmed')
   group by stream having count(*) = 2`,
    [position],
  );
  return rows.map(({ ms }) => ms);
};
