/** A column of a table: its name, and its type as the catalogue names it. */
export type Column = { readonly name: string; readonly type: string };

/** Rows as parameters: for each column the text of all its values. */
export type RowColumns = readonly string[];

/** A statement stays below this: PostgreSQL takes memory for larger values from the system anew each time, which costs more than parsing them. */
const statementLimits = { characters: 128 * 1024, rows: 500 } as const;

/** Texts may hold line breaks; what separates them, and stands for null, are control characters that no person types. */
const betweenTexts = '\u001f';
const nullText = '\u001e';

const plainTypes = new Set(['uuid', 'smallint', 'integer', 'bigint', 'boolean', 'date', 'timestamp with time zone']);
const jsonTypes = new Set(['json', 'jsonb']);

/** True when the values of these columns can go as {@link RowColumns}. */
export const fitColumns = (columns: readonly Column[]): boolean =>
  columns.every(({ type }) => type === 'text' || plainTypes.has(type) || jsonTypes.has(type));

/** What takes {@link RowColumns} apart again: the rows of a `from`, under the names of the columns. */
export const fromColumns = (columns: readonly Column[]): string => {
  const arrays = columns.map(({ type }, index) =>
    type === 'text' ? `string_to_array($${index + 1}::text, e'\\x1f', e'\\x1e')` : `string_to_array($${index + 1}::text, e'\\n', '')::${type}[]`,
  );
  return `unnest(${arrays.join(', ')}) given (${columns.map(({ name }) => name).join(', ')})`;
};

/**
 * Rows as columns of text, in portions of a size that PostgreSQL takes apart cheaply: joined texts cost a fraction of an array or a
 * set of records, on both sides. Undefined when a value cannot be told apart from its neighbours that way.
 */
export const columnsOf = (columns: readonly Column[], rows: readonly object[]): readonly RowColumns[] | undefined => {
  const portions: RowColumns[] = [];
  let values: unknown[][] = columns.map(() => []);
  let characters = 0;
  let count = 0;
  const flush = (): boolean => {
    const texts = columns.map(({ type }, index) => joined(type === 'text', values[index]!));
    if (!texts.every((text) => text !== undefined)) return false;
    portions.push(texts);
    values = columns.map(() => []);
    characters = 0;
    count = 0;
    return true;
  };
  for (const row of rows) {
    for (const [index, { name, type }] of columns.entries()) {
      const value = valueOf(type, (row as Readonly<Record<string, unknown>>)[name]);
      if (value === undefined) return undefined;
      if (typeof value === 'string') characters += value.length;
      values[index]!.push(value);
    }
    count += 1;
    if ((characters >= statementLimits.characters || count >= statementLimits.rows) && !flush()) return undefined;
  }
  return count === 0 || flush() ? portions : undefined;
};

/** A value as it is joined; undefined for one that only JSON can carry. */
const valueOf = (type: string, value: unknown): string | number | boolean | undefined => {
  if (value === null || value === undefined) return type === 'text' ? nullText : '';
  if (type === 'text') return typeof value === 'string' && value !== nullText ? value : undefined;
  if (jsonTypes.has(type)) return JSON.stringify(value);
  if (value instanceof Date) return value.toJSON();
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
};

/** The values as one text, when it comes apart into just these: an empty one alone would be none. */
const joined = (isText: boolean, values: readonly unknown[]): string | undefined => {
  const separator = isText ? betweenTexts : '\n';
  const text = values.join(separator);
  if (isText && (text === '' || !text.isWellFormed())) return undefined;
  let parts = 1;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) parts += 1;
  return parts === values.length ? text : undefined;
};
