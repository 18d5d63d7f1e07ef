import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, eventTypeFilter, excludeSystemEvents, START, type Position } from '@eventstore/db-client';
import { eventStoreDbName as on } from '../support/eventstoredb-under-test.ts';
import { clientForTests, event, newStream, some, told$all } from './observed.ts';

// What subscriptions to the whole log tell. The tests go by what stands after an event of theirs, in order: they want the log for themselves.

const { client } = await clientForTests();
const origin = (await client.appendToStream(newStream(), event())).position!;

const caughtUp = (told: readonly string[]): boolean => told.at(-1) === 'caught up';
const nothing = (checkpointInterval = 1) => eventTypeFilter({ prefixes: ['no such type'], checkpointInterval });
/** Appends events and tells where they stand, and what was the last before them. */
const written = async (count: number): Promise<{ readonly before: Position; readonly places: string[] }> => {
  const place = (await client.appendToStream(newStream(), event())).position!;
  const stream = newStream();
  await client.appendToStream(stream, some(count));
  const places: string[] = [];
  for await (const { event: read } of client.readStream(stream)) places.push(String(read!.position!.commit - place.commit));
  return { before: place, places };
};

test(`${on}: after the last event a subscription has caught up at once, without a checkpoint`, async () => {
  const { position } = await client.appendToStream(newStream(), event());
  for (const filter of [excludeSystemEvents(), undefined])
    assert.deepEqual(await told$all(client, { from: position!, origin: position!, until: caughtUp, ...(filter && { filter }) }), [
      'confirmed',
      'caught up',
    ]);
  assert.deepEqual(await told$all(client, { from: END, origin, until: caughtUp, filter: excludeSystemEvents() }), ['confirmed', 'caught up']);
});

test(`${on}: the event at a position is sent again after that commit position with prepare position 0`, async () => {
  const position = (await client.appendToStream(newStream(), event())).position!;
  assert.deepEqual(await told$all(client, { from: { ...position, prepare: 0n }, origin: position, until: caughtUp, filter: excludeSystemEvents() }), [
    'confirmed',
    'event 0',
    'checkpoint 0',
    'caught up',
  ]);
});

test(`${on}: a position inside a record ends a subscription after its confirmation`, async () => {
  const position = (await client.appendToStream(newStream(), event())).position!;
  const inside = { commit: position.commit - 1n, prepare: position.prepare - 1n };
  for (const filter of [excludeSystemEvents(), undefined])
    assert.deepEqual(await told$all(client, { from: inside, origin, until: caughtUp, ...(filter && { filter }) }), [
      'confirmed',
      `error ${JSON.stringify({ type: 'unknown', code: 3, message: '3 INVALID_ARGUMENT: Trying to read from an invalid position.' })}`,
    ]);
});

test(`${on}: a position past the end is taken without a word, and events up to it are never sent`, async () => {
  const position = (await client.appendToStream(newStream(), event())).position!;
  const past = { commit: position.commit + 2_000n, prepare: position.prepare + 2_000n };
  const stream = newStream();
  const places: bigint[] = [];
  const told = await told$all(client, {
    from: past,
    origin: position,
    filter: excludeSystemEvents(),
    until: (said) => said.some((what) => what.startsWith('event')),
    during: async () => {
      while ((places.at(-1) ?? 0n) <= 2_000n) places.push((await client.appendToStream(stream, event())).position!.commit - position.commit);
    },
  });
  assert.ok(places.length > 3);
  assert.deepEqual(
    told.filter((what) => what.startsWith('event')),
    [`event ${places.at(-1)}`],
  );
});

test(`${on}: in catch-up a checkpoint that skips everything is the begin of a page of 32, with prepare position 0`, async () => {
  const { before: from, places } = await written(200);
  const page = (index: number): string => `checkpoint ${places[index]}, prepare 0`;
  assert.deepEqual(await told$all(client, { from, origin: from, until: caughtUp, filter: nothing() }), [
    'confirmed',
    'checkpoint 0',
    ...[31, 63, 95, 127, 159].map(page),
    'caught up',
  ]);
  assert.deepEqual(await told$all(client, { from, origin: from, until: caughtUp, filter: nothing(2) }), [
    'confirmed',
    ...[31, 95, 159].map(page),
    'caught up',
  ]);
});

test(`${on}: in catch-up a checkpoint after events is the last of them, and one more comes at the end`, async () => {
  const { before: from, places } = await written(200);
  const told = await told$all(client, {
    from,
    origin: from,
    until: caughtUp,
    filter: eventTypeFilter({ prefixes: ['Observed'], checkpointInterval: 1 }),
  });
  assert.equal(told.filter((what) => what.startsWith('event')).length, 200);
  assert.deepEqual(
    told.filter((what) => !what.startsWith('event')),
    ['confirmed', ...[30, 62, 94, 126, 158, 190, 199].map((index) => `checkpoint ${places[index]}`), 'caught up'],
  );
});

test(`${on}: live, a checkpoint comes with every 32nd event times the interval, sent or not`, async () => {
  for (const [filter, every] of [
    [nothing(), 32],
    [eventTypeFilter({ prefixes: ['Observed'], checkpointInterval: 1 }), 32],
    [nothing(2), 64],
  ] as const) {
    const stream = newStream();
    const places: string[] = [];
    const started = Promise.withResolvers<void>();
    const told = await told$all(client, {
      from: END,
      origin,
      filter,
      until: (said) => {
        if (caughtUp(said)) started.resolve();
        return said.filter((what) => what.startsWith('checkpoint')).length === 64 / every;
      },
      during: async () => {
        await started.promise;
        for (let n = 0; n < 64; n += 1) places.push(String((await client.appendToStream(stream, event())).position!.commit - origin.commit));
      },
    });
    const named = told.filter((what) => what.startsWith('checkpoint'));
    assert.deepEqual(named, every === 32 ? [`checkpoint ${places[31]}`, `checkpoint ${places[63]}`] : [`checkpoint ${places[63]}`]);
  }
});

test(`${on}: from the start, when nothing matches, a checkpoint is 0/0, or all ones in a log of less than a page`, async () => {
  const told = await told$all(client, { from: START, origin: { commit: 0n, prepare: 0n }, until: caughtUp, filter: nothing() });
  assert.match(told[1]!, /^checkpoint (0|18446744073709551615)$/);
});

test(`${on}: a stream that is not there yet can be followed`, async () => {
  const stream = newStream();
  const subscription = client.subscribeToStream(stream);
  subscription.on('caughtUp', () => void client.appendToStream(stream, event()));
  const [first] = await subscription.take(1).toArray();
  assert.deepEqual([first.event.streamId, first.event.revision], [stream, 0n]);
  await subscription.unsubscribe();
});
