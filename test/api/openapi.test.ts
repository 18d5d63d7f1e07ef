import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runningApi } from './running-api.ts';

const { api } = await runningApi();
const document = (await (await fetch(`${api.httpUrl}/docs/json`)).json()) as any;

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
    minItems: 1,
    maxItems: 100,
    items: { $ref: '#/components/schemas/PlaceOrderRequest.Line' },
  });
  const line = document.components.schemas['PlaceOrderRequest.Line'];
  assert.deepEqual(line.properties.quantity, { type: 'integer', format: 'int32', minimum: 1, maximum: 1_000 });
  assert.deepEqual(document.components.schemas.Money.properties.amount_minor.type, 'string');
  assert.ok(place.responses['201'].headers.location);
});

test('what the path gives is no part of the body', () => {
  const { parameters, requestBody } = document.paths['/v1/orders/{order_id}:cancel'].post;
  assert.ok(!('order_id' in requestBody.content['application/json'].schema.properties));
  assert.deepEqual(parameters[0], { name: 'order_id', schema: { type: 'string', format: 'uuid' }, in: 'path', required: true });
});
