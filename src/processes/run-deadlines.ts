import { commandOf } from '../domain/deadlines.ts';
import { derivedId } from '../domain/ids.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, Gauge, type Registry } from '../platform/metrics.ts';
import { backoffMs, pause, type RetryPolicy } from '../platform/retry.ts';
import { deadlines } from '../projections/deadlines.ts';
import { prepareReadModels } from '../projections/versions.ts';
import { lead } from '../subscriptions/leadership.ts';
import type { Held } from '../subscriptions/subscription.ts';
import type { Commissioner } from './commission.ts';
import { databaseTime, forgetServed, nameOf, readDue, serving, type DueDeadline, type Look } from './due-deadlines.ts';

/** The name under which the lease of who runs deadlines is kept. It follows no log, and has no checkpoint. */
export const deadlineRunner = 'deadline_runner';

/** What time it is: by this program, and by the database. Nothing is due before both say so. */
export type Clock = { readonly now: () => Date; readonly database: (pool: Pool) => Promise<Date> };
export const realClock: Clock = { now: () => new Date(), database: databaseTime };

/** A deadline whose command was refused or failed: for ever, at last every five minutes. It holds no other up. */
const again: RetryPolicy = { attempts: Infinity, baseMs: 500, capMs: 300_000 };
const usual = { leaseMs: 5_000, pollMs: 250, atOnce: 64 } as const;
/** Everything that is due is looked through at the beginning and this often, for what was parked meanwhile; in between only what is new. */
const lookThroughMs = 600_000;
/** How long an ending runner waits for the answers to what is under way. */
const farewellMs = 3_000;
/** Clocks that differ by more are worth a warning. */
const tolerableSkewMs = 2_000;

type Failing = { readonly deadline: DueDeadline; readonly attempts: number; readonly notBefore: number };

/**
 * Sends the commands of deadlines that have come, for as long as this program holds the lease. The command's id follows from the
 * deadline and the event that set it: two runners at once do no more than one.
 */
export const runDeadlines = (options: {
  readonly store: EventStore;
  /** To the read models' database. */
  readonly pool: Pool;
  readonly commission: Commissioner;
  readonly clock?: Clock;
  /** Names this program to operators; unique. */
  readonly holder: string;
  readonly limits?: { readonly leaseMs?: number; readonly pollMs?: number; readonly atOnce?: number };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly signal: AbortSignal;
}): { readonly ready: () => readonly string[]; readonly done: Promise<void> } => {
  const { store, pool, commission, clock = realClock, holder, logger, signal } = options;
  const { leaseMs, pollMs, atOnce } = { ...usual, ...options.limits };
  const underWay = new Map<string, DueDeadline>();
  const failing = new Map<string, Failing>();
  const metrics = deadlineMetrics(options.metrics, {
    waiting: () => [...underWay.values(), ...[...failing.values()].map(({ deadline }) => deadline)],
    now: clock.now,
    leads: () => leading.leads(),
  });
  const served = serving(pool);
  let warnedAt = -Infinity;

  /** The earlier of both clocks, so that one that jumps ahead makes nothing due. */
  const time = async (): Promise<Date> => {
    const [ours, theirs] = [clock.now(), await clock.database(pool)];
    const skewMs = ours.getTime() - theirs.getTime();
    metrics.skew.set(skewMs / 1_000);
    if (Math.abs(skewMs) > tolerableSkewMs && performance.now() - warnedAt > 60_000) {
      warnedAt = performance.now();
      logger.warn({ skewMs }, "this program's clock and the database's differ: deadlines wait for the later one");
    }
    return skewMs < 0 ? ours : theirs;
  };

  const serve = async (deadline: DueDeadline, stop: AbortSignal): Promise<void> => {
    const name = nameOf(deadline);
    const { kind, stream, subject, dueAt, eventId, correlationId } = deadline;
    const said = { deadline: kind, stream, dueAt };
    let trouble: string;
    try {
      const answer = await commission(
        {
          actor: `deadline:${kind}`,
          commandId: derivedId(`deadline:${kind}`, stream, subject, eventId),
          command: JSON.stringify(commandOf(deadline)),
          causationId: eventId,
          correlationId,
          traceparent: null,
        },
        stop,
      );
      metrics.served.inc({ kind, outcome: answer.kind === 'settled' ? 'settled' : answer.code });
      if (answer.kind === 'settled') {
        await served(deadline);
        failing.delete(name);
        logger.debug(said, 'a deadline has come');
        return;
      }
      trouble = `${answer.code}: ${answer.because}`;
    } catch (error) {
      metrics.served.inc({ kind, outcome: 'failed' });
      trouble = error instanceof Error ? error.message : String(error);
    }
    if (stop.aborted) return;
    const attempts = (failing.get(name)?.attempts ?? 0) + 1;
    failing.set(name, { deadline, attempts, notBefore: performance.now() + backoffMs(again, attempts - 1) });
    logger.warn({ ...said, attempts, trouble }, "a deadline's command did not get through; it is tried again");
  };

  const follow = async (held: Held, well: () => void): Promise<void> => {
    await prepareReadModels(pool, [deadlines]);
    underWay.clear();
    failing.clear();
    let change = Promise.withResolvers<void>();
    let lookedThroughAt = -Infinity;
    let look: Look | undefined;
    while (!held.signal.aborted) {
      const begun = performance.now();
      const now = await time();
      const room = atOnce - underWay.size;
      const all = begun - lookedThroughAt > lookThroughMs;
      const asleep = [...failing.values()].filter(({ notBefore }) => notBefore > begun);
      const { due, setAt } = await readDue(pool, {
        now,
        since: all ? undefined : look,
        streams: [...failing.values()].map(({ deadline }) => deadline.stream),
        except: [...underWay.keys(), ...asleep.map(({ deadline }) => nameOf(deadline))],
        limit: room,
      });
      if (due.length < room) {
        look = setAt && { due: now, setAt };
        forget(failing, due, begun);
        if (all) {
          lookedThroughAt = begun;
          await forgetServed(pool);
        }
      }
      for (const deadline of due) {
        underWay.set(nameOf(deadline), deadline);
        void serve(deadline, held.signal).finally(() => {
          underWay.delete(nameOf(deadline));
          change.resolve();
        });
      }
      well();
      if (due.length === room) await Promise.race([change.promise, pause(pollMs, held.signal)]);
      else await pause(pollMs, held.signal);
      change = Promise.withResolvers();
    }
    const farewell = AbortSignal.timeout(farewellMs);
    while (underWay.size > 0 && !farewell.aborted) await pause(10, farewell);
  };

  const leading = lead({ pool, store, name: deadlineRunner, holder, leaseMs, logger, signal, follow });
  return {
    ready: () => {
      const problem = leading.problem();
      return problem === undefined ? [] : [problem];
    },
    done: leading.done,
  };
};

/** What failed and is due for another try, and stands in the read model no more, was overtaken. */
const forget = (failing: Map<string, Failing>, due: readonly DueDeadline[], now: number): void => {
  const standing = new Set(due.map(nameOf));
  for (const [name, { notBefore }] of failing) if (notBefore <= now && !standing.has(name)) failing.delete(name);
};

const deadlineMetrics = (
  registry: Registry,
  { waiting, now, leads }: { readonly waiting: () => readonly DueDeadline[]; readonly now: () => Date; readonly leads: () => boolean },
) => {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('deadlines_leader', '1 while this program runs the deadlines, 0 while it stands by.', () => (leads() ? 1 : 0));
  gauge('deadlines_due', 'Deadlines that have come and whose commands are under way or tried again.', () => waiting().length);
  gauge('deadlines_overdue_seconds', 'How long ago the oldest of them came; 0 when there is none.', () => {
    const oldest = Math.min(...waiting().map(({ dueAt }) => Date.parse(dueAt)));
    return Number.isFinite(oldest) ? Math.max(0, (now().getTime() - oldest) / 1_000) : 0;
  });
  return {
    skew: new Gauge({ name: 'clock_skew_seconds', help: "This program's clock less the database's.", registers }),
    served: new Counter({
      name: 'deadline_commands_total',
      help: 'Commands of deadlines by what came and outcome: settled, a refusal with its code, or failed.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
  };
};
