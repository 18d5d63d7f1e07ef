import type { Progress } from '../eventstore/event-store.ts';
import type { ClientBase, QueryConfig } from '../platform/database.ts';
import { isDataError } from './apply-each.ts';
import { fold, groupsToLoad, type Assigned } from './fold.ts';
import type { AnyProjection } from './projection.ts';
import type { Table } from './table.ts';

/** The table refused a value of so many events: nothing of them was written. Applied by themselves they tell which it was. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused';
  readonly events: number;
  constructor(events: number, cause: unknown) {
    super(`the rows of ${events} events were refused`, { cause });
    this.events = events;
  }
}

/** What became of pages that were folded together. */
export type Written = { readonly to: Progress; readonly folded: number; readonly statements: readonly QueryConfig[] };

export type CatchUp = {
  /** Folds a page on top of those before it; false, and nothing happened, when an event of it has to wait. */
  readonly add: (page: { readonly assigned: readonly Assigned[]; readonly events: number; readonly to: Progress }) => Promise<boolean>;
  /** Writes what is folded, and waits for it. After that others may write. */
  readonly finish: () => Promise<void>;
};

type Rows = ReadonlyMap<string, readonly object[]>;
type Gathered = {
  readonly before: Map<string, readonly object[]>;
  readonly rows: Map<string, readonly object[]>;
  folded: number;
  events: number;
  to: Progress | undefined;
};
/** The write that is under way, or was the last. */
type LastWrite = { readonly rows: Rows; readonly written: Promise<void> };
const idle: LastWrite = { rows: new Map(), written: Promise.resolve() };
const nothing = (): Gathered => ({ before: new Map(), rows: new Map(), folded: 0, events: 0, to: undefined });

/**
 * Folds the pages that wait in the log, many of them for one write, and goes on folding while that is under way. Rows come from
 * what was folded or written last, or else from the table: nobody else writes it, which the compare-and-set of the checkpoint
 * makes sure of. `write` moves the checkpoint with the statements. Both throw {@link RowsRefused}.
 */
export const catchUp = (
  {
    projection,
    table,
    pool,
    eventsPerWrite = 16_000,
  }: {
    readonly projection: AnyProjection;
    readonly table: Table;
    readonly pool: Pick<ClientBase, 'query'>;
    /** So many events are folded before what they changed is written: a row that changes several times among them is written once. */
    readonly eventsPerWrite?: number;
  },
  write: (what: Written) => Promise<void>,
): CatchUp => {
  let gathered = nothing();
  let last = idle;

  const flush = async (): Promise<void> => {
    const { before, rows, folded, events, to } = gathered;
    if (!to) return;
    gathered = nothing();
    const statements = table.changes(before, rows);
    await last.written;
    const written = write({ to, folded, statements }).catch((error: unknown) => {
      throw isDataError(error) ? new RowsRefused(events, error) : error;
    });
    // Whoever adds or finishes next hears of it.
    written.catch(() => {});
    last = { rows, written };
  };

  return {
    async add({ assigned, events, to }) {
      const groups = groupsToLoad(projection, assigned);
      const known = (group: string): readonly object[] | undefined => gathered.rows.get(group) ?? last.rows.get(group);
      const loaded = await table.load(
        pool,
        groups.filter((group) => !known(group)),
      );
      const found = new Map(groups.map((group) => [group, known(group) ?? loaded.get(group) ?? []]));
      const { rows, parked, folded } = fold(projection, assigned, found, new Set());
      if (parked.length > 0) return false;
      for (const [group, after] of rows) {
        if (!gathered.rows.has(group)) gathered.before.set(group, found.get(group) ?? []);
        gathered.rows.set(group, after);
      }
      gathered.folded += folded;
      gathered.events += events;
      gathered.to = to;
      if (gathered.events >= eventsPerWrite) await flush();
      return true;
    },
    async finish() {
      await flush();
      await last.written;
      last = idle;
    },
  };
};
