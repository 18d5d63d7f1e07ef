import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyTrie, entryOf, withEntry, withoutEntry, type Trie } from '../../src/domain/trie.ts';

/** Keys that share beginnings, are beginnings of each other, or are ids. */
const key = fc.oneof(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 5 }), fc.uuid());
const change = fc.tuple(key, fc.option(fc.nat()));
const apply = (trie: Trie<number>, [name, value]: readonly [string, number | null]): Trie<number> =>
  value === null ? withoutEntry(trie, name) : withEntry(trie, name, value);

test('holds what a map holds', () =>
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const map = new Map<string, number>();
      for (const [name, value] of changes) {
        if (value === null) map.delete(name);
        else map.set(name, value);
      }
      const trie = changes.reduce(apply, emptyTrie);
      for (const [name] of changes) assert.equal(entryOf(trie, name), map.get(name), name);
    }),
  ));

test('is the same whatever way it came about, and as JSON', () =>
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.array(change), (kept, others) => {
      const direct = kept.reduce<Trie<number>>((trie, name, index) => withEntry(trie, name, index), emptyTrie);
      const passing = others.filter(([name]) => !kept.includes(name));
      const roundabout = [...passing, ...kept.map((name, index) => [name, index] as const), ...passing.map(([name]) => [name, null] as const)];
      assert.deepEqual(roundabout.reduce(apply, emptyTrie), direct);
      assert.deepEqual(JSON.parse(JSON.stringify(direct)), direct);
    }),
  ));

test('a change leaves the map before it as it was', () =>
  fc.assert(
    fc.property(fc.array(change), change, (changes, last) => {
      const before = changes.reduce(apply, emptyTrie);
      const copy = structuredClone(before);
      apply(before, last);
      assert.deepEqual(before, copy);
    }),
  ));

test('keys of one hash are keys of their own', () => {
  // Pairs that FNV-1a gives the same 32 bits.
  for (const [one, other] of [
    ['costarring', 'liquid'],
    ['declinate', 'macallums'],
    ['altarage', 'zinke'],
  ] as const) {
    const both = withEntry(withEntry<number>(emptyTrie, one, 1), other, 2);
    assert.deepEqual([entryOf(both, one), entryOf(both, other)], [1, 2]);
    assert.deepEqual(withoutEntry(both, one), withEntry<number>(emptyTrie, other, 2));
  }
});

test('a change among a hundred thousand entries makes a handful of new nodes, and shares the others', () => {
  const id = (nth: number): string => `${String(nth).padStart(8, '0')}-0000-4000-8000-000000000000`;
  let trie: Trie<number> = emptyTrie;
  for (let nth = 0; nth < 100_000; nth += 1) trie = withEntry(trie, id(nth), nth);
  const nodes = (node: unknown): readonly unknown[] => (Array.isArray(node) ? [node, ...node.flatMap(nodes)] : []);
  const known = new Set(nodes(trie));
  const made = nodes(withEntry(trie, id(100_001), 1)).filter((node) => !known.has(node));
  assert.ok(made.length <= 7, `${made.length} nodes are new`);
});
