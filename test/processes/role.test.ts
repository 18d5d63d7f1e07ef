import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Value } from 'typebox/value';
import { catalogue } from '../../src/domain/catalogue.ts';
import { orderStream } from '../../src/domain/ids.ts';
import { afterwards } from '../support/afterwards.ts';
import { openGround, openLook, startPlatform, variablesOn } from '../support/platform.ts';
import { placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';
import { startRole } from '../support/role-process.ts';

// The processes role as it runs in production, with the sandbox answering payments.

const ground = await openGround();
const { clients } = await startPlatform(ground);
const look = await openLook(ground);
const role = startRole('processes', variablesOn(ground)('processes'), ground.folder);
afterwards(() => role.stop());
await role.ready();

const merchant = clients.as({ role: 'merchant', merchantId: randomUUID() });
const checkout = clients.as({ role: 'checkout' });
const publish = async (change: Parameters<typeof publishOfferRequest>[0] = {}): Promise<string> =>
  (await merchant.publishOffer(publishOfferRequest(change))).offerId;
const place = async (offerIds: readonly string[], change: Parameters<typeof placeOrderRequest>[1] = {}): Promise<string> =>
  (await checkout.placeOrder(placeOrderRequest(offerIds, change))).orderId;
const typesOf = async (orderId: string): Promise<readonly string[]> => (await look.eventsOf(orderStream(orderId))).map(({ type }) => type);
const becomes = (orderId: string, type: string): Promise<void> =>
  eventually(`${orderId} has ${type}`, async () => (await typesOf(orderId)).includes(type));

test('a placed order is reserved, paid and confirmed without anybody doing anything', async () => {
  const orderId = await place([await publish({ quantity: 1 }), await publish({ quantity: 1 })]);
  await becomes(orderId, 'OrderConfirmed');
  assert.deepEqual(await typesOf(orderId), ['OrderPlaced', 'LineReserved', 'LineReserved', 'OrderConfirmed']);
});

test('an order with a line that is out of stock is cancelled, and gives the other back', async () => {
  const [last, other] = [await publish({ quantity: 1 }), await publish({ quantity: 1 })];
  const orders = await Promise.all([place([last, other]), place([last])]);
  await eventually('both have ended one way or the other', async () =>
    (await Promise.all(orders.map(typesOf))).every((types) => types.includes('OrderConfirmed') || types.includes('OrderCancelled')),
  );
  const confirmed = (await Promise.all(orders.map(typesOf))).filter((types) => types.includes('OrderConfirmed'));
  assert.equal(confirmed.length, 1);
});

test('every event is of the shape that the catalogue declares', async () => {
  const shapes = new Map(catalogue.map(({ type, data }) => [type as string, data]));
  for (const { type, data } of await look.log()) assert.deepEqual([type, ...Value.Errors(shapes.get(type)!, data)], [type]);
});

test('it logs no warning, and ends with 0 when it is told to', async () => {
  assert.deepEqual(await role.stop(), { code: 0, signal: null });
  assert.deepEqual(
    role.lines.filter((line) => /"level":"(warn|error|fatal)"/.test(line)),
    [],
  );
});
