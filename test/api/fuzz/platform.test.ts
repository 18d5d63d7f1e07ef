import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { status as grpcStatus } from '@grpc/grpc-js';
import fc, { type Arbitrary } from 'fast-check';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import { afterwards } from '../../support/afterwards.ts';
import { contract } from '../../support/any-method.ts';
import { openGround, openLook, startPlatform } from '../../support/platform.ts';
import { logLines } from '../../support/role-process.ts';
import { triedDrafts, validDrafts, type Draft } from './drafts.ts';
import { rawGrpc, type GrpcAnswer } from './raw-grpc.ts';
import { rawRest, type RestAnswer } from './raw-rest.ts';
import { violationsIn } from './rule-book.ts';
import { isTooLong, saidInGrpc, saidInRest } from './said.ts';
import { again, seed, wantedRequests } from './sampling.ts';
import { assertSound } from './soundness.ts';
import { bytesOf } from './wire.ts';
import { makeWorld } from './world.ts';

// Without Redis nobody is limited.
const ground = await openGround();
const platform = await startPlatform(ground);
const { roles, clients } = platform;
const world = await makeWorld(clients);
const look = await openLook(platform);
const { http, grpc: address } = await roles.api.said('serving');
const rest = rawRest(String(http));
const grpc = rawGrpc(String(address));
afterwards(() => {
  rest.close();
  grpc.close();
});

const runs = Math.max(4, Math.ceil(wantedRequests / 3 / (2 * contract.methods.length)));
console.log(`fuzzing a platform with ${again}: ${runs} runs of each method`);
let sent = 0;
after(() => console.log(`${sent} requests were sent to the platform`));

type Transport = 'gRPC' | 'REST';
type Request = { readonly draft: Draft; readonly who: number; readonly headers: Readonly<Record<string, string>>; readonly first: Transport };
type Said = { readonly code: string; readonly answer: RestAnswer | GrpcAnswer };

const headersOfPlatform: Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constantFrom(...consistencyTokens()).map((token) => ({ 'consistency-token': token })) },
);

/** Tokens as they were given, and as somebody might make them. */
function consistencyTokens(): readonly string[] {
  const [token = ''] = world.consistencyTokens;
  const parts = Buffer.from(token, 'base64url').toString();
  const made = (text: string): string => Buffer.from(text).toString('base64url');
  return [
    ...world.consistencyTokens,
    'x',
    '*',
    made(''),
    made('null'),
    made('[]'),
    made(parts.replace(/\d(?=\D*$)/, "'")),
    made(parts.replace(/[0-9a-f]{8}-/, `${randomUUID().slice(0, 8)}-`)),
    made(parts.slice(0, -1)),
    made(`${parts}9`),
    made(`${parts}\0`),
    made(parts.replaceAll(/\d/g, '9')),
    token.slice(0, -2),
    `${token}AAAA`,
    'A'.repeat(5_000),
  ];
}

const requests = (method: MethodDescription): Arbitrary<Request> =>
  fc.record({
    draft: fc
      .tuple(
        fc.oneof(
          { weight: 3, arbitrary: validDrafts(method.input, world.known) },
          { weight: 1, arbitrary: triedDrafts(method.input, undefined, world.known) },
        ),
        fc.constantFrom('', '', '', ...pageTokens),
      )
      .map(([draft, token]) => ('pageToken' in method.input.field ? { ...draft, page_token: token } : draft)),
    who: fc.nat({ max: world.callers.length - 1 }),
    headers: headersOfPlatform,
    first: fc.constantFrom<Transport>('gRPC', 'REST'),
  });

const pageTokens = [
  'x',
  Buffer.from('[]').toString('base64url'),
  Buffer.from('["a","b"]').toString('base64url'),
  Buffer.from('{').toString('base64url'),
  'A'.repeat(900),
];

/** Requests that may have written, by their correlation ids: those that were accepted, and those of which nobody knows. */
const mayHaveWritten = new Set<string>();

const send = async (transport: Transport, method: MethodDescription, { draft, who, headers }: Request): Promise<Said | undefined> => {
  const id = randomUUID();
  const all = { authorization: `Bearer ${await clients.token(world.callers[who]!)}`, 'x-correlation-id': id, ...headers };
  sent += 1;
  let said: Said;
  if (transport === 'gRPC') {
    const answer = await grpc.send(saidInGrpc(method, bytesOf(method.input, draft), all));
    said = { code: answer.status === undefined || answer.status === grpcStatus.OK ? 'OK' : answer.reason, answer };
  } else {
    const request = saidInRest(method, draft, all, who % 2 === 0);
    const answer = await rest.send(request);
    if (answer.status === 0 && isTooLong(request)) return undefined;
    said = { code: answer.status < 400 ? 'OK' : answer.code, answer };
  }
  if (['OK', 'OUTCOME_UNKNOWN', 'DEADLINE_EXCEEDED'].includes(said.code)) mayHaveWritten.add(id);
  assertSound(said.answer, JSON.stringify(draft));
  // Only a read that is to wait for what was written may have to come again.
  if (said.code === 'READ_MODEL_BEHIND') assert.ok('consistency-token' in headers);
  else assert.ok(!isUnavailable(said.answer), said.answer.text);
  return said;
};

const isUnavailable = (answer: RestAnswer | GrpcAnswer): boolean =>
  'json' in answer
    ? answer.status === 503 || answer.status === 504
    : answer.status === grpcStatus.UNAVAILABLE || answer.status === grpcStatus.DEADLINE_EXCEEDED;

describe('whatever is asked, both transports answer alike, without a bug, and write nothing where they refuse', { concurrency: 6 }, () => {
  for (const method of contract.methods) {
    test(`${method.service}/${method.name} (${again})`, () =>
      fc.assert(
        fc.asyncProperty(requests(method), async (request) => {
          const broken = violationsIn(method.input, request.draft);
          const order: readonly Transport[] = method.routes.length === 0 ? ['gRPC'] : request.first === 'gRPC' ? ['gRPC', 'REST'] : ['REST', 'gRPC'];
          const codes: string[] = [];
          for (const transport of order) {
            const said = await send(transport, method, request);
            if (!said) return;
            if (broken.length > 0) assert.notEqual(said.code, 'OK', `${transport} accepted what the contract forbids: ${broken.join(', ')}`);
            codes.push(said.code);
          }
          const [first, second] = codes;
          // What was accepted may be refused the second time; a path with something else in it may be no path at all.
          if (
            second === undefined ||
            first === 'OK' ||
            codes.some((code) => ['PATH_UNKNOWN', 'HEADERS_TOO_LARGE', 'READ_MODEL_BEHIND'].includes(code))
          )
            return;
          if (first === second) return;
          // Others are at work: what stands may have changed in between.
          const now = await send(order[0]!, method, request);
          assert.equal(now?.code, second, `first over ${order[0]}`);
        }),
        { seed, numRuns: runs },
      ));
  }
});

test('what is in the log was written by requests that were accepted, and no refused one left a trace', async () => {
  const written = await look.log();
  const strangers = written.filter(({ meta }) => !mayHaveWritten.has(meta.correlationId));
  assert.ok(written.length > 0, 'nothing was accepted at all: the fuzzer tries too little');
  assert.deepEqual(
    strangers.map(({ type, stream }) => `${type} in ${stream}`),
    [],
  );
});

test('the process that was fuzzed is the one that began, and never met a bug of its own', async () => {
  assert.deepEqual((await roles.api.readiness()).status, 200);
  const bugs = logLines(roles.api.lines).filter(({ level }) => level === 'error' || level === 50);
  assert.deepEqual(
    bugs.map(({ msg, err }) => `${msg}: ${JSON.stringify(err)}`),
    [],
  );
});
