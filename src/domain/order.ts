import { actsForCustomer, actsForMerchant, type Authority } from './authority.ts';
import { rejected, type Decider } from './decider.ts';
import { raiseTask, registerReturn, resolveTask, unregisterReturn } from './order-aftercare.ts';
import { cancelLine, cancelOpenLines, cancelOrder, cancelUnaccepted, cancelUndispatched } from './order-cancellation.ts';
import type { OrderCode, OrderCommand } from './order-commands.ts';
import { completeOrder } from './order-ending.ts';
import type { OrderEvent } from './order-events.ts';
import { changeAddress, holdOrder, lapseHold, releaseOrder } from './order-holding.ts';
import { confirmOrder, expireOrder, markLineRefused, markLineReserved, placeOrder } from './order-placement.ts';
import { acceptLine, confirmDelivery, dispatchShipment, reportOverdue, reportShipmentLost } from './order-shipping.ts';
import { afterOrderEvent, type Order } from './order-state.ts';

/** An order belongs to its customer. What does not exist passes, and is refused by `decide`. */
export const mayActOnOrder = (authority: Authority, state: Order): boolean =>
  state.status === 'unplaced' || actsForCustomer(authority, state.customerId);

/**
 * Who fulfils: the merchant of the line or shipment, as {@link merchantOf} finds it. Of what the order does not have
 * (undefined) only a merchant of the order is told so.
 */
export const mayFulfil = (authority: Authority, state: Order, merchantId: string | undefined): boolean => {
  if (state.status === 'unplaced' || authority.anyMerchant) return true;
  return (
    state.lines.some((line) => actsForMerchant(authority, line.merchantId)) && (merchantId === undefined || actsForMerchant(authority, merchantId))
  );
};

/** The merchant of a line or a shipment. */
export const merchantOf = (state: Order, { lineId, shipmentId }: { readonly lineId?: string; readonly shipmentId?: string }): string | undefined =>
  state.status === 'unplaced'
    ? undefined
    : (state.lines.find((line) => line.lineId === lineId) ?? state.shipments.find((shipment) => shipment.shipmentId === shipmentId))?.merchantId;

/**
 * An order's life. Always: one currency; prices and terms never change once placed; per line ordered = open + cancelled + shipped;
 * returning ≤ delivered; no other address once something shipped; after completed only returns and tasks.
 */
export const order: Decider<Order, OrderCommand, OrderEvent, OrderCode> = {
  initial: { status: 'unplaced' },

  decide(command, state) {
    if (command.type === 'PlaceOrder') return placeOrder(command, state);
    if (state.status === 'unplaced') return rejected('ORDER_NOT_FOUND', 'No such order has been placed.');
    switch (command.type) {
      case 'MarkLineReserved':
        return markLineReserved(command, state);
      case 'MarkLineRefused':
        return markLineRefused(command, state);
      case 'ConfirmOrder':
        return confirmOrder(command, state);
      case 'ExpireOrder':
        return expireOrder(command, state);
      case 'AcceptLine':
        return acceptLine(command, state);
      case 'CancelOrder':
        return cancelOrder(command, state);
      case 'CancelLine':
      case 'RejectLine':
        return cancelLine(command, state);
      case 'CancelOpenLines':
        return cancelOpenLines(command, state);
      case 'CancelUnaccepted':
        return cancelUnaccepted(command, state);
      case 'CancelUndispatched':
        return cancelUndispatched(command, state);
      case 'DispatchShipment':
        return dispatchShipment(command, state);
      case 'ConfirmDelivery':
        return confirmDelivery(command, state);
      case 'ReportShipmentLost':
        return reportShipmentLost(command, state);
      case 'ReportOverdue':
        return reportOverdue(command, state);
      case 'CompleteOrder':
        return completeOrder(command, state);
      case 'ChangeAddress':
        return changeAddress(command, state);
      case 'HoldOrder':
        return holdOrder(command, state);
      case 'ReleaseOrder':
        return releaseOrder(command, state);
      case 'LapseHold':
        return lapseHold(command, state);
      case 'RegisterReturn':
        return registerReturn(command, state);
      case 'UnregisterReturn':
        return unregisterReturn(command, state);
      case 'RaiseTask':
        return raiseTask(command, state);
      case 'ResolveTask':
        return resolveTask(command, state);
    }
  },

  evolve: afterOrderEvent,
};
