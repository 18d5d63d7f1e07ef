import assert from 'node:assert/strict';
import pg from 'pg';
import { testDatabase } from '../test/support/database.ts';
import type { ByHandOptions } from './by-hand.ts';
import { cpuOfParts, cpuOfPostgres, cpuOfRoles, withCpu, type CpuClock } from './cpu.ts';
import { inTurns, series, type Sample } from './measure.ts';
import { startPart, type Part } from './part.ts';
import type { LoadOptions, LoadRound } from './parts/load.ts';
import { publishOffers, tokensOf } from './place.ts';
import { developmentKeyFile, openPlatform, type Address } from './platform.ts';
import { ratio, type Findings } from './report.ts';
import type { Bench } from './run.ts';
import { warmUp } from './warm-up.ts';

const concurrency = 64;

const titles = { ours: 'GetOrder by REST', byHand: 'by hand', bare: 'fastify and pg by key', raw: 'documents sent as they are' } as const;

/**
 * GetOrder by REST through one api process, against fastify and pg reading a document of the same size by its key, against a server by
 * hand that gives the same answers, and against the least that sends documents at all.
 */
export const getBenchmark = async ({ quick, rounds, say }: Bench): Promise<Findings> => {
  const durationMs = quick ? 2_000 : 6_000;
  const orderCount = quick ? 2_000 : 20_000;
  await using held = new AsyncDisposableStack();
  const part = async (program: string, options: unknown): Promise<Part> =>
    held.adopt(await startPart(new URL(`parts/${program}.ts`, import.meta.url), options), ({ end }) => end());
  const database = held.adopt(await testDatabase(), ({ drop }) => drop());
  const platform = held.adopt(openPlatform(database), ({ stop }) => stop());
  const [api, projector] = [await platform.start('api'), await platform.start('projector')];
  const token = await platform.token('checkout');
  const filling = await part('load', { transport: 'rest', token, merchantTokens: await tokensOf(platform) } satisfies LoadOptions);
  await publishOffers(filling, [api], say);
  await filling.ask('round', { what: 'place', targets: [api.http], concurrency, requests: orderCount } satisfies LoadRound);
  await filling.end();

  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  held.defer(() => owner.end());
  await untilShown(owner, orderCount);
  await projector.stop();
  const { rows } = await owner.query<{ order_id: string }>('select order_id from read_models.orders');
  const orderIds = rows.map(({ order_id }) => order_id);
  say(`${orderIds.length.toLocaleString('en')} orders placed and in the read model`);

  const answers = await Promise.all(orderIds.slice(0, 50).map((id) => answerOf(api.http, id, token)));
  const bytes = Math.round(answers.reduce((sum, { length }) => sum + length, 0) / answers.length);
  // Each order's answer as the platform gave it to one of fifty, under the order's own id.
  await owner.query('create table bench_documents (order_id uuid primary key, document json not null)');
  await owner.query(
    `insert into bench_documents
     select order_id, ($1::text[])[1 + (row_number() over ()) % 50]::json from unnest($2::uuid[]) order_id`,
    [answers, orderIds],
  );
  await owner.query('vacuum analyze bench_documents');

  const byHand = await part('read-by-hand', {
    url: database.runtimeUrl,
    keysUrl: database.keysUrl,
    masterKey: platform.masterKey,
    keyFile: developmentKeyFile,
  } satisfies ByHandOptions);
  const handAddress = await byHand.ask<Address>('address');
  for (const [nth, id] of orderIds.slice(0, answers.length).entries())
    // Whole seconds are written without a fraction by us only.
    assert.deepEqual(JSON.parse((await answerOf(handAddress, id, token)).replaceAll('.000Z', 'Z')), JSON.parse(answers[nth]!));
  const bare = await part('read-bare', { url: database.ownerUrl });
  const raw = await part('read-floor', { url: database.ownerUrl });
  const load = await part('load', { transport: 'rest', token, orderIds } satisfies LoadOptions);
  const postgresMicros = cpuOfPostgres(owner);
  const round = (target: Address, serverMicros: CpuClock) =>
    withCpu(() => load.ask<Sample>('round', { what: 'get', targets: [target], concurrency, durationMs } satisfies LoadRound), durationMs, {
      serverMicros,
      postgresMicros,
    });
  const contenders = [
    { name: 'ours', round: round(api.http, cpuOfRoles([api])) },
    { name: 'byHand', round: round(handAddress, cpuOfParts([byHand])) },
    { name: 'bare', round: round(await bare.ask<Address>('address'), cpuOfParts([bare])) },
    { name: 'raw', round: round(await raw.ask<Address>('address'), cpuOfParts([raw])) },
  ];
  if (!quick) await warmUp(contenders, say);
  const results = await inTurns(contenders, rounds, say);
  if (series(results, 'ours', 'refused').some((refused) => refused > 0)) throw new Error('orders could not be read; see .local/bench/logs');
  return {
    figures: Object.entries(titles).flatMap(([name, title]) => {
      return [
        { name: title, unit: '/s', values: series(results, name, 'rate') },
        { name: `${title}, p50`, unit: ' ms', values: series(results, name, 'p50Ms') },
        { name: `${title}, p99`, unit: ' ms', values: series(results, name, 'p99Ms') },
        { name: `${title}, the server's CPU`, unit: ' µs each', values: series(results, name, 'serverMicros') },
        { name: `${title}, PostgreSQL's CPU`, unit: ' µs each', values: series(results, name, 'postgresMicros') },
        { name: `${title}, the client's share of a core`, unit: '', values: series(results, name, 'clientCpu') },
      ];
    }),
    comparisons: [
      ratio(
        `GetOrder by REST against fastify and pg by key, ${concurrency} at once`,
        series(results, 'ours', 'rate'),
        series(results, 'bare', 'rate'),
        { atLeast: 2 },
      ),
      ratio('the server by hand against fastify and pg by key', series(results, 'byHand', 'rate'), series(results, 'bare', 'rate')),
      ratio('GetOrder by REST against the server by hand', series(results, 'ours', 'rate'), series(results, 'byHand', 'rate')),
      ratio('documents sent as they are against fastify and pg by key', series(results, 'raw', 'rate'), series(results, 'bare', 'rate')),
      ratio('GetOrder by REST against documents sent as they are', series(results, 'ours', 'rate'), series(results, 'raw', 'rate')),
    ],
    notes: [
      `${orderIds.length.toLocaleString('en')} orders, answers of ${bytes} bytes, one process each. Ours verifies the token, cuts the order to its caller and opens three sealed values; its peer does none of that.`,
      `Each round reads every order several times, so what is sealed in it has mostly been opened already in the last minute: opening is remembered as long as the key is, which is at most that.`,
      'The peer: a named statement on a pool of ten connections, one json column, sent by fastify as it does by default. The token comes with each request and is not looked at.',
      'By hand: the same rows, keys, opened values and answers, and nothing around them: no check of the request, no tenants, deadline, limits or metrics, one kind of caller.',
      'Documents sent as they are: fastify, reads that come together as one statement, and the text of the document goes out unparsed: what can be had from these two on a machine at all.',
    ],
  };
};

const answerOf = async ({ host, port }: Address, orderId: string, token: string): Promise<string> => {
  const response = await fetch(`http://${host}:${port}/v1/orders/${orderId}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`GetOrder answered ${response.status}`);
  return response.text();
};

const untilShown = async (client: pg.Client, count: number): Promise<void> => {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { rows } = await client.query<{ shown: string }>('select count(*) as shown from read_models.orders');
    if (Number(rows[0]!.shown) >= count) return;
    if (performance.now() > deadline) throw new Error(`the read model holds ${rows[0]!.shown} of ${count} orders after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
