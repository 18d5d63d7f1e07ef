import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { refused, type RefusalStatus } from '../../src/platform/call.ts';
import { call, failureOf, orderId, runningApi, services } from './running-api.ts';

/** Written down a second time, from the documented table: gRPC code, HTTP status, whether clients may simply try again. */
const table: Readonly<Record<RefusalStatus, readonly [status, number, boolean]>> = {
  invalid: [status.INVALID_ARGUMENT, 400, false],
  unsupported_media_type: [status.INVALID_ARGUMENT, 415, false],
  too_large: [status.RESOURCE_EXHAUSTED, 413, false],
  unauthenticated: [status.UNAUTHENTICATED, 401, false],
  forbidden: [status.PERMISSION_DENIED, 403, false],
  not_found: [status.NOT_FOUND, 404, false],
  method_unknown: [status.UNIMPLEMENTED, 404, false],
  precondition_failed: [status.FAILED_PRECONDITION, 409, false],
  id_taken: [status.ALREADY_EXISTS, 409, false],
  etag_mismatch: [status.ABORTED, 412, false],
  key_reused: [status.ALREADY_EXISTS, 422, false],
  too_many: [status.RESOURCE_EXHAUSTED, 429, true],
  unavailable: [status.UNAVAILABLE, 503, true],
  outcome_unknown: [status.DEADLINE_EXCEEDED, 504, false],
};

let next: () => Promise<never> | Promise<ReturnType<typeof refused>> = () => Promise.resolve(refused('not_found', 'X', 'x'));
const { rest, orders, metadata } = await runningApi({ services: services({ 'orders.v1.OrderService': { getOrder: () => next() } }) });
const asGrpc = async () => failureOf(call((callback) => void metadata().then((md) => orders.getOrder({ orderId }, md, callback))));
const asRest = () => rest(`/v1/orders/${orderId}`);

for (const [row, [code, http, retryable]] of Object.entries(table)) {
  test(`a refusal that is ${row} is ${status[code]} and ${http}${retryable ? ', to be tried again' : ''}`, async () => {
    next = () => Promise.resolve(refused(row as RefusalStatus, 'SOME_CODE', 'Because.', { retryAfterMs: 2_500, metadata: { left: '3' } }));
    const grpc = await asGrpc();
    assert.deepEqual(
      { ...grpc },
      { code, message: 'Because.', reason: 'SOME_CODE', metadata: { left: '3' }, fields: [], retryAfterMs: retryable ? 2_500 : undefined },
    );
    const answer = await asRest();
    assert.equal(answer.status, http);
    assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json');
    assert.equal(answer.headers.get('retry-after'), retryable ? '3' : null);
    assert.deepEqual(
      { ...answer.body, title: '' },
      { type: 'about:blank', title: '', status: http, detail: 'Because.', code: 'SOME_CODE', metadata: { left: '3' } },
    );
  });
}

test('fields of a refusal are named on both transports', async () => {
  next = () => Promise.resolve(refused('invalid', 'BAD_PRICE', 'No.', { fields: [{ field: 'unit_price', description: 'is too low' }] }));
  assert.deepEqual((await asGrpc()).fields, ['unit_price is too low']);
  assert.deepEqual((await asRest()).body.fields, [{ field: 'unit_price', description: 'is too low' }]);
});

test('a bug is INTERNAL and 500: an incident id, and nothing of what went wrong', async () => {
  next = () => Promise.reject(new Error('secret detail'));
  const grpc = await asGrpc();
  assert.equal(grpc.code, status.INTERNAL);
  assert.equal(grpc.reason, 'INTERNAL');
  assert.match(grpc.metadata['incident'] ?? '', /^[0-9a-f-]{36}$/);
  assert.doesNotMatch(JSON.stringify(grpc), /secret/);
  const answer = await asRest();
  assert.equal(answer.status, 500);
  assert.match(answer.body.incident, /^[0-9a-f-]{36}$/);
  assert.doesNotMatch(answer.text, /secret/);
});

const named = (name: string, more = {}): Error => Object.assign(new Error('inside'), { name }, more);
const thrown = [
  ['OutcomeUnknown', named('OutcomeUnknown'), status.DEADLINE_EXCEEDED, 504, undefined],
  ['StoreUnavailable', named('StoreUnavailable'), status.UNAVAILABLE, 503, 1_000],
  ['an error that says unavailable', named('KeysError', { unavailable: true }), status.UNAVAILABLE, 503, 1_000],
] as const;
for (const [what, error, code, http, retryAfterMs] of thrown) {
  test(`${what}, thrown, is ${status[code]} and ${http}`, async () => {
    next = () => Promise.reject(error);
    const grpc = await asGrpc();
    assert.equal(grpc.code, code);
    assert.equal(grpc.retryAfterMs, retryAfterMs);
    const answer = await asRest();
    assert.equal(answer.status, http);
    assert.equal(answer.headers.get('retry-after'), retryAfterMs === undefined ? null : '1');
  });
}

test('a method that throws before it returns a promise is a bug like any other', async () => {
  next = () => {
    throw new Error('at once');
  };
  assert.equal((await asGrpc()).code, status.INTERNAL);
  assert.equal((await asRest()).status, 500);
});

test('a method unknown to gRPC is UNIMPLEMENTED', async () => {
  const md = await metadata();
  const unknown = call<unknown>((callback) =>
    orders.makeUnaryRequest(
      '/orders.v1.OrderService/Nope',
      (value: Buffer) => value,
      (bytes) => bytes,
      Buffer.alloc(0),
      md,
      callback as never,
    ),
  );
  assert.equal((await failureOf(unknown)).code, status.UNIMPLEMENTED);
});
