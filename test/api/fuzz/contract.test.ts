import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { status as grpcStatus } from '@grpc/grpc-js';
import fc, { type Arbitrary } from 'fast-check';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import { contract } from '../../support/any-method.ts';
import { triedDrafts, validDrafts, type Draft } from './drafts.ts';
import { spoiltJson } from './spoilt-json.ts';
import { spoiltBytes } from './spoilt-bytes.ts';
import { oddFrames, oddMetadata, oddRestHeaders, type Odd } from './odd-headers.ts';
import type { GrpcAnswer } from './raw-grpc.ts';
import type { RestAnswer } from './raw-rest.ts';
import { reached, recordingApi, type Became } from './recording-api.ts';
import { violationsIn } from './rule-book.ts';
import { isTooLong, meaningOf, meaningOfBytes, saidInGrpc, saidInRest } from './said.ts';
import { again, seed, wantedRequests } from './sampling.ts';
import { assertSound } from './soundness.ts';
import { bytesOf, jsonOfBytes } from './wire.ts';

const api = await recordingApi();
const restMethods = contract.methods.filter(({ routes }) => routes.length > 0);

/** In four parts, each method is asked once a run over each of its transports; where something is spoilt, over one. */
const runs = Math.max(5, Math.ceil(wantedRequests / (3 * (contract.methods.length + restMethods.length))));
console.log(`fuzzing with ${again}: ${runs} runs of each property`);
after(() => console.log(`${api.sent()} requests were sent`));

const check = <Value>(values: Arbitrary<Value>, holds: (value: Value) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(values, holds), { seed, numRuns: runs, endOnFailure: false, interruptAfterTimeLimit: 900_000 });

const drafts = (method: MethodDescription): Arbitrary<Draft> =>
  fc.oneof({ weight: 1, arbitrary: validDrafts(method.input) }, { weight: 4, arbitrary: triedDrafts(method.input) });

/** So many violations are told at once; of requests with more, it is only asked that they are refused. */
const toldAtOnce = 20;

describe('a request arrives exactly where the contract allows it, over both transports alike', { concurrency: 8 }, () => {
  for (const method of contract.methods) {
    test(`${method.service}/${method.name} (${again})`, () =>
      check(fc.tuple(drafts(method), fc.boolean()), async ([draft, inHeaders]) => {
        const expected = violationsIn(method.input, draft);
        const overGrpc = await api.grpc(method, saidInGrpc(method, bytesOf(method.input, draft), {}));
        assertSound(overGrpc.answer, JSON.stringify(draft));
        judge(expected, overGrpc.arrived, overGrpc.answer, () => meaningOf(method.input, draft), 'gRPC');
        if (expected.length > 0) assert.equal(overGrpc.answer.status, grpcStatus.INVALID_ARGUMENT);
        if (method.routes.length === 0) return;
        const request = saidInRest(method, draft, {}, inHeaders);
        const overRest = await api.rest(method, request);
        if (isTooLong(request) && (overRest.answer.status === 0 || overRest.answer.status === 431)) return assert.equal(overRest.arrived, undefined);
        assertSound(overRest.answer, JSON.stringify(draft));
        const broken = method.routes[0]!.pathFields.some(({ name }) => expected.includes(name));
        // A path with something else in it may be no path at all.
        if (broken && (overRest.answer.status === 404 || overRest.answer.fields.length === 0)) return assert.equal(overRest.arrived, undefined);
        judge(expected, overRest.arrived, overRest.answer, () => meaningOf(method.input, draft), 'REST');
        if (expected.length > 0) assert.equal(overRest.answer.status, 400);
      }));
  }
});

const judge = (
  expected: readonly string[],
  arrived: Draft | undefined,
  answer: { readonly fields: readonly string[]; readonly text: string } & ({ readonly reason: string } | { readonly code: string }),
  meaning: () => Draft,
  transport: string,
): void => {
  const code = 'reason' in answer ? answer.reason : answer.code;
  if (expected.length === 0) {
    assert.equal(code, reached, `${transport} refused what the contract allows: ${answer.text}`);
    assert.deepEqual(arrived, meaning(), `${transport} delivered something else`);
    return;
  }
  assert.equal(arrived, undefined, `${transport} let through what the contract forbids: ${expected.join(', ')}`);
  assert.equal(code, 'INVALID_REQUEST', `${transport}: ${answer.text}`);
  if (expected.length < toldAtOnce) assert.deepEqual([...new Set(answer.fields)].toSorted(), [...new Set(expected)].toSorted(), transport);
};

describe('JSON that was spoilt on the way arrives where it still is what the contract allows', { concurrency: 8 }, () => {
  for (const method of restMethods) {
    test(`${method.service}/${method.name} (${again})`, () =>
      check(spoiltJson(method), async ({ request, expected, code }) => {
        const { answer, arrived } = await api.rest(method, request);
        assertSound(answer, `${request.path}${request.body?.toString('latin1')}${request.body?.toString('utf8')}`);
        if (expected === 'either') return;
        if (expected === 'allowed') assert.equal(answer.code, reached, answer.text);
        else {
          assert.equal(arrived, undefined, 'it was let through');
          assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
          if (code) assert.equal(answer.code, code, answer.text);
        }
      }));
  }
});

describe('protobuf that was spoilt on the way arrives where it still is what the contract allows', { concurrency: 8 }, () => {
  for (const method of contract.methods) {
    test(`${method.service}/${method.name} (${again})`, () =>
      check(spoiltBytes(method), async (bytes) => {
        const { answer, arrived } = await api.grpc(method, saidInGrpc(method, bytes, {}));
        assertSound(answer, bytes.toString('latin1'));
        const json = jsonOfBytes(method.input, bytes);
        if (json === undefined) {
          assert.equal(arrived, undefined, 'it was let through');
          assert.equal(answer.reason, 'INVALID_PROTOBUF', answer.text);
        } else judge(violationsIn(method.input, json), arrived, answer, () => meaningOfBytes(method.input, bytes), 'gRPC');
      }));
  }
});

describe('what comes beside a good request, in headers and frames, is refused or does no harm', { concurrency: 8 }, () => {
  for (const method of contract.methods) {
    const good = validDrafts(method.input);
    test(`${method.service}/${method.name} over gRPC (${again})`, () => {
      const requests = good.chain((draft) => {
        const said = saidInGrpc(method, bytesOf(method.input, draft), {});
        return fc.oneof(
          oddMetadata.map((odd) => ({ ...said, ...odd })),
          oddFrames(bytesOf(method.input, draft)).map((odd) => ({ ...said, ...odd })),
        );
      });
      return check(requests, async ({ expected, ...request }) =>
        expectOf(expected, await api.grpc(method, request), JSON.stringify(request.headers)),
      );
    });
    const [route] = method.routes;
    if (!route) continue;
    test(`${method.service}/${method.name} over REST (${again})`, () => {
      const takes = { body: route.hasBody, key: 'requestId' in method.input.field, etag: 'etag' in method.input.field && route.verb !== 'GET' };
      const requests = fc.tuple(good, oddRestHeaders(takes)).map(([draft, { expected, headers }]) => {
        const { request_id: _, etag: __, ...others } = draft;
        return { expected, request: saidInRest(method, others, headers, false) };
      });
      return check(requests, async ({ expected, request }) => expectOf(expected, await api.rest(method, request), JSON.stringify(request.headers)));
    });
  }
});

const expectOf = (expected: Odd['expected'], { answer, arrived }: Became<RestAnswer | GrpcAnswer>, sent: string): void => {
  assertSound(answer, sent);
  if (expected === 'allowed') assert.ok(arrived, `it was refused: ${answer.text}`);
  if (expected === 'refused') assert.equal(arrived, undefined, 'it was let through');
};
