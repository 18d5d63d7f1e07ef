import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openRoster } from '../../src/platform/roster.ts';

test('a roster holds what has come and not gone, whatever the order, and letting go twice is once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 200 }), (steps) => {
      const roster = openRoster<number>();
      const here = new Map<number, () => void>();
      const gone: (() => void)[] = [];
      for (const [item, step] of steps.entries()) {
        const leave = here.get(step);
        if (leave) {
          leave();
          here.delete(step);
          gone.push(leave);
        } else here.set(step, roster.enter(step));
        if (item % 3 === 0) gone.at(-1)?.();
        assert.equal(roster.size(), here.size);
        assert.deepEqual(
          roster.all().toSorted((a, b) => a - b),
          [...here.keys()].toSorted((a, b) => a - b),
        );
      }
    }),
  );
});
