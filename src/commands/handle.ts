import { randomUUIDv7 } from 'node:crypto';
import type { Authority } from '../domain/authority.ts';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { Decider } from '../domain/decider.ts';
import type { Sealed } from '../domain/event.ts';
import { encodeToken } from '../eventstore/consistency-token.ts';
import type { EventMeta, EventStore, NewEvent, Position } from '../eventstore/event-store.ts';
import { answered, refused, type Call, type Outcome, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { Counter, durationBuckets, Histogram, type Registry } from '../platform/metrics.ts';
import { backoffMs, pause, type RetryPolicy } from '../platform/retry.ts';
import type { Keys } from '../privacy/keys.ts';
import { seal } from '../privacy/sealing.ts';
import { commandIdOf, createdIdOf, requestHash } from './command-id.ts';
import { sequence } from './sequence.ts';
import type { FirstAnswer, Fold, Loaded, States } from './states.ts';

/** What a method says about its command; ids, hashes, retries and tokens are the handler's. */
export type Work<State, Command> = {
  /** The method's name, as in `PlaceOrder`. */
  readonly method: string;
  readonly call: Call;
  /** The caller's idempotency key; empty: none. */
  readonly requestId: string;
  /** The revision that the caller saw, as in `"3"`, or `*`; empty: any. */
  readonly etag?: string;
  /** The request's canonical bytes, without idempotency key and etag. */
  readonly bytes: Uint8Array;
  /** The aggregate's id; empty where a creation leaves it to the platform. */
  readonly id: string;
  /** A creation appends to a stream that must not exist. It is judged on its request alone. */
  readonly creates: boolean;
  readonly stream: (id: string) => string;
  /** Whether the caller may act on what stands there. */
  readonly may: (authority: Authority, state: State) => boolean;
  /** The person under whose key this request's personal data is sealed; undefined where it carries none. */
  readonly subject: (state: State) => string | undefined;
  /** A person's reason: sealed into the events' metadata. */
  readonly reason?: string;
  /** The command as the decider takes it. */
  readonly command: (at: At) => Command | Promise<Command>;
};

/** What a command may be made from, once the request's id was looked up: so clocks, new ids and other streams never count as another request. */
export type At = {
  readonly now: Date;
  readonly id: string;
  readonly commandId: string;
  /** Other streams as the store has them now, after the command arrived. */
  readonly read: <Other>(aggregate: Fold<Other>, streams: readonly string[]) => Promise<readonly Other[]>;
  /** Seals a text under the request's subject. */
  readonly seal: (field: string, text: string) => Sealed;
};

/** What a command answers. */
export type CommandResult = { readonly id: string; readonly revision: bigint; readonly consistencyToken: string };

export type Handle = <State, Command, Event extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, Event, Code>,
  work: Work<State, Command>,
) => Promise<Outcome<CommandResult>>;

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

  const handle: Handle = async (decider, work) => {
    const { call, method, creates } = work;
    const { caller } = call;
    const commandId = commandIdOf(caller, method, work.id, work.requestId);
    const id = work.id === '' ? createdIdOf(commandId) : work.id;
    const stream = work.stream(id);
    const authority = authorityOf(call);
    type State = (typeof decider)['initial'];
    const answer = async (revision: number, position: Position | undefined): Promise<Outcome<CommandResult>> =>
      answered({ id, revision: BigInt(revision), consistencyToken: await token(position) });
    const first = ({ hash: known, revision, position }: FirstAnswer, hash: string) =>
      known === hash ? answer(revision, position) : refused('key_reused', 'KEY_REUSED', 'This idempotency key was used for another request.');

    const attempt = async (): Promise<Outcome<CommandResult>> => {
      const freshen = async (): Promise<Loaded<State>> => (await states.fresh([stream], decider as Fold<State>))[0]!;
      const unread: Loaded<State> = { state: decider.initial, revision: 'none', position: undefined, commands: new Map() };
      let loaded = states.cached<State>(stream);
      let fresh = !loaded && !creates;
      loaded ??= creates ? unread : await freshen();

      for (let conflicts = 0; ; ) {
        const { state, revision } = loaded;
        if (!work.may(authority, state) && !creates) {
          if (fresh) return refused('forbidden', 'FORBIDDEN', 'This belongs to somebody else.');
          [loaded, fresh] = [await freshen(), true];
          continue;
        }
        const subject = work.subject(state);
        const key = subject === undefined ? undefined : await keys.of(subject);
        if (subject !== undefined && !key) return refused('precondition_failed', 'CUSTOMER_ERASED', 'The person whose data this is has been erased.');
        const hash = requestHash(work.bytes, key);
        const known = loaded.commands.get(commandId);
        if (known) return first(known, hash);
        if (creates && revision !== 'none') return refused('id_taken', 'ID_TAKEN', 'This id is taken.');

        if (work.etag && revision !== 'none' && !matches(work.etag, revision)) {
          if (fresh) return refused('etag_mismatch', 'ETAG_MISMATCH', `The revision is ${revision} now.`, { metadata: { revision: String(revision) } });
          [loaded, fresh] = [await freshen(), true];
          continue;
        }
        const command = await work.command({
          now: now(),
          id,
          commandId,
          read: async (aggregate, streams) => (await states.fresh(streams, aggregate)).map((other) => other.state),
          seal: (field, text) => {
            if (!key) throw new Error(`${method} seals ${field}, but names no subject`);
            return seal(key, subject!, field, text);
          },
        });
        const decision = decider.decide(command, state);
        if (decision.kind === 'rejected' || decision.events.length === 0) {
          if (!fresh) {
            [loaded, fresh] = [await freshen(), true];
            continue;
          }
          if (decision.kind === 'rejected') return refusalOf(decision.code, decision.because);
          return answer(revision as number, loaded.position);
        }

        const meta: EventMeta = {
          commandId,
          commandHash: hash,
          correlationId: call.correlationId,
          actor: `user:${caller.subject}`,
          ...(work.reason && key ? { reason: seal(key, subject!, 'reason', work.reason) } : {}),
          ...(call.traceparent ? { traceparent: call.traceparent } : {}),
        };
        const events = decision.events.map(
          ({ type, data }): NewEvent => ({ id: randomUUIDv7(), type, schemaVersion: versions.get(type) ?? missing(type), data, meta }),
        );
        const result = await store.append(stream, events, revision, { deadline: call.deadline });
        switch (result.kind) {
          case 'appended': {
            const recordedAt = now();
            const from = result.revision - events.length + 1;
            states.appended(
              stream,
              decider as Fold<State>,
              decision.events.map((event, index) => ({ event, meta, recordedAt, revision: from + index, position: result.position })),
            );
            return answer(result.revision, result.position);
          }
          case 'refused':
            return appendRefusal(result.code, result.because);
          case 'conflict': {
            metrics.conflicts.inc({ method });
            conflicts += 1;
            if (conflicts >= contending.attempts || performance.now() >= call.deadline) {
              return refused('unavailable', 'CONTENDED', 'Others keep changing this at the same time.', { retryAfterMs: 100 });
            }
            if (conflicts > 1) await pause(backoffMs(contending, conflicts), call.signal);
            [loaded, fresh] = [await freshen(), true];
          }
        }
      }
    };

    const stop = metrics.duration.startTimer({ method });
    let outcome: Outcome<CommandResult>;
    try {
      const ended = await inTurn(stream, call.deadline, attempt);
      outcome = ended.kind === 'crowded' ? refused('unavailable', 'CONTENDED', 'Too many commands wait for this one thing.', { retryAfterMs: 500 }) : ended;
    } catch (error) {
      metrics.commands.inc({ method, outcome: (error as Error).name });
      throw error;
    } finally {
      stop();
    }
    metrics.commands.inc({ method, outcome: outcome.kind === 'answered' ? 'accepted' : outcome.code });
    logger.debug({ method, stream, commandId, correlationId: call.correlationId, outcome: outcome.kind === 'answered' ? 'accepted' : outcome.code }, 'command');
    return outcome;
  };
  return handle;
};

/** What a caller's claims and scopes let it act on. */
export const authorityOf = ({ caller }: Call): Authority => ({
  ...(caller.customerId === undefined ? {} : { customerId: caller.customerId }),
  anyCustomer: caller.scopes.has('tenants:any-customer'),
  ...(caller.merchantId === undefined ? {} : { merchantId: caller.merchantId }),
  anyMerchant: caller.scopes.has('tenants:any-merchant'),
});

/** An etag is the revision in quotes (bare is fine too); `*` is any that exists. */
const matches = (etag: string, revision: number): boolean => etag === '*' || etag.replace(/^W\//, '').replaceAll('"', '') === String(revision);

/** A decider's refusal as a row of the error table: what does not exist is not found, everything else is the domain's own no. */
const refusalOf = (code: string, because: string): Refusal => refused(code.endsWith('_NOT_FOUND') ? 'not_found' : 'precondition_failed', code, because);

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
  commands: new Counter({ name: 'commands_total', help: 'Commands by method and outcome.', labelNames: ['method', 'outcome'], registers: [registry] }),
  conflicts: new Counter({ name: 'command_conflicts_total', help: 'Appends that found another revision.', labelNames: ['method'], registers: [registry] }),
  duration: new Histogram({ name: 'command_duration_seconds', help: 'From the call to its outcome.', labelNames: ['method'], buckets: durationBuckets, registers: [registry] }),
});
