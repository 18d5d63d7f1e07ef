import type { ConsistencyPoint } from '../eventstore/consistency-token.ts';
import type { Pool } from '../platform/database.ts';

/** How far the live version of each read model has come, by the read model's name. */
export const readModelPositions = async (pool: Pool): Promise<ReadonlyMap<string, ConsistencyPoint>> => {
  const { rows } = await pool.query<{ name: string; position: string; log_id: string }>({
    name: 'live-checkpoints',
    text: `select l.name, c.position, c.log_id
             from read_models.live l
             join subscriptions.checkpoints c on c.name = l.subscription
            where c.position is not null`,
  });
  return new Map(rows.map(({ name, position, log_id }) => [name, { logId: log_id, position }]));
};
