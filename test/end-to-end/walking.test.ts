import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { GetOrderHistoryResponse, ListOrdersResponse, Order, PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { Offer_VatScheme, PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { afterwards } from '../support/afterwards.ts';
import { protobufJson, type RestAnswer, type Who } from '../support/clients.ts';
import { attribute, consumeAll } from '../support/foreign-consumer.ts';
import { openGround, openLook, startPlatform } from '../support/platform.ts';
import { test } from '../support/store-under-test.ts';
import { euros, personal, placeOrderRequest, publishOfferRequest } from '../support/requests.ts';
import { eventually } from '../support/eventually.ts';

// A merchant publishes, checkout orders through both APIs, and everybody who should see it does.

const ground = await openGround();
const platform = await startPlatform(ground);
const look = await openLook(ground);
const foreign = await consumeAll(ground.rabbitmqUrl, ground.exchange);
const { rest } = platform.clients;

const [alpha, beta, customerId] = [randomUUID(), randomUUID(), randomUUID()];
const as = {
  alpha: { role: 'merchant', merchantId: alpha },
  beta: { role: 'merchant', merchantId: beta },
  checkout: { role: 'checkout' },
  customer: { role: 'customer', customerId },
  support: { role: 'support' },
  /** May see every order, and nothing personal. */
  clerk: { scopes: ['orders:read', 'orders:history', 'tenants:any-customer'] },
} as const satisfies Record<string, Who>;
const reason = 'Die Kundin, Frau Zwiebelfisch, hat sich verwählt.';

const created = ({ status, body }: RestAnswer): Record<'offer_id' | 'order_id' | 'consistency_token', string> => {
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};

const publication = protobufJson('orders.v1.PublishOfferRequest', PublishOfferRequest.encode(publishOfferRequest()).finish(), 'set');
const { offer_id: offerOfAlpha } = created(await rest(as.alpha, 'POST', '/v1/offers', publication));
const onMargin = publishOfferRequest({ vatScheme: Offer_VatScheme.MARGIN, purchasePrice: euros(23_457) });
const { offerId: offerOfBeta } = await platform.clients.as(as.beta).publishOffer(onMargin);
const [checkout, support] = [platform.clients.as(as.checkout), platform.clients.as(as.support)];

const placement = placeOrderRequest([offerOfAlpha, offerOfBeta], { customerId });
const grpcAnswer = await checkout.placeOrder(placement);
const inStoreAfterGrpc = await look.eventsOf(`order-${grpcAnswer.orderId}`);
const restAnswer = created(
  await rest(as.checkout, 'POST', '/v1/orders', protobufJson('orders.v1.PlaceOrderRequest', PlaceOrderRequest.encode(placement).finish(), 'set')),
);
const inStoreAfterRest = await look.eventsOf(`order-${restAnswer.order_id}`);

const throughGrpc = { orderId: grpcAnswer.orderId, token: grpcAnswer.consistencyToken };
const throughRest = { orderId: restAnswer.order_id, token: restAnswer.consistency_token };
const placed = [throughGrpc, throughRest];

const getOrder = (who: Who, orderId: string, consistencyToken = ''): Promise<Order> =>
  platform.clients.as(who).getOrder({ orderId }, { consistencyToken });

test('an order is in the event store when it is acknowledged, whichever API took it', () => {
  for (const events of [inStoreAfterGrpc, inStoreAfterRest]) {
    assert.deepEqual(
      events.map(({ type, revision, meta }) => ({ type, revision, actor: meta.actor })),
      [{ type: 'OrderPlaced', revision: 0, actor: 'user:checkout@development' }],
    );
  }
});

test('who brings the consistency token reads the order at once, alone and in the list', async () => {
  for (const { orderId, token } of placed) {
    const order = await getOrder(as.checkout, orderId, token);
    assert.deepEqual([order.status, order.revision, order.total], ['PLACED', 0n, euros(79_800)]);
    const byRest = await rest(as.checkout, 'GET', `/v1/orders/${orderId}`, undefined, { 'consistency-token': token });
    assert.deepEqual(byRest.body, protobufJson('orders.v1.Order', Order.encode(order).finish()));
    const listed = await rest(as.checkout, 'GET', `/v1/orders?customer_id=${customerId}`, undefined, { 'consistency-token': token });
    assert.ok(listed.body.orders.some((each: { order_id: string }) => each.order_id === orderId));
  }
  const request = { customerId, merchantId: '', status: 'STATUS_UNSPECIFIED', pageSize: undefined, pageToken: '' } as const;
  const list = await checkout.listOrders(request);
  const byRest = await rest(as.checkout, 'GET', `/v1/orders?customer_id=${customerId}`);
  assert.deepEqual(byRest.body, protobufJson('orders.v1.ListOrdersResponse', ListOrdersResponse.encode(list).finish()));
  assert.deepEqual(
    list.orders.map(({ orderId }) => orderId),
    [throughRest.orderId, throughGrpc.orderId],
    'newest first',
  );
});

test('the orders are rows of the read model in PostgreSQL', async () => {
  const { rows } = await look.pool.query(`select order_id, customer_id, status, total_minor from read_models.orders order by placed_at`);
  assert.deepEqual(
    rows,
    placed.map(({ orderId }) => ({ order_id: orderId, customer_id: customerId, status: 'PLACED', total_minor: 79_800 })),
  );
});

test("another team's service is told of each order by a CloudEvent", async () => {
  await eventually('both orders were told', () =>
    placed.every(({ orderId }) => foreign.messages.some((message) => attribute(message, 'partitionkey') === orderId)),
  );
  for (const { orderId } of placed) {
    const [event] = await look.eventsOf(`order-${orderId}`);
    const message = foreign.messages.find((each) => attribute(each, 'partitionkey') === orderId)!;
    assert.equal(message.fields.routingKey, 'orders.order-placed.v1');
    assert.equal(message.properties.contentType, 'application/json');
    assert.equal(message.properties.messageId, event!.id);
    assert.equal(message.properties.deliveryMode, 2, 'persistent');
    const { 'cloudEvents:sequence': sequence, 'cloudEvents:source': source, ...headers } = message.properties.headers as Record<string, string>;
    assert.match(sequence!, /^\d{10}-\d+(-\d+)?$/);
    assert.match(source!, /^\/orders\/[0-9a-f-]{36}$/);
    assert.deepEqual(headers, {
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': event!.id,
      'cloudEvents:type': 'orders.order-placed.v1',
      'cloudEvents:subject': `orders/${orderId}`,
      'cloudEvents:time': event!.recordedAt.toISOString(),
      'cloudEvents:partitionkey': orderId,
      'cloudEvents:correlationid': event!.meta.correlationId,
    });
    const { lines, ...data } = JSON.parse(message.content.toString());
    assert.deepEqual(data, {
      order_id: orderId,
      customer_id: customerId,
      total: { amount_minor: '79800', currency: 'EUR' },
      country_code: 'DE',
      placed_at: event!.recordedAt.toISOString(),
    });
    assert.deepEqual(
      lines.map((line: Record<string, unknown>) => [line['offer_id'], line['merchant_id'], line['quantity'], line['unit_price']]),
      [
        [offerOfAlpha, alpha, 1, { amount_minor: '39900', currency: 'EUR' }],
        [offerOfBeta, beta, 1, { amount_minor: '39900', currency: 'EUR' }],
      ],
    );
  }
});

test('a cancellation through either API is in the store, the read model, the queue and both histories', async () => {
  const byRest = await rest(as.support, 'POST', `/v1/orders/${throughGrpc.orderId}:cancel`, { reason }, { 'if-match': '"0"' });
  assert.deepEqual([byRest.status, byRest.headers.get('etag')], [200, '"1"']);
  const request = { orderId: throughRest.orderId, reason, requestId: '', etag: '"0"' };
  const byGrpc = await support.cancelOrder(request);
  for (const { orderId, token } of [
    { orderId: throughGrpc.orderId, token: byRest.body.consistency_token },
    { orderId: throughRest.orderId, token: byGrpc.consistencyToken },
  ]) {
    assert.deepEqual(
      (await look.eventsOf(`order-${orderId}`)).map(({ type }) => type),
      ['OrderPlaced', 'OrderCancelled'],
    );
    assert.equal((await getOrder(as.customer, orderId, token)).status, 'CANCELLED');
    const told = (): readonly string[] =>
      foreign.messages.filter((message) => attribute(message, 'partitionkey') === orderId).map(({ fields }) => fields.routingKey);
    await eventually('the cancellation was told', () => told().length === 2);
    assert.deepEqual(told(), ['orders.order-placed.v1', 'orders.order-cancelled.v1']);

    const history = await historyOf(as.support, orderId);
    assert.deepEqual(
      history.events.map((entry) => [entry.type, entry.actor, entry.reason?.text ?? '']),
      [
        ['OrderPlaced', 'user:checkout@development', ''],
        ['OrderCancelled', 'user:support@development', reason],
      ],
    );
    const restHistory = await rest(as.support, 'GET', `/v1/orders/${orderId}/history`);
    assert.deepEqual(restHistory.body, protobufJson('orders.v1.GetOrderHistoryResponse', GetOrderHistoryResponse.encode(history).finish()));
  }
});

test('personal data is shown with its scope and withheld without it', async () => {
  const shown = await getOrder(as.customer, throughGrpc.orderId);
  const { name, email, ...address } = personal;
  assert.deepEqual(shown.contact, { availability: 'AVAILABLE', name, email, language: 'de' });
  assert.deepEqual(shown.shippingAddress, { availability: 'AVAILABLE', ...address, countryCode: 'DE' });

  const withheld = await getOrder(as.clerk, throughGrpc.orderId);
  assert.deepEqual(withheld.contact, { availability: 'WITHHELD', name: '', email: '', language: 'de' });
  assert.deepEqual(
    [withheld.shippingAddress?.availability, withheld.shippingAddress?.city, withheld.shippingAddress?.countryCode],
    ['WITHHELD', '', 'DE'],
  );
  const answers = [
    withheld,
    await historyOf(as.clerk, throughGrpc.orderId),
    (await rest(as.clerk, 'GET', `/v1/orders?customer_id=${customerId}`)).body,
  ];
  assert.deepEqual(personalIn('answers', texts(answers)), []);
});

test('a merchant sees its own lines and their subtotal, its own purchase price, and nothing personal', async () => {
  const ofAlpha = await getOrder(as.alpha, throughGrpc.orderId);
  const ofBeta = await getOrder(as.beta, throughGrpc.orderId);
  assert.deepEqual([ofAlpha.lines.map(({ merchantId }) => merchantId), ofAlpha.total, ofAlpha.customerId], [[alpha], euros(39_900), '']);
  assert.deepEqual([ofBeta.lines.map(({ merchantId }) => merchantId), ofBeta.lines[0]?.purchasePrice], [[beta], euros(23_457)]);
  assert.deepEqual(personalIn('answers', texts([ofAlpha, ofBeta])), []);
  assert.doesNotMatch(texts(await getOrder(as.customer, throughGrpc.orderId)), /23457/, 'the purchase price is the merchant’s own business');
});

test("other tenants' orders are refused, and their lists are empty of them", async () => {
  const [stranger, otherMerchant] = [
    { role: 'customer', customerId: randomUUID() },
    { role: 'merchant', merchantId: randomUUID() },
  ] as const;
  for (const who of [stranger, otherMerchant]) {
    await assert.rejects(getOrder(who, throughGrpc.orderId), { code: 'FORBIDDEN' });
    assert.equal((await rest(who, 'GET', `/v1/orders/${throughGrpc.orderId}`)).status, 403);
    assert.deepEqual((await rest(who, 'GET', '/v1/orders')).body.orders, []);
  }
  await assert.rejects(historyOf(stranger, throughGrpc.orderId), { code: 'FORBIDDEN' });
  assert.equal((await rest(stranger, 'POST', `/v1/orders/${throughGrpc.orderId}:cancel`, {})).status, 403);
  assert.equal((await rest(stranger, 'GET', `/v1/orders?customer_id=${customerId}`)).status, 403);
});

test('nothing personal stands in clear in the databases, in messages or in logs', async () => {
  const keys = openPool({ url: ground.database.keysUrl, name: 'test', max: 1, logger: silent });
  afterwards(() => keys.end());
  const places = {
    log: await look.log(),
    'read models': await contentOf(look.pool, ['read_models', 'subscriptions']),
    keys: await contentOf(keys, ['privacy']),
    messages: foreign.messages.map(({ fields, properties, content }) => ({ fields, properties, content: content.toString() })),
    logs: Object.values(platform.roles).map(({ lines }) => lines),
  };
  const found = Object.entries(places).flatMap(([place, content]) => personalIn(place, texts(content)));
  assert.deepEqual(found, []);
  for (const [place, content] of Object.entries(places)) assert.ok(texts(content).length > 100, `there was something to look at in ${place}`);
  assert.doesNotMatch(texts(places.messages), /23457/, 'no costs in messages');
});

const historyOf = (who: Who, orderId: string): Promise<GetOrderHistoryResponse> => platform.clients.as(who).getOrderHistory({ orderId });

const texts = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));

/** The personal strings that occur in a text, and pieces of them. */
const personalIn = (place: string, text: string): readonly string[] =>
  [...Object.values(personal), reason, 'Annegret', 'Müller', 'Zwiebelfisch', 'Kastanienallee', 'Hinterhaus', 'Prenzlauer', 'verwählt']
    .filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))
    .map((secret) => `${secret} in ${place}`);

/** All rows of all tables of these schemas. */
const contentOf = async (pool: typeof look.pool, schemas: readonly string[]): Promise<readonly unknown[]> => {
  const { rows: tables } = await pool.query<{ table: string }>(
    `select format('%I.%I', schemaname, tablename) as table from pg_tables where schemaname = any($1)`,
    [schemas],
  );
  return Promise.all(tables.map(async ({ table }) => (await pool.query<{ row: string }>(`select t::text as row from ${table} t`)).rows));
};
