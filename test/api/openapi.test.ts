import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readContract } from '../../src/api/descriptors.ts';
import { jsonReader } from '../../src/api/read-json.ts';
import { validators } from '../../src/api/validate.ts';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import type { FieldViolation } from '../../src/platform/call.ts';
import { runningApi } from './running-api.ts';

const { api } = await runningApi();
const document = (await (await fetch(`${api.httpUrl}/docs/json`)).json()) as any;

const operations = Object.entries<any>(document.paths).flatMap(([path, verbs]) =>
  Object.entries<any>(verbs).map(([verb, operation]) => ({ path, verb, operation })),
);

test('the OpenAPI document is valid and has no flaws that its linter knows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  try {
    await writeFile(join(folder, 'openapi.json'), JSON.stringify(document));
    await writeFile(join(folder, 'redocly.yaml'), 'extends: [recommended-strict]\nrules:\n  no-server-example.com: off\ntelemetry: off\n');
    const redocly = join(import.meta.dirname, '../../node_modules/@redocly/cli/bin/cli.js');
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    await promisify(execFile)(process.execPath, [redocly, 'lint', 'openapi.json', '--config', 'redocly.yaml'], { cwd: folder, env });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('constraints, comments and names of the contract stand in the document', () => {
  const place = document.paths['/v1/orders'].post;
  assert.equal(place.operationId, 'PlaceOrder');
  assert.equal(place.summary, 'Places an order');
  assert.deepEqual(place.security, [{ bearer: ['orders:place'] }]);
  const body = place.requestBody.content['application/json'].schema;
  assert.deepEqual(body.required, ['customer', 'shipping_address', 'lines', 'payment_method']);
  assert.equal(body.additionalProperties, false);
  assert.deepEqual(body.properties.lines, {
    type: 'array',
    description: 'What is ordered, of one or several merchants.',
    minItems: 1,
    maxItems: 100,
    items: { $ref: '#/components/schemas/PlaceOrderRequest.Line' },
  });
  const line = document.components.schemas['PlaceOrderRequest.Line'];
  assert.deepEqual(line.properties.quantity, { description: 'How many pieces.', type: 'integer', format: 'int32', minimum: 1, maximum: 1_000 });
  assert.deepEqual(document.components.schemas.Money.properties.amount_minor.type, 'string');
  assert.ok(place.responses['201'].headers.location);
});

test('every operation has a summary, a description, an example answer, and names the problems that it can meet', () => {
  for (const { operation, path, verb } of operations) {
    assert.ok(operation.summary && operation.description && operation.tags.length === 1, operation.operationId);
    const statuses = Object.keys(operation.responses).map(Number);
    for (const status of [400, 401, 403, 409, 429, 500, 503, 504]) assert.ok(statuses.includes(status), `${operation.operationId} ${status}`);
    const takes = (name: string): boolean => operation.parameters.some(({ $ref }: { $ref?: string }) => $ref === `#/components/parameters/${name}`);
    assert.equal(statuses.includes(404), path.includes('{') || verb !== 'get', operation.operationId);
    assert.equal(statuses.includes(412), takes('IfMatch'), operation.operationId);
    assert.equal(statuses.includes(422), takes('IdempotencyKey'), operation.operationId);
    assert.equal(statuses.includes(415) && statuses.includes(413), operation.requestBody !== undefined, operation.operationId);
  }
});

/** The schemas as a validator takes them: what is not JSON Schema in OpenAPI is left out. */
const validator = new Ajv2020({ strict: false, allErrors: true, formats: { uuid: true, email: true, 'date-time': true, int32: true, int64: true } });
validator.addSchema({ $id: 'document', components: document.components });
const problemsOf = (schema: object, value: unknown): string => {
  const rebased = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')) as object;
  return validator.validate(rebased, value) ? '' : validator.errorsText();
};

test('every example is one that its schema allows', () => {
  let seen = 0;
  const see = (where: string, content: Readonly<Record<string, { schema: object; example: unknown }>> | undefined): void => {
    for (const [type, { schema, example }] of Object.entries(content ?? {})) {
      assert.notEqual(example, undefined, `${where} ${type} has no example`);
      assert.equal(problemsOf(schema, example), '', `${where} ${type}`);
      seen += 1;
    }
  };
  for (const { operation } of operations) {
    see(operation.operationId, operation.requestBody?.content);
    for (const [status, answer] of Object.entries<any>(operation.responses)) see(`${operation.operationId} ${status}`, answer.content);
  }
  for (const [name, answer] of Object.entries<any>(document.components.responses)) see(name, answer.content);
  assert.ok(seen > 60, String(seen));
});

/** The names of the fields whose text is empty, at any depth. */
const blanks = (value: unknown): readonly string[] =>
  typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([name, part]) => (part === '' ? [name] : blanks(part)));

test('every text of an example is filled in, but for the token after the last page', () => {
  const examples = operations.flatMap(({ operation }) => [
    operation.requestBody?.content['application/json'].example,
    ...Object.values<any>(operation.responses).map(({ content }) => content?.['application/json']?.example),
  ]);
  assert.deepEqual([...new Set(examples.flatMap(blanks))], ['next_page_token']);
});

test('every example request keeps the rules that requests are held to', () => {
  const contract = readContract(Buffer.from(descriptors, 'base64'));
  const reader = jsonReader();
  const validatorOf = validators(contract);
  for (const { operation } of operations) {
    const { input } = contract.methods.find(({ name }) => name === operation.operationId)!;
    const given = Object.fromEntries(
      operation.parameters.filter((parameter: any) => parameter.required).map((parameter: any) => [parameter.name, parameter.example]),
    );
    const violations: FieldViolation[] = [];
    const message = reader(input)({ ...operation.requestBody?.content['application/json'].example, ...given }, violations);
    validatorOf(input)(message as never, violations);
    assert.deepEqual(violations, [], operation.operationId);
  }
});

test('what streams is documented as server-sent events', () => {
  const { get } = document.paths['/v1/orders/{order_id}:watch'];
  assert.ok(get.responses['200'].content['text/event-stream'].example.includes('data: {'));
  assert.ok(get.parameters.some(({ $ref }: { $ref?: string }) => $ref === '#/components/parameters/LastEventId'));
});

test('the values of an enum say what they mean', () => {
  assert.match(document.components.schemas.Order.properties.status.description, /- `CONFIRMED`: Stock is reserved/);
});

test('what the path gives is no part of the body', () => {
  const { parameters, requestBody } = document.paths['/v1/orders/{order_id}:cancel'].post;
  assert.ok(!('order_id' in requestBody.content['application/json'].schema.properties));
  const { example, ...orderId } = parameters[0];
  assert.deepEqual(orderId, { name: 'order_id', description: 'The order.', schema: { type: 'string', format: 'uuid' }, in: 'path', required: true });
  assert.match(example, /^[0-9a-f-]{36}$/);
});
