import type { ClientBase, QueryConfig } from '../platform/database.ts';
import { columnsOf, fitColumns, fromColumns, type Column } from './row-columns.ts';
import { subscriptionOf, type AnyProjection } from './projection.ts';

/** A read model's table as the engine uses it. */
export type Table = {
  /** The rows of these groups. */
  readonly load: (client: Pick<ClientBase, 'query'>, groups: readonly string[]) => Promise<ReadonlyMap<string, readonly object[]>>;
  /** What makes the table hold `after` where it held `before`: a statement for each portion of the rows that changed, and one for those that vanished. */
  readonly changes: (before: ReadonlyMap<string, readonly object[]>, after: ReadonlyMap<string, readonly object[]>) => readonly QueryConfig[];
};

/**
 * Looks the columns up and prepares the statements, of the read model's table and of its parts'. Those that look rows up are planned
 * each time: a plan that is kept from when the table was small reads all of it, and goes on so while it grows.
 */
export const openTable = async (client: ClientBase, projection: AnyProjection): Promise<Table> => {
  const { key, groupColumn, parts = [] } = projection;
  const name = subscriptionOf(projection);
  const main = await openWriter(client, name, key);
  const others = await Promise.all(
    parts.map(async (part) => ({ part, writer: await openWriter(client, `${part.name}_v${projection.version}`, part.key) })),
  );
  const loading = `select ${main.columns.map(({ name }) => name).join(', ')} from read_models.${name} where ${groupColumn} = any($1)`;

  return {
    async load(client, groups) {
      if (groups.length === 0) return new Map();
      const { rows } = await client.query<Record<string, unknown>>(loading, [groups]);
      return Map.groupBy(rows, (row) => String(row[groupColumn]));
    },

    changes(before, after) {
      const changed: object[] = [];
      const replaced: object[] = [];
      const gone: object[] = [];
      for (const [group, rows] of after) {
        const had = before.get(group) ?? [];
        for (const row of rows) if (!had.includes(row)) changed.push(row);
        if (had.length === 0) continue;
        const keys = new Set(rows.map(main.keyOf));
        for (const row of had) {
          if (!keys.has(main.keyOf(row))) gone.push(row);
          if (!rows.includes(row)) replaced.push(row);
        }
      }
      const ofParts = others.flatMap(({ part, writer }) => {
        const had = new Map(replaced.flatMap((row) => part.rows(row)).map((row) => [writer.keyOf(row), row]));
        const written: object[] = [];
        for (const row of changed.flatMap((row) => part.rows(row))) {
          const key = writer.keyOf(row);
          const before = had.get(key);
          had.delete(key);
          if (!before || !writer.same(row, before)) written.push(row);
        }
        return [...writer.upsert(written), ...writer.delete([...had.values()])];
      });
      return [...main.upsert(changed), ...main.delete(gone), ...ofParts];
    },
  };
};

const valueIn = (row: object, column: string): unknown => (row as Readonly<Record<string, unknown>>)[column];

const sameValue = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other));

/** The statements that write rows of one table: as columns where their values allow it, else as JSON. */
const openWriter = async (client: ClientBase, name: string, key: readonly string[]) => {
  const table = `read_models.${name}`;
  const { rows: columns } = await client.query<Column>(
    `select attname as name, format_type(atttypid, null) as type
       from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped
   order by attnum`,
    [table],
  );
  const names = columns.map((column) => column.name);
  const list = (of: readonly string[], prefix = ''): string => of.map((column) => prefix + column).join(', ');
  const others = names.filter((column) => !key.includes(column));
  const upserting = (rows: string): string => `
    insert into ${table} (${list(names)})
    select ${list(names)} from ${rows}
        on conflict (${list(key)}) do ${others.length === 0 ? 'nothing' : `update set (${list(others)}) = row (${list(others, 'excluded.')})`}`;
  const byColumns = fitColumns(columns) ? upserting(fromColumns(columns)) : undefined;
  const byJson = upserting(`json_populate_recordset(null::${table}, $1::json)`);
  const deleting = `
    delete from ${table} t
     using json_populate_recordset(null::${table}, $1::json) gone
     where ${key.map((column) => `t.${column} = gone.${column}`).join(' and ')}`;

  return {
    columns,
    /** No text of PostgreSQL holds a NUL. */
    keyOf: (row: object): string => (key.length === 1 ? String(valueIn(row, key[0]!)) : key.map((column) => valueIn(row, column)).join('\0')),
    /** True when both leave the same in the table. */
    same: (one: object, other: object): boolean => names.every((name) => sameValue(valueIn(one, name), valueIn(other, name))),
    upsert(changed: readonly object[]): readonly QueryConfig[] {
      if (changed.length === 0) return [];
      const portions = byColumns === undefined ? undefined : columnsOf(columns, changed);
      if (byColumns === undefined || !portions) return [{ name: `upsert-${name}-json`, text: byJson, values: [JSON.stringify(changed)] }];
      return portions.map((values) => ({ name: `upsert-${name}`, text: byColumns, values: [...values] }));
    },
    delete: (gone: readonly object[]): readonly QueryConfig[] => (gone.length === 0 ? [] : [{ text: deleting, values: [JSON.stringify(gone)] }]),
  };
};
