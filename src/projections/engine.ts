import type { Batch, EventStore, Progress } from '../eventstore/event-store.ts';
import type { EventNewerThanReader } from '../eventstore/event-versions.ts';
import type { ClientBase, Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Advance } from '../subscriptions/advancing.ts';
import { inTurn } from '../subscriptions/in-turn.ts';
import { loadParked, park } from '../subscriptions/parking.ts';
import type { Held } from '../subscriptions/subscription.ts';
import { applyEach, isDataError } from './apply-each.ts';
import { catchUp, RowsRefused, type CatchUp } from './catch-up.ts';
import { assign, fold, groupsToLoad, parkedEvent, type Assigned } from './fold.ts';
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
 * move the checkpoint, load the groups that the page touches, fold in memory, write what changed. Pages that wait are folded
 * together before they are written. `well` is called after each write.
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
  /** Does one write, and says how long it took. */
  const applied = async (work: () => Promise<Done>): Promise<void> => {
    const end = metrics.batchSeconds.startTimer({ subscription: name });
    took(await turns.take(work));
    end();
  };
  const together = (): CatchUp =>
    catchUp({ projection, table, pool }, ({ to, folded, statements }) =>
      applied(() =>
        advance(held, to, async (_client, atTheEnd) => {
          statements.forEach(atTheEnd);
          return { waiting: false, folded };
        }),
      ),
    );
  let newer: EventNewerThanReader | undefined;
  /** So many events are applied page by page, because together they were refused. */
  let refused = 0;

  const followLog = async (): Promise<void> => {
    const ahead = together();
    for await (const batch of store.subscribe({ after: held.progress?.position ?? store.start, signal: held.signal })) {
      const page = pageOf(batch);
      const { progress } = page;
      if (progress) {
        const assigned = assign(projection, page.entries);
        const events = page.entries.length;
        const single = page.caughtUp || waiting || refused > 0;
        if (single || !(await ahead.add({ assigned, events, to: progress }))) {
          await ahead.finish();
          await applied(() => applyPage(target, assigned, progress, waiting));
          refused = Math.max(0, refused - events);
        }
        if (page.caughtUp) await showWhenCaughtUp(progress);
      }
      newer = page.newer;
      if (newer) break;
    }
    await ahead.finish();
  };
  const follow = async (): Promise<void> => {
    try {
      await followLog();
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      refused = error.events;
      await follow();
    }
  };

  try {
    if (held.progress) await showWhenCaughtUp(held.progress);
    await follow();
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

type Target = { readonly advance: Advance; readonly projection: AnyProjection; readonly table: Table; readonly held: Held };
type Done = { readonly waiting: boolean; readonly folded: number };

/** One page, one transaction. A value that the table refuses is found event by event, and only its group waits. */
const applyPage = async (target: Target, assigned: readonly Assigned[], to: Progress, waiting: boolean): Promise<Done> => {
  const { advance, held, projection, table } = target;
  const name = subscriptionOf(projection);
  try {
    return await advance(held, to, async (client, atTheEnd) => {
      const blocked: ReadonlySet<string> = waiting ? new Set((await loadParked(client, name)).keys()) : new Set();
      const before = await table.load(client, groupsToLoad(projection, assigned));
      const { rows, parked, folded } = fold(projection, assigned, before, blocked);
      await park(client, name, parked);
      table.changes(before, rows).forEach(atTheEnd);
      return { waiting: blocked.size > 0 || parked.length > 0, folded };
    });
  } catch (error) {
    if (!isDataError(error)) throw error;
    return await advance(held, to, (client) => writeEach(target, client, assigned));
  }
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
  return { waiting: blocked.size > 0, folded };
};
