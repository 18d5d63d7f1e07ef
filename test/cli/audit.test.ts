import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { auditTrail } from '../../src/privacy/audit.ts';
import { afterwards } from '../support/afterwards.ts';
import { testDatabase } from '../support/database.ts';

const database = await testDatabase();
afterwards(() => database.drop());
const pool = openPool({ url: database.runtimeUrl, name: 'test', max: 1, logger: silent });
afterwards(() => pool.end());
const record = auditTrail({ pool, metrics: createMetrics('test') });

const [customerId, orderId] = [randomUUID(), randomUUID()];
const read = (reader: string, nth: number) => ({
  caller: { issuer: 'test', subject: reader },
  method: 'orders.v1.OrderService/GetOrder',
  correlationId: `request-${nth}`,
  resource: `order-${orderId}`,
  subject: customerId,
  fields: ['email', 'name'],
});
for (let nth = 1; nth <= 3; nth += 1) await record([read('kim', nth)]);
await record([read('alex', 4)]);

type Said = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the command as an operator would. */
const cli = async (args: readonly string[], url = database.ownerUrl): Promise<Said> => {
  const file = fileURLToPath(new URL('../../src/cli/audit.ts', import.meta.url));
  const env = { PATH: process.env['PATH'], MIGRATION_DATABASE_URL: url };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code: number; readonly stdout: string; readonly stderr: string };
    return { code, out: stdout, err: stderr };
  }
};
const linesOf = ({ out }: Said): readonly string[] => out.trimEnd().split('\n');

test('the trail is told newest first, a line a read, and never what was read', async () => {
  const said = await cli([]);
  assert.deepEqual([said.code, said.err], [0, '']);
  assert.deepEqual(
    linesOf(said).map((line) => /request-\d/.exec(line)?.[0]),
    ['request-4', 'request-3', 'request-2', 'request-1'],
  );
  assert.match(
    linesOf(said)[0]!,
    new RegExp(`Z  alex  orders.v1.OrderService/GetOrder  order-${orderId}  of ${customerId}: email, name  \\(request-4\\)$`),
  );
});

test('the trail is narrowed and told page by page, as lines of JSON where programs read on', async () => {
  const filters = ['--customer', customerId.toUpperCase(), '--order', orderId, '--reader', 'kim', '--json'];
  const first = await cli([...filters, '--limit', '2']);
  const [, before = ''] = /^There is more: --before (\d+)$/m.exec(first.err) ?? [];
  const second = await cli([...filters, '--limit', '2', '--before', before]);
  assert.equal(second.err, '');
  const requests = [...linesOf(first), ...linesOf(second)].map((line) => (JSON.parse(line) as { correlation_id: string }).correlation_id);
  assert.deepEqual(requests, ['request-3', 'request-2', 'request-1']);
  const { err } = await cli([...filters, '--until', '2020-01-01']);
  assert.equal(err, 'Nothing of this kind is on record.\n');
});

test('what cannot be meant is answered with the usage', async () => {
  for (const args of [['--customer', 'Ada'], ['--since', 'yesterday'], ['--limit', '0'], ['--order', orderId, '--return', orderId], ['--what']]) {
    const { code, err } = await cli(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, /usage: npm run --silent audit/);
  }
});

test('the role of the processes cannot read the trail, and is told whose right that is', async () => {
  const { code, err } = await cli([], database.runtimeUrl);
  assert.equal(code, 1);
  assert.match(err, /permission denied.*MIGRATION_DATABASE_URL must name the role that owns the database/);
});
