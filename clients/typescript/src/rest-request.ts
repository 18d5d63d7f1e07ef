import type { Message, Method } from './method.ts';

/** What is sent to a method's path: its fields, as proto3 JSON with the proto's own names. */
export const restRequest = (
  { verb, path }: Method,
  request: Message,
): { readonly verb: Method['verb']; readonly path: string; readonly body: string | undefined } => {
  const fields = new Map(Object.entries(jsonOf(request) as Readonly<Record<string, unknown>>));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    return encodeURIComponent(value as string);
  });
  if (verb === 'POST' || verb === 'PUT' || verb === 'PATCH') return { verb, path: filled, body: JSON.stringify(Object.fromEntries(fields)) };
  const query = new URLSearchParams([...fields].map(([name, value]): [string, string] => [name, String(value)])).toString();
  return { verb, path: query === '' ? filled : `${filled}?${query}`, body: undefined };
};

/** Names in snake case, 64-bit integers and times as text, and nothing that is empty. */
const jsonOf = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => !isEmpty(field));
  return Object.fromEntries(fields.map(([name, field]) => [snakeCase(name), jsonOf(field)]));
};

const isEmpty = (value: unknown): boolean => value === undefined || value === '';

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
