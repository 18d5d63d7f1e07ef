import grpcFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import grpcGossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import grpcUsers from '@eventstore/db-client/generated/users_grpc_pb.js';
import usersPb, { type CreateReq } from '@eventstore/db-client/generated/users_pb.js';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, type ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { appendCall, deleteCall, tombstoneCall } from './append.ts';
import { batchAppendCall } from './batch-append.ts';
import type { Node } from './node.ts';
import { readCall } from './read.ts';

export type Member = { readonly id: string; readonly port: number; readonly state: 'leader' | 'follower' | 'unknown'; readonly alive: boolean };

/** What clients ask a server for before they choose how to append. */
const supported: readonly (readonly [method: string, features: readonly string[]])[] = [
  ['read', ['position', 'events']],
  ['append', []],
  ['delete', []],
  ['tombstone', []],
  ['batchappend', ['deadline_duration']],
];

/** The services of a node, listening on a port of its own. */
export const startServices = async (
  node: Node,
  members: () => readonly Member[],
  security: ServerCredentials,
): Promise<{ readonly port: number; readonly stop: () => void }> => {
  const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  server.addService(
    grpcStreams.StreamsService as never,
    {
      read: readCall(node),
      append: appendCall(node),
      batchAppend: batchAppendCall(node),
      delete: deleteCall(node),
      tombstone: tombstoneCall(node),
    } as never,
  );
  server.addService(
    grpcFeatures.ServerFeaturesService as never,
    {
      getSupportedMethods: (call: never, answer: (error: unknown, response?: unknown) => void) => {
        const refused = node.refusesCredentials(call);
        if (refused) return answer(refused);
        const methods = supported.map(([name, features]) =>
          new featuresPb.SupportedMethod()
            .setMethodName(name)
            .setServiceName('event_store.client.streams.streams')
            .setFeaturesList([...features]),
        );
        void node
          .maySend('other')
          .then(() => answer(null, new featuresPb.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('24.6.0')));
      },
    } as never,
  );
  server.addService(
    grpcGossip.GossipService as never,
    {
      read: (_call: unknown, answer: (error: unknown, response?: unknown) => void) => {
        const list = members().map(({ id, port, state, alive }) =>
          new gossipPb.MemberInfo()
            .setInstanceId(new sharedPb.UUID().setString(id))
            .setState(gossipPb.MemberInfo.VNodeState[state === 'leader' ? 'LEADER' : state === 'follower' ? 'FOLLOWER' : 'UNKNOWN'])
            .setIsAlive(alive)
            .setHttpEndPoint(new gossipPb.EndPoint().setAddress('127.0.0.1').setPort(port)),
        );
        void node.maySend('other').then(() => answer(null, new gossipPb.ClusterInfo().setMembersList(list)));
      },
    } as never,
  );
  server.addService(
    grpcUsers.UsersService as never,
    {
      create: (call: ServerUnaryCall<CreateReq, unknown>, answer: (error: unknown, response?: unknown) => void) => {
        const asked = call.request.getOptions()!;
        const [name, password, groups] = [asked.getLoginName(), asked.getPassword(), asked.getGroupsList()];
        answer(node.addUser(call, { name, password, groups }) ?? null, new usersPb.CreateResp());
      },
    } as never,
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', security, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { port, stop: () => server.forceShutdown() };
};
