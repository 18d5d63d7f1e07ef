import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Services } from '../../src/api/methods.ts';
import type { Api, Tokens } from '../../src/cli/demo/api.ts';
import type { Actor, Command } from '../../src/cli/demo/commands.ts';
import { grpcApi, restApi } from '../../src/cli/demo/platform.ts';
import { answered } from '../../src/platform/call.ts';
import { customerId, merchantId, orderId, runningApi, services } from '../api/running-api.ts';

const [lineId, shipmentId, taskId, returnId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const pieces = { lineId, quantity: 2 };
const customer = { as: { customerId }, orderId, reason: 'Wrong colour' } as const;
const merchant = { as: { merchantId } } as const;
const support = { as: 'support', orderId, reason: 'Looked into it' } as const;
const address = { name: 'Erika Mustermann', line1: 'Musterstraße 2', postalCode: '10435', city: 'Berlin', countryCode: 'DE' };

/** One of each. */
const commands: { readonly [Type in Command['type']]: Extract<Command, { readonly type: Type }> | Command } = {
  CancelOrder: { type: 'CancelOrder', ...customer },
  CancelLine: { type: 'CancelLine', ...customer, lineId },
  ChangeAddress: { type: 'ChangeAddress', as: { customerId }, orderId, address },
  AcceptLine: { type: 'AcceptLine', ...merchant, orderId, lineId },
  RejectLine: { type: 'RejectLine', ...merchant, orderId, lineId, reason: 'Broke' },
  DispatchShipment: { type: 'DispatchShipment', ...merchant, orderId, shipmentId, carrier: 'DHL', trackingNumber: 'DH1', lines: [pieces] },
  ConfirmDelivery: { type: 'ConfirmDelivery', ...merchant, orderId, shipmentId },
  ReportShipmentLost: { type: 'ReportShipmentLost', ...support, shipmentId },
  HoldOrder: { type: 'HoldOrder', ...support },
  ReleaseOrder: { type: 'ReleaseOrder', ...support },
  ResolveTask: { type: 'ResolveTask', ...support, taskId },
  RequestReturn: { type: 'RequestReturn', ...customer, returnId, kind: 'WARRANTY', lines: [pieces] },
  ApproveReturn: { type: 'ApproveReturn', ...merchant, returnId },
  RejectReturn: { type: 'RejectReturn', ...merchant, returnId, reason: 'Dropped' },
  ReceiveReturn: { type: 'ReceiveReturn', ...merchant, returnId },
  InspectReturn: {
    type: 'InspectReturn',
    ...merchant,
    returnId,
    lines: [
      { ...pieces, outcome: 'RESTOCK', grade: 'B', deductionMinor: 500 },
      { ...pieces, outcome: 'SCRAP', deductionMinor: 0 },
    ],
    reason: 'Scratches',
  },
};

test('a command is the same request through gRPC and REST, in the name of the same person', async (t) => {
  const heard: { readonly method: string; readonly request: unknown; readonly subject: unknown }[] = [];
  const listening = (names: readonly string[]): object =>
    Object.fromEntries(
      names.map((method) => [
        method,
        (request: object, { caller }: { caller: { customerId?: string; merchantId?: string } }) => {
          heard.push({ method, request, subject: [caller.customerId, caller.merchantId] });
          return Promise.resolve(answered({ shipmentId, returnId, revision: 3n, consistencyToken: 'token' }));
        },
      ]),
    );
  const methodOf = (type: string): string => `${type[0]!.toLowerCase()}${type.slice(1)}`;
  const types = Object.keys(commands);
  const isOfReturn = (type: string): boolean => type.endsWith('Return');
  const { api, token } = await runningApi({
    services: services({
      'orders.v1.OrderService': listening(types.filter((type) => !isOfReturn(type)).map(methodOf)) as Services['orders.v1.OrderService'],
      'orders.v1.ReturnService': listening(types.filter(isOfReturn).map(methodOf)) as Services['orders.v1.ReturnService'],
    }),
  });
  const nameOf = (actor: Actor) => (actor === 'support' ? 'support' : 'merchantId' in actor ? 'merchant' : 'customer');
  const tokens: Tokens = { checkout: await token('checkout'), of: (actor) => token(nameOf(actor)) };
  const apis: readonly Api[] = [grpcApi(`127.0.0.1:${api.grpcPort}`, tokens, () => {}), restApi(api.httpUrl, tokens, () => {})];
  t.after(() => apis.forEach((each) => each.close()));

  for (const command of Object.values(commands)) {
    heard.length = 0;
    for (const each of apis) {
      const reply = await each.send(command, 'key');
      assert.equal(reply.kind === 'answered' && reply.answer.revision, 3n, `${command.type} through ${each.transport}`);
    }
    const [first, second] = heard;
    assert.equal(first?.method, methodOf(command.type));
    assert.deepEqual(second, first);
    assert.equal((first?.request as { readonly requestId?: string } | undefined)?.requestId, 'key');
  }
});
