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
  const readers = columns.map(({ type }) => readerOf(type));
  for (let from = 0; from < rows.length;) {
    const values: (string | number | boolean)[][] = columns.map(() => []);
    const begun = from;
    for (let characters = 0; from < rows.length && from - begun < statementLimits.rows && characters < statementLimits.characters; from += 1) {
      const row = rows[from] as Readonly<Record<string, unknown>>;
      for (let nth = 0; nth < readers.length; nth += 1) {
        const value = readers[nth]!(row[columns[nth]!.name]);
        if (value === undefined) return undefined;
        if (typeof value === 'string') characters += value.length;
        values[nth]!.push(value);
      }
    }
    const texts = columns.map(({ type }, nth) => joined(type === 'text', values[nth]!));
    if (!texts.every((text) => text !== undefined)) return undefined;
    portions.push(texts);
  }
  return portions;
};

/** How a value of this type is joined; undefined for one that only JSON can carry. */
const readerOf = (type: string): ((value: unknown) => string | number | boolean | undefined) => {
  if (type === 'text')
    return (value) => (value === null || value === undefined ? nullText : typeof value === 'string' && value !== nullText ? value : undefined);
  if (jsonTypes.has(type)) return (value) => (value === null || value === undefined ? '' : JSON.stringify(value));
  return (value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null || value === undefined) return '';
    return value instanceof Date ? value.toJSON() : undefined;
  };
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
