import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testDatabase } from '../test/support/database.ts';
import type { ByHandOptions } from './by-hand.ts';
import { cpuOfParts, cpuOfPostgres, cpuOfRoles, withCpu, type CpuClock } from './cpu.ts';
import { inTurns, series, type Contender, type Sample } from './measure.ts';
import { merchants, offerCount } from './market.ts';
import { startPart, type Part } from './part.ts';
import type { LoadOptions, LoadRound } from './parts/load.ts';
import { counted, developmentKeyFile, openPlatform, type Address, type Platform, type RoleProcess } from './platform.ts';
import { ratio, type Comparison, type Figure, type Findings } from './report.ts';
import type { Bench } from './run.ts';
import { warmUp } from './warm-up.ts';

const concurrency = 64;
const priceChangesPerSecond = 40;

/** PlaceOrder through two api processes, by REST and by gRPC, against servers of the same frameworks that only echo, one written by hand, and one that only inserts. */
export const placeBenchmark = async ({ quick, rounds, say }: Bench): Promise<Findings> => {
  const durationMs = quick ? 2_000 : 6_000;
  await using held = new AsyncDisposableStack();
  const part = async (program: string, options: unknown): Promise<Part> =>
    held.adopt(await startPart(new URL(`parts/${program}.ts`, import.meta.url), options), ({ end }) => end());
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const platform = held.adopt(openPlatform(database), ({ stop }) => stop());
  const apis = [await platform.start('api'), await platform.start('api')];
  const echoes = [await part('echo', {}), await part('echo', {})];
  const byHand = await serversByHand(held, part, say);
  const inserting = [
    await part('place-floor', { url: database.ownerUrl, first: 0 }),
    await part('place-floor', { url: database.ownerUrl, first: 1e12 }),
  ];
  const merchantTokens = await tokensOf(platform);
  const token = await platform.token('checkout');
  const loads = {
    rest: await part('load', { transport: 'rest', token, merchantTokens } satisfies LoadOptions),
    grpc: await part('load', { transport: 'grpc', token } satisfies LoadOptions),
  };

  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  held.defer(() => owner.end());

  await publishOffers(loads.rest, apis, say);
  const prices = await part('prices', { targets: apis.map(({ http }) => http), perSecond: priceChangesPerSecond, merchantTokens });

  const transports = ['rest', 'grpc'] as const;
  const contenders: Contender[] = [];
  const roundOf = (transport: (typeof transports)[number], targets: readonly Address[], clocks: Readonly<Record<string, CpuClock>>) =>
    withCpu(() => loads[transport].ask<Sample>('round', { what: 'place', targets, concurrency, durationMs } satisfies LoadRound), durationMs, clocks);
  for (const transport of transports) {
    const echoAddresses = (await Promise.all(echoes.map(({ ask }) => ask<Record<typeof transport, Address>>('addresses')))).map(
      (addresses) => addresses[transport],
    );
    const apiAddresses = apis.map(({ http, grpc }) => (transport === 'rest' ? http : grpc));
    contenders.push(
      {
        name: `${transport} ours`,
        round: roundOf(transport, apiAddresses, { serverMicros: cpuOfRoles(apis), postgresMicros: cpuOfPostgres(owner) }),
      },
      { name: `${transport} echo`, round: roundOf(transport, echoAddresses, { serverMicros: cpuOfParts(echoes) }) },
    );
  }
  contenders.push({
    name: 'rest by hand',
    round: roundOf('rest', await Promise.all(byHand.map(({ ask }) => ask<Address>('address'))), {
      serverMicros: cpuOfParts(byHand),
      postgresMicros: cpuOfPostgres(owner),
    }),
  });
  contenders.push({
    name: 'rest inserts alone',
    round: roundOf('rest', await Promise.all(inserting.map(({ ask }) => ask<Address>('address'))), {
      serverMicros: cpuOfParts(inserting),
      postgresMicros: cpuOfPostgres(owner),
    }),
  });
  const outcomesSoFar = () => counted(apis, 'commands_total', 'method="PlaceOrder"', 'outcome');
  const before = await outcomesSoFar();
  if (!quick) await warmUp(contenders, say);
  const results = await inTurns(contenders, rounds, say);
  const outcomes = new Map([...(await outcomesSoFar())].map(([outcome, count]) => [outcome, count - (before.get(outcome) ?? 0)]));
  const acknowledged = outcomes.get('accepted') ?? 0;

  const figures: Figure[] = [];
  const comparisons: Comparison[] = [];
  for (const transport of transports) {
    const title = transport === 'rest' ? 'REST' : 'gRPC';
    const ours = (measure: string): readonly number[] => series(results, `${transport} ours`, measure);
    const echo = (measure: string): readonly number[] => series(results, `${transport} echo`, measure);
    figures.push(
      { name: `PlaceOrder, ${title}`, unit: '/s', values: ours('rate') },
      { name: `PlaceOrder, ${title}, p50`, unit: ' ms', values: ours('p50Ms') },
      { name: `PlaceOrder, ${title}, p99`, unit: ' ms', values: ours('p99Ms') },
      { name: `PlaceOrder, ${title}, the api processes' CPU`, unit: ' µs each', values: ours('serverMicros') },
      { name: `PlaceOrder, ${title}, PostgreSQL's CPU`, unit: ' µs each', values: ours('postgresMicros') },
      { name: `${title} echo`, unit: '/s', values: echo('rate') },
      { name: `${title} echo, p50`, unit: ' ms', values: echo('p50Ms') },
      { name: `${title} echo, its processes' CPU`, unit: ' µs each', values: echo('serverMicros') },
      { name: `the client's share of a core while it loads the ${title} echo`, unit: '', values: echo('clientCpu') },
    );
    comparisons.push(ratio(`PlaceOrder by ${title} against its echo, ${concurrency} at once`, ours('rate'), echo('rate'), { atLeast: 0.3 }));
  }
  comparisons.push(
    ratio(
      "the api processes' CPU for a PlaceOrder by REST against one by gRPC",
      series(results, 'rest ours', 'serverMicros'),
      series(results, 'grpc ours', 'serverMicros'),
      { atMost: 1.6 },
    ),
  );
  for (const other of ['by hand', 'inserts alone']) {
    const values = (measure: string): readonly number[] => series(results, `rest ${other}`, measure);
    figures.push(
      { name: `${other}, REST`, unit: '/s', values: values('rate') },
      { name: `${other}, REST, p50`, unit: ' ms', values: values('p50Ms') },
      { name: `${other}, REST, its processes' CPU`, unit: ' µs each', values: values('serverMicros') },
      { name: `${other}, REST, PostgreSQL's CPU`, unit: ' µs each', values: values('postgresMicros') },
    );
    comparisons.push(
      ratio(`PlaceOrder by REST against ${other}`, series(results, 'rest ours', 'rate'), values('rate')),
      ratio(`${other} against the REST echo`, values('rate'), series(results, 'rest echo', 'rate')),
    );
  }
  const { changed, failed } = await prices.ask<{ changed: number; failed: number }>('changes');
  const stored = await countOrders(owner);
  comparisons.push({ what: 'acknowledged orders that are not in the log', values: [acknowledged - stored], unit: ' events', target: { atMost: 0 } });
  return {
    figures,
    comparisons,
    notes: [
      `Ours: two api processes, ${offerCount.toLocaleString('en')} offers, every order durable, authenticated, validated and sealed, one order in five by a new customer, the offers' tails read from the store for each. The echo: two processes that decode the same request and answer with as many bytes, with neither database nor token.`,
      `The echo has the machine to itself and its client; ours shares it with PostgreSQL.`,
      `${changed.toLocaleString('en')} price changes meanwhile, ${failed} of them failed.`,
      'By hand: two processes that use the same store, keys, seals and domain in one function, with no check of fields, idempotency, deadlines, limits or metrics of calls, and no prices that change: what the work itself costs on this machine.',
      'Inserts alone: two processes that parse the body and insert an event as long as an order’s, together with what else waits, into a table like the log. They check, decide, seal, read and number nothing: whoever is to be durable cannot be faster.',
      'One client process sends prebuilt requests over plain sockets: 64 connections for REST, 8 connections of 8 streams for gRPC.',
      `Commands by outcome, warm-up included: ${[...outcomes].map(([outcome, count]) => `${outcome} ${count.toLocaleString('en')}`).join(', ')}. Only accepted ones count as orders.`,
    ],
  };
};

/** Two servers by hand on a database of their own, in which the same offers are for sale. */
const serversByHand = async (
  held: AsyncDisposableStack,
  part: (program: string, options: unknown) => Promise<Part>,
  say: (line: string) => void,
): Promise<readonly Part[]> => {
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const platform = openPlatform(database);
  try {
    const api = await platform.start('api');
    const filling = await part('load', {
      transport: 'rest',
      token: await platform.token('checkout'),
      merchantTokens: await tokensOf(platform),
    } satisfies LoadOptions);
    await publishOffers(filling, [api], say);
  } finally {
    await platform.stop();
  }
  const options = {
    url: database.runtimeUrl,
    keysUrl: database.keysUrl,
    masterKey: randomBytes(32).toString('base64'),
    keyFile: developmentKeyFile,
  } satisfies ByHandOptions;
  return [await part('place-by-hand', options), await part('place-by-hand', options)];
};

/** A token for each merchant of the benchmark's market. */
export const tokensOf = async (platform: Platform): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(await Promise.all(merchants.map(async (id) => [id, await platform.merchantToken(id)] as const)));

/** Puts every offer of the market up for sale. */
export const publishOffers = async (load: Part, apis: readonly RoleProcess[], say: (line: string) => void): Promise<void> => {
  const { refused } = await load.ask<{ readonly refused: number }>('round', {
    what: 'publish',
    targets: apis.map(({ http }) => http),
    concurrency: 64,
    requests: offerCount,
  } satisfies LoadRound);
  if (refused > 0) throw new Error(`${refused} offers could not be published; see .local/bench/logs`);
  say(`${offerCount.toLocaleString('en')} offers published`);
};

const countOrders = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ count: string }>(`select count(*) from log.events where type = 'OrderPlaced'`);
  return Number(rows[0]!.count);
};
