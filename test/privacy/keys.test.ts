import assert from 'node:assert/strict';
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { openKeys } from '../../src/privacy/keys.ts';
import { opener, seal } from '../../src/privacy/sealing.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

describe('keys', () => {
  let database: TestDatabase;
  let pool: Pool;
  let owner: pg.Client;
  const masterKey = createSecretKey(randomBytes(32));
  before(async () => {
    database = await testDatabase();
    pool = openPool({ url: database.keysUrl, name: 'test', max: 8, logger: silent });
    owner = new pg.Client({ connectionString: database.keysOwnerUrl });
    await owner.connect();
  });
  after(async () => {
    await pool.end();
    await owner.end();
    await database.drop();
  });

  /** The keys as a process of its own knows them. */
  const aProcess = () => openKeys({ pool, masterKey });
  const erase = (subject: string) => owner.query('update privacy.keys set wrapped = null, erased_at = now() where subject = $1', [subject]);
  const stored = async (subject: string) =>
    (await owner.query<{ wrapped: Buffer | null }>('select wrapped from privacy.keys where subject = $1', [subject])).rows;

  test('are made at first use, and are the same for ever and in every process', async () => {
    const subject = randomUUID();
    const key = (await aProcess().of(subject))!;
    const again = (await aProcess().of(subject))!;
    const found = (await aProcess().find([subject])).get(subject)!;
    assert.ok(key.equals(again) && key.equals(found));
    assert.equal(key.symmetricKeySize, 32);
  });

  test('are one for each subject', async () => {
    const keys = aProcess();
    const [one, other] = await Promise.all([keys.of(randomUUID()), keys.of(randomUUID())]);
    assert.ok(!one!.equals(other!));
  });

  test('are stored before they are used, and wrapped', async () => {
    const subject = randomUUID();
    const key = (await aProcess().of(subject))!;
    const [row] = await stored(subject);
    assert.ok(row?.wrapped && !row.wrapped.includes(key.export()));
  });

  test('are one when many processes make them at once', async () => {
    const subjects = Array.from({ length: 20 }, () => randomUUID());
    const made = await Promise.all(Array.from({ length: 4 }, aProcess).flatMap((process) => subjects.map((subject) => process.of(subject))));
    for (const [index, key] of made.entries()) assert.ok(key!.equals(made[index % subjects.length]!));
  });

  test('are one when one process asks for it many times at once', async () => {
    const [keys, subject] = [aProcess(), randomUUID()];
    const made = await Promise.all(Array.from({ length: 50 }, () => keys.of(subject)));
    assert.ok(made.every((key) => key!.equals(made[0]!)));
    assert.equal((await stored(subject)).length, 1);
  });

  test('that are only looked for are not made', async () => {
    const subject = randomUUID();
    assert.equal((await aProcess().find([subject])).has(subject), false);
    assert.equal((await stored(subject)).length, 0);
  });

  test('that many look for at once are looked for together, and one that does not open fails nobody else', async () => {
    const subjects = Array.from({ length: 100 }, () => randomUUID());
    const made = await Promise.all(subjects.map(aProcess().of));
    await owner.query('update privacy.keys set wrapped = $2 where subject = $1', [subjects[7], Buffer.alloc(61, 1)]);
    const asking = openPool({ url: database.keysUrl, name: 'test', max: 8, logger: silent });
    try {
      let statements = 0;
      const query = asking.query.bind(asking) as (...given: unknown[]) => unknown;
      asking.query = ((...given: unknown[]) => {
        statements += 1;
        return query(...given);
      }) as typeof asking.query;
      const keys = openKeys({ pool: asking, masterKey });
      const found = await Promise.allSettled(subjects.map(async (subject) => (await keys.find([subject])).get(subject)!));
      assert.ok(statements <= 3, `${statements} statements`);
      for (const [index, each] of found.entries()) {
        if (index === 7) assert.equal(each.status, 'rejected');
        else assert.ok(each.status === 'fulfilled' && each.value.equals(made[index]!));
      }
    } finally {
      await asking.end();
    }
  });

  test('of an erased subject are gone, and never made again', async () => {
    const subject = randomUUID();
    await aProcess().of(subject);
    await erase(subject);
    assert.equal(await aProcess().of(subject), undefined);
    const found = await aProcess().find([subject]);
    assert.ok(found.has(subject) && found.get(subject) === undefined);
    assert.deepEqual(await stored(subject), [{ wrapped: null }]);
  });

  test('that are destroyed take everything that was sealed with them along', async () => {
    const [erased, kept] = [randomUUID(), randomUUID()];
    const keys = aProcess();
    const values = [seal((await keys.of(erased))!, erased, 'name', 'Annegret'), seal((await keys.of(kept))!, kept, 'name', 'Bertram')];
    await erase(erased);
    assert.deepEqual(await opener(aProcess())(values), [{ kind: 'erased' }, { kind: 'open', text: 'Bertram' }]);
  });

  test('cannot be destroyed or changed by the role that the platform runs under', async () => {
    const subject = randomUUID();
    await aProcess().of(subject);
    for (const statement of [
      'update privacy.keys set wrapped = null, erased_at = now() where subject = $1',
      'delete from privacy.keys where subject = $1',
    ]) {
      await assert.rejects(pool.query(statement, [subject]), /permission denied/);
    }
  });

  test('do not open under another master key, and say which variable is wrong', async () => {
    const subject = randomUUID();
    await aProcess().of(subject);
    const wrong = openKeys({ pool, masterKey: createSecretKey(randomBytes(32)) });
    const says = (error: Error): boolean => error.message.includes('PRIVACY_MASTER_KEY') && error.message.includes(subject);
    await assert.rejects(wrong.of(subject), says);
    await assert.rejects(wrong.find([subject]), says);
  });

  test("do not open in another subject's row", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await Promise.all([aProcess().of(one), aProcess().of(other)]);
    await owner.query('update privacy.keys set wrapped = (select wrapped from privacy.keys where subject = $2) where subject = $1', [one, other]);
    await assert.rejects(aProcess().of(one), /does not open/);
  });

  test('in a format of a later release are named, not misread', async () => {
    const subject = randomUUID();
    await aProcess().of(subject);
    await owner.query(`update privacy.keys set wrapped = '\\x02' || substr(wrapped, 2) where subject = $1`, [subject]);
    await assert.rejects(aProcess().of(subject), /unknown format/);
  });

  test('are forgotten by a process a minute after it read them', async (context) => {
    const subject = randomUUID();
    let nowMs = performance.now();
    context.mock.method(performance, 'now', () => nowMs);
    const [early, late] = [aProcess(), aProcess()];
    for (const keys of [early, late]) assert.ok(await keys.of(subject));
    await erase(subject);
    nowMs += 59_000;
    assert.ok(await early.of(subject));
    nowMs += 2_000;
    assert.equal(await late.of(subject), undefined);
  });
});
