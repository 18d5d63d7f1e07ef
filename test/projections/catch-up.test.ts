import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { catalogue } from '../../src/domain/catalogue.ts';
import type { Logged, Progress } from '../../src/eventstore/event-store.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { catchUp, RowsRefused, type Written } from '../../src/projections/catch-up.ts';
import { assign } from '../../src/projections/fold.ts';
import { orders } from '../../src/projections/orders.ts';
import { entryOf, type Entry } from '../../src/projections/page.ts';
import { openTable, type Table } from '../../src/projections/table.ts';
import { prepareReadModels } from '../../src/projections/versions.ts';
import { openStand, type Stand } from '../support/stand.ts';
import { expectedRows, market, rowsOf } from './histories.ts';

let stand: Stand;
let log: readonly Logged[];
before(async () => {
  stand = await openStand();
  await market(stand.store, 12);
  const head = await stand.store.head();
  const events: Logged[] = [];
  for await (const batch of stand.store.subscribe({ after: stand.store.start, signal: new AbortController().signal })) {
    events.push(...batch.events);
    if (batch.progress.position === head) break;
  }
  log = events;
});
after(() => stand.close());

const decode = decoder(catalogue);
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * 8));

/** The log in pages of one to five events. */
function* pages(): Generator<{ readonly entries: readonly Entry[]; readonly to: Progress }> {
  for (let from = 0; from < log.length;) {
    const events = log.slice(from, from + 1 + Math.floor(Math.random() * 5));
    from += events.length;
    const { position, id } = events.at(-1)!;
    yield { entries: events.map((logged) => entryOf(logged, decode) as Entry), to: { position, eventId: id } };
  }
}

const emptyTable = async (): Promise<Table> => {
  await stand.pool.query(
    'drop table if exists read_models.orders_v2 cascade; drop table if exists read_models.order_lines_v2 cascade; drop table if exists read_models.support_tasks_v2 cascade',
  );
  await prepareReadModels(stand.pool, [orders]);
  const client = await stand.pool.connect();
  try {
    return await openTable(client, orders);
  } finally {
    client.release();
  }
};

/** Writes in a transaction, some time later; one at a time, and never backwards. */
const writer = () => {
  const state = { writing: false, place: '', folded: 0, writes: 0 };
  const write = async ({ to, folded, statements }: Written): Promise<void> => {
    assert.equal(state.writing, false, 'two writes at once');
    assert.ok(to.position > state.place, 'a write that goes back');
    Object.assign(state, { writing: true, place: to.position });
    await pause();
    const client = await stand.pool.connect();
    try {
      await client.query('begin');
      for (const statement of statements) await client.query(statement);
      await pause();
      await client.query('commit');
    } finally {
      client.release();
    }
    state.writing = false;
    state.folded += folded;
    state.writes += 1;
  };
  return { state, write };
};

test('pages that are folded while others are being written leave what the whole log leaves', async () => {
  for (const eventsPerWrite of [1, 7, 40]) {
    const table = await emptyTable();
    const { state, write } = writer();
    const ahead = catchUp({ projection: orders, table, pool: stand.pool, eventsPerWrite }, write);
    let of = 0;
    for (const { entries, to } of pages()) {
      const assigned = assign(orders, entries);
      of += assigned.length;
      assert.ok(await ahead.add({ assigned, events: entries.length, to }));
    }
    await ahead.finish();
    assert.equal(state.folded, of);
    assert.ok(state.writes > 1 && state.writes <= Math.ceil(log.length / eventsPerWrite), `${state.writes} writes`);
    assert.deepEqual(await rowsOf(stand.pool, orders), await expectedRows(stand.store, stand.pool, orders));
  }
});

test('after a finish others may write: nothing of before is believed', async () => {
  const table = await emptyTable();
  const { write } = writer();
  const ahead = catchUp({ projection: orders, table, pool: stand.pool, eventsPerWrite: 100 }, write);
  const marked = new Set<string>();
  for (const [nth, { entries, to }] of [...pages()].entries()) {
    assert.ok(await ahead.add({ assigned: assign(orders, entries), events: entries.length, to }));
    if (nth % 5 !== 4) continue;
    await ahead.finish();
    const { rows } = await stand.pool.query<{ order_id: string }>('select order_id from read_models.orders_v2 where cancel_cause is null');
    for (const { order_id } of rows) assert.ok(!marked.has(order_id), `${order_id} is as it was before another wrote it`);
    await stand.pool.query("update read_models.orders_v2 set cancel_cause = 'SUPPORT' where cancel_cause is null");
    for (const { order_id } of rows) marked.add(order_id);
  }
  assert.ok(marked.size > 0);
});

test('a page with an event that has to wait is not taken, and those before it are written', async () => {
  const table = await emptyTable();
  const { state, write } = writer();
  const failing = {
    ...orders,
    evolve(rows: Parameters<typeof orders.evolve>[0], event: Parameters<typeof orders.evolve>[1]) {
      if (event.type === 'OrderConfirmed') throw new Error('a bug in the fold');
      return orders.evolve(rows, event);
    },
  };
  const ahead = catchUp({ projection: failing, table, pool: stand.pool }, write);
  let upto = '';
  for (const { entries, to } of pages()) {
    const taken = await ahead.add({ assigned: assign(failing, entries), events: entries.length, to });
    assert.equal(taken, !entries.some(({ logged }) => logged.type === 'OrderConfirmed'));
    if (!taken) break;
    upto = to.position;
  }
  await ahead.finish();
  assert.notEqual(upto, '');
  assert.equal(state.place, upto);
});

test('a value that the table refuses is told with how many events it stands among', async () => {
  const table = await emptyTable();
  const refused = {
    ...orders,
    evolve: (rows: Parameters<typeof orders.evolve>[0], event: Parameters<typeof orders.evolve>[1]) =>
      orders.evolve(rows, event).map((row) => ({ ...row, currency: null as never })),
  };
  const { write } = writer();
  const ahead = catchUp({ projection: refused, table, pool: stand.pool }, write);
  let events = 0;
  for (const { entries, to } of pages()) {
    events += entries.length;
    await ahead.add({ assigned: assign(refused, entries), events: entries.length, to });
  }
  await assert.rejects(ahead.finish(), (error) => error instanceof RowsRefused && error.events === events);
});
