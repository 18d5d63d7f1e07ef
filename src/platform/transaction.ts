import type { ClientBase, Pool } from './database.ts';

/** Does work in one transaction of a connection: all of it takes effect, or what it throws is thrown and nothing does. */
export const inTransaction = async <Result>(pool: Pool, work: (client: ClientBase) => Promise<Result>): Promise<Result> => {
  const client = await pool.connect();
  let usable = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    usable = true;
    return result;
  } catch (error) {
    usable = await client.query('rollback').then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    client.release(!usable);
  }
};
