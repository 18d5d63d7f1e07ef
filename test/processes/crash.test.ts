import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiError } from '../../clients/typescript/src/errors.ts';
import { nextFree } from '../../infra/local/ports.ts';
import { processes } from '../../src/domain/processes/processes.ts';
import { sandbox } from '../../src/domain/processes/sandbox.ts';
import type { Logged } from '../../src/eventstore/event-store.ts';
import { afterwards } from '../support/afterwards.ts';
import { openClients } from '../support/clients.ts';
import { startOwnServers } from '../support/own-servers.ts';
import { keyFileIn, openLook, variablesOn } from '../support/platform.ts';
import { placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';
import { keepRole, logLines, temporaryFolder, type KeptRole } from '../support/role-process.ts';

// Orders are placed without a pause while the programs that run them are killed, again and again, and the database with them.

const servers = await startOwnServers();
const folder = temporaryFolder();
const log = { url: servers.databases.runtimeUrl };
const [http, grpc] = [await nextFree(31_000), await nextFree(31_000)];
const variables = variablesOn(
  { database: servers.databases, log, rabbitmqUrl: servers.rabbitmqUrl, exchange: 'orders.events', folder },
  { LOG_LEVEL: 'info' },
);
const api = keepRole('api', { ...variables('api'), HTTP_PORT: String(http), GRPC_PORT: String(grpc) }, folder);
const projector = keepRole('projector', variables('projector'), folder);
await Promise.all([api, projector].map(({ ready }) => ready()));
const look = await openLook({ database: servers.databases, log });
const clients = openClients({ httpUrl: `http://127.0.0.1:${http}`, grpcAddress: `127.0.0.1:${grpc}`, keyFile: keyFileIn(folder) });
afterwards(() => clients.close());

const merchant = clients.as({ role: 'merchant', merchantId: randomUUID() });
const checkout = clients.as({ role: 'checkout' });
const publish = async (change: Parameters<typeof publishOfferRequest>[0]): Promise<string> =>
  (await merchant.publishOffer(publishOfferRequest(change))).offerId;
const plenty = await Promise.all(Array.from({ length: 40 }, (_, nth) => publish({ sku: `SKU-${nth}`, quantity: 1_000_000 })));
/** So few that many orders find them gone. */
const scarce = await publish({ sku: 'RARE', quantity: 20 });

const placed: string[] = [];
let shopping = true;
const shop = async (customer: number): Promise<void> => {
  for (let nth = 0; shopping; nth += 1) {
    const any = (of: number): string => plenty[of % plenty.length]!;
    const offers = nth % 5 === 0 ? [any(nth), scarce] : [any(7 * nth + customer), any(nth + customer)].slice(nth % 2);
    const request = placeOrderRequest(offers, { requestId: randomUUID(), ...(nth % 7 === 0 ? { paymentMethod: 'tok_decline' } : {}) });
    // The same key again, until there is an answer.
    for (let done = false; shopping && !done;) {
      try {
        placed.push((await checkout.placeOrder(request)).orderId);
        done = true;
        await sleep(40);
      } catch (error) {
        done = (error as ApiError).status === 'FAILED_PRECONDITION';
        await sleep(20);
      }
    }
  }
};
/** More than there is of what is scarce, before anybody runs orders. */
await Promise.all(
  Array.from({ length: 30 }, async (_, nth) => {
    const request = placeOrderRequest([plenty[nth]!, scarce], { requestId: randomUUID() });
    placed.push((await checkout.placeOrder(request)).orderId);
  }),
);
const runners = ['processes-1', 'processes-2'].map((name) => keepRole('processes', variables('processes'), folder, name));
await Promise.all(runners.map(({ ready }) => ready()));

const customers = Array.from({ length: 4 }, (_, nth) => shop(nth));
afterwards(async () => {
  shopping = false;
  await Promise.all(customers);
});

const ended = async (): Promise<number> =>
  (await look.pool.query<{ count: number }>(`select count(*) as count from log.events where type in ('OrderConfirmed', 'OrderCancelled')`)).rows[0]!
    .count;
/** Waits until orders have come to their end that had not at this moment. */
const ordersGoOn = async (): Promise<void> => {
  let enough = Infinity;
  await eventually('the database answers', async () => {
    enough = (await ended().catch(() => Infinity)) + 15;
    return enough < Infinity;
  });
  await eventually('orders come to their end', async () => (await ended().catch(() => 0)) >= enough, 20_000);
};
const leaderOf = async (name: string): Promise<KeptRole | undefined> => {
  const { rows } = await look.pool.query<{ holder: string }>(
    'select holder from subscriptions.checkpoints where name = $1 and lease_until > clock_timestamp()',
    [name],
  );
  return runners.find(({ pid }) => rows[0]?.holder.includes(` ${pid()} `));
};
const dies = async (role: KeptRole): Promise<void> => {
  await eventually('it runs', () => role.pid() !== 0);
  const endings = role.endings.length;
  role.kill('SIGKILL');
  await eventually('it has ended', () => role.endings.length > endings);
};
const names = [...processes, sandbox].map(({ name }) => name);

for (let round = 1; round <= 6; round += 1)
  test(`who runs orders is killed in the middle of it (${round})`, async () => {
    await ordersGoOn();
    const name = names[round % names.length]!;
    let leader: KeptRole | undefined;
    await eventually(`${name} has a leader`, async () => (leader = await leaderOf(name)) !== undefined);
    await dies(leader!);
  });

test('both are killed at once', async () => {
  await ordersGoOn();
  await Promise.all(runners.map(dies));
});

test('one that was stopped for longer than its lease, and wakes up, changes nothing', async () => {
  let leader: KeptRole | undefined;
  await eventually('placement has a leader', async () => (leader = await leaderOf('placement')) !== undefined);
  await ordersGoOn();
  leader!.kill('SIGSTOP');
  await eventually('another one leads', async () => ![undefined, leader].includes(await leaderOf('placement')), 20_000);
  await ordersGoOn();
  leader!.kill('SIGCONT');
  await ordersGoOn();
});

test('the database is killed', async () => {
  await ordersGoOn();
  servers.kill('postgres');
  await ordersGoOn();
});

let events: readonly Logged[] = [];
test('in the end every order is confirmed or cancelled, as if nothing had happened', async () => {
  shopping = false;
  await Promise.all(customers);
  await Promise.all(runners.map(({ ready }) => ready()));
  await look.caughtUp(names, 20_000);
  await eventually('every command was answered', async () => {
    const { rowCount } = await look.pool.query('select from processes.outgoing');
    if (rowCount !== 0) return false;
    await look.caughtUp(names, 20_000);
    return (await look.pool.query('select from processes.outgoing')).rowCount === 0;
  });
  events = await look.log();
  const byOrder = Map.groupBy(
    events.filter(({ stream }) => stream.startsWith('order-')),
    ({ stream }) => stream,
  );
  const endings = new Set<string>();
  for (const [stream, history] of byOrder) {
    const types = history.map(({ type }) => type);
    const lines = (history[0]!.data as { lines: unknown[] }).lines.length;
    const ending = `${types.at(-1)} ${(history.at(-1)!.data as { cause?: string }).cause ?? ''}`.trim();
    endings.add(ending);
    const reserved = types.filter((type) => type === 'LineReserved').length;
    if (ending === 'OrderConfirmed') assert.deepEqual(types, ['OrderPlaced', ...Array<string>(lines).fill('LineReserved'), 'OrderConfirmed'], stream);
    else if (ending === 'OrderCancelled PAYMENT_DECLINED') assert.equal(reserved, lines, stream);
    else if (ending === 'OrderCancelled OUT_OF_STOCK') assert.equal(types.filter((type) => type === 'LineRefused').length, 1, stream);
    else assert.fail(`${stream} ends with ${ending}`);
  }
  assert.deepEqual([...endings].toSorted(), ['OrderCancelled OUT_OF_STOCK', 'OrderCancelled PAYMENT_DECLINED', 'OrderConfirmed']);
  assert.ok(placed.length > 100, 'there was a load');
});

test('every reservation ended with its order: confirmed once, or given back once', () => {
  const confirmed = new Set(events.filter(({ type }) => type === 'OrderConfirmed').map(({ stream }) => stream));
  const ofLines = Map.groupBy(
    events.filter(({ stream, type }) => stream.startsWith('offer-') && type !== 'OfferPublished'),
    ({ data }) => (data as { lineId: string }).lineId,
  );
  for (const [lineId, history] of ofLines) {
    const { orderId } = history[0]!.data as { orderId: string };
    const ended = confirmed.has(`order-${orderId}`) ? 'ReservationConfirmed' : 'ReservationReleased';
    assert.deepEqual(
      history.map(({ type }) => type),
      ['StockReserved', ended],
      `line ${lineId} of ${orderId}`,
    );
  }
  assert.equal(
    events.filter(({ type, stream }) => type === 'ReservationConfirmed' && stream === `offer-${scarce}`).length,
    20,
    'all that was scarce is sold',
  );
});

test('every payment was asked for once, and answered once', () => {
  const payments = Map.groupBy(
    events.filter(({ stream }) => stream.startsWith('payment-')),
    ({ stream }) => stream,
  );
  const orders = new Set<string>();
  for (const [stream, history] of payments) {
    const { orderId, paymentMethod } = history[0]!.data as { orderId: string; paymentMethod: string };
    assert.ok(!orders.has(orderId), `one payment for ${orderId}`);
    orders.add(orderId);
    const answer = paymentMethod === 'tok_decline' ? 'PaymentDeclined' : 'PaymentAuthorised';
    assert.deepEqual(
      history.map(({ type }) => type),
      ['PaymentRequested', answer],
      stream,
    );
  }
});

test('every command took effect once', () => {
  const byCommand = Map.groupBy(events, ({ meta }) => meta.commandId);
  for (const [commandId, history] of byCommand) {
    assert.equal(new Set(history.map(({ stream }) => stream)).size, 1, commandId);
    const revisions = history.map(({ revision }) => revision);
    assert.equal(revisions.at(-1)! - revisions[0]! + 1, revisions.length, `${commandId} is one append`);
  }
});

test('nothing waits for an operator, and nobody logged a defect', async () => {
  assert.deepEqual((await look.pool.query('select * from subscriptions.parked')).rows, []);
  const defects = runners.flatMap(({ lines }) => [
    ...lines.filter((line) => !line.startsWith('{')),
    ...logLines(lines).filter((line) => line['level'] === 'fatal'),
  ]);
  assert.deepEqual(defects, []);
  assert.deepEqual(new Set(runners.flatMap(({ endings }) => endings.map(({ signal }) => signal))), new Set(['SIGKILL']));
});
