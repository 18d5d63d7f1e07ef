import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, Position } from '../event-store.ts';
import { formatPosition } from './position.ts';

/** What the server answered to one try of an append. */
export type Answer =
  | { readonly kind: 'stored'; readonly revision: number; readonly position: Position }
  | { readonly kind: 'conflict'; readonly actual: Expected }
  | { readonly kind: 'denied' }
  | { readonly kind: 'too large'; readonly maxBytes: number }
  /** Not taken now, and certainly not stored by this try. */
  | { readonly kind: 'not taken'; readonly because: string }
  /** Stored or not, now or later: nobody knows. */
  | { readonly kind: 'unknown'; readonly because: string }
  /** Never stored: the server cannot make sense of it, or the stream was deleted for good. */
  | { readonly kind: 'impossible'; readonly because: string };

/** Reads an answer of the batch call. */
export const answerOf = (response: BatchAppendResp): Answer => {
  const success = response.getSuccess();
  if (success) {
    const position = success.getPosition();
    // Stored by an earlier try and not replicated yet: the place is known in a moment.
    if (!position || !success.hasCurrentRevision()) return { kind: 'unknown', because: 'the place is not known yet' };
    return {
      kind: 'stored',
      revision: Number(success.getCurrentRevision()),
      position: formatPosition(position.getCommitPosition(), position.getPreparePosition()),
    };
  }
  const error = response.getError();
  const details = error?.getDetails();
  const said = error?.getMessage() ?? '';
  const name = details?.getTypeName() ?? '';
  if (name === 'event_store.client.WrongExpectedVersion') {
    const wrong = details!.unpack((bytes) => sharedPb.WrongExpectedVersion.deserializeBinary(bytes), name)!;
    return { kind: 'conflict', actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : 'none' };
  }
  if (name === 'event_store.client.MaximumAppendSizeExceeded') {
    const exceeded = details!.unpack((bytes) => sharedPb.MaximumAppendSizeExceeded.deserializeBinary(bytes), name)!;
    return { kind: 'too large', maxBytes: exceeded.getMaxappendsize() };
  }
  if (name === 'event_store.client.AccessDenied') return { kind: 'denied' };
  if (name === 'event_store.client.StreamDeleted') return { kind: 'impossible', because: 'the stream was deleted for good' };
  if (name === 'event_store.client.BadRequest') return { kind: 'impossible', because: said };
  if (/^(Server Is |No leader info)/.test(said)) return { kind: 'not taken', because: said };
  return { kind: 'unknown', because: said || name || 'no reason given' };
};
