import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { columnsOf, fitColumns, fromColumns, type Column } from '../../src/projections/row-columns.ts';
import { openStand, type Stand } from '../support/stand.ts';

let stand: Stand;
before(async () => {
  stand = await openStand();
});
after(() => stand.close());

const columns: readonly Column[] = [
  { name: 'id', type: 'uuid' },
  { name: 'title', type: 'text' },
  { name: 'pieces', type: 'integer' },
  { name: 'held', type: 'boolean' },
  { name: 'due', type: 'timestamp with time zone' },
  { name: 'state', type: 'json' },
];
const id = '0190a0e4-0000-7000-8000-000000000001';
const row = { id, title: 'Telephone', pieces: 3, held: false, due: new Date('2026-03-01T10:15:00.123Z'), state: { a: ['"\\', 'ö\n\t'] } };

/** The rows as the database takes them apart. */
const throughDatabase = async (rows: readonly object[]): Promise<readonly object[]> => {
  const portions = columnsOf(columns, rows);
  assert.ok(portions);
  const found: object[] = [];
  for (const values of portions) found.push(...(await stand.pool.query<object>(`select * from ${fromColumns(columns)}`, [...values])).rows);
  return found;
};

test('rows come out of the columns as they went in', async () => {
  const rows = [
    row,
    { ...row, title: '', pieces: null, due: null, state: null },
    { ...row, title: null, held: true },
    { ...row, title: 'two\nlines, "quotes", \\, {braces} and NULL' },
  ];
  assert.deepEqual(await throughDatabase(rows), rows);
});

test('a lone row comes out with its nulls', async () => {
  const lone = { id, title: null, pieces: null, held: null, due: null, state: null };
  assert.deepEqual(await throughDatabase([lone]), [lone]);
});

test('many rows go in portions, none twice and none left out', async () => {
  const rows = Array.from({ length: 1_234 }, (_, nth) => ({ ...row, pieces: nth, state: { filler: 'x'.repeat(nth) } }));
  assert.ok(columnsOf(columns, rows)!.length > 3);
  assert.deepEqual(await throughDatabase(rows), rows);
});

test('values that would not come apart again are left to JSON', () => {
  const refused: readonly object[] = [
    { ...row, title: 'a\u001fb' },
    { ...row, title: '\u001e' },
    { ...row, title: '\ud800' },
    { ...row, title: 7 },
    { ...row, title: '' },
    { ...row, id: `${id}\n${id}` },
    { ...row, pieces: [1] },
  ];
  for (const each of refused) assert.equal(columnsOf(columns, [each]), undefined, JSON.stringify(each));
  assert.equal(fitColumns([...columns, { name: 'tags', type: 'text[]' }]), false);
});
