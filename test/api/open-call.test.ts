import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { openCall, type Transport } from '../../src/api/transport.ts';
import { callAs } from '../support/calls.ts';

const transport: Transport<{ onGone?: () => void }, never> = {
  name: 'rest',
  header: () => undefined,
  budgetMs: () => Infinity,
  decode: () => assert.fail('nothing is decoded here'),
  encode: () => assert.fail('nothing is encoded here'),
  onGone: (arrival, listener) => void (arrival.onGone = listener),
};
const open = (arrival: { onGone?: () => void } = {}) => openCall(callAs('checkout').caller, 'GetOrder', 1, transport, arrival, 'correlation');

test('calls share one shape: V8 would keep a shape of its own, and the request with it, until a full garbage collection', () => {
  setFlagsFromString('--allow-natives-syntax');
  // oxlint-disable-next-line no-implied-eval
  const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (one: object, other: object) => boolean;
  setFlagsFromString('--no-allow-natives-syntax');
  const calls = Array.from({ length: 10 }, () => open().call);
  for (const call of calls) void call.signal;
  assert.ok(calls.every((call) => haveSameShape(call, calls[0]!)));
});

test('a signal that is asked for late has aborted already, for the first reason', () => {
  const { call, abort } = open();
  abort(new Error('first'));
  abort(new Error('second'));
  assert.equal((call.signal.reason as Error).message, 'first');
});

test('a signal that was asked for aborts when the caller goes away, and is the same each time', () => {
  const arrival: { onGone?: () => void } = {};
  const { call } = open(arrival);
  const { signal } = call;
  assert.equal(signal.aborted, false);
  arrival.onGone!();
  assert.equal(signal.aborted, true);
  assert.equal(call.signal, signal);
});
