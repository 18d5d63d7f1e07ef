import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { protobufJson, type Clients, type RestAnswer } from '../support/clients.ts';
import { startEventStoreDb } from '../support/eventstoredb/server.ts';
import { attribute, consumeAll } from '../support/foreign-consumer.ts';
import { openGround, openLook, startPlatform } from '../support/platform.ts';
import { placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';

// An operator moves the log from PostgreSQL to EventStoreDB under a platform that is in use; then every role gets the new URL.

const ground = await openGround();
const server = await startEventStoreDb();
after(() => server.close());
const change = { PRIVACY_MASTER_KEY: randomBytes(32).toString('base64') };
const before = await startPlatform(ground, change);
const foreign = await consumeAll(ground.rabbitmqUrl, ground.exchange);
const look = await openLook(ground);
const support = { role: 'support' } as const;

/** `npm run log`, as an operator runs it. */
const operator = async (...command: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../src/cli/log.ts', import.meta.url)), ...command], {
    env: {
      PATH: process.env['PATH'],
      SOURCE_LOG_URL: ground.database.ownerUrl,
      TARGET_LOG_URL: server.url,
      DATABASE_URL: ground.database.runtimeUrl,
    },
  });
  return stdout;
};

const publish = ({ rest }: Clients): Promise<RestAnswer> =>
  rest(
    { role: 'merchant', merchantId: randomUUID() },
    'POST',
    '/v1/offers',
    protobufJson('orders.v1.PublishOfferRequest', PublishOfferRequest.encode(publishOfferRequest()).finish(), 'set'),
  );
const place = ({ rest }: Clients, request: PlaceOrderRequest, key: string): Promise<RestAnswer> =>
  rest(
    { role: 'checkout' },
    'POST',
    '/v1/orders',
    protobufJson('orders.v1.PlaceOrderRequest', PlaceOrderRequest.encode({ ...request, requestId: '' }).finish(), 'set'),
    { 'idempotency-key': key },
  );
const historyOf = async ({ rest }: Clients, orderId: string): Promise<unknown> => (await rest(support, 'GET', `/v1/orders/${orderId}/history`)).body;

const sequenceOf = async (orderId: string): Promise<string> => {
  const told = () => foreign.messages.filter((message) => attribute(message, 'partitionkey') === orderId);
  await eventually(`order ${orderId} was told`, () => told().length > 0);
  return attribute(told()[0]!, 'sequence');
};

test('a log moves to EventStoreDB: commands wait, then everything goes on where it was', async () => {
  const offer = (await publish(before.clients)).body.offer_id as string;
  const [early, late, key] = [placeOrderRequest([offer]), placeOrderRequest([offer]), randomUUID()];
  const first = await place(before.clients, early, key);
  assert.equal(first.status, 201);
  assert.match(await operator('copy'), /the target equals the source/);
  const second = await place(before.clients, late, randomUUID());
  assert.equal(second.status, 201, 'the platform goes on while the log is copied');
  const orderId = String(first.body.order_id);
  const history = await historyOf(before.clients, orderId);

  assert.match(await operator('move'), /The log has moved, generation 2/);
  const refused = await place(before.clients, placeOrderRequest([offer]), randomUUID());
  assert.deepEqual([refused.status, refused.body.code], [503, 'LOG_CLOSED']);
  const sequences = [await sequenceOf(orderId), await sequenceOf(String(second.body.order_id))];
  await look.caughtUp([...readModels.map(subscriptionOf), 'forwarder']);
  await Promise.all(Object.values(before.roles).map(({ stop }) => stop()));
  assert.match(await operator('translate'), /goes on after position/);

  const { clients } = await startPlatform({ ...ground, log: { url: server.url } }, change);
  const read = await clients.rest(support, 'GET', `/v1/orders/${orderId}`, undefined, { 'consistency-token': String(first.body.consistency_token) });
  assert.deepEqual([read.status, read.body.status], [200, 'PLACED'], 'a token of the old log is good');
  assert.deepEqual(await historyOf(clients, orderId), history, 'the history is what it was, with its times');
  const again = await place(clients, early, key);
  assert.deepEqual([again.status, again.body.order_id, again.body.revision], [201, orderId, first.body.revision], 'a retry finds the first answer');
  const third = await place(clients, placeOrderRequest([offer]), randomUUID());
  assert.equal(third.status, 201);
  const shown = await clients.rest(support, 'GET', `/v1/orders/${String(third.body.order_id)}`, undefined, {
    'consistency-token': String(third.body.consistency_token),
  });
  assert.equal(shown.status, 200);
  sequences.push(await sequenceOf(String(third.body.order_id)));
  assert.deepEqual(sequences, sequences.toSorted(), 'the sequence of integration events goes on');
  const told = foreign.messages.map(({ properties }) => String(properties.messageId));
  assert.equal(new Set(told).size, told.length, 'nothing was told twice');
});
