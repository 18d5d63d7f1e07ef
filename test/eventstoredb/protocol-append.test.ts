import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY, binaryEvent, EventStoreDBClient, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { eventStoreDbName } from '../support/eventstoredb-under-test.ts';
import { clientForTests, credentials, errorOf, event, newStream, some, ways } from './observed.ts';

const { client, url } = await clientForTests();
const mebibyte = 1024 * 1024;
const bytes = (length: number) => binaryEvent({ type: 'Observed', data: new Uint8Array(length) });

for (const [way, options] of ways) {
  const on = `${eventStoreDbName}, ${way}:`;
  const append = (
    stream: string,
    events: Parameters<EventStoreDBClient['appendToStream']>[1],
    expectedRevision: typeof ANY | typeof NO_STREAM | typeof STREAM_EXISTS | bigint,
  ) => client.appendToStream(stream, events, { expectedRevision, ...options });
  const wrong = (expectedVersion: unknown, actualVersion: unknown) => ({
    type: 'wrong-expected-version',
    message: '',
    expectedVersion,
    actualVersion,
  });
  /** A stream with three events; the last two were appended together. */
  const three = async () => {
    const stream = newStream();
    const [first, rest] = [[event(1)], [event(2), event(3)]];
    await append(stream, first, NO_STREAM);
    return { stream, first, rest, written: await append(stream, rest, 0n) };
  };

  test(`${on} the first event of a stream is revision 0, with one number for both its positions`, async () => {
    const { success, nextExpectedRevision, position } = await append(newStream(), event(), NO_STREAM);
    assert.deepEqual([success, nextExpectedRevision], [true, 0n]);
    assert.equal(position!.commit, position!.prepare);
  });

  test(`${on} the position of several events is that of the last`, async () => {
    const { stream, written } = await three();
    const positions: unknown[] = [];
    for await (const { event: read } of client.readStream(stream)) positions.push(read?.position);
    assert.equal(written.nextExpectedRevision, 2n);
    assert.deepEqual(positions.at(-1), written.position);
    assert.equal(new Set(positions.map((position) => (position as { commit: bigint }).commit)).size, 3);
  });

  test(`${on} a wrong revision is told with the actual one, and no message`, async () => {
    const { stream } = await three();
    assert.deepEqual(await errorOf(() => append(stream, event(), 7n)), wrong(7n, 2n));
    assert.deepEqual(await errorOf(() => append(stream, event(), 1n)), wrong(1n, 2n));
    assert.deepEqual(await errorOf(() => append(stream, event(), NO_STREAM)), wrong('no_stream', 2n));
    assert.deepEqual(await errorOf(() => append(newStream(), event(), 2n)), wrong(2n, 'no_stream'));
    assert.deepEqual(await errorOf(() => append(newStream(), event(), STREAM_EXISTS)), wrong('stream_exists', 'no_stream'));
  });

  test(`${on} the same events at the same place are answered as the first time`, async () => {
    const { stream, first, rest, written } = await three();
    assert.equal((await append(stream, first, NO_STREAM)).nextExpectedRevision, 0n);
    assert.deepEqual(await append(stream, rest, 0n), written);
    assert.deepEqual(await append(stream, rest, ANY), written);
    assert.deepEqual(await append(stream, rest, STREAM_EXISTS), written);
    assert.equal((await append(stream, rest[0]!, ANY)).nextExpectedRevision, 1n);
  });

  test(`${on} known events at another place, or with new ones behind them, are a wrong version`, async () => {
    const { stream, rest } = await three();
    assert.deepEqual(await errorOf(() => append(stream, rest, NO_STREAM)), wrong('no_stream', 2n));
    assert.deepEqual(await errorOf(() => append(stream, rest, 1n)), wrong(1n, 2n));
    assert.deepEqual(await errorOf(() => append(stream, [rest[0]!, event()], 0n)), wrong(0n, 2n));
    assert.deepEqual(await errorOf(() => append(stream, [...rest, event()], 0n)), wrong(0n, 2n));
    assert.deepEqual(await errorOf(() => append(stream, [...rest, event()], ANY)), wrong('any', 2n));
  });

  test(`${on} one id may stand twice in one append`, async () => {
    const twice = event();
    assert.equal((await append(newStream(), [twice, twice], NO_STREAM)).nextExpectedRevision, 1n);
  });

  test(`${on} nothing to append is a success, with revision 0 where there is no stream`, async () => {
    const { stream } = await three();
    assert.equal((await append(newStream(), [], ANY)).nextExpectedRevision, 0n);
    assert.equal((await append(stream, [], ANY)).nextExpectedRevision, 2n);
    assert.equal((await append(stream, [], 2n)).nextExpectedRevision, 2n);
    assert.deepEqual(await errorOf(() => append(stream, [], 0n)), wrong(0n, 2n));
  });

  test(`${on} 1 MiB is the most of an append, counting data and not metadata`, async () => {
    const tooLarge = way === 'batch call' ? { message: '' } : { code: 3, message: '3 INVALID_ARGUMENT: Maximum Append Size of 1048576 Exceeded.' };
    const refused = { type: 'maximum-append-size-exceeded', ...tooLarge };
    assert.equal((await append(newStream(), bytes(mebibyte), ANY)).success, true);
    assert.deepEqual(await errorOf(() => append(newStream(), bytes(mebibyte + 1), ANY)), refused);
    assert.deepEqual(await errorOf(() => append(newStream(), [bytes(600_000), bytes(600_000)], ANY)), refused);
    assert.equal((await append(newStream(), event(1, { metadata: { long: 'x'.repeat(mebibyte) } }), ANY)).success, true);
    assert.equal((await append(newStream(), event(), ANY)).success, true, 'the client can be used on');
  });

  test(`${on} no stream name is refused, and $all is taken`, async () => {
    const refused =
      way === 'batch call'
        ? { type: 'unknown', message: 'Could not recognize BadRequest' }
        : { type: 'unknown', code: 2, message: '2 UNKNOWN: Exception was thrown by handler.' };
    assert.deepEqual(await errorOf(() => append('', event(), ANY)), refused);
    assert.equal((await append('$all', event(), ANY)).success, true);
  });

  test(`${on} without users everybody may write system events and system streams`, async () => {
    assert.equal((await append(newStream(), event(1, { type: '$observed' }), NO_STREAM)).success, true);
    assert.equal((await append(`$${newStream()}`, event(), NO_STREAM)).success, true);
  });
}

test(`${eventStoreDbName}, plain call: an id that is none, the empty id and an empty type are errors of the handler`, async () => {
  for (const wrong of [{ id: 'none' }, { id: '00000000-0000-0000-0000-000000000000' }, { type: '' }])
    assert.deepEqual(await errorOf(() => client.appendToStream(newStream(), event(1, wrong), { credentials })), {
      type: 'unknown',
      code: 2,
      message: '2 UNKNOWN: Exception was thrown by handler.',
    });
});

test(`${eventStoreDbName}, batch call: a deadline that is over is an append that is not made`, async () => {
  const stream = newStream();
  assert.deepEqual(await errorOf(() => client.appendToStream(stream, event(), { deadline: -1_000 })), { type: 'deadline-exceeded', message: '' });
  assert.equal((await errorOf(async () => (await client.readStream(stream)[Symbol.asyncIterator]().next()).value))['type'], 'stream-not-found');
});

test(`${eventStoreDbName}: told not to throw, the client reports a wrong revision from the batch call and the right one from the plain call`, async () => {
  const lenient = EventStoreDBClient.connectionString(`${url}&throwOnAppendFailure=false`);
  try {
    const stream = newStream();
    await lenient.appendToStream(stream, some(5));
    const told = async (name: string, options: object) =>
      (await lenient.appendToStream(name, event(), { expectedRevision: 2n, ...options })).nextExpectedRevision;
    assert.deepEqual([await told(stream, {}), await told(newStream(), {})], [1n, -1n]);
    assert.deepEqual([await told(stream, { credentials }), await told(newStream(), { credentials })], [4n, -1n]);
  } finally {
    await lenient.dispose();
  }
});
