import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { OutcomeUnknown, StoreUnavailable, type EventStore } from '../../src/eventstore/event-store.ts';
import type { Proxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { all, eventsOf, follow, newEvent, newStream, type Adapter } from './contract.ts';

/** What the port promises while the network fails. An adapter joins with one call. */
export const eventStoreFaults = (name: string, start: () => Promise<Adapter>): void => {
  let adapter: Adapter;
  let proxy: Proxy;
  /** Reaches the server directly. */
  let direct: EventStore;
  /** Reaches it through the proxy. */
  let store: EventStore;

  before(async () => {
    adapter = await start();
    proxy = adapter.proxy;
    direct = adapter.openDirect();
    store = adapter.open();
    await store.identity();
  });
  afterEach(() => proxy.pass());
  after(async () => {
    await Promise.all([direct.close(), store.close()]);
    await adapter.close();
  });
  const it = (behaviour: string, run: () => Promise<void>): void => void test(`${name}: ${behaviour}`, run);
  const within = (ms: number) => ({ deadline: performance.now() + ms });

  it('an answer that is lost on the way is fetched by sending the same append again', async () => {
    const stream = newStream();
    const events = [newEvent(), newEvent()];
    await store.append(newStream(), [newEvent()], 'none');
    const pending = Array.from({ length: 20 }, () => store.append(newStream(), [newEvent()], 'none'));
    const last = store.append(stream, events, 'none');
    setImmediate(() => proxy.cut());
    for (const result of await Promise.all(pending)) assert.equal(result.kind, 'appended');
    assert.equal((await last).kind, 'appended');
    assert.deepEqual(
      (await all(direct.read(stream))).map(({ id }) => id),
      events.map(({ id }) => id),
    );
  });

  it('an outcome that stays unknown is said to be unknown, and the same append settles it', async () => {
    const stream = newStream();
    const events = [newEvent()];
    await store.append(newStream(), [newEvent()], 'none');
    proxy.blackhole();
    await assert.rejects(store.append(stream, events, 'none', within(300)), OutcomeUnknown);
    proxy.cut();
    proxy.pass();
    assert.equal((await store.append(stream, events, 'none')).kind, 'appended');
    assert.equal((await all(direct.read(stream))).length, 1);
  });

  it('a server that cannot be reached is said to be unavailable within the deadline, and nothing is stored', async () => {
    const stream = newStream();
    proxy.refuse();
    const other = adapter.open();
    await assert.rejects(other.append(stream, [newEvent()], 'none', within(300)), StoreUnavailable);
    proxy.pass();
    assert.equal((await other.append(newStream(), [newEvent()], 'none')).kind, 'appended');
    await other.close();
    assert.deepEqual(await all(direct.read(stream)), []);
  });

  it('a subscription goes on exactly where it was after the server was away', async () => {
    const from = await direct.head();
    const stream = newStream();
    const following = follow(store, { after: from }, (seen) => eventsOf(seen).length === 30);
    for (let count = 0; count < 30; count += 1) {
      if (count === 10) proxy.refuse();
      if (count === 20) proxy.pass();
      await direct.append(stream, [newEvent('Counted', count)], count === 0 ? 'none' : count - 1);
    }
    assert.deepEqual(
      eventsOf(await following).map(({ data }) => data),
      Array.from({ length: 30 }, (_, index) => index),
    );
  });

  it('appends that meet with all of this are there once, in order, and every caller has its own answer', async () => {
    const streams = Array.from({ length: 8 }, newStream);
    const troubles = [proxy.cut, proxy.refuse, proxy.blackhole, proxy.cut, proxy.refuse, proxy.blackhole];
    let appended = 0;
    let running = true;
    const appending = streams.map(async (stream) => {
      const ids: string[] = [];
      while (running) {
        const event = newEvent('Counted', ids.length);
        const expected = ids.length === 0 ? 'none' : ids.length - 1;
        for (;;) {
          const result = await store.append(stream, [event], expected, within(500)).catch((error: Error) => error.name);
          if (result === 'OutcomeUnknown' || result === 'StoreUnavailable') continue;
          assert.deepEqual(typeof result === 'object' && result.kind, 'appended');
          break;
        }
        ids.push(event.id);
        appended += 1;
      }
      return ids;
    });
    for (const trouble of troubles) {
      const before = appended;
      trouble();
      await store.append(newStream(), [newEvent()], 'none', within(200)).catch(() => {});
      if (trouble === proxy.blackhole) proxy.cut();
      proxy.pass();
      await eventually('appends are acknowledged again', () => appended > before + 40);
    }
    running = false;
    const acknowledged = await Promise.all(appending);
    for (const [index, stream] of streams.entries())
      assert.deepEqual(
        (await all(direct.read(stream))).map(({ id }) => id),
        acknowledged[index],
      );
  });
};
