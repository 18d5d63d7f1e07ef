import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePosition } from '../../src/eventstore/eventstoredb/position.ts';
import { watchWithheld, type Quiet } from '../../src/eventstore/eventstoredb/withheld.ts';

const at = (commit: number) => parsePosition(`${String(commit).padStart(19, '0')}-${String(commit).padStart(19, '0')}`)!;

/** Whether a subscription that has come to position 5 is given up after it was looked at these times. */
const givenUp = (looks: readonly (Partial<Quiet> & { readonly atMs: number; readonly received?: number })[]): boolean => {
  let given = false;
  let look = looks[0]!;
  const watch = watchWithheld(
    () => at(look.received ?? 5),
    () => (given = true),
    () => look.atMs,
  );
  for (look of looks) watch({ head: at(9), heardAt: 0, held: false, ...look });
  return given;
};

test('a subscription to which nothing comes, though the log has more, is given up after three seconds and not before', () => {
  assert.equal(givenUp([{ atMs: 2_000 }, { atMs: 4_500 }]), false);
  assert.equal(givenUp([{ atMs: 2_000 }, { atMs: 4_500 }, { atMs: 5_001 }]), true);
});

test('one that hears signs that the server looks through what it leaves out is let be, however long that takes', () => {
  assert.equal(givenUp(Array.from({ length: 30 }, (_, turn) => ({ atMs: 2_000 * turn, heardAt: 2_000 * turn - 500 }))), false);
});

test('one that gets on, has come to the head, or holds events that nobody has taken, is let be', () => {
  assert.equal(givenUp([{ atMs: 2_000 }, { atMs: 5_500, received: 6 }, { atMs: 8_000, received: 7 }]), false);
  assert.equal(givenUp([{ atMs: 2_000 }, { atMs: 9_000, head: at(5) }, { atMs: 12_000 }]), false);
  assert.equal(givenUp([{ atMs: 2_000 }, { atMs: 9_000, held: true }, { atMs: 12_000 }]), false);
  assert.equal(givenUp([{ atMs: 2_000, head: undefined }, { atMs: 9_000 }]), false);
});
