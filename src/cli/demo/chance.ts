/** True with this probability, 0 to 1. */
export const chance = (probability: number): boolean => Math.random() < probability;

/** A whole number from `low` to `high`, both included. */
export const between = (low: number, high: number): number => low + Math.floor(Math.random() * (high - low + 1));

/** One of them; throws where there is none. */
export const oneOf = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
};

/** So many of them, no two the same; all of them where there are fewer. */
export const someOf = <Item>(items: readonly Item[], count: number): readonly Item[] => {
  const left = [...items];
  const chosen: Item[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(between(0, left.length - 1), 1));
  return chosen;
};

/** The wait until the next of events that come at random, `perSecond` on average (a Poisson process), in milliseconds. */
export const untilNextMs = (perSecond: number): number => (-Math.log(1 - Math.random()) / perSecond) * 1_000;
