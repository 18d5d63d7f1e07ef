import { performance } from 'node:perf_hooks';
import type { Position } from '../event-store.ts';

/** A server that has events for a subscription and does not send them is given this long. */
const withheldMs = 3_000;

/** What is known of a subscription on which nothing comes by itself. */
export type Quiet = {
  /** The newest event of the log, asked for on the same node; undefined in an empty log. */
  readonly head: Position | undefined;
  /** When the server last sent anything, a sign that it looks through what it leaves out among that. */
  readonly heardAt: number;
  /** Events have come that nobody has taken. */
  readonly held: boolean;
};

/** Hears where the head is; gives a subscription up that has not come there although nothing keeps it from it. */
export const watchWithheld = (
  received: () => Position,
  giveUp: () => void,
  now: () => number = () => performance.now(),
): ((quiet: Quiet) => void) => {
  let behind: { readonly position: Position; readonly since: number } | undefined;
  return ({ head, heardAt, held }) => {
    const at = received();
    if (held || head === undefined || head <= at) behind = undefined;
    else if (behind?.position !== at || heardAt > behind.since) behind = { position: at, since: now() };
    else if (now() - behind.since > withheldMs) giveUp();
  };
};
