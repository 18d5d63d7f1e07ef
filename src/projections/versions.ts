import { resetCheckpoint } from '../subscriptions/checkpoints.ts';
import type { ClientBase, Pool } from '../platform/database.ts';
import { inTransaction } from '../platform/transaction.ts';
import { subscriptionOf, tablesOf, type AnyProjection } from './projection.ts';

/**
 * Makes the tables that are missing, and the views of read models that have none yet, so that queries can ask from the first
 * moment. Several processes may do so at once. Where a table was lost the read model is built again from the start of the log.
 */
export const prepareReadModels = async (pool: Pool, projections: readonly AnyProjection[]): Promise<void> => {
  await inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(7308324)');
    for (const projection of projections) {
      const name = subscriptionOf(projection);
      const tables = tablesOf(projection);
      const { rows } = await client.query<{ there: boolean; begun: boolean; shown: number | null }>(
        `select (select bool_and(to_regclass(each) is not null) from unnest($1::text[]) each) as there,
                exists (select from subscriptions.checkpoints where name = $2 and position is not null) as begun,
                (select version from read_models.live where name = $3) as shown`,
        [tables.map(({ table }) => table), name, projection.name],
      );
      const { there, begun, shown } = rows[0]!;
      if (!there) {
        for (const { table, create } of tables) await client.query(`drop table if exists ${table} cascade; ${create}`);
        if (begun) await resetCheckpoint(client, name);
      }
      if (shown === null || (!there && shown === projection.version)) {
        await makeIndexes(client, projection);
        await show(client, projection);
      }
    }
  });
};

/**
 * Makes the indexes that queries need, where they are missing: all of them or none, so that a process which dies meanwhile leaves
 * a table like one that was never indexed. Until then the table is filled without them, which takes half the time. The lease and
 * the checkpoint are not touched: the holder's renewals go on.
 */
export const indexForQueries = (pool: Pool, projection: AnyProjection): Promise<void> =>
  inTransaction(pool, async (client) => {
    await client.query('set local statement_timeout = 0');
    await makeIndexes(client, projection);
  });

const makeIndexes = async (client: ClientBase, projection: AnyProjection): Promise<void> => {
  for (const { table, indexes } of tablesOf(projection)) {
    if (indexes.length === 0) continue;
    await client.query(`lock table ${table} in share row exclusive mode`);
    for (const create of indexes) await client.query(create);
  }
};

/** The version that a read model's view points at. */
export const liveVersion = async (pool: Pool, name: string): Promise<number | undefined> => {
  const { rows } = await pool.query<{ version: number }>('select version from read_models.live where name = $1', [name]);
  return rows[0]?.version;
};

/** Points the view, and those of its parts, at this version. The tables of the version before stay. Waits a second at most for readers to get out of the way. */
export const show = async (client: ClientBase, projection: AnyProjection): Promise<void> => {
  const { name, version } = projection;
  await client.query(`set local lock_timeout = '1s'`);
  for (const { name: view, table } of tablesOf(projection))
    await client.query(`drop view if exists read_models.${view}; create view read_models.${view} as select * from ${table}`);
  await client.query(
    `insert into read_models.live (name, version, subscription) values ($1, $2, $3)
         on conflict (name) do update set version = excluded.version, subscription = excluded.subscription`,
    [name, version, subscriptionOf(projection)],
  );
};
