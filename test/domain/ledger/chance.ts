/** Choices that follow from a seed. */
export type Chance = {
  /** Whether something happens that happens in so many of a hundred cases. */
  readonly percent: (percent: number) => boolean;
  /** A whole number below `limit`. */
  readonly below: (limit: number) => number;
  readonly of: <Item>(items: readonly Item[]) => Item;
};

/** The generator is mulberry32 (Tommy Ettinger, public domain). */
export const chanceOf = (seed: number): Chance => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { percent: (percent) => below(100) < percent, below, of: (items) => items[below(items.length)]! };
};

/** Choices of a quiet day: nothing that may go wrong does. */
export const calm: Chance = { percent: () => false, below: () => 0, of: (items) => items[0]! };
