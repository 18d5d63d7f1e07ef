import grpcGossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb, { type ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import grpcOperations from '@eventstore/db-client/generated/operations_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import { credentials } from '@grpc/grpc-js';
import { startEventStoreDb as startOwn } from './eventstoredb/server.ts';
import { eventually } from './eventually.ts';

const real = process.env['TEST_EVENTSTOREDB_URL'];

/** Which server tests run on, for their names: the one that the environment names, or one of their own. */
export const eventStoreDbName = real ? 'EventStoreDB (TEST_EVENTSTOREDB_URL)' : 'EventStoreDB';

/** An EventStoreDB that a test may use: the server that the environment names, or one of the test's own. */
export type EventStoreDbUnderTest = {
  readonly url: string;
  /** The one node, or the one that leads the cluster now. */
  readonly nodeUrl: string;
  /** Has the node that leads the cluster now give that up; an election follows. */
  readonly resign: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export const startEventStoreDb = async (): Promise<EventStoreDbUnderTest> => {
  if (real) return { url: real, nodeUrl: await leaderOf(real), resign: () => resignLeaderOf(real), close: async () => {} };
  const { url, close } = await startOwn();
  return { url, nodeUrl: url, resign: () => Promise.reject(new Error('one node is no cluster')), close: async () => close() };
};

/** The URL with nobody but the leader in it. */
const leaderOf = async (url: string): Promise<string> => {
  const [, hosts, query] = /^esdb:\/\/([^?/]*)\/?(\?.*)$/.exec(url) ?? [];
  if (!hosts?.includes(',')) return url;
  const gossip = new grpcGossip.GossipClient(hosts.split(',')[0]!, credentials.createInsecure());
  const info = await new Promise<ClusterInfo>((resolve, reject) =>
    gossip.read(new sharedPb.Empty(), (error, members) => (error ? reject(error) : resolve(members))),
  );
  gossip.close();
  const leads = info.getMembersList().find((member) => member.getState() === gossipPb.MemberInfo.VNodeState.LEADER);
  const endPoint = leads?.getHttpEndPoint();
  if (!endPoint) throw new Error('TEST_EVENTSTOREDB_URL names a cluster without a leader');
  return `esdb://${endPoint.getAddress()}:${endPoint.getPort()}${query}`;
};

const resignLeaderOf = async (url: string): Promise<void> => {
  let host = '';
  await eventually('the cluster has a leader', async () => {
    host = await leaderOf(url).then(
      (leader) => new URL(leader).host,
      () => '',
    );
    return host !== '';
  });
  const operations = new grpcOperations.OperationsClient(host, credentials.createInsecure());
  await new Promise<void>((resolve, reject) => operations.resignNode(new sharedPb.Empty(), (error) => (error ? reject(error) : resolve())));
  operations.close();
};
