import streamsPb, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Log, Place } from './log.ts';
import type { Node } from './node.ts';

// What reads and subscriptions have in common: where they begin, and how they send.

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
export type ReadOptions = NonNullable<ReturnType<ReadReq['getOptions']>>;

/** Sends with regard to what the caller takes; throws when the caller has gone. */
export type Send = ((message: ReadResp) => Promise<void>) & { readonly gone: AbortSignal; readonly structuredIds: boolean };

/** Sends on a call. A subscription can be told to be silent on its own. */
export const sender = (node: Node, call: ReadCall, kind: 'subscription' | 'other'): Send => {
  const gone = new AbortController();
  for (const name of ['cancelled', 'close', 'error']) call.on(name, () => gone.abort());
  const send = async (message: ReadResp): Promise<void> => {
    await node.maySend(kind);
    gone.signal.throwIfAborted();
    if (kind === 'subscription' && message.hasEvent() && node.repeats()) call.write(message);
    if (call.write(message)) return;
    await new Promise<void>((resolve, reject) => {
      const left = (): void => reject(gone.signal.reason as Error);
      gone.signal.addEventListener('abort', left, { once: true });
      call.once('drain', () => {
        gone.signal.removeEventListener('abort', left);
        resolve();
      });
    });
  };
  const structuredIds = call.request.getOptions()?.getUuidOption()?.hasStructured() === true;
  return Object.assign(send, { gone: gone.signal, structuredIds });
};

export const placeOf = (position: ReadReq.Options.Position): Place => ({
  commit: Number(position.getCommitPosition()),
  prepare: Number(position.getPreparePosition()),
});

/** Whether a record begins at the place. Past the begin of the last one, anything is taken. */
export const beginsRecord = (log: Log, { commit }: Place): boolean => {
  const next = log.events[log.indexAt({ commit, prepare: 0 })];
  return next === undefined || next.position === commit;
};

/** A message that only says something by being there. */
export const signs = {
  confirmed: (id: string): ReadResp =>
    new streamsPb.ReadResp().setConfirmation(new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id)),
  caughtUp: (): ReadResp => new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp()),
  checkpoint: ({ commit, prepare }: Place): ReadResp =>
    new streamsPb.ReadResp().setCheckpoint(
      new streamsPb.ReadResp.Checkpoint()
        .setCommitPosition(BigInt.asUintN(64, BigInt(commit)).toString())
        .setPreparePosition(BigInt.asUintN(64, BigInt(prepare)).toString()),
    ),
} as const;
