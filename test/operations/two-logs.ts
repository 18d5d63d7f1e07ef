import { after, before } from 'node:test';
import pg from 'pg';
import type { EventStore, Logged } from '../../src/eventstore/event-store.ts';
import type { LogOperations } from '../../src/eventstore/log-operations.ts';
import { openPostgresOperations } from '../../src/eventstore/postgres/operations.ts';
import { eventsBetween } from '../../src/operations/compare-logs.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openStand, until, type Stand } from '../support/stand.ts';

/** A log with what an operator may do to it, and a hand that may do anything. */
export type Log = Stand & {
  readonly operations: LogOperations;
  readonly owner: pg.Client;
  /** The log as a process sees it that has read nothing of it yet: for a moment stores remember what they have just read. */
  readonly fresh: () => EventStore;
};

/** Opens as many logs as a test file needs; gone when its tests are over. */
export const openLogs = (count: number): (() => readonly Log[]) => {
  let logs: readonly Log[] = [];
  const reopened: EventStore[] = [];
  before(async () => {
    logs = await Promise.all(
      Array.from({ length: count }, async () => {
        const stand = await openStand();
        const owner = new pg.Client({ connectionString: stand.database.ownerUrl });
        await owner.connect();
        // Test databases are clones of one template, with one log's id.
        await owner.query('update log.identity set id = gen_random_uuid()');
        const fresh = (): EventStore => {
          const store = openPostgresStore({ url: stand.database.runtimeUrl, name: 'test', logger: silent, metrics: createMetrics('test') });
          reopened.push(store);
          return store;
        };
        return { ...stand, fresh, owner, operations: openPostgresOperations({ url: stand.database.ownerUrl, logger: silent }) };
      }),
    );
  });
  after(async () => {
    await Promise.all(reopened.map((store) => store.close()));
    await Promise.all(
      logs.map(async ({ owner, operations, close }) => {
        await Promise.all([owner.end(), operations.end()]);
        await close();
      }),
    );
  });
  return () => logs;
};

/** Everything of a log that a copy has to keep. */
export const contentsOf = async (store: EventStore): Promise<readonly Omit<Logged, 'position'>[]> => {
  const events = [];
  for await (const { position: _, meta, ...event } of eventsBetween(store, store.start, await store.head(), AbortSignal.timeout(30_000))) {
    const { recordedAt: __, ...kept } = meta;
    events.push({ ...event, meta: kept });
  }
  return events;
};

/** Moves every event of a log to another position, as a store that counts differently would have it. */
export const shiftPositions = async ({ owner }: Log, by: number): Promise<void> => {
  await owner.query('update log.events set position = -position');
  await owner.query('update log.events set position = $1 - position', [by]);
};

/** Holds the lock that every append takes, as an append under way does; the answer lets it go. */
export const holdAppendLock = async ({ owner }: Log): Promise<() => Promise<unknown>> => {
  await owner.query('begin');
  await owner.query('select pg_advisory_xact_lock(7308322)');
  return () => owner.query('commit');
};

/** Waits until the operator's hand waits for that lock. */
export const untilWaiting = async ({ pool }: Log): Promise<void> =>
  until('it waits for the lock', async () => {
    const { rows } = await pool.query<{ waiting: number }>(
      `select count(*) as waiting from pg_locks l join pg_stat_activity a using (pid)
        where a.datname = current_database() and a.application_name = 'orders log operator' and l.locktype = 'advisory' and not l.granted`,
    );
    return rows[0]!.waiting > 0;
  });
