import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Client, ClientOptions } from '../../clients/typescript/src/client.ts';
import { ApiError } from '../../clients/typescript/src/errors.ts';
import { grpcClient } from '../../clients/typescript/src/grpc.ts';
import { restClient } from '../../clients/typescript/src/rest.ts';
import type { Services } from '../../src/api/methods.ts';
import { runningApi, services, type RunningApi } from '../api/running-api.ts';

export type OrderMethods = Partial<Services['orders.v1.OrderService']>;

/** Both clients of an API with these methods. */
export const clientsOf = async (t: TestContext, methods: OrderMethods, change: Partial<ClientOptions> = {}): Promise<readonly Client[]> => {
  const api = await runningApi({ services: services({ 'orders.v1.OrderService': methods }) });
  return clientsAt(t, api, { token: await api.token('checkout'), ...change });
};

export const clientsAt = (
  t: TestContext,
  { api }: { readonly api: Pick<RunningApi['api'], 'grpcPort' | 'httpUrl'> },
  options: ClientOptions,
): readonly Client[] => {
  const clients = [grpcClient({ address: `127.0.0.1:${api.grpcPort}`, plaintext: true, ...options }), restClient({ url: api.httpUrl, ...options })];
  t.after(() => clients.forEach((client) => client.close()));
  return clients;
};

/** The error of a call that must fail. */
export const errorOf = async (calling: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await calling.then(
    () => assert.fail('the call was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
};
