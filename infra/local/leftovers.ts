import pg from 'pg';

/**
 * Drops what killed test runs left: databases whose name says that a test made them, but for the templates, which the next
 * run clones again. Never one in use.
 */
export const dropLeftovers = async (ownerUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`
      select datname as name
        from pg_database d
       where datname like 'order\\_platform\\_test\\_%'
         and datname not like 'order\\_platform\\_test\\_template\\_%'
         and not exists (select from pg_stat_activity a where a.datid = d.oid)`);
    for (const { name } of rows) await client.query(`drop database if exists ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
};
