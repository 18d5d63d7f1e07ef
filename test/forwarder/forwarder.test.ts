import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { unroutedOf } from '../../src/messaging/topology.ts';
import { eventually } from '../support/eventually.ts';
import { offerPublished, onStage, stockAdjusted } from './stage.ts';

onStage('a foreign consumer receives a CloudEvent in binary mode, and nothing else in the message', async (stage) => {
  stage.start();
  const listener = await stage.listen('orders.offer-published.v1');
  const [id, offerId] = [randomUUID(), randomUUID()];
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const meta = { commandId: randomUUID(), commandHash: 'hash', correlationId: 'correlation-7', actor: 'user:someone', traceparent };
  await stage.append(`offer-${offerId}`, { ...offerPublished, id, meta });
  await listener.until((messages) => messages.length > 0);

  const [message] = listener.messages;
  const [[recorded] = []] = await stage.store.readTails([{ stream: `offer-${offerId}`, from: 0 }]);
  const log = await stage.store.identity();
  const time = recorded!.recordedAt.toISOString();
  assert.deepEqual(message!.properties.headers, {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': id,
    'cloudEvents:source': `/orders/${log.id}`,
    'cloudEvents:type': 'orders.offer-published.v1',
    'cloudEvents:subject': `offers/${offerId}`,
    'cloudEvents:time': time,
    'cloudEvents:partitionkey': offerId,
    'cloudEvents:sequence': `${String(log.generation).padStart(10, '0')}-${await stage.store.head()}`,
    'cloudEvents:correlationid': 'correlation-7',
    'cloudEvents:traceparent': traceparent,
  });
  const { messageId, contentType, deliveryMode } = message!.properties;
  assert.deepEqual({ messageId, contentType, deliveryMode }, { messageId: id, contentType: 'application/json', deliveryMode: 2 });
  assert.equal(message!.fields.routingKey, 'orders.offer-published.v1');
  assert.deepEqual(JSON.parse(message!.content.toString()), {
    offer_id: offerId,
    merchant_id: offerPublished.data.merchantId,
    sku: 'P-1',
    title: 'Phone',
    grade: 'B',
    unit_price: { amount_minor: '39900', currency: 'EUR' },
    quantity: 0,
    published_at: time,
  });
});

onStage('a message that no queue wants lies in the queue of the unrouted, and is counted', async (stage) => {
  const forwarder = stage.start();
  await stage.append(`offer-${randomUUID()}`, offerPublished, stockAdjusted(1));
  await stage.forwarded();
  await eventually('the unrouted are counted', async () => (await forwarder.metric('messaging_unrouted_messages')) >= 2);
  const message = await stage.channel.get(unroutedOf(stage.exchange), { noAck: true });
  assert.ok(message);
  assert.match(message.fields.routingKey, /^orders\.offer-/);
});

onStage('a forwarder that takes over goes on behind the checkpoint', async (stage) => {
  const first = stage.start();
  await stage.append(`offer-${randomUUID()}`, offerPublished);
  await stage.forwarded();
  await first.stop();

  const second = stage.start();
  await stage.append(`offer-${randomUUID()}`, offerPublished);
  await stage.forwarded();
  assert.equal(await second.metric('messaging_published_total'), 1);
});

onStage('while one forwarder leads, another stands by and is ready', async (stage) => {
  const [one, other] = [stage.start(), stage.start()];
  await stage.append(`offer-${randomUUID()}`, offerPublished);
  await stage.forwarded();
  await eventually('both are ready', () => one.ready().length === 0 && other.ready().length === 0);
  const published = await Promise.all([one, other].map((forwarder) => forwarder.metric('messaging_published_total')));
  assert.deepEqual(published.toSorted(), [0, 1]);
});
