import type { AppendResult, EventStore, Expected } from './event-store.ts';

/** An append as it can be found again. */
export type Findable = { readonly stream: string; readonly expected: Expected; readonly ids: readonly string[] };

/**
 * The answer to an append whose events stand where it would put them, by an earlier try. A log that has been closed since
 * refuses the append without looking for them. Not found says nothing of tries that may still be on their way.
 */
export const storedAlready = async (
  readTails: EventStore['readTails'],
  { stream, expected, ids }: Findable,
): Promise<Extract<AppendResult, { kind: 'appended' }> | undefined> => {
  const from = expected === 'none' ? 0 : expected + 1;
  const [tail = []] = await readTails([{ stream, from }]);
  const found = ids.map((id, index) => (tail[index]?.id === id ? tail[index] : undefined));
  const last = found.at(-1);
  if (!last?.position || found.includes(undefined)) return undefined;
  return { kind: 'appended', revision: last.revision, position: last.position };
};
