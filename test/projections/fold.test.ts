import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Logged, Position } from '../../src/eventstore/event-store.ts';
import { assign, fold } from '../../src/projections/fold.ts';
import { entryOf, type Entry } from '../../src/projections/page.ts';
import { documents } from '../../src/projections/projection.ts';

type Noted = { readonly type: 'Noted'; readonly data: { readonly group: string; readonly fails: boolean } };

/** Rows that remember, in order, what happened to their group. */
const journal = documents<{ readonly group: string; readonly seen: readonly string[] }, Noted>({
  name: 'journal',
  version: 1,
  on: [{ type: 'Noted' }],
  create: () => '',
  key: ['group'],
  groupColumn: 'group',
  group: ({ data }) => data.group,
  evolve([row], { id, data }) {
    if (data.fails) throw new Error('fails');
    return [{ group: data.group, seen: [...(row?.seen ?? []), id] }];
  },
});

const decode = ({ type, data }: Pick<Logged, 'type' | 'data'>) => {
  if (data === 'broken') throw new Error('broken');
  return { type, data };
};

const history = fc
  .array(
    fc.record({
      group: fc.constantFrom('a', 'b', 'c'),
      stream: fc.constantFrom('s-1', 's-2', 's-3'),
      kind: fc.oneof({ weight: 8, arbitrary: fc.constant('fine') }, fc.constantFrom('fails', 'broken', 'other')),
    }),
    {
      maxLength: 40,
    },
  )
  .map((events) =>
    events.map(({ group, stream, kind }, index): Entry => {
      const logged: Logged = {
        id: `event-${index}`,
        type: kind === 'other' ? 'Other' : 'Noted',
        schemaVersion: 1,
        stream,
        revision: index,
        position: String(index).padStart(6, '0') as Position,
        recordedAt: new Date(0),
        data: kind === 'broken' ? 'broken' : { group, fails: kind === 'fails' },
        meta: { commandId: '', commandHash: '', correlationId: '', actor: 'user:test' },
      };
      const entry = entryOf(logged, decode);
      if (entry instanceof Error) throw entry;
      return entry;
    }),
  );

/** Folds page after page, as the engine does, with tables and parked events in memory. */
const foldPages = (pages: readonly (readonly Entry[])[]) => {
  const rows = new Map<string, readonly object[]>();
  const parked: { readonly group: string; readonly id: string; readonly failed: boolean }[] = [];
  for (const page of pages) {
    const done = fold(journal, assign(journal, page), rows, new Set(parked.map(({ group }) => group)));
    for (const [group, after] of done.rows) rows.set(group, after);
    parked.push(...done.parked.map(({ group, eventId, error }) => ({ group, id: eventId, failed: error !== undefined })));
  }
  return { rows: [...rows].toSorted(([a], [b]) => a.localeCompare(b)), parked };
};

test('where pages end makes no difference, whatever fails', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat({ max: 40 })), (entries, cuts) => {
      const ends = [0, ...cuts.filter((cut) => cut < entries.length).toSorted((a, b) => a - b), entries.length];
      const pages = ends.slice(1).map((end, index) => entries.slice(ends[index], end));
      assert.deepEqual(foldPages(pages), foldPages([entries]));
    }),
    { numRuns: 500 },
  );
});

test('every event either takes effect or waits, and what waits is what came after a failure of its group or stream', () => {
  fc.assert(
    fc.property(history, (entries) => {
      const { rows, parked } = foldPages([entries]);
      const took = new Set(rows.flatMap(([, [row]]) => (row as { seen: readonly string[] }).seen));
      const waits = new Set(parked.map(({ id }) => id));
      const blocked = new Set<string>();
      for (const { logged } of entries) {
        if (logged.type === 'Other') continue;
        const { group, fails } = logged.data === 'broken' ? { group: logged.stream, fails: true } : (logged.data as Noted['data']);
        const mustWait = fails || blocked.has(group) || blocked.has(logged.stream);
        assert.equal(waits.has(logged.id), mustWait);
        assert.equal(took.has(logged.id), !mustWait);
        if (fails && !blocked.has(logged.stream)) blocked.add(group);
      }
    }),
    { numRuns: 500 },
  );
});
