import { performance } from 'node:perf_hooks';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb, { type BatchAppendResp, type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Channel } from '@grpc/grpc-js';
import type { Logger } from '../../platform/logging.ts';
import { backoffMs, pause, type RetryPolicy } from '../../platform/retry.ts';
import type { Position } from '../event-store.ts';
import { clientMaker, greet, within, type ClientParts } from './client.ts';
import type { ConnectionSettings, Host } from './connection-string.ts';
import { CallFailed, failureOf } from './failures.ts';
import { headRequest, positionIn } from './requests.ts';
import type { Quiet } from './withheld.ts';

/** A call under way. Exactly one of `cancel` and `onEnd` ends it; after that nothing more is heard. */
export type Call = { readonly cancel: () => void };
export type ReadCall = Call & { readonly pause: () => void; readonly resume: () => void };
export type BatchCall = Call & {
  /** False: the connection is full; wait for `onDrain`. */
  readonly write: (message: Buffer) => boolean;
};

/** One connection to one node, until something is wrong with it; then there will be another. Calls on one that was given up throw {@link CallFailed}. */
export type Link = {
  readonly read: (
    request: ReadReq,
    hear: {
      readonly leader: boolean;
      readonly onMessage: (message: ReadResp) => void;
      readonly onEnd: (error?: CallFailed) => void;
      /** Hears now and then where the log's newest event stands, while nothing comes by itself. */
      readonly onQuiet?: (quiet: Omit<Quiet, 'held'>) => void;
    },
  ) => ReadCall;
  readonly batchAppend: (hear: {
    readonly onMessage: (message: BatchAppendResp) => void;
    readonly onDrain: () => void;
    readonly onEnd: (error: CallFailed) => void;
  }) => BatchCall;
  /** Gives this connection up, with all its calls. */
  readonly drop: (error: CallFailed) => void;
  /** Hears of every answer that takes a leader: undefined, or why there was none. A node that stays without one is left for another. */
  readonly served: (error: CallFailed | undefined) => void;
};

export type Connection = {
  /** The connection in use, or the next one as soon as it is there; throws {@link CallFailed} when the attempt under way fails. */
  readonly link: () => Promise<Link>;
  /** How many calls are open. */
  readonly openCalls: () => number;
  readonly close: () => void;
};

/** Between attempts to connect. A leader is elected in a few seconds; waiting longer than this helps nobody. */
const connecting: RetryPolicy = { attempts: Infinity, baseMs: 50, capMs: 1_000 };
/** How long connecting to a node may take. */
const connectMs = 5_000;
/** How long nodes are waited for when none will do as a connection. */
const answerMs = 1_000;
/** A connection with open calls on which nothing came for this long is asked for a sign of life, */
const quietMs = 2_000;
/** which must come within this. */
const patienceMs = 3_000;
/** A node that cannot serve for this long, because it starts or has lost its cluster, is left. */
const unreadyMs = 1_000;

/**
 * Keeps one connection at a time. The calls are made on the client's generated stubs and not through its methods, whose
 * defects would end the process or leave calls open; a client that saw an error is thrown away and never repaired.
 */
export const openConnection = (options: { readonly settings: ConnectionSettings; readonly name: string; readonly logger: Logger }): Connection => {
  const { settings, logger } = options;
  const newClient = clientMaker(settings, settings.connectionName ?? options.name);
  const stop = new AbortController();
  let current: Promise<Link> | undefined;
  let calls = 0;
  let failures = 0;
  let leader: Host | undefined;
  let dropLatest: ((error: CallFailed) => void) | undefined;

  const failed = (error: CallFailed): void => {
    if (stop.signal.aborted) return;
    if (failures === 0) logger.warn({ because: error.message }, 'the event store cannot be reached');
    failures += 1;
    leader = error.failure.kind === 'not leader' ? error.failure.leader : undefined;
  };

  const connect = async (): Promise<Link> => {
    // The leader that a node names is tried at once.
    if (failures > 0 && !leader) await pause(backoffMs(connecting, failures - 1), stop.signal);
    if (stop.signal.aborted) throw closed();
    const endpoint = leader;
    leader = undefined;
    const client = newClient(endpoint);
    let channel: Channel | undefined;
    const finding = client.getChannel();
    try {
      channel = await within(finding, connectMs, 'no node of the cluster could be found');
      await greet(client, channel, connectMs);
    } catch (error) {
      // A node that is found too late has a channel as well.
      finding.then(
        (late) => late.close(),
        () => {},
      );
      const leaderless = channel === undefined && (await someNodeAnswers());
      const failure = new CallFailed(
        leaderless ? { kind: 'not ready', because: 'no node that answers leads or follows one that does' } : failureOf(error),
        error,
      );
      failed(failure);
      throw failure;
    }
    if (stop.signal.aborted) {
      channel.close();
      throw closed();
    }
    if (failures > 0) logger.info('the event store can be reached');
    return openLink(client, channel);
  };

  /** Where no node will do: whether there are nodes at all. */
  const someNodeAnswers = async (): Promise<boolean> => {
    const answers = settings.hosts.map(async (host) => {
      const client = newClient(host);
      const channel = await client.getChannel();
      return greet(client, channel, answerMs).finally(() => channel.close());
    });
    return Promise.any(answers).then(
      () => true,
      () => false,
    );
  };

  const openLink = (client: ClientParts, channel: Channel): Link => {
    const streams = new grpcStreams.StreamsClient(null as never, null as never, { channelOverride: channel });
    const open = new Map<(error: CallFailed) => void, { heardAt: number; readonly onQuiet?: ((quiet: Omit<Quiet, 'held'>) => void) | undefined }>();
    let heardAt = performance.now();
    let asking: ReadCall | undefined;
    let askedAt = -Infinity;
    let dropped = false;

    const drop = (error: CallFailed): void => {
      if (dropped) return;
      dropped = true;
      clearInterval(watch);
      if (dropLatest === drop) {
        current = undefined;
        dropLatest = undefined;
        failed(error);
      }
      for (const end of [...open.keys()]) end(error);
      streams.close();
      channel.close();
    };

    let unreadySince: number | undefined;
    const served = (error: CallFailed | undefined): void => {
      if (error?.failure.kind !== 'not ready') unreadySince = undefined;
      else if (performance.now() - (unreadySince ??= performance.now()) > unreadyMs) drop(error);
    };

    /** Registers a call: its end is heard once, whoever brings it about. */
    const register = (
      cancel: () => void,
      onEnd: (error?: CallFailed) => void,
      onQuiet?: (quiet: Omit<Quiet, 'held'>) => void,
    ): { readonly heard: () => boolean; readonly ended: (error?: Error) => void; readonly cancel: () => void } => {
      const entry = { heardAt: performance.now(), onQuiet };
      if (open.size === 0) heardAt = entry.heardAt;
      const forget = (): boolean => {
        if (!open.delete(dropWith)) return false;
        calls -= 1;
        return true;
      };
      const dropWith = (error: CallFailed): void => {
        if (!forget()) return;
        cancel();
        onEnd(error);
      };
      open.set(dropWith, entry);
      calls += 1;
      return {
        heard: () => {
          if (!open.has(dropWith)) return false;
          heardAt = entry.heardAt = performance.now();
          failures = 0;
          return true;
        },
        ended: (error) => {
          if (!forget()) return;
          const failure = error && new CallFailed(failureOf(error), error);
          onEnd(failure);
          if (failure && endsLink(failure)) drop(failure);
        },
        cancel: () => {
          if (forget()) cancel();
        },
      };
    };

    const refuseIfDropped = (): void => {
      if (dropped) throw new CallFailed({ kind: 'unreachable', because: 'the connection was given up' });
    };

    const read: Link['read'] = (request, { leader: fromLeader, onMessage, onEnd, onQuiet }) => {
      refuseIfDropped();
      const call = streams.read(request, ...client.callArguments({ requiresLeader: fromLeader }, { deadline: Infinity }));
      const entry = register(() => call.cancel(), onEnd, onQuiet);
      call.on('data', (message: ReadResp) => {
        if (!entry.heard()) return;
        if (fromLeader) served(undefined);
        onMessage(message);
      });
      call.on('error', (error) => {
        if (fromLeader) served(new CallFailed(failureOf(error)));
        entry.ended(error);
      });
      call.on('end', () => entry.ended());
      return { cancel: entry.cancel, pause: () => call.pause(), resume: () => call.resume() };
    };

    const batchAppend: Link['batchAppend'] = ({ onMessage, onDrain, onEnd }) => {
      refuseIfDropped();
      const call = streams.makeBidiStreamRequest(
        '/event_store.client.streams.Streams/BatchAppend',
        (message: Buffer) => message,
        (bytes: Buffer) => streamsPb.BatchAppendResp.deserializeBinary(bytes),
        ...client.callArguments({ requiresLeader: true }, { deadline: Infinity }),
      );
      const end = (error?: CallFailed): void => onEnd(error ?? new CallFailed({ kind: 'unreachable', because: 'the server ended the call' }));
      const entry = register(() => call.cancel(), end);
      call.on('data', (message: BatchAppendResp) => entry.heard() && onMessage(message));
      call.on('drain', onDrain);
      call.on('error', entry.ended);
      call.on('end', () => entry.ended());
      return { cancel: entry.cancel, write: (message) => call.write(message) };
    };

    /** Asks for the head when it has been quiet: on the whole connection, or for a call that wants to know whether it misses something. */
    const look = (): void => {
      const now = performance.now();
      if (asking) {
        if (now - askedAt > patienceMs) drop(new CallFailed({ kind: 'unreachable', because: `no sign of life in ${Math.round(now - heardAt)} ms` }));
        return;
      }
      const curious = [...open.values()].some((call) => call.onQuiet && now - call.heardAt > quietMs);
      if (open.size === 0 || now - askedAt < quietMs || (!curious && now - heardAt < quietMs)) return;
      askedAt = now;
      let head: Position | undefined;
      asking = read(headRequest(), {
        leader: false,
        onMessage: (message) => (head = positionIn(message) ?? head),
        onEnd: (error) => {
          asking = undefined;
          if (error) return;
          for (const { onQuiet, heardAt: lately } of open.values()) onQuiet?.({ head, heardAt: lately });
        },
      });
    };
    const watch = setInterval(look, 500);

    dropLatest = drop;
    return { read, batchAppend, drop, served };
  };

  const link = (): Promise<Link> => {
    if (stop.signal.aborted) return Promise.reject(closed());
    if (!current) {
      const next = connect();
      current = next;
      next.catch(() => {
        if (current === next) current = undefined;
      });
    }
    return current;
  };

  return {
    link,
    openCalls: () => calls,
    close() {
      stop.abort();
      dropLatest?.(closed());
    },
  };
};

const closed = (): CallFailed => new CallFailed({ kind: 'unreachable', because: 'the event store is closed' });

/** What is wrong with the node and not with the request. */
const endsLink = ({ failure }: CallFailed): boolean => failure.kind === 'unreachable' || failure.kind === 'not leader';
