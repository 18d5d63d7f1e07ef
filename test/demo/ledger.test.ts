import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLedger, type Arrival, type Journey } from '../../src/cli/demo/ledger.ts';

const journey: Journey = { what: 'placed', orderId: 'o-1', consistencyToken: 'token', sentAt: 0, acknowledgedAt: 1 };

const started = () => {
  let at = 0;
  const ledger = createLedger(() => (at += 1));
  const arrivals: Arrival[] = [];
  return {
    ledger,
    arrivals,
    acknowledge: (change: Partial<Journey> = {}) => ledger.acknowledged({ ...journey, ...change }, (arrival) => arrivals.push(arrival)),
  };
};

test('an order has arrived when it was read and its message came, whichever was first', () => {
  for (const order of [
    ['read', 'heard'],
    ['heard', 'read'],
  ] as const) {
    const { ledger, arrivals, acknowledge } = started();
    acknowledge();
    ledger[order[0]]('placed', 'o-1');
    assert.deepEqual(arrivals, []);
    ledger[order[1]]('placed', 'o-1');
    assert.deepEqual(arrivals, [{ [`${order[0]}At`]: 1, [`${order[1]}At`]: 2 }]);
    assert.equal(ledger.size(), 0);
  }
});

test('a message that came before its acknowledgement counts from when it came', () => {
  const { ledger, arrivals, acknowledge } = started();
  ledger.heard('placed', 'o-1');
  acknowledge();
  ledger.heard('placed', 'o-1');
  ledger.read('placed', 'o-1');
  assert.deepEqual(arrivals, [{ heardAt: 1, readAt: 2 }]);
});

test('what was acknowledged and not seen stays on the list, each place for itself', () => {
  const { ledger, acknowledge } = started();
  acknowledge();
  acknowledge({ what: 'cancelled' });
  ledger.read('placed', 'o-1');
  ledger.heard('cancelled', 'o-1');
  assert.deepEqual(
    ledger.unheard().map(({ what }) => what),
    ['placed'],
  );
  assert.deepEqual(
    ledger.unread().map(({ what }) => what),
    ['cancelled'],
  );
});

test('orders of others are no business of ours', () => {
  const { ledger, arrivals } = started();
  ledger.heard('placed', 'o-2');
  ledger.read('placed', 'o-2');
  assert.equal(ledger.size(), 0);
  assert.deepEqual(arrivals, []);
});
