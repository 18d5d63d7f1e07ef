import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import grpcFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { CallOptions, Channel, Client, Metadata } from '@grpc/grpc-js';
import { ConnectionStringError, type ConnectionSettings, type Host } from './connection-string.ts';
import { CallFailed } from './failures.ts';

/** What of the client is used: it finds the node, opens the channel and names the caller. */
export type ClientParts = {
  readonly getChannel: () => Promise<Channel>;
  readonly callArguments: (options: { requiresLeader?: boolean }, callOptions: CallOptions) => [Metadata, CallOptions];
};

/** Asks what the server can do: the first call tells what is wrong with name, certificate, user or protocol. */
export const greet = (client: ClientParts, channel: Channel, ms: number): Promise<void> => {
  const features = new grpcFeatures.ServerFeaturesClient(null as never, null as never, { channelOverride: channel });
  const [metadata, callOptions] = client.callArguments({}, { deadline: Infinity });
  let call: ReturnType<Client['makeUnaryRequest']> | undefined;
  const answered = new Promise<void>((resolve, reject) => {
    call = features.getSupportedMethods(new sharedPb.Empty(), metadata, callOptions, (error) => (error ? reject(error) : resolve()));
  });
  return within(answered, ms, 'it does not answer').catch((error: unknown) => {
    call?.cancel();
    throw error;
  });
};

/** The promise's outcome, or an error after a while by the monotonic clock. */
export const within = async <T>(promise: Promise<T>, ms: number, because: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  promise.catch(() => {});
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CallFailed({ kind: 'unreachable', because: `${because} (${ms} ms)` })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Makes clients of the one node or of the cluster. Certificates are read once, so that a missing file is said at start. */
export const clientMaker = (settings: ConnectionSettings, connectionName: string): ((endpoint: Host | undefined) => ClientParts) => {
  const { hosts, discover, tls, tlsCaFile, userCertFile, userKeyFile, credentials, nodePreference, gossipTimeoutMs } = settings;
  const file = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConnectionStringError(`names a certificate or key that cannot be read: ${(error as Error).message}`);
    }
  };
  const security = {
    insecure: !tls,
    ...(tlsCaFile && tls ? { rootCertificate: file(tlsCaFile) } : {}),
    ...(userCertFile && userKeyFile && tls ? { userCertFile: file(userCertFile), userKeyFile: file(userKeyFile) } : {}),
  };
  const finding = { nodePreference, maxDiscoverAttempts: 1, discoveryInterval: 1, gossipTimeout: Math.ceil(gossipTimeoutMs / 1_000), connectionName };
  const make = (endpoint: Host | undefined): ClientParts => {
    const client = endpoint
      ? new EventStoreDBClient({ endpoint, connectionName }, security, credentials)
      : discover
        ? new EventStoreDBClient({ ...finding, discover: hosts[0]! }, security, credentials)
        : hosts.length > 1
          ? new EventStoreDBClient({ ...finding, endpoints: [...hosts] }, security, credentials)
          : new EventStoreDBClient({ endpoint: hosts[0]!, connectionName }, security, credentials);
    return client as unknown as ClientParts;
  };
  try {
    make(undefined);
  } catch (error) {
    throw new ConnectionStringError(`names a certificate or key that cannot be used: ${(error as Error).message}`);
  }
  return make;
};
