import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { readContract, type Contract } from '../../src/api/descriptors.ts';
import { jsonReader } from '../../src/api/read-json.ts';
import { validators } from '../../src/api/validate.ts';
import { verifyContract } from '../../infra/contract/verify.ts';

const repository = join(import.meta.dirname, '../..');

/** The repository's own options, and a contract of one service beside them. */
const folder = await mkdtemp(join(tmpdir(), 'contract-'));
after(() => rm(folder, { recursive: true }));
await cp(join(repository, 'proto/orders/options'), join(folder, 'orders/options'), { recursive: true });
await cp(join(repository, 'node_modules/@grpc/grpc-js-xds/deps/googleapis/google/api'), join(folder, 'google/api'), {
  recursive: true,
  filter: (path) => !/\/(expr|servicecontrol|servicemanagement)$/.test(path),
});

const contractOf = async (
  method: string,
  messages = 'message Request { string id = 1; } message Answer { string id = 1; }',
  packageName = 'test.v1',
  signature = '(Request) returns (Answer)',
): Promise<Contract> => {
  const imports = ['google/api/annotations.proto', 'google/protobuf/timestamp.proto', 'orders/options/v1/options.proto'].map(
    (file) => `import "${file}";`,
  );
  await writeFile(
    join(folder, 'test.proto'),
    `syntax = "proto3"; package ${packageName}; ${imports.join('')} service Tests { rpc Run${signature} {${method}} } ${messages}`,
  );
  const { stdout } = await promisify(execFile)(join(repository, 'node_modules/.bin/buf'), ['build', folder, '--as-file-descriptor-set', '-o', '-'], {
    encoding: 'buffer',
    maxBuffer: 2 ** 24,
  });
  return readContract(stdout);
};
const scoped = 'option (orders.options.v1.access) = {scope: "test:run"};';
const at = (rule: string): string => `${scoped} option (google.api.http) = {${rule}};`;

test('what is generated is what proto/ says, it lints clean, and nothing released breaks', async () => {
  assert.deepEqual(await verifyContract(), []);
});

test('the documented permissions are those of the contract', async () => {
  assert.match(
    await readFile(join(repository, 'docs/authorisation.md'), 'utf8'),
    /\| `orders\.v1\.OrderService\/PlaceOrder` \| `POST \/v1\/orders` \| `orders:place` \| Places an order\./,
  );
});

test('a method without a scope stops the start', async () => {
  await assert.rejects(contractOf('option (google.api.http) = {get: "/v1/tests"};'), /test\.v1\.Tests\.Run names no scope/);
});

test('a method without a path stops the start', async () => {
  await assert.rejects(contractOf(scoped), /test\.v1\.Tests\.Run has no path/);
});

test('an internal method has no path: with one the start stops', async () => {
  const contract = await contractOf(scoped, undefined, 'orders.internal.v1');
  assert.deepEqual(contract.methods[0]?.routes, []);
  await assert.rejects(
    contractOf(at('get: "/v1/tests"'), undefined, 'orders.internal.v1'),
    /orders\.internal\.v1\.Tests\.Run is internal and has a path/,
  );
});

test('answers may be streamed, with GET only, and requests may not', async () => {
  const streaming = (rule: string, signature: string) => contractOf(at(rule), undefined, undefined, signature);
  const contract = await streaming('get: "/v1/tests"', '(Request) returns (stream Answer)');
  assert.equal(contract.methods[0]?.streams, true);
  await assert.rejects(
    streaming('post: "/v1/tests" body: "*"', '(Request) returns (stream Answer)'),
    /streams, and server-sent events are had with GET/,
  );
  await assert.rejects(streaming('get: "/v1/tests"', '(stream Request) returns (Answer)'), /takes a stream: only answers are streamed/);
});

const retiring = 'option (orders.options.v1.deprecation) = {since: "2027-01-31" sunset: "2027-07-31" link: "https://example.org"};';

test('a method that goes away says since when, until when and what instead', async () => {
  const contract = await contractOf(`${at('get: "/v1/tests"')} option deprecated = true; ${retiring}`);
  assert.deepEqual(contract.methods[0]?.deprecation, { since: new Date('2027-01-31'), sunset: new Date('2027-07-31'), link: 'https://example.org' });
  assert.equal((await contractOf(at('get: "/v1/tests"'))).methods[0]?.deprecation, undefined);
});

test('a method that goes away and does not say so, or the other way round, stops the start', async () => {
  await assert.rejects(contractOf(`${at('get: "/v1/tests"')} option deprecated = true;`), /test\.v1\.Tests\.Run: deprecated = true and/);
  await assert.rejects(contractOf(`${at('get: "/v1/tests"')} ${retiring}`), /stand together/);
});

test('a deprecation whose days are none stops the start', async () => {
  const never = retiring.replace('2027-01-31', '31 January 2027');
  await assert.rejects(contractOf(`${at('get: "/v1/tests"')} option deprecated = true; ${never}`), /31 January 2027 is no day/);
});

test('creating a field that is not in the answer stops the start', async () => {
  await assert.rejects(
    contractOf('option (orders.options.v1.access) = {scope: "a", creates: "thing_id"}; option (google.api.http) = {get: "/v1/tests"};'),
    /creates thing_id, which is no field of test\.v1\.Answer/,
  );
});

for (const [rule, why] of [
  ['get: "/v1/tests/{id=things/*}"', 'is not of the form'],
  ['get: "/v1/tests/{name}"', 'test.v1.Request has no field name'],
  ['post: "/v1/tests" body: "id"', 'body must be "*" or absent'],
  ['get: "/v1/tests" body: "*"', 'GET takes no body'],
  ['get: "/v1/tests" response_body: "id"', 'response_body is not supported'],
  ['custom: {kind: "PURGE" path: "/v1/tests"}', 'none of get, post'],
] as const) {
  test(`the rule {${rule}} stops the start`, async () => {
    await assert.rejects(contractOf(at(rule)), (error: Error) => error.message.startsWith('test.v1.Tests.Run: ') && error.message.includes(why));
  });
}

test('a message that does not fit into a query stops the start', async () => {
  await assert.rejects(
    contractOf(at('get: "/v1/tests"'), 'message Request { Answer part = 1; } message Answer { string id = 1; }'),
    /part does not fit into a query/,
  );
});

test('two methods at one path stop the start', async () => {
  await assert.rejects(contractOf(at('get: "/v1/tests/{id}" additional_bindings {get: "/v1/tests/{id}"}')), /share GET \/v1\/tests\/\{id\}/);
});

test('additional bindings are routes of their own, and times fit into queries', async () => {
  const contract = await contractOf(
    at('get: "/v1/tests/{id}" additional_bindings {post: "/v1/tests/{id}:run" body: "*"}'),
    'message Request { string id = 1; google.protobuf.Timestamp time = 2; } message Answer { string id = 1; }',
  );
  assert.deepEqual(
    contract.methods[0]?.routes.map(({ verb, pattern }) => `${verb} ${pattern}`),
    ['GET /v1/tests/:id([^/:]+)', 'POST /v1/tests/:id([^/:]+)::run'],
  );
});

const onRequest = async (fields: string): Promise<Contract> =>
  contractOf(at('post: "/v1/tests" body: "*"'), `message Request { ${fields} } message Answer { string id = 1; }`);
const rules = (text: string): string => `[(orders.options.v1.rules) = {${text}}]`;

test('a required number that cannot be told from a missing one stops the start', async () => {
  const contract = await onRequest(`int32 count = 1 ${rules('required: true')};`);
  assert.throws(() => validators(contract)(contract.methods[0]!.input), /count is required and must be optional/);
});

test('a pattern that does not say what it means stops the start', async () => {
  const contract = await onRequest(`string code = 1 ${rules('pattern: "[a-z]"')};`);
  assert.throws(() => validators(contract)(contract.methods[0]!.input), /must say what it means/);
});

test('maps and oneofs in requests stop the start', async () => {
  const withMap = await onRequest('map<string, string> labels = 1;');
  assert.throws(() => jsonReader()(withMap.methods[0]!.input), /maps are not supported/);
  const withOneof = await onRequest('oneof choice { string a = 1; string b = 2; }');
  assert.throws(() => jsonReader()(withOneof.methods[0]!.input), /oneofs are not supported/);
});

test('rules of items, of optional numbers and of 64-bit numbers hold', async () => {
  const contract = await onRequest(
    `repeated string tags = 1 ${rules('max_items: 2, max_length: 3')}; optional int32 size = 2 ${rules('max: 5')}; int64 amount = 3 ${rules('min: -1')}; optional bool sure = 4 ${rules('required: true')};`,
  );
  const validate = validators(contract)(contract.methods[0]!.input);
  const violationsOf = (message: Record<string, unknown>): readonly string[] => {
    const violations: { field: string; description: string }[] = [];
    validate({ tags: [], size: undefined, amount: 0n, sure: false, ...message }, violations);
    return violations.map(({ field, description }) => `${field} ${description}`);
  };
  assert.deepEqual(violationsOf({}), []);
  assert.deepEqual(violationsOf({ tags: ['abc', 'abcd'], size: 6, amount: -2n, sure: undefined }), [
    'tags[1] must have at most 3 characters',
    'size must be at most 5',
    'amount must be at least -1',
    'sure is required',
  ]);
  assert.deepEqual(violationsOf({ tags: ['a', 'b', 'c'] }), ['tags must have at most 2 items, not 3']);
});

const addresses: Readonly<Record<string, boolean>> = {
  'ada@example.org': true,
  'ada+tag@sub.example.co.uk': true,
  'zoë@exämple.de': true,
  'ada@localhost': false,
  'ada@@example.org': false,
  'ada example@example.org': false,
  '@example.org': false,
  'ada@-example.org': false,
  'ada@example..org': false,
  'Ada <ada@example.org>': false,
  'ada@example.org\n': false,
};
test('e-mail addresses are told from other text', async () => {
  const contract = await onRequest(`string email = 1 ${rules('email: true')};`);
  const validate = validators(contract)(contract.methods[0]!.input);
  for (const [email, isGood] of Object.entries(addresses)) {
    const violations: never[] = [];
    validate({ email }, violations);
    assert.equal(violations.length === 0, isGood, email);
  }
});
