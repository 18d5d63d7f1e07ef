import { randomUUIDv7 } from 'node:crypto';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { EventStore, NewEvent, Position } from '../eventstore/event-store.ts';
import { refused, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, durationBuckets, Histogram, type Registry } from '../platform/metrics.ts';
import { backoffMs, pause, type RetryPolicy } from '../platform/retry.ts';
import type { At, Verdict } from './judge.ts';
import { sequence } from './sequence.ts';
import { unread, type Fold, type Loaded, type States } from './states.ts';

/** One command on one stream. */
export type Task<State, Event> = {
  /** What metrics and logs call it: `PlaceOrder`. */
  readonly name: string;
  readonly stream: string;
  readonly commandId: string;
  readonly correlationId: string;
  /** The stream must not exist: nothing is read before it is accepted. */
  readonly creates: boolean;
  /** Milliseconds of the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly judge: (loaded: Loaded<State>, at: Pick<At, 'now' | 'read' | 'first'>) => Promise<Verdict<Event>>;
};

/** The last event of what a command did, now or when it first came. */
export type Settled = { readonly kind: 'settled'; readonly revision: number; readonly position: Position | undefined };

export type Settle = <State, Event extends DomainEvent>(aggregate: Fold<State>, task: Task<State, Event>) => Promise<Settled | Refusal>;

/** Another process won the race for the revision: decide again this often, with jitter. */
const contending: RetryPolicy = { attempts: 8, baseMs: 2, capMs: 100 };
/** Commands that wait for their turn at one stream. */
const maxWaiting = 1_000;

/** What commands are settled with. */
export type SettlerOptions = {
  readonly store: EventStore;
  readonly states: States;
  /** The version under which each event type is written. */
  readonly versions: ReadonlyMap<string, number>;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly now?: () => Date;
};

/**
 * Brings commands to their end: one after another per stream, judged on cached state where the append verifies it and on fresh
 * state wherever it does not, appended at the exact revision, judged again after a conflict.
 */
export const settler = (options: SettlerOptions): Settle => {
  const { store, states, versions, logger } = options;
  const now = options.now ?? (() => new Date());
  const inTurn = sequence({ maxWaiting });
  const metrics = commandMetrics(options.metrics);

  const read: At['read'] = async (aggregate, streams) => (await states.fresh(streams, aggregate)).map(({ state }) => state);

  /** Judges and appends until one of both is final. */
  const untilFinal = async <State, Event extends DomainEvent>(aggregate: Fold<State>, task: Task<State, Event>): Promise<Settled | Refusal> => {
    const { stream, deadline } = task;
    const freshen = async () => ({ ...(await states.fresh([stream], aggregate))[0]!, isFresh: true });
    const inMemory = states.cached<State>(stream) ?? (task.creates ? unread(aggregate, stream) : undefined);

    let loaded = inMemory ? { ...inMemory, isFresh: false } : await freshen();
    for (let conflicts = 0; ;) {
      const verdict = await task.judge(loaded, { now: now(), read, first: await states.firstAnswer(loaded, task.commandId) });
      if (verdict.kind !== 'append') {
        if (loaded.isFresh) return verdict.kind === 'done' ? { ...verdict, kind: 'settled' } : verdict;
        loaded = await freshen();
        continue;
      }
      const { meta } = verdict;
      const decided = verdict.events.map((event) => ({ id: randomUUIDv7(), event }));
      const events = decided.map(({ id, event: { type, data } }): NewEvent => ({
        id,
        type,
        schemaVersion: versions.get(type) ?? missing(type),
        data,
        meta,
      }));
      const result = await store.append(stream, events, loaded.revision, { deadline });
      switch (result.kind) {
        case 'appended':
          states.appended(aggregate, loaded, decided, meta, result.position);
          return { kind: 'settled', revision: result.revision, position: result.position };
        case 'refused':
          return appendRefusal(result.code, result.because);
        case 'conflict':
          metrics.conflicts.inc({ method: task.name });
          conflicts += 1;
          if (conflicts >= contending.attempts || performance.now() >= deadline) {
            return refused('unavailable', 'CONTENDED', 'Others keep changing this at the same time.', { retryAfterMs: 100 });
          }
          if (conflicts > 1) await pause(backoffMs(contending, conflicts), task.signal);
          loaded = await freshen();
      }
    }
  };

  return async (aggregate, task) => {
    const { name: method, stream, commandId, correlationId } = task;
    const stop = metrics.duration.startTimer({ method });
    let outcome: Settled | Refusal;
    try {
      const ended = await inTurn(stream, task.deadline, () => untilFinal(aggregate, task));
      outcome =
        ended.kind === 'crowded' ? refused('unavailable', 'CONTENDED', 'Too many commands wait for this one thing.', { retryAfterMs: 500 }) : ended;
    } catch (error) {
      metrics.commands.inc({ method, outcome: (error as Error).name });
      throw error;
    } finally {
      stop();
    }
    const result = outcome.kind === 'settled' ? 'accepted' : outcome.code;
    metrics.commands.inc({ method, outcome: result });
    logger.debug({ method, stream, commandId, correlationId, outcome: result }, 'command');
    return outcome;
  };
};

const appendRefusal = (code: 'TOO_LARGE' | 'LOG_CLOSED' | 'INVALID_NAME', because: string): Refusal => {
  switch (code) {
    case 'TOO_LARGE':
      return refused('too_large', 'TOO_LARGE', because);
    case 'LOG_CLOSED':
      return refused('unavailable', 'LOG_CLOSED', because, { retryAfterMs: 5_000 });
    case 'INVALID_NAME':
      throw new Error(`the event store refused a name of ours: ${because}`);
  }
};

const missing = (type: string): never => {
  throw new Error(`${type} is in no catalogue`);
};

const commandMetrics = (registry: Registry) => ({
  commands: new Counter({
    name: 'commands_total',
    help: 'Commands by method and outcome.',
    labelNames: ['method', 'outcome'],
    registers: [registry],
  }),
  conflicts: new Counter({
    name: 'command_conflicts_total',
    help: 'Appends that found another revision.',
    labelNames: ['method'],
    registers: [registry],
  }),
  duration: new Histogram({
    name: 'command_duration_seconds',
    help: 'From the call to its outcome.',
    labelNames: ['method'],
    buckets: durationBuckets,
    registers: [registry],
  }),
});
