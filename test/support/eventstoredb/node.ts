import type { Metadata, ServiceError } from '@grpc/grpc-js';
import type { Right } from './access.ts';
import type { Log } from './log.ts';

type Caller = { readonly metadata: Metadata };

/** What the services ask of the node that they run on. */
export type Node = {
  readonly log: () => Log;
  /** An error for a caller who is not who it says. */
  readonly refusesCredentials: (call: Caller) => ServiceError | undefined;
  /** An error for a call that the node does not take now, or not from this caller. Writing needs the leader, reading only when the call says so. */
  readonly refuses: (call: Caller, right: Right, stream: string) => ServiceError | undefined;
  /** An error for a caller who may not, or for a name that is taken. */
  readonly addUser: (
    call: Caller,
    user: { readonly name: string; readonly password: string; readonly groups: readonly string[] },
  ) => ServiceError | undefined;
  /** False: the append is lost on its way in, neither stored nor answered. */
  readonly hearsAppend: () => boolean;
  /** What becomes of the answer to an append that has been stored. */
  readonly answersAppend: () => 'answers' | 'says nothing' | 'times out' | 'names no place';
  /** Resolves when data may be sent: at once unless the node has been told to be silent. */
  readonly maySend: (kind: 'subscription' | 'other') => Promise<void>;
  /** Counts a call for as long as it is open. */
  readonly counts: (kind: OpenCall, call: { once(event: 'close', done: () => void): unknown }) => void;
  /** Whether subscriptions are sent every event twice. */
  readonly repeats: () => boolean;
  readonly maxAppendBytes: number;
  /** How long the parts of an append may take to arrive. */
  readonly writeTimeoutMs: number;
};

export type OpenCall = 'read' | 'subscription' | 'batch append';
