import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { setImmediate as turn } from 'node:timers/promises';
import type { Link } from './connection.ts';
import type { Sent } from './events.ts';
import { CallFailed } from './failures.ts';
import { pause } from '../../platform/retry.ts';
import type { Quiet } from './withheld.ts';

/** What came of a read since it was last asked. */
export type Page = {
  readonly sent: readonly Sent[];
  /** Nothing was behind this page when it was taken; only a subscription knows. */
  readonly caughtUp: boolean;
};

/** A read under way whose events are taken page by page. */
export type Collecting = {
  /** The next page; undefined at the end. Throws {@link CallFailed} when the call failed, after everything that came before was taken. */
  readonly take: () => Promise<Page | undefined>;
  /** Ends the call, whether or not it has ended. */
  readonly cancel: () => void;
};

const pageLimits = { events: 2_000, bytes: 8 * 1024 * 1024 } as const;
/** A read that should end and brings nothing for this long is given up. */
const patienceMs = 10_000;
/** After a full page: how long to look whether more follows. */
const glanceMs = 20;

/**
 * Opens a read and collects its events, one page ahead of whoever takes them: when that is full the call is paused, and the
 * server waits. `onQuiet` hears where the log ends, and whether events are held here that were not taken. A subscription hands out full pages while it catches up, and whatever has come once it has caught up.
 */
export const collect = (
  link: Link,
  request: ReadReq,
  options: { readonly leader: boolean; readonly follows?: boolean; readonly onQuiet?: (quiet: Quiet) => void },
): Collecting => {
  const { leader, follows = false, onQuiet } = options;
  let sent: Sent[] = [];
  let bytes = 0;
  let paused = false;
  let live = false;
  let ended = false;
  let error: CallFailed | undefined;
  let wake: (() => void) | undefined;

  const call = link.read(request, {
    leader,
    onMessage: (message) => {
      const event = message.getEvent()?.getEvent();
      if (event) {
        sent.push(event);
        bytes += event.getData_asU8().length + event.getCustomMetadata_asU8().length;
        if (!paused && (sent.length >= pageLimits.events || bytes >= pageLimits.bytes)) {
          paused = true;
          call.pause();
        }
      } else if (message.hasCaughtUp()) live = true;
      else return;
      wake?.();
    },
    onEnd: (failure) => {
      ended = true;
      error = failure;
      wake?.();
    },
    ...(onQuiet ? { onQuiet: (quiet: Omit<Quiet, 'held'>) => onQuiet({ ...quiet, held: paused || sent.length > 0 }) } : {}),
  });
  const cancel = (): void => {
    ended = true;
    call.cancel();
    wake?.();
  };

  const ready = (): boolean => ended || paused || (live && sent.length > 0);
  const woken = (): Promise<void> => new Promise((resolve) => (wake = resolve));

  return {
    cancel,
    async take() {
      while (!ready()) {
        if (follows) await woken();
        else if (!(await settledIn(woken(), patienceMs)) && !ready()) {
          cancel();
          throw new CallFailed({ kind: 'unreachable', because: `a read brought nothing for ${patienceMs} ms` });
        }
      }
      if (live && !paused) await turn();
      if (sent.length === 0) {
        if (error) throw error;
        return undefined;
      }
      const page = sent;
      const full = paused;
      sent = [];
      bytes = 0;
      if (full) {
        paused = false;
        call.resume();
        if (live) await settledIn(woken(), glanceMs);
      }
      return { sent: page, caughtUp: live && sent.length === 0 && !ended };
    },
  };
};

/** False when the time was over first. */
const settledIn = async (promise: Promise<void>, ms: number): Promise<boolean> => {
  const stop = new AbortController();
  try {
    return await Promise.race([promise.then(() => true), pause(ms, stop.signal).then(() => false)]);
  } finally {
    stop.abort();
  }
};
