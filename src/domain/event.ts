import { Type, type Static, type TObject, type TProperties } from 'typebox';

/** One event type: its name, the version it is stored under, what it means, the shape of its data, and how older versions become this one. */
export type EventDefinition = {
  readonly type: string;
  readonly version: number;
  readonly means: string;
  readonly data: TObject;
  /** `upcasts[n]` turns data of version n into data of version n + 1. Pure. */
  readonly upcasts?: Readonly<Record<number, (old: never) => unknown>>;
};

/** Declares one event type; see {@link EventDefinition}. */
export const event = <const Name extends string, Fields extends TProperties>(
  type: Name,
  definition: { version: number; means: string; data: Fields; upcasts?: Readonly<Record<number, (old: never) => unknown>> },
) => ({ type, ...definition, data: Type.Object(definition.data, { additionalProperties: false }) });

/** The TypeScript type of the events that a catalogue declares: a union told apart by `type`. */
export type EventIn<Catalogue> = Catalogue extends readonly (infer Definition)[]
  ? Definition extends { type: infer Name; data: infer Data extends TObject }
    ? { readonly type: Name; readonly data: Static<Data> }
    : never
  : never;

/** Personal data, as everything behind the API's edge knows it: ciphertext under its subject's key. Destroying the key erases it everywhere. */
export const Sealed = Type.Object({ subject: Type.String({ format: 'uuid' }), field: Type.String(), sealed: Type.String() });
export type Sealed = Static<typeof Sealed>;

/** A UUID (RFC 9562), in lower case. */
export const Uuid = Type.String({ format: 'uuid' });

/** A moment: ISO 8601 in UTC with milliseconds, so that its text sorts. */
export const Time = Type.String({ format: 'date-time' });
