import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { roles, type Role } from '../../src/api/development-issuer.ts';
import { contract, openTransports, type Told } from '../support/any-method.ts';
import { afterwards } from '../support/afterwards.ts';
import { orderId, runningApi } from './running-api.ts';

const { api, token } = await runningApi();
const transports = openTransports({ httpUrl: api.httpUrl, grpcAddress: `127.0.0.1:${api.grpcPort}` });
afterwards(() => transports.close());
const names = Object.keys(roles) as Role[];
const tokens = new Map(await Promise.all(names.map(async (role) => [role, await token(role)] as const)));

/** The table of methods and roles in docs/authorisation.md: which roles may call a method. */
const declared = async (): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const page = await readFile(join(import.meta.dirname, '../../docs/authorisation.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  const cellsOf = (row: string): readonly string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const start = rows.findIndex((row) => cellsOf(row)[1] === names[0]);
  const [, ...heads] = cellsOf(rows[start]!);
  assert.deepEqual(heads, names);
  const table = new Map<string, ReadonlySet<string>>();
  for (const row of rows.slice(start + 2)) {
    const [method = '', ...cells] = cellsOf(row);
    if (!method.startsWith('`')) break;
    table.set(method.replaceAll('`', ''), new Set(names.filter((_, index) => cells[index] === '✓')));
  }
  return table;
};

/** A request that names the ids of its path, and nothing else. */
const requestOf = (method: (typeof contract.methods)[number]): Record<string, string> =>
  Object.fromEntries((method.routes[0]?.pathFields ?? []).map(({ name }) => [name, orderId]));

/** Whether the call was let in, whatever became of it there. */
const letIn = (told: Told): boolean => {
  if ('message' in told) return true;
  assert.ok(['SCOPE_MISSING', 'NOT_USED', 'INVALID_REQUEST'].includes(told.code), told.code);
  return told.code !== 'SCOPE_MISSING';
};

const servedOver = (transport: 'grpc' | 'rest') => contract.methods.filter(({ routes }) => transport === 'grpc' || routes.length > 0);

for (const transport of ['grpc', 'rest'] as const) {
  test(`over ${transport} every role may call what the table of permissions says, and nothing else, cell by cell`, async () => {
    const table = await declared();
    for (const method of servedOver(transport)) {
      const name = `${method.service}/${method.name}`;
      const may = table.get(name);
      assert.ok(may, `${name} is not in the table`);
      for (const role of names) {
        const told = await transports[transport](method, requestOf(method), tokens.get(role));
        assert.equal(letIn(told), may.has(role), `${role} calls ${name}`);
      }
    }
  });

  test(`over ${transport} nobody calls anything without a token`, async () => {
    for (const method of servedOver(transport)) {
      const told = await transports[transport](method, requestOf(method), undefined);
      assert.ok('code' in told && told.code === 'TOKEN_REQUIRED', `${method.name}: ${JSON.stringify(told)}`);
    }
  });
}

test('the table of permissions has every method of the contract and no other', async () => {
  assert.deepEqual(
    [...(await declared()).keys()],
    contract.methods.map(({ service, name }) => `${service}/${name}`),
  );
});

/** Scopes that open no method but widen what some methods show or touch, and those of methods that are still to come. */
const beside = ['orders:personal', 'orders:cost', 'tenants:any-customer', 'tenants:any-merchant'];
const toCome = ['analytics:read', 'customers:erase', 'operations:read', 'operations:write'];

test('every method names a scope that some role has, and every scope of a role is known', () => {
  const needed = new Set(contract.methods.map(({ scope }) => scope));
  const given = new Set<string>(names.flatMap((role) => roles[role].scopes));
  assert.deepEqual(
    [...needed].filter((scope) => !given.has(scope)),
    [],
  );
  assert.deepEqual([...given].filter((scope) => !needed.has(scope)).toSorted(), [...beside, ...toCome].toSorted());
});

test('what workers record is reached over gRPC only: REST has no path for it and no document names it', async () => {
  const internal = contract.methods.filter(({ service }) => service.startsWith('orders.internal.'));
  assert.ok(internal.length > 0);
  const worker = tokens.get('worker')!;
  for (const { service, name } of internal) {
    for (const path of [`/${service}/${name}`, `/v1/${service}/${name}`, `/v1/payments/${orderId}:recordVoided`]) {
      const answer = await fetch(api.httpUrl + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${worker}`, 'content-type': 'application/json' },
        body: '{}',
      });
      assert.equal(answer.status, 404, path);
    }
  }
  const document = await (await fetch(`${api.httpUrl}/docs/json`)).text();
  assert.ok(document.includes('GetPayment'));
  assert.doesNotMatch(document, /orders\.internal|RecordVoided|PaymentRecord/i);
});
