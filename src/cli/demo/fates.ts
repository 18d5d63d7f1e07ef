/** What will become of an order, as far as its people decide that. */
export type Fate =
  | 'kept'
  | 'cancelled'
  | 'declined'
  | 'unpaid'
  | 'line cancelled'
  | 'line rejected'
  | 'ignored'
  | 'moved'
  | 'held'
  | 'capture fails'
  | 'lost'
  | 'overdue'
  | 'returned'
  | 'claimed';

/** How many of a hundred orders. */
const shares: readonly (readonly [Fate, number])[] = [
  ['kept', 38],
  ['cancelled', 8],
  ['declined', 6],
  ['unpaid', 3],
  ['line cancelled', 6],
  ['line rejected', 6],
  ['ignored', 4],
  ['moved', 3],
  ['held', 5],
  ['capture fails', 3],
  ['lost', 4],
  ['overdue', 2],
  ['returned', 8],
  ['claimed', 4],
];

/** The fate of the next order. */
export const nextFate = (): Fate => {
  let left = Math.random() * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [fate, share] of shares) {
    left -= share;
    if (left < 0) return fate;
  }
  return 'kept';
};

/** The means of payment that lead there: tokens of the sandbox provider. */
export const paymentMethodFor = (fate: Fate): string => {
  if (fate === 'declined') return 'tok_decline';
  if (fate === 'unpaid') return 'tok_silent';
  return fate === 'capture fails' ? 'tok_capture_fails' : 'tok_visa';
};
