import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sequence } from '../../src/commands/sequence.ts';

const later = (): number => performance.now() + 10_000;

describe('tasks of one stream', () => {
  test('run one after another, in the order in which they came', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }), async (streams) => {
        const inTurn = sequence({ maxWaiting: 100 });
        const running = new Map<string, number>();
        const ran: string[] = [];
        await Promise.all(
          streams.map((stream, index) =>
            inTurn(stream, later(), async () => {
              assert.equal(running.get(stream) ?? 0, 0);
              running.set(stream, 1);
              await new Promise(setImmediate);
              ran.push(`${stream} ${index}`);
              running.set(stream, 0);
            }),
          ),
        );
        for (const stream of ['a', 'b', 'c']) {
          const asked = streams.flatMap((each, index) => (each === stream ? [`${each} ${index}`] : []));
          assert.deepEqual(
            ran.filter((each) => each.startsWith(stream)),
            asked,
          );
        }
      }),
    ));

  test('do not wait for those of another', async () => {
    const inTurn = sequence({ maxWaiting: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = inTurn('a', later(), () => promise);
    assert.equal(await inTurn('b', later(), async () => 'done'), 'done');
    resolve();
    await first;
  });

  test('are crowded out when too many wait, and only then', async () => {
    const inTurn = sequence({ maxWaiting: 2 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const tasks = Array.from({ length: 3 }, () => inTurn('a', later(), () => promise));
    assert.deepEqual(await inTurn('a', later(), async () => 'never'), { kind: 'crowded' });
    resolve();
    assert.deepEqual(await Promise.all(tasks), [undefined, undefined, undefined]);
    assert.equal(await inTurn('a', later(), async () => 'again'), 'again');
  });

  test('do not run when their deadline passed while they waited, and give up their place', async () => {
    const inTurn = sequence({ maxWaiting: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = inTurn('a', later(), () => promise);
    assert.deepEqual(await inTurn('a', performance.now(), () => assert.fail('ran after its deadline')), { kind: 'crowded' });
    const next = inTurn('a', later(), async () => 'next');
    resolve();
    await first;
    assert.equal(await next, 'next');
  });

  test('run although the one before failed', async () => {
    const inTurn = sequence({ maxWaiting: 1 });
    const failed = inTurn('a', later(), () => Promise.reject(new Error('on purpose')));
    const next = inTurn('a', later(), async () => 'next');
    await assert.rejects(failed, /on purpose/);
    assert.equal(await next, 'next');
  });
});
