import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { appendTo, newEvent, openStand, until, type Stand } from '../support/stand.ts';
import { discard, listParked, requestRetry, type ParkedGroup } from '../../src/subscriptions/parking.ts';
import { ask, breaking, broken, deed, doing, memoryOf, settled, startRunner, textsOf, type Running } from './scripted.ts';

let stand: Stand;
let key = '';
const running: Running[] = [];
before(async () => {
  stand = await openStand();
});
after(() => stand.close());
beforeEach(() => {
  key = randomUUID();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
  breaking.clear();
  broken.clear();
  await stand.pool.query('delete from subscriptions.parked; delete from processes.outgoing');
});
const start = (options?: Parameters<typeof startRunner>[1]): Running => {
  const runner = startRunner(stand, options);
  running.push(runner);
  return runner;
};
const restart = async (): Promise<void> => {
  await running.splice(0)[0]!.stop();
  start();
};
const parked = async (group = key): Promise<ParkedGroup | undefined> => (await listParked(stand.pool, 'scripted')).get(group);
const isParked = (group?: string): Promise<void> => until('it is parked', async () => (await parked(group)) !== undefined);
const isFree = (group?: string): Promise<void> => until('it is free', async () => (await parked(group)) === undefined);
/** Others are not held up: somebody else's event, asked for now, takes effect. */
const othersGoOn = async (): Promise<void> => {
  const other = randomUUID();
  await ask(stand.store, other, [deed(other, 'done')]);
  await until('another goes on', async () => (await textsOf(stand.store, other)).length === 1);
};

test('an event that cannot be reacted to parks its key, later events of it wait behind in order, and everything else goes on', async () => {
  breaking.add(key);
  start();
  await ask(stand.store, key, [deed(key, 'before')]);
  const failed = await ask(stand.store, key, [deed(key, 'one')], { breaks: true });
  const behind = await ask(stand.store, key, [deed(key, 'two')]);
  await isParked();
  await othersGoOn();
  await settled(stand);
  const { events } = (await parked())!;
  assert.deepEqual(
    events.map(({ eventId, error }) => [eventId, error]),
    [
      [failed.id, 'this cannot be reacted to'],
      [behind.id, undefined],
    ],
  );
  assert.deepEqual(await textsOf(stand.store, key), ['before']);
});

test('a parked key that is tried again after a fix goes on in order', async () => {
  breaking.add(key);
  start();
  const ids = [await ask(stand.store, key, [deed(key, 'one')], { breaks: true }), await ask(stand.store, key, [deed(key, 'two')])].map(
    ({ id }) => id,
  );
  await isParked();
  await settled(stand);
  breaking.clear();
  await requestRetry(stand.pool, 'scripted', key);
  await isFree();
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['one', 'two']);
  assert.deepEqual(await memoryOf(stand, key), { seen: ids });
});

test('a parked key that fails again stays parked, from that event on, with one more attempt', async () => {
  breaking.add(key);
  start();
  await ask(stand.store, key, [], { breaks: true });
  await ask(stand.store, key, [deed(key, 'two')], { breaks: true });
  await isParked();
  await settled(stand);
  await requestRetry(stand.pool, 'scripted', key);
  await until('it was tried', async () => (await parked())!.events[0]!.attempts === 2);
  assert.equal((await parked())!.retryRequested, false);
  assert.equal((await parked())!.events.length, 2);
});

test('a command that is a bug stops its key alone: what it led to and what comes later wait, also across a restart', async () => {
  broken.add('bug');
  start();
  await ask(stand.store, key, [deed(key, 'before'), deed(key, 'bug'), deed(key, 'behind')]);
  await isParked();
  await ask(stand.store, key, [deed(key, 'later')]);
  await othersGoOn();
  await restart();
  await othersGoOn();
  assert.deepEqual(await textsOf(stand.store, key), ['before']);
  const { events } = (await parked())!;
  assert.equal(events.length, 2);
  assert.match(events[0]!.error!, /^Do: bug cannot be done$/);
});

test('a key that a command stopped goes on with that command when it is tried again', async () => {
  broken.add('bug');
  start();
  await ask(stand.store, key, [deed(key, 'bug'), deed(key, 'behind')]);
  await isParked();
  const { id } = await ask(stand.store, key, [deed(key, 'later')]);
  await until('it waits behind', async () => (await parked())!.events.some(({ eventId }) => eventId === id));
  broken.clear();
  await requestRetry(stand.pool, 'scripted', key);
  await isFree();
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['bug', 'behind', 'later']);
});

test('a command that stops its key again parks it again, once', async () => {
  broken.add('bug');
  start();
  await ask(stand.store, key, [deed(key, 'bug')]);
  await isParked();
  await requestRetry(stand.pool, 'scripted', key);
  await until('it was taken up', async () => (await parked())?.retryRequested !== true);
  await isParked();
  assert.equal((await parked())!.events.length, 1);
  await othersGoOn();
});

test('a key that is given up drops the commands that stopped it, and later events take effect', async () => {
  broken.add('bug');
  start();
  await ask(stand.store, key, [deed(key, 'bug'), deed(key, 'behind')]);
  await isParked();
  await discard(stand.pool, 'scripted', key);
  await until('its commands are gone', async () => (await stand.pool.query('select from processes.outgoing where key = $1', [key])).rowCount === 0);
  await ask(stand.store, key, [deed(key, 'later')]);
  await until('the later one takes effect', async () => (await textsOf(stand.store, key)).includes('later'));
  assert.deepEqual(await textsOf(stand.store, key), ['later']);
});

test('an event that cannot be decoded parks its stream; keys are free for what comes on other streams', async () => {
  start();
  const stream = `asker-${randomUUID()}`;
  await appendTo(stand.store, stream, newEvent('Asked', { undecodable: true, key, deeds: [] }));
  await ask(stand.store, key, [deed(key, 'behind')], { stream });
  await isParked(stream);
  await ask(stand.store, key, [deed(key, 'other stream')]);
  await until('it takes effect', async () => (await textsOf(stand.store, key)).length === 1);
  assert.deepEqual(await textsOf(stand.store, key), ['other stream']);
  assert.equal((await parked(stream))!.events.length, 2);
});

test('what is away for everybody is waited for, and nobody is parked for it', async () => {
  const send = doing(stand.store);
  let away = true;
  let tries = 0;
  start({
    async send(command, signal) {
      tries += 1;
      if (away) throw Object.assign(new Error('not there'), { unavailable: true });
      return send(command, signal);
    },
  });
  await ask(stand.store, key, [deed(key, 'one')]);
  await until('it was tried often', () => tries > 6);
  away = false;
  await settled(stand);
  assert.deepEqual(await textsOf(stand.store, key), ['one']);
  assert.equal((await listParked(stand.pool, 'scripted')).size, 0);
});
