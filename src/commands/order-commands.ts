import { CancelOrderRequest, PlaceOrderRequest, type PlaceOrderResponse } from '../contract/generated/orders/v1/orders.ts';
import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import { actsForCustomer, authorityOf } from '../domain/authority.ts';
import { derivedId, offerStream, orderStream } from '../domain/ids.ts';
import { offer } from '../domain/offer.ts';
import { addressField, mayActOnOrder, order, type OrderCommand } from '../domain/order.ts';
import { answered, refused, type Method } from '../platform/call.ts';
import type { Handle } from './handle.ts';
import { commandAnswer } from './offer-commands.ts';

/** The order commands as the contract names them; one implementation, served as gRPC and as REST. */
export const orderCommands = (
  handle: Handle,
): {
  readonly placeOrder: Method<PlaceOrderRequest, PlaceOrderResponse>;
  readonly cancelOrder: Method<CancelOrderRequest, CommandAnswer>;
} => ({
  async placeOrder(request, call) {
    const { lines, paymentMethod } = request;
    const customer = request.customer!;
    const address = request.shippingAddress!;
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
      async command({ now, commandId, read, seal }): Promise<OrderCommand> {
        const offers = await read(
          offer,
          lines.map(({ offerId }) => offerStream(offerId)),
        );
        const { recipient, line1, line2, postalCode, city, countryCode } = address;
        return {
          type: 'PlaceOrder',
          day: now.toISOString().slice(0, 10),
          customerId: customer.customerId,
          contact: { name: seal('name', customer.name), email: seal('email', customer.email), language: customer.language },
          shippingAddress: { address: seal(addressField, JSON.stringify({ recipient, line1, line2, postalCode, city })), countryCode },
          paymentMethod,
          lines: lines.map(({ offerId, quantity, shownUnitPrice }, ordinal) => ({
            lineId: derivedId('line', commandId, String(ordinal)),
            offerId,
            quantity,
            shownPriceMinor: Number(shownUnitPrice!.amountMinor),
            shownCurrency: shownUnitPrice!.currency,
            offer: offers[ordinal]!,
          })),
        };
      },
    });
    if (outcome.kind === 'refused') return outcome;
    const { id, revision, consistencyToken } = outcome.message;
    return answered({ orderId: id, revision, consistencyToken });
  },

  async cancelOrder(request, call) {
    const { orderId, requestId, etag, reason } = request;
    const outcome = await handle(order, {
      method: 'CancelOrder',
      call,
      requestId,
      etag,
      bytes: CancelOrderRequest.encode({ ...request, requestId: '', etag: '' }).finish(),
      id: orderId,
      creates: false,
      stream: orderStream,
      may: mayActOnOrder,
      subject: (state) => (reason && state.status !== 'unplaced' ? state.customerId : undefined),
      ...(reason ? { reason } : {}),
      command: (): OrderCommand => ({ type: 'CancelOrder' }),
    });
    return commandAnswer(outcome);
  },
});
