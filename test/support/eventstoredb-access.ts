import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import grpcUsers from '@eventstore/db-client/generated/users_grpc_pb.js';
import usersPb from '@eventstore/db-client/generated/users_pb.js';
import { credentials, Metadata } from '@grpc/grpc-js';
import { startEventStoreDb as startOwn } from './eventstoredb/server.ts';

const real = process.env['TEST_EVENTSTOREDB_TLS_URL'];

/** Which server with users tests run on, for their names. */
export const securedName = real ? 'EventStoreDB (TEST_EVENTSTOREDB_TLS_URL)' : 'EventStoreDB with users';

/** An EventStoreDB that knows users, of which the test has the administrator: the one that the environment names, or the test's own. */
export type Secured = {
  readonly adminUrl: string;
  /** The URL for somebody else. */
  readonly urlFor: (name: string, password: string) => string;
  /** Nobody else has used this log before. */
  readonly ownsLog: boolean;
  readonly close: () => void;
};

export const startSecured = async (): Promise<Secured> => {
  const own = real ? undefined : await startOwn({ users: {} });
  const url = real ?? own!.url.replace('esdb://', 'esdb://admin:changeit@');
  return {
    adminUrl: url,
    urlFor: (name, password) => url.replace(/\/\/[^@]*@/, `//${name}:${password}@`),
    ownsLog: own !== undefined,
    close: () => own?.close(),
  };
};

/** Makes a user of no group. */
export const addUser = async (adminUrl: string, name: string, password: string): Promise<void> => {
  const [, basic, host, authority] = /^esdb:\/\/([^@]*)@([^?,]*)\?.*tlsCAFile=([^&]*)/.exec(adminUrl)!;
  const users = new grpcUsers.UsersClient(host!, credentials.createSsl(readFileSync(decodeURIComponent(authority!))));
  const metadata = new Metadata();
  metadata.set('authorization', `Basic ${Buffer.from(decodeURIComponent(basic!)).toString('base64')}`);
  const options = new usersPb.CreateReq.Options().setLoginName(name).setPassword(password).setFullName(name);
  const call = users.create(new usersPb.CreateReq().setOptions(options), metadata, () => {});
  const [{ code, details }] = (await once(call, 'status')) as [{ code: number; details: string }];
  users.close();
  if (code !== 0) throw new Error(`no user could be made: ${details}`);
};

/** Appends one event of the server's own to a stream that the server itself reads. */
export const writeSystemEvent = async (adminUrl: string, stream: string, type: string, data: Record<string, unknown>): Promise<void> => {
  const client = EventStoreDBClient.connectionString(adminUrl);
  try {
    await client.appendToStream(stream, jsonEvent({ type, data }));
  } finally {
    await client.dispose();
  }
};
