// A process that appends and follows through two stores each, keeps nothing of what it saw but counts, and tells its parent how it is.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { OutcomeUnknown, StoreUnavailable, type EventStore } from '../../src/eventstore/event-store.ts';
import { openChannels } from '../support/open-channels.ts';
import { newEvent } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

/** What the process has done. */
export type Done = {
  readonly acknowledged: number;
  /** By each follower. */
  readonly followed: readonly number[];
};

/** The same, and what the process holds while nobody appends. */
export type Health = Done & {
  /** After a full collection. */
  readonly heapBytes: number;
  readonly channels: number;
  /** On the server, over all stores. */
  readonly calls: number;
  /** Timers, sockets and what else keeps a process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
};

const run = randomUUID();
const appenders = 12;
const stores = Array.from({ length: 4 }, () => storeAt(process.argv[2]!));
const [writers, readers] = [stores.slice(0, 2), stores.slice(2)];
const from = await writers[0]!.head();
await writers[0]!.identity();

/** The id says which event it is: nobody has to remember what was appended. */
const idOf = (appender: number, revision: number): string => {
  const place = `${appender.toString(16).padStart(2, '0')}${revision.toString(16).padStart(10, '0')}`;
  return `${run.slice(0, 24)}${place}`;
};
const streamOf = (appender: number): string => `soak-${run}-${appender}`;

const stop = new AbortController();
const followed = readers.map(() => 0);
const following = readers.map(async (reader, index) => {
  const next = new Map<string, number>();
  let position = from;
  for await (const { events } of reader.subscribe({ after: from, signal: stop.signal })) {
    for (const event of events) {
      assert.ok(event.position > position, 'positions only grow');
      position = event.position;
      if (!event.stream.startsWith(`soak-${run}-`)) continue;
      const revision = next.get(event.stream) ?? 0;
      assert.equal(event.revision, revision, `${event.stream}: nothing is left out and nothing comes twice`);
      assert.equal(event.id, idOf(Number(event.stream.slice(`soak-${run}-`.length)), revision));
      next.set(event.stream, revision + 1);
      followed[index]! += 1;
    }
  }
});

let acknowledged = 0;
let running = true;
/** Appenders wait at the gate while the process is looked at. */
let gate = Promise.resolve();
let atTheGate = 0;
const appending = Array.from({ length: appenders }, async (_, index) => {
  const store: EventStore = writers[index % writers.length]!;
  for (let revision = 0; running; revision += 1) {
    atTheGate += 1;
    await gate;
    atTheGate -= 1;
    const event = { ...newEvent('Counted', revision), id: idOf(index, revision) };
    const result = await untilSettled(() =>
      store.append(streamOf(index), [event], revision === 0 ? 'none' : revision - 1, { deadline: performance.now() + 1_000 }),
    );
    assert.equal(result.kind, 'appended', 'nobody else writes to this stream');
    acknowledged += 1;
    // Some reads are left early.
    if (revision % 50 === 49)
      await untilSettled(async () => {
        for await (const { revision: first } of store.read(streamOf(index))) if (first === 2) break;
      });
  }
});

/** Sends the same append until it has a clear outcome, as the port asks; reads until the store can be had. */
async function untilSettled<Outcome>(send: () => Promise<Outcome>): Promise<Outcome> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof OutcomeUnknown) && !(error instanceof StoreUnavailable)) throw error;
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

const healthAtRest = async (): Promise<Health> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  while (atTheGate < appenders) await turn();
  const found = health();
  resolve();
  return found;
};

const health = (): Health => {
  for (let round = 0; round < 3; round += 1) globalThis.gc!();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    acknowledged,
    followed,
    heapBytes: process.memoryUsage().heapUsed,
    channels: openChannels(),
    calls: stores.reduce((sum, store) => sum + store.openCalls(), 0),
    resources,
  };
};

const finish = async (): Promise<void> => {
  running = false;
  await Promise.all(appending);
  while (followed.some((count) => count < acknowledged)) await turn();
  stop.abort();
  await Promise.all(following);
  await Promise.all(stores.map((store) => store.close()));
  process.send!(health());
  process.disconnect();
};

process.on('message', (question: 'done' | 'health' | 'finish') => {
  if (question === 'done') process.send!({ acknowledged, followed } satisfies Done);
  else if (question === 'health') void healthAtRest().then((found) => process.send!(found));
  else void finish();
});
process.send!(health());
