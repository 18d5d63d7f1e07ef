import type * as events from '../../contract/generated/orders/events/v1/events.ts';
import { idOf } from '../../domain/ids.ts';
import { sum, times } from '../../domain/money.ts';
import type { OrderEvent } from '../../domain/order-events.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { IntegrationEvent } from '../integration-event.ts';
import { money } from './money.ts';

/** What is told of an order. How its lines are reserved and what goes back is told by what follows from it. */
export const translateOrder = (
  { type, data }: OrderEvent,
  { stream, recordedAt }: Pick<Recorded, 'stream' | 'recordedAt'>,
): IntegrationEvent | undefined => {
  const orderId = idOf(stream);
  const about = { subject: `orders/${orderId}`, partitionKey: orderId };
  switch (type) {
    case 'OrderPlaced': {
      const { customerId, currency, lines, shippingAddress } = data;
      const placed: events.OrderPlaced = {
        orderId,
        customerId,
        lines: lines.map(({ lineId, offerId, merchantId, sku, quantity, unitPriceMinor }) => ({
          lineId,
          offerId,
          merchantId,
          sku,
          quantity,
          unitPrice: money(unitPriceMinor, currency),
        })),
        total: money(sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity))), currency),
        countryCode: shippingAddress.countryCode,
        placedAt: recordedAt,
      };
      return { type: 'orders.order-placed.v1', ...about, data: placed };
    }
    case 'OrderConfirmed': {
      const { customerId, paymentId, amountMinor, currency, acceptBy } = data;
      const confirmed: events.OrderConfirmed = {
        orderId,
        customerId,
        paymentId,
        total: money(amountMinor, currency),
        acceptBy: new Date(acceptBy),
        confirmedAt: recordedAt,
      };
      return { type: 'orders.order-confirmed.v1', ...about, data: confirmed };
    }
    case 'LineAccepted': {
      const { lineId, offerId, merchantId, dispatchBy } = data;
      const accepted: events.LineAccepted = { orderId, lineId, offerId, merchantId, dispatchBy: new Date(dispatchBy), acceptedAt: recordedAt };
      return { type: 'orders.line-accepted.v1', ...about, data: accepted };
    }
    case 'LineCancelled': {
      const { lineId, offerId, merchantId, customerId, quantity, amountMinor, currency, cause } = data;
      const cancelled: events.LineCancelled = {
        orderId,
        lineId,
        offerId,
        merchantId,
        customerId,
        quantity,
        amount: money(amountMinor, currency),
        cause,
        cancelledAt: recordedAt,
      };
      return { type: 'orders.line-cancelled.v1', ...about, data: cancelled };
    }
    case 'AddressChanged': {
      const { customerId, shippingAddress } = data;
      const changed: events.OrderAddressChanged = { orderId, customerId, countryCode: shippingAddress.countryCode, changedAt: recordedAt };
      return { type: 'orders.order-address-changed.v1', ...about, data: changed };
    }
    case 'ShipmentDispatched': {
      const { shipmentId, merchantId, customerId, carrier, lines, amountMinor, currency, deliveredBy } = data;
      const dispatched: events.ShipmentDispatched = {
        orderId,
        shipmentId,
        merchantId,
        customerId,
        carrier,
        lines: shippedLines(lines, currency),
        amount: money(amountMinor, currency),
        deliveredBy: new Date(deliveredBy),
        dispatchedAt: recordedAt,
      };
      return { type: 'orders.shipment-dispatched.v1', ...about, data: dispatched };
    }
    case 'ShipmentDelivered': {
      const { shipmentId, merchantId, customerId } = data;
      const delivered: events.ShipmentDelivered = { orderId, shipmentId, merchantId, customerId, deliveredAt: recordedAt };
      return { type: 'orders.shipment-delivered.v1', ...about, data: delivered };
    }
    case 'ShipmentLost': {
      const { shipmentId, merchantId, customerId, lines, amountMinor, currency } = data;
      const lost: events.ShipmentLost = {
        orderId,
        shipmentId,
        merchantId,
        customerId,
        lines: shippedLines(lines, currency),
        amount: money(amountMinor, currency),
        lostAt: recordedAt,
      };
      return { type: 'orders.shipment-lost.v1', ...about, data: lost };
    }
    case 'OrderDelivered': {
      const { customerId, withdrawalEnds } = data;
      const delivered: events.OrderDelivered = { orderId, customerId, withdrawalEnds: new Date(withdrawalEnds), deliveredAt: recordedAt };
      return { type: 'orders.order-delivered.v1', ...about, data: delivered };
    }
    case 'OrderHeld': {
      const { cause, holdUntil } = data;
      const held: events.OrderHeld = { orderId, cause, holdUntil: new Date(holdUntil), heldAt: recordedAt };
      return { type: 'orders.order-held.v1', ...about, data: held };
    }
    case 'HoldReleased': {
      const released: events.OrderReleased = { orderId, cause: data.cause, releasedAt: recordedAt };
      return { type: 'orders.order-released.v1', ...about, data: released };
    }
    case 'OrderCancelled': {
      const { customerId, cause } = data;
      const cancelled: events.OrderCancelled = { orderId, customerId, cancelledAt: recordedAt, cause };
      return { type: 'orders.order-cancelled.v1', ...about, data: cancelled };
    }
    case 'OrderExpired': {
      const expired: events.OrderExpired = { orderId, customerId: data.customerId, expiredAt: recordedAt };
      return { type: 'orders.order-expired.v1', ...about, data: expired };
    }
    case 'OrderCompleted': {
      const completed: events.OrderCompleted = { orderId, customerId: data.customerId, completedAt: recordedAt };
      return { type: 'orders.order-completed.v1', ...about, data: completed };
    }
    case 'SupportTaskRaised': {
      const { taskId, kind, merchantId = '', shipmentId = '', returnId = '', paymentId = '', code = '' } = data;
      const raised: events.SupportTaskRaised = { orderId, taskId, kind, merchantId, shipmentId, returnId, paymentId, code, raisedAt: recordedAt };
      return { type: 'orders.support-task-raised.v1', ...about, data: raised };
    }
    case 'SupportTaskResolved': {
      const resolved: events.SupportTaskResolved = { orderId, taskId: data.taskId, resolvedAt: recordedAt };
      return { type: 'orders.support-task-resolved.v1', ...about, data: resolved };
    }
    case 'LineReserved':
    case 'LineRefused':
    case 'ReturnRegistered':
    case 'ReturnUnregistered':
      return undefined;
  }
};

const shippedLines = (
  lines: readonly { readonly lineId: string; readonly quantity: number; readonly amountMinor: number }[],
  currency: string,
): events.ShippedLine[] => lines.map(({ lineId, quantity, amountMinor }) => ({ lineId, quantity, amount: money(amountMinor, currency) }));
