import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { readAuditPage } from '../../src/privacy/audit-page.ts';
import { call, failureOf } from '../api/running-api.ts';
import { afterwards } from '../support/afterwards.ts';
import { openClients, type Clients, type RestAnswer, type Who } from '../support/clients.ts';
import { startOwnRedis } from '../support/own-redis.ts';
import { keyFileIn, openGround, openLook, variablesOn } from '../support/platform.ts';
import { placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';
import { startRole, type Role, type RoleProcess } from '../support/role-process.ts';

// Two api processes behind one door: what callers may send is counted together, and what staff is shown is on record.

const ground = await openGround();
const redis = await startOwnRedis();
const limit = 30;
const variables = variablesOn(ground, { REDIS_URL: redis.url, RATE_LIMIT_READS: String(limit) });
const start = (role: Role, name: string): RoleProcess => {
  const started = startRole(role, variables(role), ground.folder, name);
  afterwards(() => started.stop());
  return started;
};
const roles = [start('api', 'api-1'), start('api', 'api-2'), start('projector', 'projector')] as const;
await Promise.all(roles.map(({ ready }) => ready()));
const clientsOf = async (api: RoleProcess): Promise<Clients> => {
  const { http, grpc } = await api.said('serving');
  const clients = openClients({ httpUrl: String(http), grpcAddress: String(grpc), keyFile: keyFileIn(ground.folder) });
  afterwards(() => clients.close());
  return clients;
};
const [first, second] = await Promise.all([clientsOf(roles[0]), clientsOf(roles[1])]);

/** What a process counts of itself. */
const metric = async ({ said }: RoleProcess, name: string): Promise<number> => {
  const { url } = await said('monitoring');
  const text = await (await fetch(`${String(url)}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
};
const somebody = (): Who => ({ role: 'customer', customerId: randomUUID() });
const ask = ({ rest }: Clients, who: Who): Promise<RestAnswer> => rest(who, 'GET', `/v1/orders/${randomUUID()}`);

test('a caller has one limit at all processes and over both transports', async () => {
  const who = somebody();
  const askOverGrpc = async ({ orders, metadata }: Clients): Promise<boolean> => {
    const known = await metadata(who);
    return (await failureOf(call((done) => orders.getOrder({ orderId: randomUUID() }, known, done)))).reason !== 'RATE_LIMITED';
  };
  const started = performance.now();
  let letIn = 0;
  for (let nth = 0; nth < limit; nth += 1) {
    for (const clients of [first, second]) {
      if ((await ask(clients, who)).status !== 429) letIn += 1;
      if (await askOverGrpc(clients)) letIn += 1;
    }
  }
  const grown = Math.ceil(((performance.now() - started) / 60_000) * limit) + 1;
  assert.ok(letIn >= limit * 0.8 && letIn <= limit + grown, `${letIn} of ${limit * 4}`);
  assert.notEqual((await ask(first, somebody())).status, 429);
});

for (const [what, away, back] of [
  ['is killed', () => redis.signal('SIGKILL'), () => {}],
  ['stands still', () => redis.signal('SIGSTOP'), () => redis.signal('SIGCONT')],
] as const) {
  test(`while Redis ${what} everybody is served, and a metric says so`, async () => {
    const [api] = roles;
    assert.ok((await ask(first, somebody())).headers.has('ratelimit'));
    const uncounted = await metric(api, 'rate_limit_unchecked_requests_total');
    await eventually('a request goes uncounted', async () => {
      // Again where it was back before anybody asked.
      away();
      const answer = await ask(first, somebody());
      assert.equal(answer.status, 404);
      return !answer.headers.has('ratelimit');
    });
    assert.ok((await metric(api, 'rate_limit_unchecked_requests_total')) > uncounted);
    back();
    await eventually('requests are counted again', async () => (await ask(first, somebody())).headers.has('ratelimit'));
    assert.equal(await metric(api, 'rate_limits_unavailable'), 0);
    assert.ok(api.lines.some((line) => line.includes('rate limits are off')));
  });
}

const owner = openPool({ url: ground.database.ownerUrl, name: 'test', max: 1, logger: silent });
afterwards(() => owner.end());
const look = await openLook(ground);

/** An order that can be read, of a customer. */
const readable = async (): Promise<{ readonly orderId: string; readonly customerId: string }> => {
  const customerId = randomUUID();
  const merchant = await first.metadata({ role: 'merchant', merchantId: randomUUID() });
  const { offerId } = await call<{ offerId: string }>((done) => first.offers.publishOffer(publishOfferRequest(), merchant, done));
  const checkout = await first.metadata({ role: 'checkout' });
  const placement = placeOrderRequest([offerId], { customerId });
  const { orderId } = await call<{ orderId: string }>((done) => first.orders.placeOrder(placement, checkout, done));
  await eventually('the order is in the read model', async () => {
    const { rows } = await look.pool.query('select from read_models.orders where order_id = $1', [orderId]);
    return rows.length > 0;
  });
  return { orderId, customerId };
};

test('what support is shown over either transport is on record with the correlation id of the answer', async () => {
  const { orderId, customerId } = await readable();
  const support: Who = { role: 'support' };
  const overRest = await first.rest(support, 'GET', `/v1/orders/${orderId}`);
  assert.equal(overRest.status, 200);
  const metadata = await second.metadata(support, { 'x-correlation-id': 'asked-over-grpc' });
  await call((done) => second.orders.getOrder({ orderId }, metadata, done));
  await first.rest({ role: 'checkout' }, 'GET', `/v1/orders/${orderId}`);
  await first.rest({ role: 'customer', customerId }, 'GET', `/v1/orders/${orderId}`);
  const { reads } = await readAuditPage(owner, { subject: customerId }, { size: 10 });
  assert.deepEqual(
    reads.map(({ reader, method, resource, fields, correlation_id }) => [reader, method, resource, fields, correlation_id]),
    ['asked-over-grpc', overRest.headers.get('x-correlation-id')].map((id) => [
      'support@development',
      'orders.v1.OrderService/GetOrder',
      `order-${orderId}`,
      ['email', 'name', 'shipping_address'],
      id,
    ]),
  );
});

test('while nothing can be put on record support is refused and may try again; others are served', async () => {
  const { orderId, customerId } = await readable();
  const runtime = new URL(ground.database.runtimeUrl).username;
  await owner.query(`revoke insert on audit.personal_reads from "${runtime}"`);
  const refused = await first.rest({ role: 'support' }, 'GET', `/v1/orders/${orderId}`);
  assert.deepEqual([refused.status, refused.body.code], [503, 'UNAVAILABLE']);
  assert.ok(refused.headers.has('retry-after'));
  assert.doesNotMatch(JSON.stringify(refused.body), /audit|personal_reads|permission/);
  const metadata = await second.metadata({ role: 'support' });
  const failure = await failureOf(call((done) => second.orders.getOrder({ orderId }, metadata, done)));
  assert.equal(failure.code, status.UNAVAILABLE);
  assert.ok(failure.retryAfterMs);
  assert.equal((await first.rest({ role: 'customer', customerId }, 'GET', `/v1/orders/${orderId}`)).status, 200);
  assert.ok((await metric(roles[0], 'audit_write_failures_total')) > 0);
  await owner.query(`grant insert on audit.personal_reads to "${runtime}"`);
  assert.equal((await first.rest({ role: 'support' }, 'GET', `/v1/orders/${orderId}`)).status, 200);
});
