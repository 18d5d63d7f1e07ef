import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServerCredentials, status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { openProxy } from '../proxy.ts';
import { may, type User } from './access.ts';
import { newLog, type Log } from './log.ts';
import { accessDenied, failure, notLeader, notReady } from './messages.ts';
import type { Node, OpenCall } from './node.ts';
import { startServices, type Member } from './services.ts';

/*
 * A server that speaks EventStoreDB's gRPC protocol, for tests: Streams (Append, BatchAppend, Read with filters, subscriptions and
 * checkpoints, Delete, Tombstone), ServerFeatures and Gossip. Its log is in memory and outlives restarts. What it answers is
 * what a real 24.6 was seen to answer: the protocol suite holds both to it.
 */

export type Options = {
  /** Users and their passwords, which take TLS, beside the administrator `admin`; left out, everybody may do everything, as on an insecure server. */
  readonly users?: Readonly<Record<string, string>>;
  /** The most that an append may have, of data. */
  readonly maxAppendBytes?: number;
  /** How long the parts of a batch append may take to arrive; an append that stays incomplete is answered then. */
  readonly writeTimeoutMs?: number;
};

/** What can go wrong with one node. All of it lasts until `faults.none()`, except where it says otherwise. */
export type Faults = {
  /** Nothing listens any more, and connections are reset. */
  readonly refuse: () => void;
  /** Resets every connection, once. */
  readonly reset: () => void;
  /** Like a stopped process: connections stand, nothing is read or sent; what was sent to it is done later. */
  readonly stall: () => void;
  /** Connections and the work go on, and nothing is sent: on no call, or on subscriptions alone. Pings are answered. */
  readonly silence: (what?: 'everything' | 'subscriptions') => void;
  /** Appends are refused as by a server without a leader; with `reads`, everything is. */
  readonly notReady: (what?: 'appends' | 'everything') => void;
  /** Cut off from its cluster, which elects another leader: not ready for whatever takes one, until it is started. Clients reach it. */
  readonly isolate: () => void;
  /** Calls that require the leader are told that it is there. */
  readonly notLeader: (leader: { readonly host: string; readonly port: number }) => void;
  /** The answers to the next so many appends are lost: they are stored, and the connection is reset. */
  readonly loseAnswers: (appends: number) => void;
  /** The answers to the next so many appends never come: they are stored, and the connection stands. */
  readonly swallowAnswers: (appends: number) => void;
  /** The next so many appends are answered with a time-out: they are stored. */
  readonly timeOutAnswers: (appends: number) => void;
  /** The next so many batch appends are answered without a place: they are stored, and not yet known to a majority. */
  readonly withholdPlaces: (appends: number) => void;
  /** The next batch append is neither stored nor answered. Resolves when it has come. */
  readonly ignoreAppend: () => Promise<void>;
  /** Subscriptions are sent every event twice. */
  readonly repeatEvents: () => void;
  /** Appends are denied. */
  readonly denyWrites: () => void;
  readonly none: () => void;
};

export type EventStoreDbNode = {
  /** A connection string for this node. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** How many calls of a kind clients have open. */
  readonly openCalls: (kind: OpenCall) => number;
  /** Gone at once, with every connection. */
  readonly kill: () => void;
  /** As on SIGTERM with calls open: for `forMs` (5 s), no new connections, subscriptions say nothing, appends are not ready; then gone. */
  readonly stop: (forMs?: number) => Promise<void>;
  /** Listens again, on the same port. */
  readonly start: () => Promise<void>;
};

export type EventStoreDb = EventStoreDbNode & {
  /** Puts an empty log in the place of this one, as when the disk was lost; to be called while the server is down. */
  readonly replaceLog: () => void;
  /** Ends everything. */
  readonly close: () => void;
};

export type EventStoreDbCluster = {
  /** A connection string with all nodes. */
  readonly url: string;
  readonly nodes: readonly EventStoreDbNode[];
  readonly leader: () => EventStoreDbNode | undefined;
  readonly close: () => void;
};

/** One node. */
export const startEventStoreDb = async (options: Options = {}): Promise<EventStoreDb> => {
  const shared = newShared();
  const node = await startNode(shared, options);
  return { ...node, replaceLog: () => void (shared.log = newLog()), close: node.close };
};

/** Three nodes with one log between them: what the leader has stored, the followers have. A majority elects a leader at once. */
export const startEventStoreDbCluster = async (options: Options = {}): Promise<EventStoreDbCluster> => {
  const shared = newShared();
  const nodes = [await startNode(shared, options), await startNode(shared, options), await startNode(shared, options)];
  return {
    url: `esdb://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=false`,
    nodes,
    leader: () => nodes.find(({ port }) => port === leaderOf(shared)?.port),
    close: () => nodes.forEach((node) => node.close()),
  };
};

const certificate = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
/** Who vouches for the test server's certificate, which is for localhost. Its key is gone. */
export const authorityFile = certificate('authority.crt');
const keyPair = { private_key: readFileSync(certificate('node.key')), cert_chain: readFileSync(certificate('node.crt')) };

type Shared = { log: Log; readonly members: { readonly id: string; port: number; alive: boolean }[]; leaderId?: string };
const newShared = (): Shared => ({ log: newLog(), members: [] });

/** The leader of the majority, if there is one; it stays until it goes. */
const leaderOf = (shared: Shared): { readonly id: string; readonly port: number } | undefined => {
  const alive = shared.members.filter((member) => member.alive);
  if (alive.length * 2 <= shared.members.length) return undefined;
  const leader = alive.find(({ id }) => id === shared.leaderId) ?? alive[0]!;
  shared.leaderId = leader.id;
  return leader;
};

const startNode = async (
  shared: Shared,
  { users, writeTimeoutMs = 2_000, maxAppendBytes = 1024 * 1024 }: Options,
): Promise<EventStoreDbNode & { readonly close: () => void }> => {
  const member = { id: randomUUID(), port: 0, alive: true };
  shared.members.push(member);
  let silent: 'nothing' | 'everything' | 'subscriptions' = 'nothing';
  let woken: (() => void)[] = [];
  let unready: 'nothing' | 'appends' | 'everything' = 'nothing';
  let leaderElsewhere: { readonly host: string; readonly port: number } | undefined;
  let writesDenied = false;
  let isolated = false;
  let repeats = false;
  let ignore: (() => void) | undefined;
  /** How many of the next appends meet with what. */
  const next = { lost: 0, swallowed: 0, timedOut: 0, withheld: 0 };
  const takeOne = (fate: keyof typeof next): boolean => {
    if (next[fate] === 0) return false;
    next[fate] -= 1;
    return true;
  };
  const open = { read: 0, subscription: 0, 'batch append': 0 };
  const known =
    users && new Map<string, User & { readonly password: string }>([['admin', { name: 'admin', password: 'changeit', groups: ['$admins'] }]]);
  for (const [name, password] of Object.entries(users ?? {})) known!.set(name, { name, password, groups: [] });

  /** The name and password that a call brings, if any. */
  const basicOf = ({ metadata }: { readonly metadata: Metadata }): readonly [name: string, password: string] | undefined => {
    const said = metadata.get('authorization')[0];
    if (said === undefined) return undefined;
    const [name = '', ...password] = Buffer.from(String(said).replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return [name, password.join(':')];
  };
  /** Whoever says nothing is nobody, and may ask what the server can do; whoever says something wrong may nothing. */
  const refusesCredentials: Node['refusesCredentials'] = (call) => {
    const basic = known && basicOf(call);
    return basic && known.get(basic[0])?.password !== basic[1]
      ? failure(status.UNAUTHENTICATED, 'Unauthenticated', { exception: 'access-denied' })
      : undefined;
  };

  const node: Node = {
    log: () => shared.log,
    refusesCredentials,
    refuses(call, right, stream): ServiceError | undefined {
      const kind = right === 'read' ? 'read' : 'write';
      const bad = refusesCredentials(call);
      if (bad) return bad;
      const user = known?.get(basicOf(call)?.[0] ?? '');
      if (known && !(user && may(shared.log, user, right, stream))) return accessDenied();
      if (unready === 'everything' || (unready === 'appends' && kind === 'write')) return notReady();
      const wantsLeader = String(call.metadata.get('requires-leader')[0] ?? 'false').toLowerCase() === 'true';
      if (isolated && (kind === 'write' || wantsLeader)) return notReady();
      if (leaderElsewhere && wantsLeader) return notLeader(leaderElsewhere);
      const leader = leaderOf(shared);
      if (!leader && (kind === 'write' || wantsLeader)) return notReady();
      if (leader && leader.id !== member.id && wantsLeader) return notLeader({ host: '127.0.0.1', port: leader.port });
      if (kind === 'write' && writesDenied) return accessDenied();
      return undefined;
    },
    addUser(call, user) {
      const bad = refusesCredentials(call);
      if (bad) return bad;
      if (!known?.get(basicOf(call)?.[0] ?? '')?.groups.includes('$admins')) return accessDenied();
      if (known.has(user.name)) return failure(status.ALREADY_EXISTS, 'User already exists.');
      known.set(user.name, user);
      return undefined;
    },
    hearsAppend() {
      const ignoring = ignore;
      ignore = undefined;
      ignoring?.();
      return ignoring === undefined;
    },
    answersAppend() {
      if (takeOne('swallowed')) return 'says nothing';
      if (takeOne('timedOut')) return 'times out';
      if (takeOne('withheld')) return 'names no place';
      if (!takeOne('lost')) return 'answers';
      front.cut();
      return 'says nothing';
    },
    counts(kind, call) {
      open[kind] += 1;
      call.once('close', () => (open[kind] -= 1));
    },
    async maySend(kind) {
      while (silent === 'everything' || (silent === 'subscriptions' && kind === 'subscription'))
        await new Promise<void>((resolve) => woken.push(resolve));
    },
    repeats: () => repeats,
    maxAppendBytes,
    writeTimeoutMs,
  };

  const members = (): readonly Member[] => {
    const leader = leaderOf(shared);
    return shared.members.map(({ id, port, alive }) => ({ id, port, alive, state: !leader ? 'unknown' : id === leader.id ? 'leader' : 'follower' }));
  };
  const services = await startServices(node, members, users ? ServerCredentials.createSsl(null, [keyPair]) : ServerCredentials.createInsecure());
  const front = await openProxy(`http://127.0.0.1:${services.port}`);
  member.port = front.port;

  const none = (): void => {
    silent = 'nothing';
    unready = 'nothing';
    leaderElsewhere = undefined;
    writesDenied = false;
    repeats = false;
    for (const fate of Object.keys(next) as (keyof typeof next)[]) next[fate] = 0;
    const waking = woken;
    woken = [];
    for (const wake of waking) wake();
  };
  const kill = (): void => {
    member.alive = false;
    front.refuse();
  };
  const start = async (): Promise<void> => {
    none();
    front.pass();
    isolated = false;
    member.alive = true;
  };

  return {
    url: users ? `esdb://localhost:${front.port}?tls=true&tlsCAFile=${authorityFile}` : `esdb://127.0.0.1:${front.port}?tls=false`,
    port: front.port,
    openCalls: (kind) => open[kind],
    kill,
    start,
    async stop(forMs = 5_000) {
      front.deafen();
      silent = 'subscriptions';
      unready = 'appends';
      await new Promise((resolve) => setTimeout(resolve, forMs));
      kill();
    },
    faults: {
      refuse: front.refuse,
      reset: front.cut,
      stall: front.blackhole,
      silence: (what = 'everything') => void (silent = what),
      notReady: (what = 'appends') => void (unready = what),
      isolate: () => void ((member.alive = false), (isolated = true)),
      notLeader: (leader) => void (leaderElsewhere = leader),
      loseAnswers: (appends) => void (next.lost = appends),
      swallowAnswers: (appends) => void (next.swallowed = appends),
      timeOutAnswers: (appends) => void (next.timedOut = appends),
      withholdPlaces: (appends) => void (next.withheld = appends),
      ignoreAppend: () => new Promise((resolve) => (ignore = resolve)),
      repeatEvents: () => void (repeats = true),
      denyWrites: () => void (writesDenied = true),
      none: () => {
        none();
        front.pass();
      },
    },
    close() {
      kill();
      none();
      services.stop();
    },
  };
};
