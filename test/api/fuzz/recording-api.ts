import { randomUUID } from 'node:crypto';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import { roles, type Role } from '../../../src/api/development-issuer.ts';
import type { Services } from '../../../src/api/methods.ts';
import { services as codecs } from '../../../src/contract/generated/services.ts';
import { refused, type Call } from '../../../src/platform/call.ts';
import { afterwards } from '../../support/afterwards.ts';
import { runningApi } from '../running-api.ts';
import type { Draft } from './drafts.ts';
import { rawGrpc, type GrpcAnswer, type GrpcRequest } from './raw-grpc.ts';
import { rawRest, type RestAnswer, type RestRequest } from './raw-rest.ts';
import { meaningOfArrived } from './said.ts';

/** What became of a request: the answer, and what arrived at its method, if it did. */
export type Became<Answer> = { readonly answer: Answer; readonly arrived: Draft | undefined };

export type RecordingApi = {
  readonly rest: (method: MethodDescription, request: RestRequest) => Promise<Became<RestAnswer>>;
  readonly grpc: (method: MethodDescription, request: GrpcRequest) => Promise<Became<GrpcAnswer>>;
  /** How many requests were sent. */
  readonly sent: () => number;
};

/** The code that every method answers with once it was reached. */
export const reached = 'REACHED';

const longerThanAnyRunMs = 86_400_000;

/** An API whose methods note what arrives and refuse it. Requests bring a token that may call the method, unless they say otherwise. */
export const recordingApi = async (): Promise<RecordingApi> => {
  const arrivals = new Map<string, unknown>();
  const note = (request: unknown, call: Call) => {
    arrivals.set(call.correlationId, request);
    return Promise.resolve(refused('not_found', reached, 'It arrived.'));
  };
  const recording = Object.fromEntries(
    Object.entries(codecs).map(([service, methods]) => [service, Object.fromEntries(Object.keys(methods).map((name) => [name, note]))]),
  ) as unknown as Services;
  const { api, token } = await runningApi({ services: recording, connectionAgeMs: longerThanAnyRunMs });
  const rest = rawRest(api.httpUrl);
  const grpc = rawGrpc(`127.0.0.1:${api.grpcPort}`);
  afterwards(() => {
    rest.close();
    grpc.close();
  });
  const tokens = new Map(
    await Promise.all((Object.keys(roles) as Role[]).map(async (role) => [role, await token(role, longerThanAnyRunMs / 1_000)] as const)),
  );
  const bearerFor = ({ scope }: MethodDescription): string => {
    const role = [...tokens.keys()].find((each) => (roles[each].scopes as readonly string[]).includes(scope));
    if (!role) throw new Error(`no role has the scope ${scope}`);
    return `Bearer ${tokens.get(role)}`;
  };
  let sent = 0;

  const became = async <Answer>(
    method: MethodDescription,
    send: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
  ): Promise<Became<Answer>> => {
    const id = randomUUID();
    sent += 1;
    const answer = await send({ authorization: bearerFor(method), 'x-correlation-id': id });
    const arrived = arrivals.get(id);
    arrivals.delete(id);
    return { answer, arrived: arrived === undefined ? undefined : meaningOfArrived(method.input, arrived as Draft) };
  };
  return {
    rest: (method, request) => became(method, (headers) => rest.send({ ...request, headers: { ...headers, ...request.headers } })),
    grpc: (method, request) => became(method, (headers) => grpc.send({ ...request, headers: { ...headers, ...request.headers } })),
    sent: () => sent,
  };
};
