import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import {
  CancelLineRequest,
  CancelOrderRequest,
  ChangeAddressRequest,
  HoldOrderRequest,
  PlaceOrderRequest,
  ReleaseOrderRequest,
  ReportShipmentLostRequest,
  ResolveTaskRequest,
  type PlaceOrderRequest_Address,
  type PlaceOrderResponse,
} from '../contract/generated/orders/v1/orders.ts';
import { actsForCustomer, authorityOf } from '../domain/authority.ts';
import { derivedId, offerStream, orderStream } from '../domain/ids.ts';
import { offer } from '../domain/offer.ts';
import type { OrderCommand } from '../domain/order-commands.ts';
import { addressField, type OrderEventData } from '../domain/order-events.ts';
import { mayActOnOrder, order } from '../domain/order.ts';
import type { Terms } from '../domain/terms.ts';
import { answered, refused, type Caller, type Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import type { Handle } from './handle.ts';
import type { At } from './judge.ts';
import { changedOrder, timedBy } from './order-changes.ts';

/** What customers and support ask of orders, as the contract names it; one implementation, served as gRPC and as REST. */
export const orderCommands = (
  handle: Handle,
  terms: Terms,
): {
  readonly placeOrder: Method<PlaceOrderRequest, PlaceOrderResponse>;
  readonly cancelOrder: Method<CancelOrderRequest, CommandAnswer>;
  readonly cancelLine: Method<CancelLineRequest, CommandAnswer>;
  readonly changeAddress: Method<ChangeAddressRequest, CommandAnswer>;
  readonly reportShipmentLost: Method<ReportShipmentLostRequest, CommandAnswer>;
  readonly holdOrder: Method<HoldOrderRequest, CommandAnswer>;
  readonly releaseOrder: Method<ReleaseOrderRequest, CommandAnswer>;
  readonly resolveTask: Method<ResolveTaskRequest, CommandAnswer>;
} => {
  const timed = timedBy(terms);
  const { change } = changes(handle, changedOrder);

  return {
    async placeOrder(request, call) {
      const { lines, paymentMethod } = request;
      const customer = request.customer!;
      if (!actsForCustomer(authorityOf(call.caller), customer.customerId))
        return refused('forbidden', 'FORBIDDEN', 'The token does not act for this customer.');
      const outcome = await handle(order, {
        method: 'PlaceOrder',
        call,
        requestId: request.requestId,
        bytes: PlaceOrderRequest.encode({ ...request, requestId: '' }).finish(),
        id: request.orderId,
        creates: true,
        stream: orderStream,
        may: mayActOnOrder,
        subject: () => customer.customerId,
        async command(at): Promise<OrderCommand> {
          const offers = await at.read(
            offer,
            lines.map(({ offerId }) => offerStream(offerId)),
          );
          return {
            type: 'PlaceOrder',
            customerId: customer.customerId,
            contact: { name: at.seal('name', customer.name), email: at.seal('email', customer.email), language: customer.language },
            shippingAddress: sealedAddress(request.shippingAddress!, at),
            paymentMethod,
            lines: lines.map(({ offerId, quantity, shownUnitPrice }, ordinal) => ({
              lineId: derivedId('line', at.commandId, String(ordinal)),
              offerId,
              quantity,
              shownPriceMinor: Number(shownUnitPrice!.amountMinor),
              shownCurrency: shownUnitPrice!.currency,
              offer: offers[ordinal]!,
            })),
            ...timed(at),
          };
        },
      });
      if (outcome.kind === 'refused') return outcome;
      const { id, revision, consistencyToken } = outcome.message;
      return answered({ orderId: id, revision, consistencyToken });
    },

    cancelOrder: change({
      method: 'CancelOrder',
      codec: CancelOrderRequest,
      may: mayActOnOrder,
      command: (_, at) => ({ type: 'CancelOrder', cause: sideOf(at.call.caller), ...timed(at) }),
    }),

    cancelLine: change({
      method: 'CancelLine',
      codec: CancelLineRequest,
      may: mayActOnOrder,
      command: ({ lineId }, at) => ({ type: 'CancelLine', lineId, cause: sideOf(at.call.caller), ...timed(at) }),
    }),

    changeAddress: change({
      method: 'ChangeAddress',
      codec: ChangeAddressRequest,
      may: mayActOnOrder,
      isPersonal: true,
      command: ({ shippingAddress }, at, state) =>
        // Of an order that is not there nobody knows under whose key to seal.
        state.status === 'unplaced'
          ? refused('not_found', 'ORDER_NOT_FOUND', 'No such order has been placed.')
          : { type: 'ChangeAddress', shippingAddress: sealedAddress(shippingAddress!, at), ...timed(at) },
    }),

    reportShipmentLost: change({
      method: 'ReportShipmentLost',
      codec: ReportShipmentLostRequest,
      may: mayActOnOrder,
      command: ({ shipmentId }, at) => ({ type: 'ReportShipmentLost', shipmentId, ...timed(at) }),
    }),

    holdOrder: change({
      method: 'HoldOrder',
      codec: HoldOrderRequest,
      may: mayActOnOrder,
      command: (_, at) => ({ type: 'HoldOrder', cause: 'SUPPORT', ...timed(at) }),
    }),

    releaseOrder: change({
      method: 'ReleaseOrder',
      codec: ReleaseOrderRequest,
      may: mayActOnOrder,
      command: (_, at) => ({ type: 'ReleaseOrder', ...timed(at) }),
    }),

    resolveTask: change({
      method: 'ResolveTask',
      codec: ResolveTaskRequest,
      may: mayActOnOrder,
      command: ({ taskId }, at) => ({ type: 'ResolveTask', taskId, ...timed(at) }),
    }),
  };
};

/** Who cancels: support says so itself; everybody else does it for the customer. */
const sideOf = ({ scopes }: Caller): 'CUSTOMER' | 'SUPPORT' => (scopes.has('orders:support') ? 'SUPPORT' : 'CUSTOMER');

const sealedAddress = (address: PlaceOrderRequest_Address, { seal }: Pick<At, 'seal'>): OrderEventData<'AddressChanged'>['shippingAddress'] => {
  const { recipient, line1, line2, postalCode, city, countryCode } = address;
  return { address: seal(addressField, JSON.stringify({ recipient, line1, line2, postalCode, city })), countryCode };
};
