import { performance } from 'node:perf_hooks';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { gather } from '../../platform/gather.ts';
import { backoffMs, pause, type RetryPolicy } from '../../platform/retry.ts';
import { StoreUnavailable, type Recorded, type StreamRange, type StreamTail } from '../event-store.ts';
import { collect } from './collect.ts';
import type { Connection } from './connection.ts';
import { recordedOf, type Sent } from './events.ts';
import { CallFailed, type Failure } from './failures.ts';
import { streamRequest } from './requests.ts';

const reading: RetryPolicy = { attempts: Infinity, baseMs: 20, capMs: 500 };
/** A read that gets nowhere for this long fails: as long as an election takes, and some more. */
const givingUpMs = 8_000;
/** How many streams are read at once. */
const readsInFlight = 64;

/**
 * Events of one stream, asked of the leader, so that whoever appended reads what was appended; see the port's `read`. Goes
 * on where it was when the connection is lost. A stream that an operator tombstoned cannot be read: that is an error, and not an empty stream.
 */
export async function* readStream(connection: Connection, stream: string, range: StreamRange = {}): AsyncGenerator<Recorded> {
  const { from = 0, to = maxRevision, backwards = false, limit = Infinity } = range;
  let [low, high] = [from, Math.min(to, maxRevision)];
  let left = limit;
  const patience = newPatience();
  while (left > 0 && low <= high) {
    try {
      const start = backwards ? (high === maxRevision ? 'end' : high) : low;
      const request = streamRequest(stream, { from: start, backwards, count: Math.min(left, high - low + 1) });
      const collecting = collect(await connection.link(), request, { leader: true });
      try {
        for (let page = await collecting.take(); page; page = await collecting.take()) {
          patience.progressed();
          for (const event of page.sent) {
            const recorded = recordedOf(event);
            if (recorded.revision < low || recorded.revision > high) return;
            if (backwards) high = recorded.revision - 1;
            else low = recorded.revision + 1;
            left -= 1;
            yield recorded;
          }
        }
        return;
      } finally {
        collecting.cancel();
      }
    } catch (error) {
      await patience.failed(error);
    }
  }
}

/** The port's `readTails`: there is no call for many streams, so they are read side by side, a bounded number at once. */
export const tailReader = (connection: Connection): ((streams: readonly StreamTail[]) => Promise<readonly (readonly Recorded[])[]>) => {
  const one = gather(
    async (tails: readonly StreamTail[]) => {
      const events: Recorded[] = [];
      for await (const event of readStream(connection, tails[0]!.stream, { from: tails[0]!.from })) events.push(event);
      return [events];
    },
    { maxBatch: 1, inFlight: readsInFlight },
  );
  return (streams) => Promise.all(streams.map(one));
};

/** All that a read brings which ends after a few events. */
export const readFew = async (
  connection: Connection,
  request: ReadReq,
  options: { readonly leader: boolean; readonly patienceMs?: number },
): Promise<readonly Sent[]> => {
  const patience = newPatience(options.patienceMs);
  for (;;) {
    try {
      const collecting = collect(await patience.inTime(connection.link()), request, options);
      try {
        const sent: Sent[] = [];
        for (let page = await patience.inTime(collecting.take()); page; page = await patience.inTime(collecting.take())) sent.push(...page.sent);
        return sent;
      } finally {
        collecting.cancel();
      }
    } catch (error) {
      await patience.failed(error);
    }
  }
};

/** The words of a failure for people, beginning with what they have to know first. */
export const inWords = ({ kind, because }: Failure): string => {
  switch (kind) {
    case 'unreachable':
      return `the event store cannot be reached: ${because}`;
    case 'not ready':
    case 'not leader':
      return `the event store has no leader that can be asked: ${because}`;
    case 'denied':
      return `the event store refuses access: ${because}`;
    case 'stream deleted':
    case 'invalid':
      return `the event store cannot do that: ${because}`;
  }
};

/** How long trying again may help. Then what the port's users expect is thrown, with the last thing that went wrong in its words. */
type Patience = {
  readonly progressed: () => void;
  /** The promise's outcome, unless that takes too long. */
  readonly inTime: <T>(promise: Promise<T>) => Promise<T>;
  /** Waits before the next try, or throws. */
  readonly failed: (error: unknown) => Promise<void>;
};

const newPatience = (patienceMs: number = givingUpMs): Patience => {
  let since = performance.now();
  let failures = 0;
  let last = new CallFailed({ kind: 'unreachable', because: `no answer in ${patienceMs} ms` });
  return {
    progressed() {
      since = performance.now();
      failures = 0;
    },
    async inTime(promise) {
      promise.catch(() => {});
      const done = new AbortController();
      const late = pause(Math.max(0, since + patienceMs - performance.now()), done.signal).then(() => Promise.reject(last));
      late.catch(() => {});
      try {
        return await Promise.race([promise, late]);
      } finally {
        done.abort();
      }
    },
    async failed(error) {
      if (!(error instanceof CallFailed)) throw error;
      const { kind } = error.failure;
      if (kind === 'stream deleted' || kind === 'invalid') throw error;
      last = error;
      if (kind === 'denied' || performance.now() - since >= patienceMs) throw new StoreUnavailable(inWords(error.failure), { cause: error });
      await pause(Math.max(0, Math.min(backoffMs(reading, failures), since + patienceMs - performance.now())));
      failures += 1;
    },
  };
};

/** The port's revisions are safe integers; nobody writes two thousand million events to one stream. */
const maxRevision = 2 ** 31 - 1;
