import type { ClientBase } from '../platform/database.ts';
import { subscriptionOf, type AnyProjection } from './projection.ts';

/** A read model's table as the engine uses it. */
export type Table = {
  /** The rows of these groups. */
  readonly load: (client: ClientBase, groups: readonly string[]) => Promise<ReadonlyMap<string, readonly object[]>>;
  /** Makes the table hold `after` where it held `before`: one statement for all rows that changed, one for those that vanished. */
  readonly write: (
    client: ClientBase,
    before: ReadonlyMap<string, readonly object[]>,
    after: ReadonlyMap<string, readonly object[]>,
  ) => Promise<void>;
};

/** Looks the table's columns up and prepares its statements. */
export const openTable = async (client: ClientBase, projection: AnyProjection): Promise<Table> => {
  const { key, groupColumn } = projection;
  const name = subscriptionOf(projection);
  const table = `read_models.${name}`;
  const { rows: columns } = await client.query<{ attname: string }>(
    'select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum',
    [table],
  );
  const names = columns.map(({ attname }) => attname);
  const list = (of: readonly string[], prefix = ''): string => of.map((column) => prefix + column).join(', ');
  const others = names.filter((column) => !key.includes(column));

  const loading = `select ${list(names)} from ${table} where ${groupColumn} = any($1)`;
  const upserting = `
    insert into ${table} (${list(names)})
    select ${list(names)} from json_populate_recordset(null::${table}, $1::json)
        on conflict (${list(key)}) do ${others.length === 0 ? 'nothing' : `update set (${list(others)}) = row (${list(others, 'excluded.')})`}`;
  const deleting = `
    delete from ${table} t
     using json_populate_recordset(null::${table}, $1::json) gone
     where ${key.map((column) => `t.${column} = gone.${column}`).join(' and ')}`;
  const keyOf = (row: object): string => JSON.stringify(key.map((column) => (row as Record<string, unknown>)[column]));

  return {
    async load(client, groups) {
      if (groups.length === 0) return new Map();
      const { rows } = await client.query<Record<string, unknown>>({ name: `load-${name}`, text: loading, values: [groups] });
      return Map.groupBy(rows, (row) => String(row[groupColumn]));
    },

    async write(client, before, after) {
      const changed: object[] = [];
      const gone: object[] = [];
      for (const [group, rows] of after) {
        const had = before.get(group) ?? [];
        for (const row of rows) if (!had.includes(row)) changed.push(row);
        if (had.length === 0) continue;
        const keys = new Set(rows.map(keyOf));
        for (const row of had) if (!keys.has(keyOf(row))) gone.push(row);
      }
      if (changed.length > 0) await client.query({ name: `upsert-${name}`, text: upserting, values: [JSON.stringify(changed)] });
      if (gone.length > 0) await client.query({ name: `delete-${name}`, text: deleting, values: [JSON.stringify(gone)] });
    },
  };
};
