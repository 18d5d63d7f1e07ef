/**
 * A persistent map from texts to JSON values: a change copies the few nodes on the way to a key and shares the rest, so it
 * costs the same with ten entries and with a hundred thousand. Itself plain JSON. After P. Bagwell, "Ideal Hash Trees" (2001):
 * a node is a bitmap of the slots in use, followed by what is in them.
 */
export interface Trie<Value> extends ReadonlyArray<number | Leaf<Value> | Trie<Value>> {
  readonly 0: number;
}
type Leaf<Value> = readonly [key: string, value: Value];

export const emptyTrie: Trie<never> = [0];

/** The value under a key. */
export const entryOf = <Value>(trie: Trie<Value>, key: string): Value | undefined => {
  let node = trie;
  for (let depth = 0; ; depth += 1) {
    const slot = slotOf(key, depth);
    if ((node[0] & slot) === 0) return undefined;
    const child = childAt(node, indexOf(node, slot));
    if (isLeaf(child)) return child[0] === key ? child[1] : undefined;
    node = child;
  }
};

/** The same map with a value under a key. */
export const withEntry = <Value>(trie: Trie<Value>, key: string, value: Value): Trie<Value> => put(trie, [key, value], 0);

const put = <Value>(node: Trie<Value>, leaf: Leaf<Value>, depth: number): Trie<Value> => {
  const slot = slotOf(leaf[0], depth);
  const index = indexOf(node, slot);
  if ((node[0] & slot) === 0) return [node[0] | slot, ...node.slice(1, index), leaf, ...node.slice(index)];
  const child = childAt(node, index);
  if (!isLeaf(child)) return replaced(node, index, put(child, leaf, depth + 1));
  if (child[0] === leaf[0]) return replaced(node, index, leaf);
  return replaced(node, index, put(put<Value>([0], child, depth + 1), leaf, depth + 1));
};

/** The same map without a key. */
export const withoutEntry = <Value>(trie: Trie<Value>, key: string, depth = 0): Trie<Value> => {
  const slot = slotOf(key, depth);
  if ((trie[0] & slot) === 0) return trie;
  const index = indexOf(trie, slot);
  const child = childAt(trie, index);
  if (isLeaf(child)) return child[0] === key ? [trie[0] & ~slot, ...trie.slice(1, index), ...trie.slice(index + 1)] : trie;
  const left = withoutEntry(child, key, depth + 1);
  if (left === child) return trie;
  // A lone leaf moves up, so that what was added and removed leaves no trace.
  const lone = left.length === 2 ? childAt(left, 1) : left;
  return replaced(trie, index, isLeaf(lone) ? lone : left);
};

const childAt = <Value>(node: Trie<Value>, index: number): Leaf<Value> | Trie<Value> => node[index] as Leaf<Value> | Trie<Value>;

const isLeaf = <Value>(node: Leaf<Value> | Trie<Value>): node is Leaf<Value> => typeof node[0] === 'string';

const replaced = <Value>(node: Trie<Value>, index: number, child: Leaf<Value> | Trie<Value>): Trie<Value> =>
  node.with(index, child) as unknown as Trie<Value>;

/** Where a slot's content stands in a node: after those of the slots below it. */
const indexOf = (node: Trie<unknown>, slot: number): number => {
  let below = node[0] & (slot - 1);
  below -= (below >>> 1) & 0x55555555;
  below = (below & 0x33333333) + ((below >>> 2) & 0x33333333);
  return 1 + (Math.imul((below + (below >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24);
};

const bitsPerLevel = 5;
const levelsPerHash = 6;

/** The slot of a key, as one bit of 32. Where one hash is used up the next begins, so that two keys part sooner or later. */
const slotOf = (key: string, depth: number): number =>
  1 << ((hashOf(key, Math.floor(depth / levelsPerHash)) >>> ((depth % levelsPerHash) * bitsPerLevel)) & 31);

/** FNV-1a, 32 bits. */
const hashOf = (key: string, seed: number): number => {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
};
