import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { openPool, type Pool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { testDatabase, type TestDatabase } from './database.ts';

/** A database of the test file's own, with the store and a pool of the runtime role. */
export type Stand = {
  readonly database: TestDatabase;
  readonly store: EventStore;
  readonly pool: Pool;
  /** Aborts when the file is done: what a failed test left running ends with it. */
  readonly signal: AbortSignal;
  readonly close: () => Promise<void>;
};

export const openStand = async (): Promise<Stand> => {
  const database = await testDatabase();
  const store = openPostgresStore({ url: database.runtimeUrl, name: 'test', logger: silent, metrics: createMetrics('test') });
  const pool = openPool({ url: database.runtimeUrl, name: 'test', max: 12, logger: silent });
  const ended = new AbortController();
  return {
    database,
    store,
    pool,
    signal: ended.signal,
    async close() {
      ended.abort();
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
};

/** An event as commands append it. */
export const newEvent = (type: string, data: unknown, schemaVersion = 1): NewEvent => ({
  id: randomUUID(),
  type,
  schemaVersion,
  data,
  meta: { commandId: randomUUID(), commandHash: 'hash', correlationId: randomUUID(), actor: 'user:test' },
});

/** Appends to a stream wherever it stands. */
export const appendTo = async (
  store: EventStore,
  stream: string,
  ...events: readonly NewEvent[]
): Promise<{ readonly revision: number; readonly position: string }> => {
  for (let expected: number | 'none' = 'none'; ;) {
    const result = await store.append(stream, events, expected);
    if (result.kind === 'appended') return result;
    if (result.kind === 'refused') throw new Error(result.because);
    expected = result.actual;
  }
};

/** Waits until something holds; fails after thirty seconds with what it waited for. */
export const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
};
