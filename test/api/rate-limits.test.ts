import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { redisLeases, windowMs, type LeaseTokens } from '../../src/api/rate-limit-leases.ts';
import { rateLimits, type Budget, type Meter, type Metered, type RateLimits } from '../../src/api/rate-limits.ts';
import type { Caller } from '../../src/platform/call.ts';
import { silent, type Logger } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';
import { openRedis } from '../../src/platform/redis.ts';
import { afterwards } from '../support/afterwards.ts';
import { openProxy, type Proxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { anOrder, call, failureOf, orderId, runningApi } from './running-api.ts';

const redisUrl = process.env['TEST_REDIS_URL'];
if (!redisUrl) throw new Error('TEST_REDIS_URL is not set: run the tests with `npm test`');

const redis = await openRedis({ url: redisUrl, name: 'test', logger: silent, commandTimeoutMs: 10_000 });
afterwards(() => redis.disconnect());
const leases = redisLeases(redis);

const each = (reads: number, writes = reads): RateLimits => ({
  ordinary: { reads, writes },
  services: { reads: reads * 1_000, writes: writes * 1_000 },
});
type Opened = { readonly meter: Meter; readonly metrics: Registry; readonly leased: () => number };

/** The limits as one process of the platform has them. */
const limitsOf = (
  limits: RateLimits,
  parts: { readonly lease?: LeaseTokens; readonly probe?: () => Promise<unknown>; readonly logger?: Logger } = {},
): Opened => {
  const metrics = createMetrics('test');
  let count = 0;
  const lease: LeaseTokens = (...asked) => {
    count += 1;
    return (parts.lease ?? leases)(...asked);
  };
  const { meter, close } = rateLimits({ lease, probe: parts.probe ?? (() => redis.ping()), limits, logger: parts.logger ?? silent, metrics });
  afterwards(close);
  return { meter, metrics, leased: () => count };
};

const somebody = (more: Partial<Caller> = {}): Caller => ({ issuer: 'test', subject: randomUUID(), scopes: new Set(), ...more });
const send = async (meter: Meter, caller: Caller, count: number, budget: Budget = 'reads'): Promise<readonly Metered[]> => {
  const answers: Metered[] = [];
  for (let nth = 0; nth < count; nth += 1) answers.push(await meter(caller, budget));
  return answers;
};
const letIn = (answers: readonly Metered[]): number => answers.filter(({ refusal }) => refusal === undefined).length;
/** A budget grows while a test runs: by as much as the time that passed is worth, and one that was begun. */
const grownSince = (startedMs: number, limit: number): number => Math.ceil(((performance.now() - startedMs) / windowMs) * limit) + 1;

test('a principal sends what its limit allows and is then refused, with the time after which it may try again', async () => {
  const { meter, metrics } = limitsOf(each(100));
  const caller = somebody();
  const started = performance.now();
  const answers = await send(meter, caller, 300);
  const grown = grownSince(started, 100);
  assert.ok(letIn(answers) >= 100 && letIn(answers) <= 100 + grown, `${letIn(answers)} of 300`);
  const refusal = answers.find((answer) => answer.refusal !== undefined)!.refusal!;
  assert.deepEqual([refusal.status, refusal.code, refusal.metadata], ['too_many', 'RATE_LIMITED', { budget: 'reads', per_minute: '100' }]);
  assert.ok(refusal.retryAfterMs! >= 1_000);
  assert.match(await metrics.metrics(), /rate_limit_refusals_total\{budget="reads",role="test"\} [1-9]/);
});

test('a limit is one for all processes, also when they send at once', async () => {
  const caller = somebody();
  const processes = Array.from({ length: 4 }, () => limitsOf(each(400)).meter);
  const started = performance.now();
  const answers = await Promise.all(processes.flatMap((meter) => Array.from({ length: 50 }, () => send(meter, caller, 10))));
  const admitted = letIn(answers.flat());
  // What a process has leased and does not use lapses.
  assert.ok(admitted >= 320 && admitted <= 400 + grownSince(started, 400), `${admitted} of 2000`);
});

test('reads and writes, and every principal, have budgets of their own', async () => {
  const { meter } = limitsOf(each(20, 10));
  const mine = somebody({ subject: 'kim' });
  await send(meter, mine, 60, 'reads');
  assert.ok((await meter(mine, 'reads')).refusal);
  assert.equal((await meter(mine, 'writes')).refusal, undefined);
  for (const other of [{ issuer: 'another' }, { subject: randomUUID() }, { customerId: randomUUID() }, { merchantId: randomUUID() }])
    assert.equal((await meter({ ...mine, ...other }, 'reads')).refusal, undefined, JSON.stringify(other));
  assert.ok((await meter({ ...mine }, 'reads')).refusal, 'another token of the same principal');
});

test('systems that act for everybody have limits of their own, and staff has those of people', async () => {
  const { meter } = limitsOf(each(10));
  const limitOf = async (...scopes: string[]): Promise<number> => (await meter(somebody({ scopes: new Set(scopes) }), 'reads')).quota!.limit;
  assert.equal(await limitOf('orders:read', 'tenants:any-customer'), 10_000);
  assert.equal(await limitOf('orders:read', 'tenants:any-merchant'), 10_000);
  assert.equal(await limitOf('orders:read', 'tenants:any-customer', 'orders:support'), 10);
  assert.equal(await limitOf('orders:read'), 10);
});

test('a busy principal costs few leases, and most of its requests wait for none', async () => {
  const { meter, leased } = limitsOf(each(100_000));
  const caller = somebody();
  let waited = 0;
  for (let nth = 0; nth < 20_000; nth += 1) {
    const answer = meter(caller, 'reads');
    if (answer instanceof Promise) waited += 1;
    assert.equal((await answer).refusal, undefined);
  }
  assert.ok(leased() <= 200, `${leased()} leases`);
  assert.ok(waited <= 200, `${waited} waited`);
});

test('one that is refused does not ask Redis each time', async () => {
  const { meter, leased } = limitsOf(each(1));
  const caller = somebody();
  await send(meter, caller, 2);
  const before = leased();
  await send(meter, caller, 10_000);
  assert.ok(leased() - before <= 20, `${leased() - before} leases`);
});

test('a budget comes back with time', async () => {
  const { meter } = limitsOf(each(6_000));
  const caller = somebody();
  const answers = await Promise.all(Array.from({ length: 100 }, () => send(meter, caller, 200)));
  assert.ok(answers.flat().at(-1)!.refusal);
  await eventually('the caller is let in again', async () => (await meter(caller, 'reads')).refusal === undefined);
});

test('what Redis keeps names nobody, and lapses once the budget is whole', async () => {
  const { meter } = limitsOf(each(10));
  const caller = somebody({ subject: `ada@${randomUUID()}.example` });
  await meter(caller, 'writes');
  const keys = await redis.keys('orders:rate-limit:*');
  assert.ok(keys.length > 0);
  for (const key of keys) {
    assert.match(key, /^orders:rate-limit:([0-9a-f-]{36}:)?[\w-]{22}:(reads|writes)$/);
    const gone = -2;
    const ttlMs = await redis.pttl(key);
    assert.ok(ttlMs === gone || (ttlMs > 0 && ttlMs <= windowMs), `${key}: ${ttlMs}`);
  }
});

// The roles' principals are the same in every run: what an earlier one spent must not count.
const run = randomUUID();
const limited = limitsOf(each(2, 1), { lease: (key, asked) => leases(`${run}:${key}`, asked) });
const api = await runningApi({ meter: limited.meter });

test('REST says the policy and what is left of it with every answer, and answers 429 with Retry-After', async () => {
  const first = await api.rest(`/v1/orders/${orderId}`, { role: 'customer' });
  assert.equal(first.status, 404);
  assert.equal(first.headers.get('ratelimit-policy'), '"reads";q=2;w=60');
  assert.match(first.headers.get('ratelimit')!, /^"reads";r=1;t=\d+$/);
  let last = first;
  await eventually('the caller is refused', async () => (last = await api.rest(`/v1/orders/${orderId}`, { role: 'customer' })).status === 429);
  assert.equal(last.body.code, 'RATE_LIMITED');
  assert.equal(last.headers.get('ratelimit-policy'), '"reads";q=2;w=60');
  assert.match(last.headers.get('ratelimit')!, /^"reads";r=0;t=\d+$/);
  assert.ok(Number(last.headers.get('retry-after')) >= 1);
  const write = await api.rest('/v1/orders', { body: anOrder, role: 'customer' });
  assert.equal(write.status, 201);
  assert.equal(write.headers.get('ratelimit-policy'), '"writes";q=1;w=60');
});

test('gRPC answers RESOURCE_EXHAUSTED with the time to try again after', async () => {
  const metadata = await api.metadata('merchant');
  const ask = () => call((callback) => api.orders.getOrder({ orderId }, metadata, callback));
  let failure: Awaited<ReturnType<typeof failureOf>> | undefined;
  await eventually('the caller is refused', async () => (failure = await failureOf(ask())).reason !== 'NOT_USED');
  assert.deepEqual([failure!.code, failure!.reason], [status.RESOURCE_EXHAUSTED, 'RATE_LIMITED']);
  assert.ok(failure!.retryAfterMs! >= 1_000);
});

test('whoever is not known is not counted, and what is refused for its scope neither', async () => {
  const before = limited.leased();
  assert.equal((await fetch(`${api.api.httpUrl}/v1/orders/${orderId}`)).status, 401);
  assert.equal((await api.rest('/v1/orders', { body: anOrder, role: 'analytics' })).status, 403);
  assert.equal(limited.leased(), before);
});

/** Limits over a connection that the test breaks. */
const breakable = async (): Promise<
  Opened & { readonly proxy: Proxy; readonly logged: readonly string[]; readonly value: (metric: string) => Promise<number> }
> => {
  const proxy = await openProxy(redisUrl);
  afterwards(() => proxy.close());
  const connection = await openRedis({ url: proxy.url, name: 'test', logger: silent, commandTimeoutMs: 250 });
  afterwards(() => connection.disconnect());
  const logged: string[] = [];
  const logger = {
    warn: (_: object, message: string) => logged.push(message),
    info: (message: string) => logged.push(message),
  } as unknown as Logger;
  const opened = limitsOf(each(1_000), { lease: redisLeases(connection), probe: () => connection.ping(), logger });
  const value = async (metric: string): Promise<number> => (await opened.metrics.getSingleMetric(metric)!.get()).values[0]?.value ?? 0;
  return { ...opened, proxy, logged, value };
};

for (const [what, fail] of [
  ['is gone', (proxy: Proxy) => proxy.refuse()],
  ['takes commands and answers none', (proxy: Proxy) => proxy.blackhole()],
] as const) {
  test(`while Redis ${what} everybody is let in at once and an alert says so, until it is back`, async () => {
    const { meter, proxy, logged, value } = await breakable();
    const caller = somebody();
    assert.ok((await meter(caller, 'reads')).quota);
    assert.equal(await value('rate_limits_unavailable'), 0);

    fail(proxy);
    await eventually('a request is let in uncounted', async () => (await meter(somebody(), 'reads')).quota === undefined);
    assert.equal(await value('rate_limits_unavailable'), 1);
    const uncounted = await value('rate_limit_unchecked_requests_total');
    for (let nth = 0; nth < 5_000; nth += 1) {
      const answer = meter(nth % 2 === 0 ? caller : somebody(), 'reads');
      assert.ok(!(answer instanceof Promise), 'nobody waits');
      assert.deepEqual(answer, { quota: undefined, refusal: undefined });
    }
    assert.equal(await value('rate_limit_unchecked_requests_total'), uncounted + 5_000);
    assert.deepEqual(logged, ['rate limits are off: Redis does not answer']);

    proxy.pass();
    await eventually('requests are counted again', async () => (await meter(caller, 'reads')).quota !== undefined);
    assert.equal(await value('rate_limits_unavailable'), 0);
    assert.deepEqual(logged, ['rate limits are off: Redis does not answer', 'rate limits are on again']);
  });
}

test('many that wait for a Redis that stalls are all let in after one time-out', async () => {
  const { meter, proxy, leased } = await breakable();
  proxy.blackhole();
  const callers = Array.from({ length: 20 }, () => somebody());
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, nth) => meter(callers[nth % callers.length]!, 'reads')));
  assert.ok(answers.every(({ quota, refusal }) => quota === undefined && refusal === undefined));
  assert.equal(leased(), callers.length);
});

test('a start without Redis does not wait for it', async () => {
  const proxy = await openProxy(redisUrl);
  after(() => proxy.close());
  proxy.refuse();
  const connection = await openRedis({ url: proxy.url, name: 'test', logger: silent, commandTimeoutMs: 250 });
  afterwards(() => connection.disconnect());
  const { meter } = limitsOf(each(10), { lease: redisLeases(connection), probe: () => connection.ping() });
  assert.deepEqual(await meter(somebody(), 'reads'), { quota: undefined, refusal: undefined });
  proxy.pass();
  await eventually('requests are counted', async () => (await meter(somebody(), 'reads')).quota !== undefined);
});
