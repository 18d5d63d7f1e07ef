import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { listParked, requestRetry } from '../../src/subscriptions/parking.ts';
import { eventually } from '../support/eventually.ts';
import { header, offerPublished, onStage, priceChanged, processed, stockAdjusted } from './stage.ts';

const patient = { policy: { attempts: 1_000, baseMs: 20, capMs: 200 } };
const impatient = { policy: { attempts: 3, baseMs: 5, capMs: 20 } };
const typesOf = (messages: Parameters<typeof processed>[0]): readonly string[] =>
  processed(messages).map((message) => header(message, 'type').replace(/^orders\.offer-(.*)\.v1$/, '$1'));

onStage('a refused message holds back the later ones of its order, and nobody else', async (stage) => {
  const listener = await stage.listen('#');
  const refusing = await stage.refuse('orders.offer-price-changed.v1');
  const forwarder = stage.start(patient);
  const refused = randomUUID();
  const many = Array.from({ length: 58 }, (_, index) => stockAdjusted(index));
  await stage.append(`offer-${refused}`, offerPublished, ...many.slice(0, 20), priceChanged, ...many.slice(20));
  const others = Array.from({ length: 20 }, () => randomUUID());
  for (const other of others) await stage.append(`offer-${other}`, offerPublished, stockAdjusted(1), stockAdjusted(2));

  await listener.until((messages) => messages.filter((message) => header(message, 'partitionkey') !== refused).length === 60);
  await eventually(
    'the refused message is tried again',
    async () => (await forwarder.metric('messaging_confirmations_total', { outcome: 'nacked' })) > 2,
  );
  const held = listener.messages.filter((message) => header(message, 'partitionkey') === refused);
  assert.deepEqual(typesOf(held), ['published', ...many.slice(0, 20).map(() => 'stock-adjusted'), 'price-changed']);

  await stage.channel.deleteQueue(refusing);
  await stage.forwarded();
  const all = processed(listener.messages.filter((message) => header(message, 'partitionkey') === refused));
  const [tail = []] = await stage.store.readTails([{ stream: `offer-${refused}`, from: 0 }]);
  assert.deepEqual(
    all.map((message) => header(message, 'id')),
    tail.map(({ id }) => id),
  );
});

onStage('an order that stays refused is parked, later messages of it park behind, and the checkpoint goes on', async (stage) => {
  const listener = await stage.listen('#');
  await stage.refuse('orders.offer-price-changed.v1');
  const forwarder = stage.start(impatient);
  const [refused, other] = [randomUUID(), randomUUID()];
  await stage.append(`offer-${refused}`, offerPublished, priceChanged, stockAdjusted(1));
  await stage.forwarded();
  await stage.append(`offer-${refused}`, stockAdjusted(2));
  await stage.append(`offer-${other}`, offerPublished);
  await stage.forwarded();

  const parked = (await listParked(stage.pool, 'forwarder')).get(refused)!;
  assert.deepEqual(
    parked.events.map(({ type, error, attempts }) => ({ type, failed: error !== undefined, attempts })),
    [
      { type: 'PriceChanged', failed: true, attempts: 3 },
      { type: 'StockAdjusted', failed: false, attempts: 0 },
      { type: 'StockAdjusted', failed: false, attempts: 0 },
    ],
  );
  await listener.until((messages) => messages.some((message) => header(message, 'partitionkey') === other));
  assert.deepEqual(typesOf(listener.messages.filter((message) => header(message, 'partitionkey') === refused)), ['published', 'price-changed']);
  assert.equal(await forwarder.metric('forwarder_parked_events_total'), 3);
  assert.deepEqual(forwarder.ready(), []);
});

onStage('a parked order that is marked for a retry is sent again in order, and what comes meanwhile follows it', async (stage) => {
  const refusing = await stage.refuse('orders.offer-price-changed.v1');
  const first = stage.start(impatient);
  const offerId = randomUUID();
  await stage.append(`offer-${offerId}`, offerPublished, priceChanged, stockAdjusted(1), stockAdjusted(2));
  await stage.forwarded();
  await first.stop();

  await stage.channel.deleteQueue(refusing);
  const listener = await stage.listen('#');
  stage.start(impatient);
  await stage.append(`offer-${offerId}`, stockAdjusted(3));
  await stage.forwarded();
  await requestRetry(stage.pool, 'forwarder', offerId);
  await stage.append(`offer-${offerId}`, stockAdjusted(4));
  await eventually('nothing is parked any more', async () => (await listParked(stage.pool, 'forwarder')).size === 0);
  await stage.append(`offer-${offerId}`, stockAdjusted(5));
  await stage.forwarded();
  assert.deepEqual(
    listener.messages.map((message) => JSON.parse(message.content.toString()).on_hand),
    [undefined, 1, 2, 3, 4, 5],
  );
});

onStage('a retry that is refused again stays parked, with the new attempt', async (stage) => {
  await stage.refuse('orders.offer-price-changed.v1');
  stage.start(impatient);
  const offerId = randomUUID();
  await stage.append(`offer-${offerId}`, offerPublished, priceChanged, stockAdjusted(1));
  await stage.forwarded();
  await requestRetry(stage.pool, 'forwarder');
  await eventually('the retry is over', async () => !(await listParked(stage.pool, 'forwarder')).get(offerId)!.retryRequested);
  const { events } = (await listParked(stage.pool, 'forwarder')).get(offerId)!;
  assert.deepEqual(
    events.map(({ attempts }) => attempts),
    [4, 0],
  );
  assert.equal(events[0]!.error, 'sent again: nacked');
});

onStage('an order whose failed message was given up goes on with the messages behind it', async (stage) => {
  const listener = await stage.listen('orders.offer-stock-adjusted.v1');
  await stage.refuse('orders.offer-price-changed.v1');
  stage.start(impatient);
  const offerId = randomUUID();
  await stage.append(`offer-${offerId}`, offerPublished, priceChanged, stockAdjusted(1));
  await stage.forwarded();
  await stage.pool.query(`delete from subscriptions.parked where type = 'PriceChanged'`);
  await listener.until((messages) => messages.length === 1);
  await eventually('nothing is parked any more', async () => (await listParked(stage.pool, 'forwarder')).size === 0);
  await stage.append(`offer-${offerId}`, stockAdjusted(2));
  await listener.until((messages) => messages.length === 2);
});

onStage('when everything there is room for is refused, it is parked early and the others flow', async (stage) => {
  const listener = await stage.listen('orders.offer-withdrawn.v1');
  await stage.refuse('orders.offer-price-changed.v1');
  const forwarder = stage.start({ ...patient, capacity: { events: 10, bytes: 1_000_000 } });
  for (let count = 0; count < 30; count += 1) await stage.append(`offer-${randomUUID()}`, priceChanged);
  await stage.append(`offer-${randomUUID()}`, { type: 'OfferWithdrawn', data: { merchantId: offerPublished.data.merchantId } });
  await listener.until((messages) => messages.length === 1);
  assert.ok((await forwarder.metric('forwarder_parked_events_total')) >= 20);
});

onStage('an event that cannot be made sense of parks its aggregate and nothing else', async (stage) => {
  const listener = await stage.listen('#');
  stage.start();
  const [broken, other] = [randomUUID(), randomUUID()];
  await stage.append(
    `order-${broken}`,
    { type: 'OrderPlaced', data: { customerId: randomUUID() } },
    { type: 'OrderCancelled', data: { customerId: randomUUID() } },
  );
  await stage.append(`offer-${other}`, offerPublished);
  await stage.forwarded();
  await listener.until((messages) => messages.length === 1);
  assert.equal(header(listener.messages[0]!, 'partitionkey'), other);
  assert.deepEqual(
    (await listParked(stage.pool, 'forwarder')).get(broken)!.events.map(({ type }) => type),
    ['OrderPlaced', 'OrderCancelled'],
  );
});
