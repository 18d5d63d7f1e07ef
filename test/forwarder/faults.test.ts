import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { listParked } from '../../src/subscriptions/parking.ts';
import { eventually } from '../support/eventually.ts';
import { header, offerPublished, onStage, processed, stockAdjusted, type Listener, type Stage } from './stage.ts';

const offers = Array.from({ length: 50 }, () => randomUUID());

/** Appends `rounds` events to every offer. */
const appendRounds = async (stage: Stage, rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round += 1)
    await Promise.all(offers.map((offerId) => stage.append(`offer-${offerId}`, round === 0 ? offerPublished : stockAdjusted(round))));
};

/** Everything in the log came, and a consumer that drops what is not new has it in the log's order, offer by offer. */
const assertComplete = async (stage: Stage, { messages, until }: Listener): Promise<void> => {
  await stage.forwarded();
  const tails = await stage.store.readTails(offers.map((offerId) => ({ stream: `offer-${offerId}`, from: 0 })));
  const stored = tails.flatMap((events) => events.map(({ id }) => id));
  await until(() => new Set(messages.map((message) => header(message, 'id'))).size === stored.length);
  const byOffer = Map.groupBy(processed(messages), (message) => header(message, 'partitionkey'));
  assert.deepEqual(
    offers.flatMap((offerId) => byOffer.get(offerId)!.map((message) => header(message, 'id'))),
    stored,
  );
  assert.equal((await listParked(stage.pool, 'forwarder')).size, 0);
};

onStage('connections that are cut lose nothing and change no order', async (stage) => {
  const listener = await stage.listen('#');
  const forwarder = stage.start();
  const appending = appendRounds(stage, 40);
  for (const share of [200, 600, 1_000, 1_400]) {
    await listener.until((messages) => messages.length >= share);
    await eventually('it is connected', () => forwarder.ready().length === 0);
    stage.proxy.cut();
    await eventually('the cut is noticed', () => forwarder.ready().length > 0);
  }
  await appending;
  await assertComplete(stage, listener);
});

onStage('while the broker is away the log waits and readiness says so; afterwards everything arrives', async (stage) => {
  const listener = await stage.listen('#');
  const forwarder = stage.start();
  await appendRounds(stage, 5);
  await stage.forwarded();
  assert.deepEqual(forwarder.ready(), []);

  stage.proxy.refuse();
  await eventually('readiness says that the broker is away', () => forwarder.ready().includes('RabbitMQ is not connected'));
  await appendRounds(stage, 5);
  stage.proxy.pass();
  await assertComplete(stage, listener);
  await eventually('it is ready again', () => forwarder.ready().length === 0);
});

onStage('a connection that has gone silent is given up by its heartbeat, and what was under way is sent again', async (stage) => {
  const listener = await stage.listen('#');
  const forwarder = stage.start();
  await appendRounds(stage, 1);
  await stage.forwarded();
  stage.proxy.blackhole();
  await appendRounds(stage, 3);
  await eventually('the silence is noticed', () => forwarder.ready().length > 0);
  stage.proxy.pass();
  await assertComplete(stage, listener);
});

onStage('a broker that lags behind fills the window and no more', async (stage) => {
  const listener = await stage.listen('#');
  const forwarder = stage.start({ capacity: { events: 100, bytes: 1_000_000 }, maxInFlight: 40 });
  await appendRounds(stage, 1);
  await stage.forwarded();
  stage.proxy.blackhole();
  await appendRounds(stage, 10);
  await eventually('the window is full', async () => (await forwarder.metric('forwarder_waiting_events')) === 100);
  assert.ok((await forwarder.metric('messaging_in_flight')) <= 40);
  stage.proxy.pass();
  await assertComplete(stage, listener);
});

onStage('large messages fill the window before many do', async (stage) => {
  const forwarder = stage.start({ capacity: { events: 5_000, bytes: 100_000 } });
  stage.proxy.blackhole();
  const large = { ...offerPublished, data: { ...offerPublished.data, title: 'x'.repeat(40_000) } };
  for (let count = 0; count < 10; count += 1) await stage.append(`offer-${randomUUID()}`, large);
  await eventually('the window is full', async () => (await forwarder.metric('forwarder_waiting_events')) === 3);
  stage.proxy.pass();
  await stage.forwarded();
});

onStage('what was published and not written down is sent again: each message at least once, in order per offer', async (stage) => {
  const listener = await stage.listen('#');
  await stage.owner.query(`
    create function deny() returns trigger language plpgsql as $$ begin raise exception 'the checkpoint cannot be written'; end $$;
    create trigger deny before update of position on subscriptions.checkpoints for each row execute function deny()`);
  const forwarder = stage.start();
  await appendRounds(stage, 4);
  await listener.until((messages) => messages.length >= 2 * offers.length * 4);
  await eventually('readiness says so', () => forwarder.ready().some((reason) => reason.includes('the checkpoint cannot be written')));
  await stage.owner.query('drop trigger deny on subscriptions.checkpoints');
  await assertComplete(stage, listener);
});

onStage('a leader whose lease went to another stops, and whoever leads next goes on', async (stage) => {
  const listener = await stage.listen('#');
  const stale = stage.start();
  await appendRounds(stage, 1);
  await stage.forwarded();
  await stage.pool.query(`update subscriptions.checkpoints set term = term + 1, lease_until = clock_timestamp() + interval '1 hour'`);
  await stage.append(`offer-${offers[0]}`, stockAdjusted(1));
  await eventually('it has noticed', () => stale.said.some((line) => /another/.test(line)));

  const published = await stale.metric('messaging_published_total');
  await appendRounds(stage, 3);
  assert.equal(await stale.metric('messaging_published_total'), published);
  await stage.pool.query(`update subscriptions.checkpoints set lease_until = '-infinity'`);
  await assertComplete(stage, listener);
});

onStage('before an event newer than its reader it stops, sends what came before, says so, and gives the lease back', async (stage) => {
  const listener = await stage.listen('#');
  const forwarder = stage.start();
  const offerId = randomUUID();
  await stage.append(`offer-${offerId}`, offerPublished, { ...stockAdjusted(1), schemaVersion: 99 }, stockAdjusted(2));
  await eventually('readiness says so', () => forwarder.ready().some((reason) => reason.includes('version 99 of StockAdjusted')));
  await listener.until((messages) => messages.length === 1);
  const { rows } = await stage.pool.query<{ event_id: string; free: boolean }>(
    `select event_id, lease_until <= clock_timestamp() as free from subscriptions.checkpoints`,
  );
  assert.deepEqual(rows, [{ event_id: header(listener.messages[0]!, 'id'), free: true }]);
});
