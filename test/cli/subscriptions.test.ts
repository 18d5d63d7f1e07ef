import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { catalogue } from '../../src/domain/catalogue.ts';
import { offerStream } from '../../src/domain/ids.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { offers } from '../../src/projections/offers.ts';
import { subscriptionOf, type AnyProjection } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { runProjections } from '../../src/projections/run.ts';
import { readLags, type Lag } from '../../src/subscriptions/lag.ts';
import { newEvent } from '../eventstore/contract.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let store: EventStore;
let pool: Pool;
let owner: pg.Client;

before(async () => {
  database = await testDatabase();
  store = openPostgresStore({ url: database.runtimeUrl, name: 'cli test', logger: silent, metrics: createMetrics('test') });
  pool = openPool({ url: database.runtimeUrl, name: 'cli test', max: 10, logger: silent });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
after(async () => {
  await Promise.all([store.close(), pool.end(), owner.end()]);
  await database.drop();
});

/** Runs the command as an operator would. */
const cli = async (...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> => {
  const file = fileURLToPath(new URL('../../src/cli/subscriptions.ts', import.meta.url));
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.runtimeUrl, EVENT_STORE_URL: database.runtimeUrl };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { env });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, said: stderr };
  }
};

/** Runs the read models until they have come to the end of the log. */
const bringUpToDate = async (projections: readonly AnyProjection[] = readModels): Promise<void> => {
  const stop = new AbortController();
  const metrics = createMetrics('test');
  const running = runProjections({
    ...{ store, pool, logger: silent, metrics, signal: stop.signal },
    projections,
    decode: decoder(catalogue),
    holder: `test ${randomUUID()}`,
  });
  const deadline = performance.now() + 20_000;
  let behind: readonly Lag[];
  do {
    behind = [...(await readLags(pool, store, projections.map(subscriptionOf))).values()].filter(({ events }) => events !== 0);
  } while (behind.length > 0 && performance.now() < deadline);
  stop.abort();
  await running.done;
  assert.deepEqual(behind, [], 'the read models did not come to the end of the log');
};

const publish = async (): Promise<string> => {
  const offerId = randomUUID();
  const event: OfferEvent = {
    type: 'OfferPublished',
    data: {
      merchantId: randomUUID(),
      sku: 'sku',
      title: 'Title',
      grade: 'A',
      currency: 'EUR',
      unitPriceMinor: 100,
      onHand: 1,
      vatScheme: 'STANDARD',
      warrantyMonths: 12,
    },
  };
  await store.append(offerStream(offerId), [newEvent(event.type, event.data)], 'none');
  return offerId;
};

const offersShown = async (): Promise<number> =>
  (await pool.query<{ count: number }>('select count(*) as count from read_models.offers')).rows[0]!.count;

test('the list tells how far each subscription has come, who follows, and what is parked and why', async () => {
  await publish();
  await bringUpToDate();
  await owner.query(
    `insert into subscriptions.parked (subscription, group_key, position, event_id, stream, revision, type, error, attempts)
     values ('offers_v2', 'a-group', '0000000000000001', gen_random_uuid(), 'offer-x', 3, 'PriceChanged', 'it does not fold', 1)`,
  );
  const { said } = await cli();
  assert.match(said, /orders_v2 +up to date +nobody follows/);
  assert.match(said, /forwarder +\d+\.\d s behind, 1 events/);
  assert.match(said, /parked a-group: 1 event\n +PriceChanged at revision 3 of offer-x, 1 tries: it does not fold/);
});

test('a parked group is marked to be tried again, or given up', async () => {
  assert.match((await cli('retry', 'offers_v2', 'a-group')).said, /^1 parked events/);
  assert.match((await cli()).said, /1 event, to be tried again/);
  assert.match((await cli('discard', 'offers_v2', 'a-group')).said, /^1 parked events/);
  assert.doesNotMatch((await cli()).said, /parked/);
});

test('a read model that is rebuilt holds the same again', async () => {
  await publish();
  await bringUpToDate();
  const before = (await pool.query('select * from read_models.offers order by offer_id')).rows;
  assert.equal(before.length, 2);
  assert.equal((await cli('rebuild', 'offers_v2')).code, 0);
  assert.equal(await offersShown(), 0);
  await bringUpToDate();
  assert.deepEqual((await pool.query('select * from read_models.offers order by offer_id')).rows, before);
});

test('after a restored log a subscription stays stopped until an operator lets it go on from the end', async () => {
  await owner.query('delete from log.events where position > 1');
  await publish();
  const stop = new AbortController();
  const running = runProjections({
    ...{ store, pool, logger: silent, metrics: createMetrics('test'), signal: stop.signal },
    projections: [offers],
    decode: decoder(catalogue),
    holder: 'test',
  });
  const deadline = performance.now() + 20_000;
  while (!running.ready().some((problem) => problem.includes('restored from a backup')) && performance.now() < deadline) await store.head();
  const problems = running.ready().join();
  stop.abort();
  await running.done;
  assert.match(problems, /restored from a backup/);
  assert.match((await cli('resume-at-head', 'offers_v2')).said, /goes on after position 0000000000000002/);
  await publish();
  const shown = await offersShown();
  await bringUpToDate([offers]);
  assert.equal(await offersShown(), shown + 1);
});

test('what is not known is refused with what there is', async () => {
  assert.match((await cli('dance')).said, /There is no command 'dance'[\s\S]*retry <subscription>/);
  assert.match((await cli('retry', 'nothing')).said, /takes one of orders_v2/);
  assert.match((await cli('rebuild', 'forwarder')).said, /no read model/);
  assert.match((await cli('discard', 'orders_v2')).said, /takes the group/);
  assert.equal((await cli('dance')).code, 1);
});
