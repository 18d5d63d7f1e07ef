import type { LogIdentity, Position, Predecessor } from '../eventstore/event-store.ts';
import type { LogOperations } from '../eventstore/log-operations.ts';
import { copyLog, refused, type CopyOptions, type CopyRefused } from './copy-log.ts';

export type MoveOptions = Omit<CopyOptions, 'from' | 'toTheEnd' | 'passed' | 'targetOperations'> & {
  readonly sourceOperations: Pick<LogOperations, 'close'>;
  readonly targetOperations: Pick<LogOperations, 'appendInOrder' | 'succeed'>;
  /** Told when the source takes no appends any more. */
  readonly closed?: () => void;
};

export type MoveOutcome = { readonly kind: 'moved'; readonly predecessor: Predecessor; readonly generation: number } | CopyRefused;

/**
 * Moves a log: copies it while it is written to, closes it, copies and compares the rest, and makes the target its successor.
 * Begun again after an interruption it goes on where it was; a source that was closed stays closed. Rejects with the signal's
 * reason.
 */
export const moveLog = async (options: MoveOptions): Promise<MoveOutcome> => {
  const { source, target, sourceOperations, targetOperations } = options;
  const [from, to] = await Promise.all([source.identity(), target.identity()]);
  const known = to.predecessors.find(({ id }) => id === from.id);
  if (from.closed && known?.copiedTo === (await source.head())) return { kind: 'moved', predecessor: known, generation: to.generation };

  // The logs that the source succeeded are succeeded by the target, too: their last events stand in it like all others.
  const inherited = new Map<Position, Position>([[source.start, target.start]]);
  const wanted = new Set(from.predecessors.map(({ here }) => here));
  const passed: CopyOptions['passed'] = (place) => {
    if (wanted.has(place.source)) inherited.set(place.source, place.target);
  };
  const online = await copyLog({ ...options, passed });
  if (online.kind === 'refused') return online;
  const closing = await sourceOperations.close();
  if (closing.kind === 'open') return refused(`the source cannot be closed: ${closing.because}`);
  options.closed?.();
  const rest = await copyLog({ ...options, passed, from: online.at, toTheEnd: true });
  if (rest.kind === 'refused') return rest;
  if ((await target.head()) !== rest.at.target) return refused('the target is no copy of the source: somebody else writes to it');
  if ((await source.head()) !== rest.at.source) return refused('the source is still written to although it was closed');

  const predecessor: Predecessor = { id: from.id, generation: from.generation, copiedTo: rest.at.source, here: rest.at.target };
  const generation = Math.max(from.generation, to.generation) + 1;
  await targetOperations.succeed([predecessor, ...ancestors(from, to, inherited)], generation);
  return { kind: 'moved', predecessor, generation };
};

const ancestors = (from: LogIdentity, to: LogIdentity, inherited: ReadonlyMap<Position, Position>): readonly Predecessor[] =>
  from.predecessors.flatMap((ancestor) => {
    const here = inherited.get(ancestor.here);
    return here === undefined || ancestor.id === to.id ? [] : [{ ...ancestor, here }];
  });
