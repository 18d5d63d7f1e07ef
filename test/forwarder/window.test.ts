import assert from 'node:assert/strict';
import { setImmediate as settled } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Position } from '../../src/eventstore/event-store.ts';
import type { Confirmation, OutgoingMessage } from '../../src/messaging/publisher.ts';
import { openWindow, type Item } from '../../src/projections/forwarder-window.ts';

const at = (position: number) => ({ position: String(position).padStart(4, '0') as Position, eventId: `e${position}` });
const item = (position: number, group: string): Item => ({
  event: { id: `e${position}`, position: at(position).position, stream: `offer-${group}`, revision: position, type: 'StockAdjusted' },
  group,
  message: { routingKey: group, messageId: `e${position}`, contentType: 'application/json', headers: {}, content: Buffer.from('{}') },
});

/** A window before a publisher whose answers the test gives. */
const open = (options: { readonly attempts?: number; readonly events?: number } = {}) => {
  const underWay: { readonly message: OutgoingMessage; readonly answer: (outcome: Confirmation) => void }[] = [];
  const sent: string[] = [];
  const window = openWindow({
    from: undefined,
    publish: (message) =>
      new Promise((answer) => {
        sent.push(message.messageId);
        underWay.push({ message, answer });
      }),
    publisherHasRoom: () => true,
    policy: { attempts: options.attempts ?? 3, baseMs: 0, capMs: 0 },
    capacity: { events: options.events ?? 1_000, bytes: 1_000_000 },
  });
  return {
    window,
    sent,
    underWay,
    answer: async (index: number, outcome: Confirmation): Promise<void> => {
      underWay.splice(index, 1)[0]!.answer(outcome);
      await settled();
    },
  };
};

test('a closed window sends nothing any more, and what was under way still counts', async () => {
  const { window, sent, answer } = open();
  for (const [position, group] of [
    [1, 'a'],
    [2, 'a'],
    [3, 'b'],
  ] as const)
    window.admit(item(position, group));
  const closing = window.close();
  await answer(0, 'confirmed');
  await answer(0, 'confirmed');
  await closing;
  assert.deepEqual(sent, ['e1', 'e3']);
  assert.deepEqual(window.safe(), at(1));
});

test('a lost connection is no attempt', async () => {
  const { window, sent, answer } = open({ attempts: 1 });
  window.admit(item(1, 'a'));
  for (let times = 0; times < 5; times += 1) await answer(0, 'lost');
  assert.equal(sent.length, 6);
  assert.deepEqual(window.parking(), []);
});

test('a group that failed while others were written down as parked stays parked', async () => {
  const { window, answer } = open({ attempts: 1 });
  window.admit(item(1, 'a'));
  await answer(0, 'nacked');
  window.parkOnly(new Set(['another']));
  assert.deepEqual(
    window.parking().map(({ event }) => event.id),
    ['e1'],
  );
});

test('whatever the broker answers: one under way per group, each group in order, and the checkpoint never passes what is neither confirmed nor parked', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.tuple(fc.nat(), fc.constantFrom<Confirmation>('confirmed', 'confirmed', 'confirmed', 'lost', 'nacked', 'unconfirmed'))),
      async (groups, answers) => {
        const { window, underWay, answer } = open();
        const done = new Map<string, number[]>();
        const positionOf = (id: string): number => Number(id.slice(1));
        groups.forEach((group, index) => window.admit(item(index + 1, group)));

        while (window.size().waiting > window.parking().length) {
          if (underWay.length === 0) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            continue;
          }
          const inGroup = underWay.map(({ message }) => message.routingKey);
          assert.equal(new Set(inGroup).size, inGroup.length);
          const [choice, outcome] = answers.next().value!;
          const { message } = underWay[choice % underWay.length]!;
          if (outcome === 'confirmed') done.set(message.routingKey, [...(done.get(message.routingKey) ?? []), positionOf(message.messageId)]);
          await answer(choice % underWay.length, outcome);

          const parked = new Set(window.parking().map(({ event }) => positionOf(event.id)));
          const confirmed = new Set([...done.values()].flat());
          for (let position = 1; position <= Number(window.safe()?.position ?? 0); position += 1)
            assert.ok(confirmed.has(position) || parked.has(position));
        }

        const parked = window.parking();
        for (const group of new Set(groups)) {
          const all = groups.flatMap((name, index) => (name === group ? [index + 1] : []));
          const behind = parked.filter((entry) => entry.group === group).map(({ event }) => positionOf(event.id));
          assert.deepEqual([...(done.get(group) ?? []), ...behind], all);
        }
        assert.deepEqual(window.safe(), at(groups.length));
        window.parked(parked);
        assert.equal(window.size().waiting, 0);
      },
    ),
    { numRuns: 150 },
  ));
