import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import { LiftLegalHoldRequest, PlaceLegalHoldRequest, type PlaceLegalHoldResponse } from '../contract/generated/orders/v1/customers.ts';
import { actsForCustomer } from '../domain/authority.ts';
import { customer, type Customer } from '../domain/customer.ts';
import { customerStream } from '../domain/ids.ts';
import type { Call, Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import { createdIdOf } from './command-id.ts';
import type { Handle } from './handle.ts';
import { real } from './requests.ts';

/** What support decides about customers, as the contract names it. */
export const customerCommands = (
  handle: Handle,
): {
  readonly placeLegalHold: Method<PlaceLegalHoldRequest, PlaceLegalHoldResponse>;
  readonly liftLegalHold: Method<LiftLegalHoldRequest, CommandAnswer>;
} => {
  const { change, answering } = changes(handle, {
    decider: customer,
    stream: customerStream,
    id: 'customerId',
    subject: (_: Customer, __: Call, customerId) => customerId,
  });
  return {
    placeLegalHold: answering(
      {
        method: 'PlaceLegalHold',
        codec: PlaceLegalHoldRequest,
        may: (authority, _, { customerId }) => actsForCustomer(authority, customerId),
        command: ({ holdId, kind }, { commandId }) => ({ type: 'PlaceLegalHold', holdId: holdId || createdIdOf(commandId), kind: real(kind) }),
      },
      ({ holdId }, { commandId, revision, consistencyToken }) => ({ holdId: holdId || createdIdOf(commandId), revision, consistencyToken }),
    ),

    liftLegalHold: change({
      method: 'LiftLegalHold',
      codec: LiftLegalHoldRequest,
      may: (authority, _, { customerId }) => actsForCustomer(authority, customerId),
      command: ({ holdId }) => ({ type: 'LiftLegalHold', holdId }),
    }),
  };
};
