import { isConnectionError } from '../platform/database.ts';
import { StoreUnavailable, OutcomeUnknown } from '../eventstore/event-store.ts';
import type { Refusal } from '../platform/call.ts';
import { backoffMs, type RetryPolicy } from '../platform/retry.ts';
import type { Outgoing } from './outgoing.ts';

/** How a command ended: it took effect (now, or when it was first sent), or it was refused. A throw is broken infrastructure or a bug. */
export type Send = (command: Outgoing, signal: AbortSignal) => Promise<{ readonly kind: 'settled' } | Refusal>;

/** What became of commands, to be written down. Those of a key that were refused or failed hold the key up until that has happened. */
export type Settlements = {
  readonly answered: readonly Outgoing[];
  readonly refused: readonly { readonly command: Outgoing; readonly code: string }[];
  readonly failed: readonly { readonly command: Outgoing; readonly error: string; readonly attempts: number }[];
};

/** Sends stored commands: those of one key one after another, in order; those of different keys side by side. */
export type Lanes = {
  readonly add: (commands: readonly Outgoing[]) => void;
  /** Resolves once there is room for more commands: at once unless too many wait. False: the lanes were closed. */
  readonly room: () => Promise<boolean>;
  /** Resolves once nothing waits any more. False: the lanes were closed. */
  readonly empty: () => Promise<boolean>;
  /** What was settled since this was asked for the last time. */
  readonly settlements: () => Settlements;
  /** The refusal of a key's first command is written down: what answers it comes last of its key. */
  readonly goOn: (refused: Outgoing, answers: readonly Outgoing[]) => void;
  /** A key waits for an operator: what is left of it is forgotten here. */
  readonly drop: (key: string) => void;
  readonly has: (key: string) => boolean;
  readonly size: () => { readonly outstanding: number; readonly retrying: number };
  /** Sends nothing any more, and resolves when what is under way has been answered. */
  readonly close: () => Promise<void>;
};

/** What is away for all keys alike is waited for; nobody is parked for it. */
const away: RetryPolicy = { attempts: Infinity, baseMs: 50, capMs: 5_000 };
/** Others keep changing the same stream: for about two minutes. */
const contended: RetryPolicy = { attempts: 16, baseMs: 50, capMs: 20_000 };
/** A command that makes the platform throw is a bug most of the time. */
const failing: RetryPolicy = { attempts: 4, baseMs: 100, capMs: 2_000 };

type Lane = { readonly key: string; readonly commands: Outgoing[]; attempts: number; state: 'ready' | 'sending' | 'held'; timer?: NodeJS.Timeout };

export const openLanes = (options: {
  readonly send: Send;
  /** Hears that there are settlements; `urgent`: a key waits until they are written down. */
  readonly settled: (urgent: boolean) => void;
  readonly maxInFlight: number;
  /** Commands that may wait here; beyond, the log is not read on. */
  readonly capacity: number;
}): Lanes => {
  const { send, settled, maxInFlight, capacity } = options;
  const lanes = new Map<string, Lane>();
  const ready: Lane[] = [];
  const ended = new AbortController();
  let answered: Outgoing[] = [];
  let refused: Settlements['refused'][number][] = [];
  let failed: Settlements['failed'][number][] = [];
  let outstanding = 0;
  let underWay = 0;
  let changes = Promise.withResolvers<void>();

  const changed = (): void => {
    changes.resolve();
    changes = Promise.withResolvers();
  };
  const until = async (holds: () => boolean): Promise<boolean> => {
    while (!holds() && !ended.signal.aborted) await changes.promise;
    return !ended.signal.aborted;
  };

  const pump = (): void => {
    while (underWay < maxInFlight && ready.length > 0 && !ended.signal.aborted) serve(ready.shift()!);
  };

  const serve = (lane: Lane): void => {
    lane.state = 'sending';
    lane.attempts += 1;
    underWay += 1;
    const command = lane.commands[0]!;
    void send(command, ended.signal)
      .then(
        (answer) => answer,
        (error: unknown) => ({ kind: 'threw', error }) as const,
      )
      .then((answer) => {
        underWay -= 1;
        if (answer.kind === 'settled') {
          answered.push(command);
          leave(lane);
          proceed(lane);
          settled(false);
        } else if (!ended.signal.aborted) judge(lane, command, answer);
        pump();
        changed();
      });
  };

  const judge = (lane: Lane, command: Outgoing, answer: Refusal | { readonly kind: 'threw'; readonly error: unknown }): void => {
    const verdict = verdictOn(answer);
    lane.state = 'held';
    if (verdict.kind === 'refused') {
      refused.push({ command, code: verdict.code });
      settled(true);
    } else if (lane.attempts < verdict.policy.attempts) {
      lane.timer = setTimeout(
        () => {
          ready.push(lane);
          lane.state = 'ready';
          pump();
        },
        backoffMs(verdict.policy, lane.attempts - 1),
      );
    } else {
      failed.push({ command, error: verdict.error, attempts: lane.attempts });
      settled(true);
    }
  };

  const leave = (lane: Lane): void => {
    lane.commands.shift();
    lane.attempts = 0;
    outstanding -= 1;
  };

  const proceed = (lane: Lane): void => {
    if (lane.commands.length === 0) return void lanes.delete(lane.key);
    lane.state = 'ready';
    ready.push(lane);
  };

  return {
    add(commands) {
      outstanding += commands.length;
      for (const command of commands) {
        const lane = lanes.get(command.key);
        if (lane) lane.commands.push(command);
        else {
          const opened: Lane = { key: command.key, commands: [command], attempts: 0, state: 'ready' };
          lanes.set(command.key, opened);
          ready.push(opened);
        }
      }
      pump();
    },
    room: () => until(() => outstanding < capacity),
    empty: () => until(() => outstanding === 0),
    settlements() {
      const taken = { answered, refused, failed };
      answered = [];
      refused = [];
      failed = [];
      return taken;
    },
    goOn(command, answers) {
      const lane = lanes.get(command.key)!;
      lane.commands.push(...answers);
      outstanding += answers.length;
      leave(lane);
      proceed(lane);
      pump();
      changed();
    },
    drop(key) {
      const lane = lanes.get(key);
      if (!lane) return;
      outstanding -= lane.commands.length;
      clearTimeout(lane.timer);
      lanes.delete(key);
      changed();
    },
    has: (key) => lanes.has(key),
    size: () => ({ outstanding, retrying: [...lanes.values()].filter(({ attempts, state }) => state === 'held' && attempts > 0).length }),
    async close() {
      ended.abort();
      for (const { timer } of lanes.values()) clearTimeout(timer);
      changed();
      while (underWay > 0) await changes.promise;
    },
  };
};

type Verdict = { readonly kind: 'refused'; readonly code: string } | { readonly kind: 'again'; readonly policy: RetryPolicy; readonly error: string };

/** A domain's no is the process's business; what is away or busy is tried again; anything else is a bug, of which trying again makes no other thing. */
const verdictOn = (answer: Refusal | { readonly kind: 'threw'; readonly error: unknown }): Verdict => {
  if (answer.kind === 'threw') {
    const { error } = answer;
    return { kind: 'again', policy: isAway(error) ? away : failing, error: error instanceof Error ? error.message : String(error) };
  }
  const { status, code, because } = answer;
  switch (status) {
    case 'precondition_failed':
    case 'not_found':
      return { kind: 'refused', code };
    case 'unavailable':
    case 'outcome_unknown':
    case 'too_many':
      return { kind: 'again', policy: code === 'CONTENDED' ? contended : away, error: `${code}: ${because}` };
    case 'invalid':
    case 'unsupported_media_type':
    case 'too_large':
    case 'unauthenticated':
    case 'forbidden':
    case 'method_unknown':
    case 'id_taken':
    case 'etag_mismatch':
    case 'key_reused':
      return { kind: 'again', policy: { ...failing, attempts: 1 }, error: `${code}: ${because}` };
  }
};

const isAway = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  error instanceof OutcomeUnknown ||
  isConnectionError(error) ||
  (error as { unavailable?: unknown } | null)?.unavailable === true;
