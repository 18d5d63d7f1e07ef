import type { Position } from '../eventstore/event-store.ts';
import type { ClientBase } from '../platform/database.ts';
import type { AnyProcess } from './any-process.ts';

/** What a process knows of a key, and the last event that it has reacted to: those up to there are old news. */
export type Memory = { readonly memory: unknown; readonly position: Position; readonly eventId: string };

export const loadMemories = async (
  client: ClientBase,
  { name, version }: AnyProcess,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Memory>> => {
  if (keys.length === 0) return new Map();
  const { rows } = await client.query<Memory & { key: string }>({
    name: 'load-memories',
    text: `select key, memory, position, event_id as "eventId" from processes.memories where process = $1 and version = $2 and key = any($3)`,
    values: [name, version, keys],
  });
  return new Map(rows.map(({ key, ...memory }) => [key, memory]));
};

export const writeMemories = async (client: ClientBase, { name, version }: AnyProcess, memories: ReadonlyMap<string, Memory>): Promise<void> => {
  if (memories.size === 0) return;
  const rows = [...memories];
  await client.query({
    name: 'write-memories',
    text: `insert into processes.memories (process, version, key, position, event_id, memory)
           select $1, $2, m.key, m.position, m.event_id, m.memory::json
             from unnest($3::text[], $4::text[], $5::uuid[], $6::text[]) m (key, position, event_id, memory)
               on conflict (process, key, version) do update
              set (position, event_id, memory, updated_at) = row (excluded.position, excluded.event_id, excluded.memory, excluded.updated_at)`,
    values: [
      name,
      version,
      rows.map(([key]) => key),
      rows.map(([, { position }]) => position),
      rows.map(([, { eventId }]) => eventId),
      rows.map(([, { memory }]) => JSON.stringify(memory)),
    ],
  });
};
