import type { ClientBase } from '../platform/database.ts';
import { asError } from './page.ts';
import type { AnyProjection, Happened } from './projection.ts';
import type { Table } from './table.ts';

/**
 * Applies events one after another, each by itself, and stops at the first that fails: how many took effect, and why the next
 * did not. Failures are the fold's and values that the table refuses; a database that is away throws.
 */
export const applyEach = async (
  projection: AnyProjection,
  table: Table,
  client: ClientBase,
  events: readonly Happened[],
): Promise<{ readonly applied: number; readonly error?: Error }> => {
  for (const [applied, event] of events.entries()) {
    await client.query('savepoint event');
    const failed = await applyOne(projection, table, client, event);
    if (failed) {
      await client.query('rollback to savepoint event');
      return { applied, error: failed };
    }
    await client.query('release savepoint event');
  }
  return { applied: events.length };
};

const applyOne = async (projection: AnyProjection, table: Table, client: ClientBase, event: Happened): Promise<Error | undefined> => {
  let group: string;
  try {
    group = projection.group(event);
  } catch (error) {
    return asError(error);
  }
  const before = await table.load(client, [group]);
  let rows: readonly object[];
  try {
    rows = projection.evolve(before.get(group) ?? [], event);
  } catch (error) {
    return asError(error);
  }
  try {
    for (const change of table.changes(before, new Map([[group, rows]]))) await client.query(change);
    return undefined;
  } catch (error) {
    if (isDataError(error)) return asError(error);
    throw error;
  }
};

/** A value that does not fit its column or a constraint (SQLSTATE classes 22 and 23): the event's fault, and so for ever. Everything else is the database's and passes. */
export const isDataError = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^2[23]/.test(code);
};
