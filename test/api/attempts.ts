import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { JsonObject } from '@bufbuild/protobuf';
import type { Who } from '../support/clients.ts';
import type { Life } from '../support/lives.ts';
import { transportsOf, type CommandApi } from './command-api.ts';

/** A request that is refused on what stands, and who sends it. */
export type Attempt = { readonly request: JsonObject; readonly who: Who };

/** What a method refuses, and where. */
export type Refused = readonly [method: string, code: string, where: string, attempt: () => Promise<Attempt>];

/** Tests each refusal over every transport of its method. */
export const testRefusals = ({ ask }: CommandApi, refusals: readonly Refused[]): void => {
  for (const [method, code, where, attempt] of refusals) {
    for (const transport of transportsOf(method)) {
      test(`${method} over ${transport} is refused as ${code} where ${where}`, async () => {
        const { request, who } = await attempt();
        const told = await ask(transport, method, request, who);
        assert.deepEqual(told, { code, fields: 'fields' in told ? told.fields : [], status: statusOf(code)[transport] });
      });
    }
  }
};

/** The row of the error table. */
const statusOf = (code: string): { readonly grpc: number; readonly rest: number } => {
  if (code === 'INVALID_REQUEST') return { grpc: status.INVALID_ARGUMENT, rest: 400 };
  if (code === 'FORBIDDEN') return { grpc: status.PERMISSION_DENIED, rest: 403 };
  if (code === 'ID_TAKEN') return { grpc: status.ALREADY_EXISTS, rest: 409 };
  return code.endsWith('_NOT_FOUND') ? { grpc: status.NOT_FOUND, rest: 404 } : { grpc: status.FAILED_PRECONDITION, rest: 409 };
};

export const support: Who = { role: 'support' };
export const merchantOf = ({ lines }: Life): Who => ({ role: 'merchant', merchantId: lines[0]!.merchantId });
export const customerOf = ({ customerId }: Life): Who => ({ role: 'customer', customerId });
export const lineOf = (life: Life, index = 0): JsonObject => ({ line_id: life.lines[index]!.lineId });
