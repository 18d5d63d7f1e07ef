import { createHash, randomUUID } from 'node:crypto';
import { commandExecutor } from '../../src/commands/execute.ts';
import type { Snapshots } from '../../src/commands/snapshots.ts';
import { openStates } from '../../src/commands/states.ts';
import { accepted, rejected, type Decider } from '../../src/domain/decider.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { EventNewerThanReader } from '../../src/eventstore/event-versions.ts';
import type { Pool } from '../../src/platform/database.ts';
import { silent, type Logger } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';
import type { AnyProcess } from '../../src/processes/any-process.ts';
import type { RunnerLimits } from '../../src/processes/follow.ts';
import type { Send } from '../../src/processes/lanes.ts';
import { runProcesses } from '../../src/processes/run.ts';
import type { Decode } from '../../src/projections/page.ts';
import { readCheckpoints } from '../../src/subscriptions/checkpoints.ts';
import { appendTo, newEvent, until, type Stand } from '../support/stand.ts';

// A process manager whose events say themselves what it is to do: the runner's contract does not depend on the platform's processes.

/** What is done to a thing; `refused` and `failing` say how it ends otherwise, `instead` what answers a refusal. */
export type Deed = {
  readonly type: 'Do';
  readonly thing: string;
  readonly text: string;
  readonly refused?: string;
  readonly instead?: readonly Deed[];
  /** The key that hears of it when it is done, and what it leads to there. */
  readonly key?: string;
  readonly next?: readonly Deed[];
};

export const deed = (thing: string, text: string, more: Partial<Deed> = {}): Deed => ({ type: 'Do', thing, text, ...more });

type Data = { readonly key?: string; readonly deeds?: readonly Deed[]; readonly breaks?: boolean };
type Memory = { readonly seen: readonly string[]; readonly version?: number };

/** Remembers the ids of the key's events and asks for the deeds that they name. */
export const scripted = (name = 'scripted', version = 1): AnyProcess => ({
  name,
  version,
  on: ['Asked', 'Done'],
  key: ({ data }: { data: Data }) => data.key,
  initial: { seen: [] } satisfies Memory,
  react(memory: Memory, { id, data }: { id: string; data: Data }) {
    if (data.breaks && breaking.has(data.key!)) throw new Error('this cannot be reacted to');
    return { memory: { seen: [...memory.seen, id], ...(version > 1 ? { version } : {}) }, commands: data.deeds ?? [] };
  },
  refused: (command: Deed) => command.instead ?? [],
});

/** Keys whose events that `break` do so, in this program. */
export const breaking = new Set<string>();

/** A thing knows what was done to it. */
type Thing = { readonly texts: readonly string[] };
const thing: Decider<Thing, Deed, { readonly type: 'Done'; readonly data: Data & { readonly text: string } }, string> = {
  initial: { texts: [] },
  decide({ text, refused, key, next }) {
    if (broken.has(text)) throw new Error(`${text} cannot be done`);
    if (refused !== undefined && !forgiving.has(text)) return rejected(refused, `${text} is refused.`);
    return accepted({ type: 'Done', data: { text, ...(key === undefined ? {} : { key, deeds: next ?? [] }) } });
  },
  evolve: ({ texts }, { data }) => ({ texts: [...texts, data.text] }),
};
/** Deeds that are a bug, and deeds that are not refused any more, in this program. */
export const broken = new Set<string>();
export const forgiving = new Set<string>();

export const decode: Decode = ({ type, data, schemaVersion }) => {
  if (schemaVersion > 1) throw new EventNewerThanReader(`version ${schemaVersion} of ${type} is not known`);
  if ((data as { undecodable?: boolean }).undecodable) throw new Error('not in the shape that was promised');
  return { type, data };
};

const none: Snapshots = { load: async () => undefined, command: async () => undefined, save: async () => false, discard: async () => {} };

/** Does deeds as commands are executed: once, in turn, at the exact revision. */
export const doing = (store: EventStore): Send => {
  const states = openStates({ store, decode: decode as never, maxStreams: 1_000, snapshots: none });
  const execute = commandExecutor({ store, states, versions: new Map([['Done', 1]]), logger: silent, metrics: createMetrics('test') });
  return ({ commandId, command, causationId, correlationId }, signal) => {
    const asked = JSON.parse(command) as Deed;
    return execute(thing as never, {
      name: asked.type,
      stream: `thing-${asked.thing}`,
      creates: false,
      meta: {
        commandId,
        commandHash: createHash('sha256').update(command).digest('base64url'),
        causationId,
        correlationId,
        actor: 'process:scripted',
      },
      deadline: performance.now() + 5_000,
      signal,
      command: () => asked as never,
    });
  };
};

export type Running = { readonly ready: () => readonly string[]; readonly metrics: Registry; readonly stop: () => Promise<void> };

/** A program that runs processes, within this one. */
export const startRunner = (
  { store, pool, signal }: { readonly store: EventStore; readonly pool: Pool; readonly signal: AbortSignal },
  options: {
    readonly processes?: readonly AnyProcess[];
    readonly send?: Send;
    readonly leaseMs?: number;
    readonly limits?: Partial<RunnerLimits>;
    readonly logger?: Logger;
  } = {},
): Running => {
  const stop = new AbortController();
  const metrics = createMetrics('processes');
  const running = runProcesses({
    store,
    pool,
    processes: options.processes ?? [scripted()],
    decode,
    send: () => options.send ?? doing(store),
    holder: randomUUID(),
    leaseMs: options.leaseMs ?? 1_000,
    limits: options.limits ?? {},
    logger: options.logger ?? silent,
    metrics,
    signal: AbortSignal.any([stop.signal, signal]),
  });
  return {
    ready: running.ready,
    metrics,
    async stop() {
      stop.abort();
      await running.done;
    },
  };
};

/** An event on a stream of its own, or on a given one, that asks for deeds. */
export const ask = async (
  store: EventStore,
  key: string,
  deeds: readonly Deed[] = [],
  more: Data & { readonly stream?: string; readonly undecodable?: boolean } = {},
): Promise<{ readonly id: string }> => {
  const { stream = `asker-${randomUUID()}`, ...data } = more;
  const event = newEvent('Asked', { key, deeds, ...data });
  await appendTo(store, stream, event);
  return event;
};

/** What was done to a thing, in order. */
export const doneTo = async (store: EventStore, thingId: string): Promise<readonly Recorded[]> => {
  const events: Recorded[] = [];
  for await (const event of store.read(`thing-${thingId}`)) events.push(event);
  return events;
};
export const textsOf = async (store: EventStore, thingId: string): Promise<readonly string[]> =>
  (await doneTo(store, thingId)).map(({ data }) => (data as { text: string }).text);

/** Waits until a process has read the log to its present end and everything that it decided on was answered. */
export const settled = async ({ store, pool }: Pick<Stand, 'store' | 'pool'>, name = 'scripted'): Promise<void> => {
  await until(`${name} is done`, async () => {
    const head = await store.head();
    const checkpoint = (await readCheckpoints(pool, [name])).get(name);
    if (!checkpoint || checkpoint.progress.position < head) return false;
    const { rows } = await pool.query('select from processes.outgoing where process = $1 and error is null', [name]);
    return rows.length === 0;
  });
};

/** What a process remembers of a key. */
export const memoryOf = async ({ pool }: Pick<Stand, 'pool'>, key: string, name = 'scripted'): Promise<Memory | undefined> => {
  const { rows } = await pool.query<{ memory: Memory }>('select memory from processes.memories where process = $1 and key = $2', [name, key]);
  return rows[0]?.memory;
};
