import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { EventStoreDBClient } from '@eventstore/db-client';
import { identityStream } from '../../src/eventstore/eventstoredb/identity.ts';
import { openEventStoreDbOperations } from '../../src/eventstore/eventstoredb/operations.ts';
import type { EventStoreDb as Store } from '../../src/eventstore/eventstoredb/store.ts';
import type { LogOperations } from '../../src/eventstore/log-operations.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { addUser, securedName, startSecured, writeSystemEvent, type Secured } from '../support/eventstoredb-access.ts';
import { all, eventsOf, follow, newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

// A user with no more rights than the documentation gives it, on a server with users.

let server: Secured;
let admin: Store;
let operator: LogOperations;
let store: Store;
const user = `orders-${randomUUID()}`;
const password = randomUUID();

/** The access lists of the documentation, as they stand there, with this test's user in place of `orders`. */
const documented = (stream: string): Record<string, unknown> => {
  const page = readFileSync(new URL('../../docs/eventstoredb.md', import.meta.url), 'utf8');
  const row = page.split('\n').find((line) => line.startsWith(`| \`${stream}\``));
  const [, json] = /`(\{.*\})`/.exec(row ?? '') ?? assert.fail(`the page says nothing of ${stream}`);
  return JSON.parse(json!.replaceAll('"orders"', JSON.stringify(user))) as Record<string, unknown>;
};

before(async () => {
  server = await startSecured();
  await addUser(server.adminUrl, user, password);
  await writeSystemEvent(server.adminUrl, '$settings', '$settings', documented('$settings'));
  for (const stream of ['$all', identityStream]) await writeSystemEvent(server.adminUrl, `$$${stream}`, '$metadata', documented(`$$${stream}`));
  admin = storeAt(server.adminUrl);
  operator = openEventStoreDbOperations({ url: server.adminUrl, logger: silent, metrics: createMetrics('test') });
  store = storeAt(server.urlFor(user, password));
});
after(async () => {
  await Promise.all([store.close(), admin.close(), operator.end()]);
  server.close();
});

const on = securedName;
const asUser = async (work: (client: EventStoreDBClient) => Promise<unknown>): Promise<unknown> => {
  const client = EventStoreDBClient.connectionString(server.urlFor(user, password));
  try {
    return await work(client).then(
      () => 'allowed',
      (error: { type?: string }) => error.type,
    );
  } finally {
    await client.dispose();
  }
};

test(`${on}: a log that has no identity yet is given one by an administrator, and by nobody else`, async () => {
  if (server.ownsLog) await assert.rejects(store.identity(), { name: 'StoreUnavailable', message: /has no identity yet.*refuses access/ });
  const identity = await admin.identity();
  assert.deepEqual(await store.identity(), identity);
});

test(`${on}: with the documented rights a user appends, reads, follows and asks what the platform asks`, async () => {
  const from = await store.head();
  const stream = newStream();
  const result = await store.append(stream, [newEvent('First'), newEvent('Second')], 'none');
  assert.ok(result.kind === 'appended');
  assert.deepEqual(await store.append(stream, [newEvent()], 'none'), { kind: 'conflict', actual: 1 });
  assert.equal((await all(store.read(stream))).length, 2);
  assert.equal((await store.readTails([{ stream, from: 1 }]))[0]!.length, 1);
  assert.equal(await store.head(), result.position);
  assert.ok(await store.eventAt(result.position));
  assert.equal((await store.behind(result.position)).seconds, 0);
  assert.deepEqual(
    eventsOf(await follow(store, { after: from }, (seen) => eventsOf(seen).length === 2)).map(({ type }) => type),
    ['First', 'Second'],
  );
});

test(`${on}: such a user changes neither the identity nor access, deletes nothing and reads nothing of the system's`, async () => {
  const stream = newStream();
  await store.append(stream, [newEvent()], 'none');
  const before = await store.identity();
  await assert.rejects(
    store.changeIdentity((now) => ({ ...now, generation: now.generation + 1, closed: true })),
    { name: 'StoreUnavailable', message: /identity cannot be written: .*refuses access: the user may not write/ },
  );
  assert.deepEqual(await store.identity(), before);
  assert.deepEqual(
    [
      await asUser((client) => client.deleteStream(stream)),
      await asUser((client) => client.tombstoneStream(stream)),
      await asUser((client) => client.setStreamMetadata(stream, { maxCount: 1 })),
      await asUser((client) => client.setStreamMetadata(identityStream, {})),
      await asUser((client) => client.setStreamMetadata('$all', {})),
      await asUser(async (client) => {
        for await (const event of client.readStream('$settings')) return event;
        return undefined;
      }),
    ],
    Array.from({ length: 6 }, () => 'access-denied'),
  );
  const hand = openEventStoreDbOperations({ url: server.urlFor(user, password), logger: silent, metrics: createMetrics('test') });
  await assert.rejects(hand.close(), { name: 'StoreUnavailable', message: /refuses access/ });
  await hand.end();
});

test(`${on}: a log that an administrator closes refuses the user's appends by name, is read on, and takes appends again when it is reopened`, async () => {
  const stream = newStream();
  const event = newEvent();
  await store.append(stream, [event], 'none');
  assert.deepEqual(await operator.close(), { kind: 'closed' });
  const refused = await store.append(stream, [newEvent()], 0);
  assert.equal(refused.kind === 'refused' && refused.code, 'LOG_CLOSED');
  const again = await store.append(stream, [event], 'none');
  assert.equal(again.kind, 'appended', 'what was stored before is still known to be');
  assert.equal((await all(store.read(stream))).length, 1);
  assert.equal((await store.identity()).closed, true);
  await operator.reopen();
  assert.equal((await store.append(stream, [newEvent()], 0)).kind, 'appended');
  assert.equal((await store.identity()).closed, false);
});

test(`${on}: a wrong password, an unknown user and nobody at all are told that access is refused`, async () => {
  for (const url of [server.urlFor(user, 'wrong'), server.urlFor(`not-${user}`, password), server.adminUrl.replace(/\/\/[^@]*@/, '//')]) {
    const other = storeAt(url);
    await assert.rejects(other.identity(), { name: 'StoreUnavailable', message: /refuses access/ });
    await other.close();
  }
});
