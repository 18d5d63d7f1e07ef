/**
 * The paths at which two JSON values differ, such as `lines[0].status`. What is new, gone or of another kind is named at its
 * own path, not part by part.
 */
export const changedPaths = function* (before: unknown, after: unknown, path = ''): Generator<string> {
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1)
      yield* changedPaths(before[index], after[index], `${path}[${index}]`);
  } else if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* changedPaths(before[name], after[name], path === '' ? name : `${path}.${name}`);
  } else if (before !== after) {
    yield path;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
