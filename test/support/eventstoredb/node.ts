import type { Metadata, ServiceError } from '@grpc/grpc-js';
import type { Log } from './log.ts';

/** What the services ask of the node that they run on. */
export type Node = {
  readonly log: () => Log;
  /** An error for a caller who is not who it says. */
  readonly refusesCredentials: (call: { readonly metadata: Metadata }) => ServiceError | undefined;
  /** An error for a call that the node does not take now. Writing needs the leader, reading only when the call says so. */
  readonly refuses: (call: { readonly metadata: Metadata }, kind: 'read' | 'write') => ServiceError | undefined;
  /** False: the answer to this append is lost. */
  readonly answersAppend: () => boolean;
  /** Resolves when data may be sent: at once unless the node has been told to be silent. */
  readonly maySend: (kind: 'subscription' | 'other') => Promise<void>;
  readonly maxAppendBytes: number;
  /** How long the parts of an append may take to arrive. */
  readonly writeTimeoutMs: number;
};
