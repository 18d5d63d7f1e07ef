import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { migrate } from '../../src/cli/migrate.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

// What the migrations make, written down. After a change on purpose: npm test -- test/migrations --test-update-snapshots

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.drop());

/** Every object of our schemas and what the runtime role may do with it, as lines that do not depend on names of roles or on the server's version. */
const describeSchema = async (url: string, runtime: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const ours = `n.nspname not in ('pg_catalog', 'information_schema', 'public', 'order_platform') and n.nspname !~ '^pg_'`;
    const { rows } = await client.query<{ line: string }>(
      `with relation as (
         select c.oid, format('%s.%s', n.nspname, c.relname) as name, c.relkind
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where ${ours} and c.relkind in ('r', 'p', 'v', 'm', 'S')
       )
       select line from (
         select format('schema %s: runtime %s', nspname, concat_ws(', ',
                  case when has_schema_privilege($1, n.oid, 'usage') then 'usage' end, case when has_schema_privilege($1, n.oid, 'create') then 'create' end)) as line
           from pg_namespace n where ${ours}
         union all
         select format('table %s: runtime %s', name, concat_ws(', ', variadic array(
                  select p from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
                   where has_table_privilege($1, oid, p))))
           from relation
         union all
         select format('column %s.%s: %s%s%s', name, attname, format_type(atttypid, atttypmod),
                  case when attnotnull then ' not null' else '' end, coalesce(' default ' || pg_get_expr(adbin, adrelid), ''))
           from relation join pg_attribute a on a.attrelid = relation.oid left join pg_attrdef d on d.adrelid = relation.oid and d.adnum = attnum
          where attnum > 0 and not attisdropped
         union all
         select format('constraint %s: %s', name, pg_get_constraintdef(k.oid)) from relation join pg_constraint k on k.conrelid = relation.oid where k.contype <> 'n'
         union all
         select format('index %s: %s', name, pg_get_indexdef(indexrelid)) from relation join pg_index on indrelid = relation.oid
         union all
         select format('routine %s.%s(%s): %s, runtime %s, md5 of its body %s', n.nspname, proname, pg_get_function_arguments(p.oid),
                  case when prosecdef then 'as its owner' else 'as its caller' end,
                  case when has_function_privilege($1, p.oid, 'execute') then 'execute' else 'nothing' end, md5(prosrc))
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${ours}
       ) described
       order by line collate "C"`,
      [runtime],
    );
    return rows.map(({ line }) => line).join('\n');
  } finally {
    await client.end();
  }
};

test('the migrations make the schema that is written down', async (t) => {
  const runtime = new URL(database.runtimeUrl).username;
  const described = `-- log\n${await describeSchema(database.ownerUrl, runtime)}\n\n-- keys\n${await describeSchema(database.keysOwnerUrl, runtime)}\n`;
  t.assert.fileSnapshot(described, fileURLToPath(new URL('./schema.txt', import.meta.url)), { serializers: [String] });
});

test('migrating a migrated database changes nothing, also from several processes at once', async () => {
  const said: string[] = [];
  const run = (): Promise<void> =>
    migrate({ migrationUrl: database.ownerUrl, runtimeUrl: database.runtimeUrl, keysUrl: database.keysOwnerUrl, say: (line) => said.push(line) });
  await Promise.all([run(), run(), run()]);
  assert.deepEqual(said, []);
});
