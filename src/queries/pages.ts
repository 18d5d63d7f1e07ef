import { awaitedQuery } from '../platform/awaited-query.ts';
import type { Pool } from '../platform/database.ts';
import { defaultPageSize } from './page-size.ts';

/** The shapes of a page's key: a time and an id. */
export const timeAndId = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, /^[0-9a-f-]{36}$/] as const;

/** One page of a view, ordered by a time and an id; conditions are columns and what they equal. */
export type PageOf<Row> = {
  /** Of the prepared statement. */
  readonly name: string;
  readonly columns: string;
  readonly from: string;
  readonly conditions: Readonly<Record<string, string>>;
  readonly key: readonly [time: keyof Row & string, id: keyof Row & string];
  readonly order: 'asc' | 'desc';
  readonly after: readonly string[] | undefined;
  readonly pageSize: number | undefined;
};

/** The rows of a page, and the key of its last when more follow. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly last: readonly [string, string] | undefined };

/** Reads one page by its key, as long as somebody waits for it; see {@link PageOf}. */
export const readPage = async <Row extends object>(pool: Pool, signal: AbortSignal, page: PageOf<Row>): Promise<Page<Row>> => {
  const { columns, from, conditions, key, order, after, pageSize = defaultPageSize } = page;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = Object.entries(conditions).map(([column, value]) => `${column} = ${bind(value)}`);
  if (after) where.push(`(${key.join(', ')}) ${order === 'asc' ? '>' : '<'} (${bind(after[0])}::timestamptz, ${bind(after[1])}::uuid)`);
  const { rows } = await awaitedQuery<Row>(pool, signal, {
    name: [page.name, ...Object.keys(conditions), ...(after ? ['after'] : [])].join('-'),
    text: `select ${columns} from ${from} ${where.length === 0 ? '' : `where ${where.join(' and ')}`}
            order by ${key.map((column) => `${column} ${order}`).join(', ')} limit ${bind(pageSize + 1)}`,
    values,
  });
  return pageOf(rows, key, pageSize);
};

/** Cuts what was read beyond the page's end. */
export const pageOf = <Row extends object>(rows: readonly Row[], [time, id]: PageOf<Row>['key'], pageSize: number): Page<Row> => {
  const shown = rows.slice(0, pageSize);
  const end = rows.length > pageSize ? shown.at(-1) : undefined;
  return { rows: shown, last: end && [(end[time] as Date).toISOString(), end[id] as string] };
};
