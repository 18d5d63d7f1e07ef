import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitedQuery } from '../../src/platform/awaited-query.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { afterwards } from '../support/afterwards.ts';
import { testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const database = await testDatabase();
afterwards(() => database.drop());
const pool = openPool({ url: database.runtimeUrl, name: 'gone callers', max: 2, logger: silent, settings: { statement_timeout: '60s' } });
const watcher = openPool({ url: database.runtimeUrl, name: 'watcher', max: 1, logger: silent });
afterwards(() => Promise.all([pool.end(), watcher.end()]));

/** How many of the pool's connections work on something slow. */
const slow = async (): Promise<number> => {
  const { rows } = await watcher.query(
    `select from pg_stat_activity where application_name = 'gone callers' and state = 'active' and query like '%pg_sleep(600)%'`,
  );
  return rows.length;
};

test('a query that nobody waits for any more is cancelled on the server, also when every connection is busy', async () => {
  const callers = [new AbortController(), new AbortController()];
  const asked = callers.map(({ signal }) => awaitedQuery(pool, signal, { text: 'select pg_sleep(600)' }));
  const refused = Promise.all(asked.map((each) => assert.rejects(each, { name: 'AbortError' })));
  await eventually('both queries run', async () => (await slow()) === 2);
  for (const caller of callers) caller.abort();
  await refused;
  assert.equal(await slow(), 0);
});

test('the connection of a cancelled query is good for the next', async () => {
  for (let round = 0; round < 20; round += 1) {
    const caller = new AbortController();
    const asked = awaitedQuery(pool, caller.signal, { text: 'select pg_sleep(600)' });
    setImmediate(() => caller.abort());
    await assert.rejects(asked, { name: 'AbortError' });
    const { rows } = await awaitedQuery<{ one: number }>(pool, new AbortController().signal, { text: 'select 1 as one' });
    assert.deepEqual(rows, [{ one: 1 }]);
  }
});

test('for somebody who has gone nothing is begun', async () => {
  await assert.rejects(awaitedQuery(pool, AbortSignal.abort(), { text: 'select pg_sleep(600)' }), { name: 'AbortError' });
  assert.equal(await slow(), 0);
});

test('an error of the query itself is told as it is', async () => {
  await assert.rejects(awaitedQuery(pool, new AbortController().signal, { text: 'select 1/0' }), { code: '22012' });
});
