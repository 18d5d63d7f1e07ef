import type { CallOptions, Metadata, ServiceError } from '@grpc/grpc-js';
import { Offer_Grade } from '../../contract/generated/orders/v1/offers.ts';
import type { OrderServiceClient } from '../../contract/generated/orders/v1/orders.ts';
import type { ReturnServiceClient } from '../../contract/generated/orders/v1/returns.ts';
import { currency } from './api.ts';
import type { Command } from './commands.ts';

/** What every answer to a command says. */
export type Answer = { readonly revision: bigint; readonly consistencyToken: string };
export type Send = (metadata: Metadata, options: CallOptions, done: (error: ServiceError | null, answer: Answer) => void) => unknown;

/** How a command goes through gRPC. */
export const grpcSend = (orders: OrderServiceClient, returns: ReturnServiceClient, command: Command, requestId: string): Send => {
  const given = { requestId, etag: '' };
  switch (command.type) {
    case 'CancelOrder': {
      const { orderId, reason } = command;
      return (metadata, options, done) => orders.cancelOrder({ orderId, reason, ...given }, metadata, options, done);
    }
    case 'CancelLine': {
      const { orderId, lineId, reason } = command;
      return (metadata, options, done) => orders.cancelLine({ orderId, lineId, reason, ...given }, metadata, options, done);
    }
    case 'ChangeAddress': {
      const { name, line1, postalCode, city, countryCode } = command.address;
      const shippingAddress = { recipient: name, line1, line2: '', postalCode, city, countryCode };
      const request = { orderId: command.orderId, shippingAddress, ...given };
      return (metadata, options, done) => orders.changeAddress(request, metadata, options, done);
    }
    case 'AcceptLine': {
      const { orderId, lineId } = command;
      return (metadata, options, done) => orders.acceptLine({ orderId, lineId, ...given }, metadata, options, done);
    }
    case 'RejectLine': {
      const { orderId, lineId, reason } = command;
      return (metadata, options, done) => orders.rejectLine({ orderId, lineId, reason, ...given }, metadata, options, done);
    }
    case 'DispatchShipment': {
      const { orderId, shipmentId, carrier, trackingNumber, lines } = command;
      const request = { orderId, shipmentId, merchantId: '', carrier, trackingNumber, lines: [...lines], ...given };
      return (metadata, options, done) => orders.dispatchShipment(request, metadata, options, done);
    }
    case 'ConfirmDelivery': {
      const { orderId, shipmentId } = command;
      return (metadata, options, done) => orders.confirmDelivery({ orderId, shipmentId, ...given }, metadata, options, done);
    }
    case 'ReportShipmentLost': {
      const { orderId, shipmentId, reason } = command;
      return (metadata, options, done) => orders.reportShipmentLost({ orderId, shipmentId, reason, ...given }, metadata, options, done);
    }
    case 'HoldOrder': {
      const { orderId, reason } = command;
      return (metadata, options, done) => orders.holdOrder({ orderId, reason, ...given }, metadata, options, done);
    }
    case 'ReleaseOrder': {
      const { orderId, reason } = command;
      return (metadata, options, done) => orders.releaseOrder({ orderId, reason, ...given }, metadata, options, done);
    }
    case 'ResolveTask': {
      const { orderId, taskId, reason } = command;
      return (metadata, options, done) => orders.resolveTask({ orderId, taskId, reason, ...given }, metadata, options, done);
    }
    case 'RequestReturn': {
      const { returnId, orderId, kind, lines, reason } = command;
      const request = { returnId, orderId, kind, lines: [...lines], reason, requestId };
      return (metadata, options, done) => returns.requestReturn(request, metadata, options, done);
    }
    case 'ApproveReturn': {
      const { returnId } = command;
      return (metadata, options, done) => returns.approveReturn({ returnId, ...given }, metadata, options, done);
    }
    case 'RejectReturn': {
      const { returnId, reason } = command;
      return (metadata, options, done) => returns.rejectReturn({ returnId, reason, ...given }, metadata, options, done);
    }
    case 'ReceiveReturn': {
      const { returnId } = command;
      return (metadata, options, done) => returns.receiveReturn({ returnId, ...given }, metadata, options, done);
    }
    case 'InspectReturn': {
      const { returnId, reason } = command;
      const lines = command.lines.map(({ lineId, quantity, outcome, grade, deductionMinor }) => ({
        lineId,
        quantity,
        outcome,
        grade: grade ?? Offer_Grade.GRADE_UNSPECIFIED,
        deduction: { amountMinor: BigInt(deductionMinor), currency },
      }));
      return (metadata, options, done) => returns.inspectReturn({ returnId, lines, reason, ...given }, metadata, options, done);
    }
  }
};
