import { currency } from './api.ts';
import type { Command } from './commands.ts';

/** Where a command goes through REST, and what is sent there. */
export const restRequest = (command: Command): { readonly path: string; readonly body: object } => {
  switch (command.type) {
    case 'CancelOrder':
      return { path: `${order(command)}:cancel`, body: { reason: command.reason } };
    case 'CancelLine':
      return { path: `${line(command)}:cancel`, body: { reason: command.reason } };
    case 'ChangeAddress': {
      const { name, line1, postalCode, city, countryCode } = command.address;
      return {
        path: `${order(command)}:changeAddress`,
        body: { shipping_address: { recipient: name, line1, postal_code: postalCode, city, country_code: countryCode } },
      };
    }
    case 'AcceptLine':
      return { path: `${line(command)}:accept`, body: {} };
    case 'RejectLine':
      return { path: `${line(command)}:reject`, body: { reason: command.reason } };
    case 'DispatchShipment': {
      const { shipmentId, carrier, trackingNumber, lines } = command;
      return {
        path: `${order(command)}/shipments`,
        body: { shipment_id: shipmentId, carrier, tracking_number: trackingNumber, lines: lines.map(piecesOf) },
      };
    }
    case 'ConfirmDelivery':
      return { path: `${shipment(command)}:confirmDelivery`, body: {} };
    case 'ReportShipmentLost':
      return { path: `${shipment(command)}:reportLost`, body: { reason: command.reason } };
    case 'HoldOrder':
      return { path: `${order(command)}:hold`, body: { reason: command.reason } };
    case 'ReleaseOrder':
      return { path: `${order(command)}:release`, body: { reason: command.reason } };
    case 'ResolveTask':
      return { path: `${order(command)}/tasks/${command.taskId}:resolve`, body: { reason: command.reason } };
    case 'RequestReturn': {
      const { returnId, orderId, kind, lines, reason } = command;
      return { path: '/v1/returns', body: { return_id: returnId, order_id: orderId, kind, lines: lines.map(piecesOf), reason } };
    }
    case 'ApproveReturn':
      return { path: `/v1/returns/${command.returnId}:approve`, body: {} };
    case 'RejectReturn':
      return { path: `/v1/returns/${command.returnId}:reject`, body: { reason: command.reason } };
    case 'ReceiveReturn':
      return { path: `/v1/returns/${command.returnId}:receive`, body: {} };
    case 'InspectReturn':
      return {
        path: `/v1/returns/${command.returnId}:inspect`,
        body: {
          lines: command.lines.map(({ outcome, grade, deductionMinor, ...pieces }) => ({
            ...piecesOf(pieces),
            outcome,
            ...(grade === undefined ? {} : { grade }),
            deduction: { amount_minor: String(deductionMinor), currency },
          })),
          reason: command.reason,
        },
      };
  }
};

const order = ({ orderId }: { readonly orderId: string }): string => `/v1/orders/${orderId}`;
const line = ({ orderId, lineId }: { readonly orderId: string; readonly lineId: string }): string => `/v1/orders/${orderId}/lines/${lineId}`;
const shipment = ({ orderId, shipmentId }: { readonly orderId: string; readonly shipmentId: string }): string =>
  `/v1/orders/${orderId}/shipments/${shipmentId}`;
const piecesOf = ({ lineId, quantity }: { readonly lineId: string; readonly quantity: number }): object => ({ line_id: lineId, quantity });
