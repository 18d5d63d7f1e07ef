import type { Position } from '../event-store.ts';

/** Positions of this store are a commit and a prepare position of the transaction file; as text both are padded so that they sort. */
const digits = 19;

/** A position from what the server says, which is decimal text. */
export const formatPosition = (commit: string, prepare: string): Position =>
  `${commit.padStart(digits, '0')}-${prepare.padStart(digits, '0')}` as Position;

/** The server's two numbers, as decimal text. */
export const partsOf = (position: Position): { readonly commit: string; readonly prepare: string } => {
  const [commit, prepare] = position.split('-') as [string, string];
  return { commit: BigInt(commit).toString(), prepare: BigInt(prepare).toString() };
};

export const parsePosition = (text: string): Position | undefined =>
  /^\d{19}-\d{19}$/.test(text) && text.split('-').every((part) => part <= largest) ? (text as Position) : undefined;

/** How far along the log a position is, in bytes; good for shares, not for comparing. */
export const bytesBefore = (position: Position): number => Number(position.slice(0, digits));

/** Before the first event. */
export const start = formatPosition('0', '0');

/** The largest signed 64-bit number: the server knows no position beyond it. */
const largest = '9223372036854775807';
