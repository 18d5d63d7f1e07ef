import type { Logged } from '../eventstore/event-store.ts';

/** An event in its newest version. */
export type Decoded = { readonly type: string; readonly data: unknown };

/** An event as a fold gets it, with where and when it happened. */
export type Happened<Event = Decoded> = Event & Pick<Logged, 'id' | 'type' | 'stream' | 'revision' | 'position' | 'recordedAt' | 'meta'>;

/** A read model: its table, and how events change its rows. Pure; reading, writing, checkpoints and parking are the engine's. */
export type Projection<Row = object, Event extends Decoded = Decoded> = {
  /** The view's name in schema `read_models`. */
  readonly name: string;
  /** One more with every change of table or fold: the new table is built beside the old one. */
  readonly version: number;
  /** The events that it folds, as their aggregates declare them. */
  readonly on: readonly { readonly type: Event['type'] }[];
  /** The table of this version, with the indexes that a fold needs: one that begins with the key, and one with the group. */
  readonly create: (table: string) => string;
  /** The indexes that only queries need, as `create index on` a table goes on. They are made before the view points at this version. */
  readonly indexes?: readonly string[];
  /** The columns that identify a row. */
  readonly key: readonly (keyof Row & string)[];
  /** The column that names a row's group. */
  readonly groupColumn: keyof Row & string;
  /** Whose rows an event changes. */
  group(event: Happened<Event>): string;
  /** True for an event before which its group can have no rows: none are looked for. */
  begins?(event: Happened<Event>): boolean;
  /** The group's rows after the event; rows left out are deleted. What it throws parks the group. */
  evolve(rows: readonly Row[], event: Happened<Event>): readonly Row[];
  /** Tables whose rows follow from these: written in the same transaction, never read by the fold. */
  readonly parts?: readonly Part<Row>[];
};

/** A table whose rows say again, in a form that is searched, what a row of the read model holds. */
export type Part<Row = object> = {
  /** The view's name in schema `read_models`. */
  readonly name: string;
  /** The table, with an index that begins with the key. */
  readonly create: (table: string) => string;
  /** See {@link Projection}. */
  readonly indexes?: readonly string[];
  /** The columns that identify a row. */
  readonly key: readonly string[];
  /** The rows that follow from one of the read model. */
  rows(row: Row): readonly object[];
};

/** A read model of any rows and events, as the engine sees it. */
export type AnyProjection = Omit<Projection, 'key' | 'groupColumn'> & { readonly key: readonly string[]; readonly groupColumn: string };

/** A read model of documents: rows that are folded group by group. */
export const documents = <Row extends object, Event extends Decoded>(projection: Projection<Row, Event>): Projection<Row, Event> => projection;

/** The name of a read model's subscription, which is also its table's: both belong to one version. */
export const subscriptionOf = ({ name, version }: Pick<AnyProjection, 'name' | 'version'>): string => `${name}_v${version}`;

/** The tables of a read model's version and of its parts, by the names of their views. */
export const tablesOf = ({
  name,
  version,
  create,
  indexes,
  parts = [],
}: Pick<AnyProjection, 'name' | 'version' | 'create' | 'indexes' | 'parts'>): readonly {
  readonly name: string;
  readonly table: string;
  readonly create: string;
  readonly indexes: readonly string[];
}[] =>
  [{ name, create, indexes }, ...parts].map((each) => {
    const table = `read_models.${each.name}_v${version}`;
    return {
      name: each.name,
      table,
      create: each.create(table),
      indexes: (each.indexes ?? []).map((what, nth) => `create index if not exists ${each.name}_v${version}_index_${nth + 1} on ${table} ${what}`),
    };
  });
