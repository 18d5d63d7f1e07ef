import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { postgresAdapter } from './postgres-adapter.ts';

let adapter: Awaited<ReturnType<typeof postgresAdapter>>;
let store: EventStore;

before(async () => {
  adapter = await postgresAdapter();
  store = adapter.openDirect();
});
after(async () => {
  await store.close();
  await adapter.close();
});

const within = (ms: number) => ({ deadline: performance.now() + ms });
const session = async <Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

test('a client that is cut off between Execute and Sync keeps nobody from appending', async () => {
  const client = new pg.Client({ connectionString: adapter.database.runtimeUrl });
  client.on('error', () => {});
  await client.connect();
  const stream = newStream();
  const { id, meta } = newEvent();
  const { connection } = client as unknown as {
    connection: {
      parse: (query: object) => void;
      bind: (config: object) => void;
      execute: (config: object) => void;
      flush: () => void;
      once: (name: string, done: () => void) => void;
    };
  };
  const executed = new Promise<void>((resolve) => connection.once('commandComplete', resolve));
  connection.parse({ text: 'call log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null, null, null)' });
  connection.bind({ values: [stream, '-1', '1', stream, '0', id, 'Happened', '1', '{}', JSON.stringify(meta)] });
  connection.execute({});
  connection.flush();
  await executed;
  // No Sync follows: for the server the client is still in the middle of its call.
  assert.equal((await store.append(newStream(), [newEvent()], 'none', within(4_000))).kind, 'appended');
  assert.deepEqual(
    (await all(store.read(stream))).map((event) => event.id),
    [id],
    'what was executed is committed',
  );
  await session(adapter.database.runtimeUrl, (other) =>
    other.query('select pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]),
  );
});

test('notifications that never come are made up for by polling', async () => {
  const start = await store.head();
  const listeners = (): Promise<number> =>
    session(adapter.database.runtimeUrl, async (client) => {
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '% listen'`,
      );
      return rowCount ?? 0;
    });
  const following = follow(store, { after: start }, (seen) => eventsOf(seen).length === 3);
  await eventually('the follower listens', async () => (await listeners()) > 0);
  for (let count = 0; count < 3; count += 1) {
    await listeners();
    await store.append(newStream(), [newEvent()], 'none');
  }
  assert.equal(eventsOf(await following).length, 3);
});

test('a log that was restored to an earlier state is noticed by a reader that had gone further', async () => {
  const other = await postgresAdapter();
  const restored = other.openDirect();
  const stream = newStream();
  await restored.append(stream, [newEvent(), newEvent()], 'none');
  const stop = AbortSignal.timeout(20_000);
  const batches = restored.subscribe({ after: restored.start, signal: stop })[Symbol.asyncIterator]();
  const first = await batches.next();
  assert.equal(eventsOf([first.value]).length, 2);
  await session(other.database.ownerUrl, (client) => client.query('delete from log.events where position = 2'));
  await restored.append(newStream(), [newEvent(), newEvent()], 'none');
  await assert.rejects(batches.next(), { name: 'LogChanged' });
  await restored.close();
  await other.close();
});

test('the runtime role can neither change nor delete events, nor touch the identity', async () => {
  await store.append(newStream(), [newEvent()], 'none');
  await session(adapter.database.runtimeUrl, async (client) => {
    for (const statement of [
      `update log.events set type = 'Forged'`,
      'delete from log.events',
      'truncate log.events',
      'update log.identity set generation = 9',
      'drop table log.events',
      'alter table log.events disable trigger all',
      'create table log.mine ()',
    ]) {
      await assert.rejects(client.query(statement), { code: '42501' }, statement);
    }
  });
});

test('a closed log refuses appends by name, and still knows what was stored by an append whose answer was lost', async () => {
  const other = await postgresAdapter();
  const closing = other.open();
  const [stream, event] = [newStream(), newEvent()];
  assert.equal((await closing.append(stream, [event], 'none')).kind, 'appended');
  await session(other.database.ownerUrl, (client) => client.query('update log.identity set closed_at = now()'));
  const refused = await closing.append(newStream(), [newEvent()], 'none');
  assert.equal(refused.kind === 'refused' && refused.code, 'LOG_CLOSED');
  const found = await closing.append(stream, [event], 'none');
  assert.deepEqual([found.kind, found.kind === 'appended' && found.position], ['appended', await closing.head()]);
  await closing.close();
  await other.close();
});

test('appending needs read committed and commits durably whatever the session says', async () => {
  const { id, meta } = newEvent();
  const stream = newStream();
  const values = [stream, '-1', '1', stream, '0', id, 'Happened', '1', '{}', JSON.stringify(meta)];
  await session(adapter.database.runtimeUrl, async (client) => {
    await client.query(`set default_transaction_isolation = 'repeatable read'`);
    await assert.rejects(client.query('call log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null, null, null)', values), /read committed/);
  });
});

test('a batch with an append that the server refuses is sent again append by append', async () => {
  // A type that only the server refuses: it reads a constraint that this test adds.
  await session(adapter.database.ownerUrl, (client) => client.query(`alter table log.events add constraint cursed check (type <> 'Cursed')`));
  const results = await Promise.allSettled([
    ...Array.from({ length: 10 }, () => store.append(newStream(), [newEvent()], 'none')),
    store.append(newStream(), [newEvent('Cursed')], 'none'),
    ...Array.from({ length: 10 }, () => store.append(newStream(), [newEvent()], 'none')),
  ]);
  await session(adapter.database.ownerUrl, (client) => client.query('alter table log.events drop constraint cursed'));
  assert.equal(results.filter((result) => result.status === 'fulfilled' && result.value.kind === 'appended').length, 20);
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 1);
});

test('positions are given out without gaps although appends fail', async () => {
  const stream = newStream();
  await Promise.all(Array.from({ length: 50 }, (_, index) => store.append(index % 2 ? newStream() : stream, [newEvent()], 'none')));
  await session(adapter.database.runtimeUrl, async (client) => {
    const { rows } = await client.query<{ gapless: boolean }>('select max(position) = count(*) as gapless from log.events');
    assert.equal(rows[0]!.gapless, true);
  });
});
