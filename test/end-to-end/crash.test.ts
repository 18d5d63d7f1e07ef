import assert from 'node:assert/strict';
import { nextFree } from '../../infra/local/ports.ts';
import type { catalogue } from '../../src/domain/catalogue.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { orders } from '../../src/projections/orders.ts';
import { subscriptionOf, type AnyProjection, type Happened } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { afterwards } from '../support/afterwards.ts';
import { openClients } from '../support/clients.ts';
import { attribute, consumeAll, processed } from '../support/foreign-consumer.ts';
import { startOwnServers } from '../support/own-servers.ts';
import { openLog, test } from '../support/store-under-test.ts';
import { keyFileIn, openLook, variablesOn } from '../support/platform.ts';
import { eventually } from '../support/eventually.ts';
import { keepRole, logLines, temporaryFolder, type KeptRole } from '../support/role-process.ts';
import { publishOfferRequest } from '../support/requests.ts';
import { goShopping, type Heard } from './shopping.ts';

// Customers order without a pause while everything is killed, one after the other. Whoever was told "placed" has an order.

const servers = await startOwnServers();
const exchange = 'orders.events';
const folder = temporaryFolder();
const log = await openLog(servers.databases.runtimeUrl);
const [http, grpc] = [await nextFree(31_000), await nextFree(31_000)];
const variables = variablesOn({ database: servers.databases, log, rabbitmqUrl: servers.rabbitmqUrl, exchange, folder }, { LOG_LEVEL: 'info' });
const api = keepRole('api', { ...variables('api'), HTTP_PORT: String(http), GRPC_PORT: String(grpc) }, folder);
const projectors = ['projector-1', 'projector-2'].map((name) => keepRole('projector', variables('projector'), folder, name));
const forwarder = keepRole('forwarder', variables('forwarder'), folder);
const roles = [api, ...projectors, forwarder];
await Promise.all(roles.map(({ ready }) => ready()));

const look = await openLook({ database: servers.databases, log });
const foreign = await consumeAll(servers.rabbitmqUrl, exchange);
const clients = openClients({ httpUrl: `http://127.0.0.1:${http}`, grpcAddress: `127.0.0.1:${grpc}`, keyFile: keyFileIn(folder) });
afterwards(() => clients.close());

const merchant = clients.as({ role: 'merchant', merchantId: crypto.randomUUID() });
const publish = async (change: Parameters<typeof publishOfferRequest>[0]): Promise<string> =>
  (await merchant.publishOffer(publishOfferRequest(change))).offerId;
const offerIds = await Promise.all(['A', 'B', 'C'].map((sku) => publish({ sku, quantity: 1_000_000 })));
const shopping = goShopping(clients, offerIds, 8);
afterwards(() => shopping.stop());

const subscriptions = readModels.map(subscriptionOf);
/** Waits until customers have orders acknowledged that they sent after this moment. */
const ordersGoOn = (): Promise<void> => {
  const enough = shopping.acknowledged.length + 30;
  return eventually('orders are acknowledged again', () => shopping.acknowledged.length >= enough);
};
const dies = async (role: KeptRole, how: NodeJS.Signals): Promise<void> => {
  const endings = role.endings.length;
  role.kill(how);
  await eventually('it has ended', () => role.endings.length > endings);
};

test('a forwarder that is killed goes on where it was', async () => {
  await ordersGoOn();
  await dies(forwarder, 'SIGKILL');
  await look.caughtUp(['forwarder']);
});

test('orders go on while RabbitMQ, killed, is away, and the forwarder says that it is not ready', async () => {
  await forwarder.ready();
  servers.kill('rabbitmq');
  await ordersGoOn();
  await eventually('the forwarder knows', async () => (await forwarder.readiness()).problems.some((problem) => problem.includes('RabbitMQ')));
});

test('an api that is killed is back at once, and orders go on', async () => {
  await dies(api, 'SIGKILL');
  await ordersGoOn();
});

test('an api that is asked to end refuses what is new, finishes what it began and exits with 0', async () => {
  const before = shopping.heard.length;
  await dies(api, 'SIGTERM');
  assert.deepEqual(api.endings.at(-1), { code: 0, signal: null });
  await ordersGoOn();
  const isClear = (heard: Heard): boolean => heard === 'try again' || heard === 'connection refused';
  assert.deepEqual(
    shopping.heard.slice(before).filter((heard) => !isClear(heard)),
    [],
  );
});

test('when the projector is killed another one brings the read models up to date', async () => {
  await dies(await leading(), 'SIGKILL');
  await look.caughtUp(subscriptions);
});

test('a projector that was stopped for longer than its lease, and wakes up, writes nothing and stands by', async () => {
  const leader = await leading();
  const endings = leader.endings.length;
  leader.kill('SIGSTOP');
  await eventually('another one leads', async () => (await leading()) !== leader);
  await look.caughtUp(subscriptions);
  leader.kill('SIGCONT');
  await leader.ready();
  await look.caughtUp(subscriptions);
  assert.equal(leader.endings.length, endings, 'it went on');
});

test('PostgreSQL may be killed: orders go on when it is back', async () => {
  servers.kill('postgres');
  await ordersGoOn();
  await Promise.all([api, ...projectors].map(({ ready }) => ready()));
  await look.caughtUp(subscriptions);
});

test('when RabbitMQ is back everything arrives that happened meanwhile', async () => {
  await forwarder.ready();
  await look.caughtUp(['forwarder']);
});

test('every acknowledged order is in the log exactly once, and no other', async () => {
  await shopping.stop();
  const placed = (await look.log()).filter(({ type }) => type === 'OrderPlaced');
  assert.deepEqual(placed.map(({ stream }) => stream).toSorted(), shopping.acknowledged.map(({ orderId }) => `order-${orderId}`).toSorted());
  assert.equal(new Set(placed.map(({ meta }) => meta.commandId)).size, placed.length);
  const cancelled = (await look.log()).filter(({ type }) => type === 'OrderCancelled');
  assert.deepEqual(
    cancelled.map(({ stream }) => stream).toSorted(),
    shopping.acknowledged
      .filter((order) => order.cancelled)
      .map(({ orderId }) => `order-${orderId}`)
      .toSorted(),
  );
  assert.ok(placed.length > 200 && cancelled.length > 50, 'there was a load');
});

test('who sends an order again, through the other API, hears the first answer', async () => {
  const events = await look.store.head();
  const customers = (['grpc', 'rest'] as const).map((via) => clients.as({ role: 'checkout' }, via));
  for (const { request, orderId, revision } of shopping.acknowledged.slice(0, 20)) {
    for (const customer of customers) {
      const again = await customer.placeOrder(request);
      assert.deepEqual([again.orderId, again.revision], [orderId, revision]);
    }
  }
  assert.equal(await look.store.head(), events);
});

test('the read models are what folding the log from the start gives', async () => {
  await look.caughtUp(subscriptions);
  const events = await look.log();
  for (const model of readModels as readonly AnyProjection[]) {
    const decode = decoder(model.on as typeof catalogue);
    const groups = new Map<string, readonly object[]>();
    for (const logged of events.filter(({ type }) => model.on.some((event) => event.type === type))) {
      const event = { ...logged, ...decode(logged) } as Happened;
      const group = model.group(event);
      groups.set(group, model.evolve(groups.get(group) ?? [], event));
    }
    const { rows } = await look.pool.query<Record<string, unknown>>(`select * from read_models.${model.name}`);
    const inOrder = (some: readonly object[]): readonly object[] => {
      const keyOf = (row: object): string => model.key.map((column) => String((row as Record<string, unknown>)[column])).join();
      return some.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    };
    assert.deepEqual(inOrder(rows), inOrder([...groups.values()].flat()), model.name);
  }
  const { rows: parked } = await look.pool.query('select * from subscriptions.parked');
  assert.deepEqual(parked, []);
});

test("every event reached another team's queue, and in order for who drops a sequence that is not above the last", async () => {
  await look.caughtUp(['forwarder']);
  const log = await look.log();
  await eventually('every event came', () => new Set(foreign.messages.map(({ properties }) => String(properties.messageId))).size >= log.length);
  const perKey = (ids: readonly { readonly key: string; readonly id: string }[]): object => Object.fromEntries(Map.groupBy(ids, ({ key }) => key));
  assert.deepEqual(
    perKey(processed(foreign.messages).map((message) => ({ key: attribute(message, 'partitionkey'), id: attribute(message, 'id') }))),
    perKey(log.map(({ stream, id }) => ({ key: stream.slice(stream.indexOf('-') + 1), id }))),
  );
});

test('customers heard nothing but that they should try again, or that the connection failed', () => {
  assert.deepEqual(shopping.unclear, []);
});

test('no process ended but those that were made to, and none logged a defect', () => {
  assert.deepEqual(
    roles.map(({ endings }) => endings.map(({ code, signal: by }) => by ?? code)),
    [['SIGKILL', 0], ...projectors.map(({ endings }) => endings.map(() => 'SIGKILL')), ['SIGKILL']],
  );
  assert.equal(projectors.flatMap(({ endings }) => endings).length, 1);
  const defects = roles.flatMap(({ lines }) => [
    ...lines.filter((line) => !line.startsWith('{')),
    ...logLines(lines).filter((line) => line['level'] === 'fatal' || line['incident'] !== undefined),
  ]);
  assert.deepEqual(defects, []);
});

/** The projector that keeps the read model of the orders at this moment. */
const leading = async (): Promise<KeptRole> => {
  let leader: KeptRole | undefined;
  await eventually('a projector leads', async () => {
    const { rows } = await look.pool.query<{ holder: string }>(
      'select holder from subscriptions.checkpoints where name = $1 and lease_until > clock_timestamp()',
      [subscriptionOf(orders)],
    );
    leader = projectors.find(({ pid }) => rows[0]?.holder.includes(` ${pid()} `));
    return leader !== undefined;
  });
  return leader!;
};
