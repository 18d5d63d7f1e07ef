import { isConnectionError, type Pool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import { backoffMs, pause, reconnecting } from '../../platform/retry.ts';
import { LogChanged, type Batch, type Logged, type Position, type SubscribeOptions } from '../event-store.ts';
import type { Wakeups } from './listen.ts';
import { formatPosition, numberOf, start } from './position.ts';
import { columns, loggedOf, type Row } from './rows.ts';

const pageLimits = { events: 2_000, bytes: 8 * 1024 * 1024 } as const;
/** Pages are shared by the subscriptions of a process: this many, for this long. */
const shared = { pages: 4, ms: 500 } as const;

/** `seen`: the wake-ups counted when its read began; whoever finds nothing more waits for the next one after that. */
type Page = { readonly seen: number; readonly anchorId: string | undefined; readonly batch: Batch | undefined; readonly caughtUp: boolean };

/**
 * Follows the whole log; see the port's `subscribe`. A page is a window of positions, filtered inside, read in one
 * statement together with its progress; it begins with the event that was seen last, so that a log which was exchanged
 * underneath is noticed at once and not skipped over.
 */
export const subscriber = (options: { readonly pool: Pool; readonly wakeups: Wakeups; readonly logger: Logger }) => {
  const { pool, wakeups, logger } = options;
  const pages = new Map<string, { readonly page: Promise<Page>; readonly until: number }>();

  /** Subscriptions that stand at the same place read the same page once, and decode its events once. */
  const pageAfter = (after: Position, types: readonly string[] | undefined): Promise<Page> => {
    const key = `${after} ${types?.join(',') ?? '*'}`;
    const now = performance.now();
    for (const [other, { until }] of pages) if (until < now) pages.delete(other);
    const known = pages.get(key);
    if (known) return known.page;
    const seen = wakeups.count();
    const page = readPage(pool, after, types).then((read) => ({ ...read, seen }));
    pages.set(key, { page, until: now + shared.ms });
    if (pages.size > shared.pages) pages.delete(pages.keys().next().value!);
    const forget = (): void => {
      if (pages.get(key)?.page === page) pages.delete(key);
    };
    page.then(({ batch }) => batch ?? forget(), forget);
    return page;
  };

  return async function* subscribe({ after, types, signal }: SubscribeOptions): AsyncGenerator<Batch> {
    let position = after;
    let anchorId: string | undefined;
    let failures = 0;
    await wakeups.listening();
    let next!: Promise<Page>;
    const prefetch = (): void => {
      next = pageAfter(position, types);
      next.catch(() => {});
    };
    prefetch();
    while (!signal.aborted) {
      let page: Page;
      try {
        page = await next;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!isConnectionError(error) && !(error as { severity?: unknown }).severity) throw error;
        if (failures === 0) logger.warn({ err: error }, 'reading the log failed; trying again');
        if (!(await pause(backoffMs(reconnecting, failures), signal))) return;
        failures += 1;
        prefetch();
        continue;
      }
      if (position !== start) {
        anchorId ??= page.anchorId;
        if (page.anchorId === undefined || page.anchorId !== anchorId) {
          throw new LogChanged(
            `the event at position ${position} is ${page.anchorId === undefined ? 'missing' : 'another than before'}: this is not the log that was read before`,
          );
        }
      }
      if (page.batch) {
        position = page.batch.progress.position;
        anchorId = page.batch.progress.eventId;
        if (!page.caughtUp) prefetch();
        yield page.batch;
      }
      if (!page.caughtUp) continue;
      await wakeups.wait(page.seen, signal);
      prefetch();
    }
  };
};

const readPage = async (pool: Pool, after: Position, types: readonly string[] | undefined): Promise<Omit<Page, 'seen'>> => {
  const { rows } = await pool.query<[available: number, wanted: boolean, ...Row]>({
    name: types ? 'log.page-of-types' : 'log.page',
    // How far the page reaches is found by its events' sizes alone: what they hold is read once, and held nowhere.
    text: `
        with reach as materialized (
             select count(*) as available, max(position) filter (where before < $3) as upto
               from (select position, sum(bytes) over (order by position) - bytes as before
                       from (select position, bytes from log.events where position >= $1 order by position limit $2) asked) sized)
      select (select available from reach) as available, ${types ? 'type = any($4)' : 'true'} as wanted,
             ${types ? columns.replace('data, meta', 'case when type = any($4) then data end, case when type = any($4) then meta end') : columns}
        from log.events
       where position >= $1 and position <= (select upto from reach)
       order by position
       limit $2`,
    values: [numberOf(after), pageLimits.events + 1, pageLimits.bytes, ...(types ? [types] : [])],
    rowMode: 'array',
  } as never);
  const anchored = rows[0]?.[2] === numberOf(after);
  const anchorId = anchored ? rows[0]![6] : undefined;
  const last = rows.at(-1);
  const fresh = anchored ? rows.slice(1) : rows;
  const caughtUp = !last || (last[0] === rows.length && last[0] <= pageLimits.events);
  if (fresh.length === 0) return { anchorId, batch: undefined, caughtUp: true };
  const events: Logged[] = [];
  for (const [, wanted, ...row] of fresh) if (wanted) events.push(loggedOf(row));
  return { anchorId, caughtUp, batch: { events, progress: { position: formatPosition(last![2]), eventId: last![6] }, caughtUp } };
};
