import { randomUUIDv7 } from 'node:crypto';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { Decider } from '../domain/decider.ts';
import { encodeToken } from '../eventstore/consistency-token.ts';
import type { EventStore, NewEvent, Position } from '../eventstore/event-store.ts';
import { answered, refused, type Outcome, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, durationBuckets, Histogram, type Registry } from '../platform/metrics.ts';
import { backoffMs, pause, type RetryPolicy } from '../platform/retry.ts';
import type { Keys } from '../privacy/keys.ts';
import { commandIdOf, createdIdOf } from './command-id.ts';
import { judge, type At, type Work } from './judge.ts';
import { sequence } from './sequence.ts';
import { unread, type States } from './states.ts';

/** What a command answers. */
export type CommandResult = { readonly id: string; readonly revision: bigint; readonly consistencyToken: string };

export type Handle = <State, Command, Event extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, Event, Code>,
  work: Work<State, Command>,
) => Promise<Outcome<CommandResult>>;

/** The last event of what a command did, now or when it first came. */
type Stored = { readonly revision: number; readonly position: Position | undefined };

/** Another process won the race for the revision: decide again this often, with jitter. */
const contending: RetryPolicy = { attempts: 8, baseMs: 2, capMs: 100 };
/** Commands that wait for their turn at one stream. */
const maxWaiting = 1_000;

/**
 * Handles commands: one after another per stream, decided on cached state where the append verifies it and on fresh state
 * wherever it does not, appended at the exact revision, answered the same however often they are sent.
 */
export const commandHandler = (options: {
  readonly store: EventStore;
  readonly states: States;
  readonly keys: Keys;
  /** The version under which each event type is written. */
  readonly versions: ReadonlyMap<string, number>;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly now?: () => Date;
}): Handle => {
  const { store, states, keys, versions, logger } = options;
  const now = options.now ?? (() => new Date());
  const inTurn = sequence({ maxWaiting });
  const metrics = commandMetrics(options.metrics);
  let logId: Promise<string> | undefined;

  const token = async (position: Position | undefined): Promise<string> => {
    logId ??= store.identity().then(({ id }) => id);
    logId.catch(() => (logId = undefined));
    return encodeToken({ logId: await logId, position: position ?? (await store.head()) });
  };

  const read: At['read'] = async (aggregate, streams) => (await states.fresh(streams, aggregate)).map(({ state }) => state);

  /** Judges and appends until one of both is final. */
  const settle = async <State, Command, Event extends DomainEvent, Code extends string>(
    decider: Decider<State, Command, Event, Code>,
    work: Work<State, Command>,
    { id, commandId, stream }: { readonly id: string; readonly commandId: string; readonly stream: string },
  ): Promise<Outcome<CommandResult>> => {
    const { call, method } = work;
    const answer = async ({ revision, position }: Stored): Promise<Outcome<CommandResult>> =>
      answered({ id, revision: BigInt(revision), consistencyToken: await token(position) });
    const freshen = async () => ({ ...(await states.fresh([stream], decider))[0]!, isFresh: true });
    const inMemory = states.cached<State>(stream) ?? (work.creates ? unread(decider) : undefined);

    let loaded = inMemory ? { ...inMemory, isFresh: false } : await freshen();
    for (let conflicts = 0; ;) {
      const verdict = await judge(decider, work, loaded, { now: now(), id, commandId, read, keys });
      if (verdict.kind !== 'append') {
        if (loaded.isFresh) return verdict.kind === 'done' ? answer(verdict) : verdict;
        loaded = await freshen();
        continue;
      }
      const { meta } = verdict;
      const events = verdict.events.map(({ type, data }): NewEvent => ({
        id: randomUUIDv7(),
        type,
        schemaVersion: versions.get(type) ?? missing(type),
        data,
        meta,
      }));
      const result = await store.append(stream, events, loaded.revision, { deadline: call.deadline });
      switch (result.kind) {
        case 'appended':
          states.appended(stream, decider, loaded, verdict.events, meta, result.position);
          return answer(result);
        case 'refused':
          return appendRefusal(result.code, result.because);
        case 'conflict':
          metrics.conflicts.inc({ method });
          conflicts += 1;
          if (conflicts >= contending.attempts || performance.now() >= call.deadline) {
            return refused('unavailable', 'CONTENDED', 'Others keep changing this at the same time.', { retryAfterMs: 100 });
          }
          if (conflicts > 1) await pause(backoffMs(contending, conflicts), call.signal);
          loaded = await freshen();
      }
    }
  };

  return async (decider, work) => {
    const { call, method } = work;
    const commandId = commandIdOf(call.caller, method, work.id, work.requestId);
    const id = work.id === '' ? createdIdOf(commandId) : work.id;
    const stream = work.stream(id);
    const stop = metrics.duration.startTimer({ method });
    let outcome: Outcome<CommandResult>;
    try {
      const ended = await inTurn(stream, call.deadline, () => settle(decider, work, { id, commandId, stream }));
      outcome =
        ended.kind === 'crowded' ? refused('unavailable', 'CONTENDED', 'Too many commands wait for this one thing.', { retryAfterMs: 500 }) : ended;
    } catch (error) {
      metrics.commands.inc({ method, outcome: (error as Error).name });
      throw error;
    } finally {
      stop();
    }
    const result = outcome.kind === 'answered' ? 'accepted' : outcome.code;
    metrics.commands.inc({ method, outcome: result });
    logger.debug({ method, stream, commandId, correlationId: call.correlationId, outcome: result }, 'command');
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
