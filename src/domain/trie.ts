/**
 * A persistent map from texts to JSON values: a change copies the few nodes on the way to a key and shares the rest, so it
 * costs the same with ten entries and with a hundred thousand. Itself plain JSON; empty: `{}`. Made for ids, which differ early.
 */
export type Trie<Value> = { readonly [character: string]: Leaf<Value> | Trie<Value> };
type Leaf<Value> = readonly [key: string, value: Value];

/** The value under a key. */
export const entryOf = <Value>(trie: Trie<Value>, key: string): Value | undefined => {
  let node: Trie<Value> = trie;
  for (let depth = 0; ; depth += 1) {
    const next = node[key.charAt(depth)];
    if (next === undefined) return undefined;
    if (isLeaf(next)) return next[0] === key ? next[1] : undefined;
    node = next;
  }
};

/** The same map with a value under a key. */
export const withEntry = <Value>(trie: Trie<Value>, key: string, value: Value, depth = 0): Trie<Value> => {
  const character = key.charAt(depth);
  const next = trie[character];
  if (next === undefined) return { ...trie, [character]: [key, value] };
  if (!isLeaf(next)) return { ...trie, [character]: withEntry(next, key, value, depth + 1) };
  if (next[0] === key) return { ...trie, [character]: [key, value] };
  const apart = withEntry({ [next[0].charAt(depth + 1)]: next }, key, value, depth + 1);
  return { ...trie, [character]: apart };
};

/** The same map without a key. */
export const withoutEntry = <Value>(trie: Trie<Value>, key: string, depth = 0): Trie<Value> => {
  const character = key.charAt(depth);
  const next = trie[character];
  if (next === undefined || (isLeaf(next) && next[0] !== key)) return trie;
  const { [character]: _, ...others } = trie;
  if (isLeaf(next)) return others;
  const left = withoutEntry(next, key, depth + 1);
  if (left === next) return trie;
  const [first, second] = Object.values(left);
  if (first === undefined) return others;
  // A lone leaf moves up, so that what was added and removed leaves no trace.
  return { ...others, [character]: second === undefined && isLeaf(first) ? first : left };
};

const isLeaf = <Value>(node: Leaf<Value> | Trie<Value>): node is Leaf<Value> => Array.isArray(node);
