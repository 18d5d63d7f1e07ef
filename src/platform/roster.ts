/** Who is here at the moment, in no order: things that come and go by the thousand a second. */
export type Roster<Item> = {
  /** Takes up an item; what it gives lets the item go, once. */
  readonly enter: (item: Item) => () => void;
  readonly size: () => number;
  /** A copy: items may leave while it is gone through. */
  readonly all: () => readonly Item[];
};

/**
 * A roster is what a Set would be, but for the garbage collector. When entries come and go a Set exchanges its table every few dozen
 * of them, and each table leads to the next; once one of them has grown old, those that follow look reachable until a full
 * collection, and everything that ever passed through is copied as if it were still needed.
 */
export const openRoster = <Item>(): Roster<Item> => {
  const entries: { readonly item: Item; at: number }[] = [];
  return {
    enter(item) {
      const entry = { item, at: entries.length };
      entries.push(entry);
      return () => {
        if (entry.at < 0) return;
        const last = entries.pop()!;
        if (last !== entry) {
          entries[entry.at] = last;
          last.at = entry.at;
        }
        entry.at = -1;
      };
    },
    size: () => entries.length,
    all: () => entries.map(({ item }) => item),
  };
};
