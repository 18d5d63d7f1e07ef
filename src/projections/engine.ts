import type { Batch, EventStore, Progress } from '../eventstore/event-store.ts';
import type { EventNewerThanReader } from '../eventstore/event-versions.ts';
import type { ClientBase, Pool, QueryConfig } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Advance } from '../subscriptions/advancing.ts';
import { inTurn } from '../subscriptions/in-turn.ts';
import { loadParked, park } from '../subscriptions/parking.ts';
import type { Held } from '../subscriptions/subscription.ts';
import { applyEach, isDataError } from './apply-each.ts';
import { assign, fold, parkedEvent, type Assigned, type Folded } from './fold.ts';
import type { ProjectionMetrics } from './metrics.ts';
import type { Decode, Page } from './page.ts';
import { subscriptionOf, type AnyProjection } from './projection.ts';
import { retryParked } from './retry-parked.ts';
import { openTable, type Table } from './table.ts';
import { indexForQueries, liveVersion, prepareReadModels, show } from './versions.ts';

export type Engine = {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly decode: Decode;
  /** Shared by the projections of the process: those at the same place move in one transaction. */
  readonly advance: Advance;
  /** The pages of a batch, shared by the projections of the process. */
  readonly pageOf: (batch: Batch) => Page;
  readonly logger: Logger;
  readonly metrics: ProjectionMetrics;
};

/** How often groups that wait are looked at while there are any: an operator may have asked for them. */
const lookAtParkedMs = 500;

/**
 * Brings one read model up to date for as long as the subscription is held. For each page of the log, in one transaction:
 * move the checkpoint, load the groups that the page touches, fold in memory, write what changed. `well` is called after each.
 */
export const project = async (engine: Engine, projection: AnyProjection, held: Held, well: () => void): Promise<void> => {
  const { store, pool, advance, pageOf, metrics, logger } = engine;
  const name = subscriptionOf(projection);
  await prepareReadModels(pool, [projection]);
  const { table, someParked } = await open(pool, projection, name);
  let waiting = someParked;
  let shown = ((await liveVersion(pool, projection.name)) ?? 0) >= projection.version;

  const showWhenCaughtUp = async (to: Progress): Promise<void> => {
    if (shown || (await store.head()) !== to.position) return;
    await indexForQueries(pool, projection);
    // What was appended meanwhile comes first: its page leads here again.
    if ((await store.head()) !== to.position) return;
    await advance(held, to, (client) => show(client, projection));
    shown = true;
    logger.info({ projection: name }, 'the view points at this version now');
  };

  /** Pages and retries take turns: each moves the checkpoint from where the other left it. */
  const turns = inTurn();
  const retry = async (): Promise<void> => {
    const to = held.progress;
    if (waiting && to && !held.signal.aborted) waiting = await advance(held, to, (client) => retryParked(engine, projection, table, client));
  };
  const retrying = setInterval(() => {
    if (waiting) turns.take(retry).catch((error: unknown) => logger.warn({ err: error, projection: name }, 'could not retry what is parked'));
  }, lookAtParkedMs);

  const target: Target = { advance, projection, table, held };
  const took = (done: Done): void => {
    waiting = done.waiting;
    metrics.events.inc({ subscription: name }, done.folded);
    well();
  };
  /** While pages wait in the log, the next one is folded during the write of this one. */
  let underWay: { readonly plan: Plan; readonly written: Promise<Done> } | undefined;
  /** Ends the write that is under way; false when its rows are not those that were planned. */
  const finish = async (): Promise<boolean> => {
    if (!underWay) return true;
    const { written } = underWay;
    underWay = undefined;
    const done = await written;
    took(done);
    return done.asPlanned;
  };
  let newer: EventNewerThanReader | undefined;

  try {
    if (held.progress) await showWhenCaughtUp(held.progress);
    for await (const batch of store.subscribe({ after: held.progress?.position ?? store.start, signal: held.signal })) {
      const page = pageOf(batch);
      const { progress } = page;
      if (progress) {
        const end = metrics.batchSeconds.startTimer({ subscription: name });
        const assigned = assign(projection, page.entries);
        const plan = page.caughtUp || waiting ? undefined : await planPage(target, pool, assigned, underWay?.plan.rows ?? new Map());
        const asPlanned = await finish();
        const applied = (planned: Plan | undefined) => turns.take(() => applyPage(target, assigned, progress, waiting, planned));
        if (plan && asPlanned && !waiting) {
          const written = applied(plan);
          written.then(
            () => void end(),
            () => {},
          );
          underWay = { plan, written };
        } else {
          took(await applied(undefined));
          end();
        }
        if (page.caughtUp) await showWhenCaughtUp(progress);
      }
      newer = page.newer;
      if (newer) break;
    }
    await finish();
    if (newer) throw newer;
  } finally {
    clearInterval(retrying);
    await turns.idle();
  }
};

const open = async (pool: Pool, projection: AnyProjection, name: string): Promise<{ readonly table: Table; readonly someParked: boolean }> => {
  const client = await pool.connect();
  try {
    return { table: await openTable(client, projection), someParked: (await loadParked(client, name)).size > 0 };
  } finally {
    client.release();
  }
};

/** What a page changes, and the statements that do it. */
type Plan = Folded & { readonly statements: readonly QueryConfig[] };
type Target = { readonly advance: Advance; readonly projection: AnyProjection; readonly table: Table; readonly held: Held };
/** `asPlanned`: the rows are those of the plan. */
type Done = { readonly waiting: boolean; readonly folded: number; readonly asPlanned: boolean };

/** One page, one transaction. A value that the table refuses is found event by event, and only its group waits. */
const applyPage = async (target: Target, assigned: readonly Assigned[], to: Progress, waiting: boolean, plan?: Plan): Promise<Done> => {
  const { advance, held } = target;
  try {
    return await advance(held, to, async (client, atTheEnd) => {
      const blocked: ReadonlySet<string> = waiting ? new Set((await loadParked(client, subscriptionOf(target.projection))).keys()) : new Set();
      return writePlan(target, client, plan ?? (await planPage(target, client, assigned, new Map(), blocked)), blocked, atTheEnd);
    });
  } catch (error) {
    if (!isDataError(error)) throw error;
    return await advance(held, to, (client) => writeEach(target, client, assigned));
  }
};

/**
 * Folds a page. `since`: rows that a page before it leaves, whose transaction may still be under way; those of all other groups
 * are as it found them, so they may be read meanwhile. The compare-and-set of the checkpoint makes sure that nobody else wrote.
 */
const planPage = async (
  { projection, table }: Target,
  client: Pick<ClientBase, 'query'>,
  assigned: readonly Assigned[],
  since: ReadonlyMap<string, readonly object[]>,
  blocked: ReadonlySet<string> = new Set(),
): Promise<Plan> => {
  const groups = groupsToLoad(projection, assigned);
  const loaded = await table.load(
    client,
    groups.filter((group) => !since.has(group)),
  );
  const before = new Map(loaded);
  for (const group of groups) if (since.has(group)) before.set(group, since.get(group)!);
  const { rows, parked, folded } = fold(projection, assigned, before, blocked);
  return { rows, parked, folded, statements: table.changes(before, rows) };
};

const writePlan = async (
  { projection }: Target,
  client: ClientBase,
  { parked, folded, statements }: Plan,
  blocked: ReadonlySet<string>,
  atTheEnd: (statement: QueryConfig) => void,
): Promise<Done> => {
  await park(client, subscriptionOf(projection), parked);
  statements.forEach(atTheEnd);
  return { waiting: blocked.size > 0 || parked.length > 0, folded, asPlanned: parked.length === 0 };
};

/** The groups of a page that may have rows before it. */
const groupsToLoad = (projection: AnyProjection, assigned: readonly Assigned[]): readonly string[] => {
  const load = new Map<string, boolean>();
  for (const next of assigned) if (next.kind === 'event' && !load.has(next.group)) load.set(next.group, !projection.begins?.(next.event));
  return [...load].flatMap(([group, wanted]) => (wanted ? [group] : []));
};

const writeEach = async ({ projection, table }: Target, client: ClientBase, assigned: readonly Assigned[]): Promise<Done> => {
  const name = subscriptionOf(projection);
  const blocked = new Set((await loadParked(client, name)).keys());
  let folded = 0;
  for (const next of assigned) {
    const what = next.kind === 'event' ? next.event : next.logged;
    const group = next.kind === 'event' ? next.group : what.stream;
    const behind = blocked.has(group) ? group : blocked.has(what.stream) ? what.stream : undefined;
    const error =
      behind !== undefined ? undefined : next.kind === 'failed' ? next.error : (await applyEach(projection, table, client, [next.event])).error;
    if (behind === undefined && error === undefined) {
      folded += 1;
      continue;
    }
    await park(client, name, [parkedEvent(behind ?? group, what, error)]);
    blocked.add(behind ?? group);
  }
  return { waiting: blocked.size > 0, folded, asPlanned: false };
};
