import { isDeepStrictEqual } from 'node:util';
import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import {
  AcceptLineRequest,
  ConfirmDeliveryRequest,
  DispatchShipmentRequest,
  RejectLineRequest,
  type DispatchShipmentRequest_Line,
  type DispatchShipmentResponse,
} from '../contract/generated/orders/v1/orders.ts';
import type { Authority } from '../domain/authority.ts';
import type { Order } from '../domain/order-state.ts';
import { mayFulfil, merchantOf } from '../domain/order.ts';
import type { Terms } from '../domain/terms.ts';
import { refused, type Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import { createdIdOf } from './command-id.ts';
import type { Handle } from './handle.ts';
import { changedOrder, timedBy } from './order-changes.ts';
import { merchantFor } from './requests.ts';

/** What merchants do about the lines of orders that are theirs, as the contract names it. */
export const fulfilmentCommands = (
  handle: Handle,
  terms: Terms,
): {
  readonly acceptLine: Method<AcceptLineRequest, CommandAnswer>;
  readonly rejectLine: Method<RejectLineRequest, CommandAnswer>;
  readonly dispatchShipment: Method<DispatchShipmentRequest, DispatchShipmentResponse>;
  readonly confirmDelivery: Method<ConfirmDeliveryRequest, CommandAnswer>;
} => {
  const timed = timedBy(terms);
  const { change, answering } = changes(handle, changedOrder);

  const dispatch = answering<DispatchShipmentRequest, DispatchShipmentResponse>(
    {
      method: 'DispatchShipment',
      codec: DispatchShipmentRequest,
      may: (authority, state, { lines }) => lines.every(({ lineId }) => mayOnPart(authority, state, { lineId })),
      command(request, at, state) {
        if (isTaken(state, request)) return refused('id_taken', 'ID_TAKEN', 'This id is taken.');
        const { shipmentId, merchantId, carrier, trackingNumber, lines } = request;
        return {
          type: 'DispatchShipment',
          shipmentId: shipmentId || createdIdOf(at.commandId),
          merchantId,
          carrier,
          trackingNumber,
          lines,
          ...timed(at),
        };
      },
    },
    ({ shipmentId }, { commandId, revision, consistencyToken }) => ({ shipmentId: shipmentId || createdIdOf(commandId), revision, consistencyToken }),
  );

  return {
    acceptLine: change({
      method: 'AcceptLine',
      codec: AcceptLineRequest,
      may: mayOnPart,
      command: ({ lineId }, at) => ({ type: 'AcceptLine', lineId, ...timed(at) }),
    }),

    rejectLine: change({
      method: 'RejectLine',
      codec: RejectLineRequest,
      may: mayOnPart,
      command: ({ lineId }, at) => ({ type: 'RejectLine', lineId, ...timed(at) }),
    }),

    dispatchShipment(request, call) {
      const merchantId = merchantFor(request.merchantId, call.caller);
      return typeof merchantId === 'string' ? dispatch({ ...request, merchantId }, call) : Promise.resolve(merchantId);
    },

    confirmDelivery: change({
      method: 'ConfirmDelivery',
      codec: ConfirmDeliveryRequest,
      may: mayOnPart,
      command: ({ shipmentId }, at) => ({ type: 'ConfirmDelivery', shipmentId, ...timed(at) }),
    }),
  };
};

/** A line or a shipment is its merchant's. */
const mayOnPart = (authority: Authority, state: Order, part: { readonly lineId?: string; readonly shipmentId?: string }): boolean =>
  mayFulfil(authority, state, merchantOf(state, part));

/** The id is that of another parcel of the order: nobody learns which. The same parcel again is for the decider. */
const isTaken = (state: Order, asked: DispatchShipmentRequest): boolean => {
  if (state.status === 'unplaced') return false;
  const known = state.shipments.find(({ shipmentId }) => shipmentId === asked.shipmentId);
  const contents = (lines: readonly DispatchShipmentRequest_Line[]): readonly string[] =>
    lines.map(({ lineId, quantity }) => `${lineId} ${quantity}`).toSorted();
  return (
    known !== undefined &&
    (known.merchantId !== asked.merchantId ||
      known.carrier !== asked.carrier ||
      known.trackingNumber !== asked.trackingNumber ||
      !isDeepStrictEqual(contents(known.lines), contents(asked.lines)))
  );
};
