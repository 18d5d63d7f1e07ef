import type { EventDefinition, EventIn } from '../domain/event.ts';
import type { Recorded } from './event-store.ts';

/**
 * The event was written by a newer release than this one: its type or version is not known here. It is not poison: a
 * reader stops before it and says it is not ready; a command handler answers UNAVAILABLE.
 */
export class EventNewerThanReader extends Error {
  override readonly name = 'EventNewerThanReader';
  readonly unavailable = true;
}

/** Turns stored events into the catalogue's events, through the upcasters. Pure; throws {@link EventNewerThanReader}. */
export const decoder = <const Catalogue extends readonly EventDefinition[]>(
  catalogue: Catalogue,
): ((recorded: Pick<Recorded, 'type' | 'schemaVersion' | 'data'>) => EventIn<Catalogue>) => {
  const definitions = new Map(catalogue.map((definition) => [definition.type, definition]));
  return ({ type, schemaVersion, data }) => {
    const definition = definitions.get(type);
    if (!definition) throw new EventNewerThanReader(`events of type ${type} are not known to this release`);
    if (schemaVersion > definition.version) {
      throw new EventNewerThanReader(
        `version ${schemaVersion} of ${type} is not known to this release, which reads up to version ${definition.version}`,
      );
    }
    let current = data;
    for (let version = schemaVersion; version < definition.version; version += 1) {
      const upcast = definition.upcasts?.[version];
      if (!upcast) throw new Error(`${type} has no upcaster from version ${version}`);
      current = upcast(current as never);
    }
    return { type, data: current } as EventIn<Catalogue>;
  };
};

/** The version under which each type of a catalogue is written. */
export const writtenVersions = (catalogue: readonly EventDefinition[]): ReadonlyMap<string, number> =>
  new Map(catalogue.map(({ type, version }) => [type, version]));
