import type { KeyObject } from 'node:crypto';
import { authorityOf, type Authority } from '../domain/authority.ts';
import type { Decider } from '../domain/decider.ts';
import type { Sealed } from '../domain/event.ts';
import type { EventMeta, Position } from '../eventstore/event-store.ts';
import { refused, type Call, type Refusal } from '../platform/call.ts';
import type { Keys } from '../privacy/keys.ts';
import { seal } from '../privacy/sealing.ts';
import { requestHash } from './command-id.ts';
import type { FirstAnswer, Fold, Loaded } from './states.ts';

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
  /** The command as the decider takes it; or why the request is none on this state. */
  readonly command: (at: At, state: State) => Command | Refusal | Promise<Command | Refusal>;
};

/** What a command may be made from, once the request's id was looked up: so clocks, new ids and other streams never count as another request. */
export type At = {
  readonly now: Date;
  readonly id: string;
  readonly commandId: string;
  /** What the same command did when it first came, if it has been here. */
  readonly first: FirstAnswer | undefined;
  /** Other streams as the store has them now, after the command arrived. */
  readonly read: <Other>(aggregate: Fold<Other>, streams: readonly string[]) => Promise<readonly Other[]>;
  /** Seals a text under the request's subject. */
  readonly seal: (field: string, text: string) => Sealed;
};

/** What is to be done about a command: append, answer that it has happened already, or refuse. */
export type Verdict<Event> =
  | { readonly kind: 'append'; readonly events: readonly Event[]; readonly meta: EventMeta }
  | { readonly kind: 'done'; readonly revision: number; readonly position: Position | undefined }
  | Refusal;

/**
 * Judges a command on a state of its stream, in the order of checks that callers rely on: may the caller act on this, has
 * the same command been here before, is the etag the stream's, what does the decider say. Only an append verifies that
 * state: on one that may be old, no other verdict counts.
 */
export const judge = async <State, Command, Event, Code extends string>(
  decider: Decider<State, Command, Event, Code>,
  work: Work<State, Command>,
  { state, revision, position }: Loaded<State>,
  { now, read, first, id, commandId }: Omit<At, 'seal'>,
  keys: Keys,
): Promise<Verdict<Event>> => {
  const { call, creates, etag } = work;
  if (!creates && !work.may(authorityOf(call.caller), state)) return refused('forbidden', 'FORBIDDEN', 'This belongs to somebody else.');

  const subject = work.subject(state);
  const key = subject === undefined ? undefined : await keys.of(subject);
  if (subject !== undefined && !key) return refused('precondition_failed', 'CUSTOMER_ERASED', 'The person whose data this is has been erased.');

  const commandHash = requestHash(work.bytes, key);
  if (first && first.hash !== commandHash) return refused('key_reused', 'KEY_REUSED', 'This idempotency key was used for another request.');
  if (first) return { kind: 'done', revision: first.revision, position: first.position };
  if (creates && revision !== 'none') return refused('id_taken', 'ID_TAKEN', 'This id is taken.');
  if (etag && revision !== 'none' && !matches(etag, revision)) {
    return refused('etag_mismatch', 'ETAG_MISMATCH', `The revision is ${revision} now.`, { metadata: { revision: String(revision) } });
  }

  const sealed = sealer(subject, key);
  const command = await work.command({ now, read, first, id, commandId, seal: sealed }, state);
  if (isRefusal(command)) return command;
  const decision = decider.decide(command, state);
  if (decision.kind === 'rejected') return refusalOf(decision.code, decision.because);
  if (decision.events.length > 0) {
    const meta = {
      commandId,
      commandHash,
      correlationId: call.correlationId,
      actor: `user:${call.caller.subject}`,
      ...(work.reason ? { reason: sealed('reason', work.reason) } : {}),
      ...(call.traceparent ? { traceparent: call.traceparent } : {}),
    };
    return { kind: 'append', events: decision.events, meta };
  }
  if (revision === 'none') throw new Error(`${work.method} was accepted without events where nothing stands`);
  return { kind: 'done', revision, position };
};

const isRefusal = <Command>(made: Command | Refusal): made is Refusal => (made as Partial<Refusal>).kind === 'refused';

const sealer =
  (subject: string | undefined, key: KeyObject | undefined): At['seal'] =>
  (field, text) => {
    if (subject === undefined || !key) throw new Error(`a request that seals ${field} names no subject`);
    return seal(key, subject, field, text);
  };

/** An etag is the revision in quotes (bare is fine too); `*` is any that exists. */
const matches = (etag: string, revision: number): boolean => etag === '*' || etag.replace(/^W\//, '').replaceAll('"', '') === String(revision);

/** A decider's refusal as a row of the error table: what does not exist is not found, everything else is the domain's own no. */
export const refusalOf = (code: string, because: string): Refusal =>
  refused(code.endsWith('_NOT_FOUND') ? 'not_found' : 'precondition_failed', code, because);
