import type { GetShipmentRequest, Shipment } from '../contract/generated/orders/v1/orders.ts';
import { answered, refused, type Method } from '../platform/call.ts';
import type { OrderQueries } from './order-queries.ts';

/** The queries of single shipments as the proto names them. */
export type ShipmentQueries = { readonly getShipment: Method<GetShipmentRequest, Shipment> };

/** Reads a shipment out of its order, as the caller may see that. */
export const shipmentQueries = ({ getOrder }: Pick<OrderQueries, 'getOrder'>): ShipmentQueries => ({
  async getShipment({ orderId, shipmentId }, call) {
    const outcome = await getOrder({ orderId }, call);
    if (outcome.kind === 'refused') return outcome;
    const shipment = outcome.message.shipments.find((each) => each.shipmentId === shipmentId);
    return shipment ? answered(shipment) : refused('not_found', 'SHIPMENT_NOT_FOUND', 'The order has no such shipment.');
  },
});
