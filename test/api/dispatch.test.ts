import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDispatcher } from '../../src/api/dispatch.ts';
import type { ReadyMethod } from '../../src/api/methods.ts';
import type { Transport } from '../../src/api/transport.ts';
import { answered, type Call } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

/** One method behind a transport that has nothing but a time to wait. */
const dispatching = (run: ReadyMethod['run'], budgetMs: number) => {
  const authenticate = () => ({ issuer: 'i', subject: 's', scopes: new Set(['all']) });
  const dispatcher = createDispatcher({ authenticate, logger: silent, metrics: createMetrics('test') });
  const transport: Transport<undefined, string> = {
    name: 'rest',
    header: () => undefined,
    budgetMs: () => budgetMs,
    decode: () => ({ kind: 'decoded', message: {} }),
    encode: (_, message) => JSON.stringify(message),
    onGone: () => undefined,
  };
  const method = { name: 'Test/Run', scope: 'all', run, validate: () => undefined } as unknown as ReadyMethod;
  return { dispatcher, dispatch: () => dispatcher.dispatch(method, transport, undefined, 'c') };
};

test('a method that overstays is answered for: the outcome is not known', async () => {
  const { promise, resolve } = Promise.withResolvers<Call>();
  const { dispatch } = dispatching((_, call) => {
    resolve(call);
    return new Promise(() => undefined);
  }, 20);
  const answer = await dispatch();
  assert.equal(answer.kind === 'refused' && answer.status, 'outcome_unknown');
  assert.ok((await promise).signal.aborted, 'a signal that is asked for late has aborted');
});

test('what fails after its deadline harms nobody', async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const { dispatch, dispatcher } = dispatching(() => promise, 10);
  await dispatch();
  const drained = dispatcher.drain();
  reject(new Error('too late'));
  await drained;
});

test('draining waits for a method that is still at work after its caller was answered', async () => {
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof answered<object>>>();
  const { dispatch, dispatcher } = dispatching(() => promise as never, 10);
  await dispatch();
  let isDrained = false;
  const drained = dispatcher.drain().then(() => (isDrained = true));
  await new Promise(setImmediate);
  assert.equal(isDrained, false);
  resolve(answered({}));
  await drained;
});

test('an answer that cannot be encoded is a bug like any other', async () => {
  const { dispatch } = dispatching(() => Promise.resolve(answered({ count: 1n })), 1_000);
  assert.equal((await dispatch()).kind, 'failed');
});
