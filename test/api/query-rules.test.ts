import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescField, JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { MethodDescription } from '../../src/api/descriptors.ts';
import { afterwards } from '../support/afterwards.ts';
import { contract, openTransports } from '../support/any-method.ts';
import { breachesOf } from './breaches.ts';
import { orderId, runningApi } from './running-api.ts';

const { api, token } = await runningApi();
const transports = openTransports({ httpUrl: api.httpUrl, grpcAddress: `127.0.0.1:${api.grpcPort}` });
afterwards(() => transports.close());

/** What changes nothing takes no idempotency key. */
const queries = contract.methods.filter(({ input }) => input.field['requestId'] === undefined);

/** A value that a field's rules allow. */
const goodValue = (field: DescField): JsonValue => {
  if (field.fieldKind === 'enum') return field.enum.values[1]!.name;
  if (field.message) return '2026-01-01T00:00:00Z';
  const rules = contract.rules(field);
  if (rules?.uuid) return orderId;
  return rules?.min === undefined ? 'text' : Number(rules.min);
};

const goodRequest = ({ input }: MethodDescription): JsonObject => Object.fromEntries(input.fields.map((field) => [field.name, goodValue(field)]));

/** Somebody whose scopes let it ask. */
const roleFor = ({ scope }: MethodDescription) => (scope === 'fulfilment:write' ? 'merchant' : 'support');

test('what changes nothing is read with GET, and nothing else is', () => {
  assert.deepEqual(
    contract.methods.filter(({ routes }) => routes[0]?.verb === 'GET').map(({ name }) => name),
    queries.map(({ name }) => name),
  );
});

for (const transport of ['grpc', 'rest'] as const) {
  for (const method of queries) {
    test(`${method.name} over ${transport} takes a request that keeps the rules, and names the field of each that is broken`, async () => {
      const asker = await token(roleFor(method));
      const good = goodRequest(method);
      const told = await transports[transport](method, good, asker);
      assert.ok('code' in told && told.code === 'NOT_USED', JSON.stringify(told));
      const inPath = new Set(transport === 'rest' ? method.routes[0]!.pathFields.map(({ name }) => name) : []);
      let broken = 0;
      for (const { field, request } of breachesOf(method.input, good, inPath)) {
        broken += 1;
        const refused = await transports[transport](method, request, asker);
        assert.deepEqual(refused, { code: 'INVALID_REQUEST', fields: [field], status: transport === 'rest' ? 400 : 3 }, JSON.stringify(request));
      }
      assert.ok(broken > 0);
    });
  }
}
