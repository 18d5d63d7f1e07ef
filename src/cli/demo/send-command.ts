import type { Client } from '../../../clients/typescript/src/client.ts';
import { currency, type Acknowledged } from './api.ts';
import type { Command } from './commands.ts';

/** Sends a command through the method of its name, in the name of the session's person. */
export const sendCommand = (client: Client, command: Command, requestId: string): Promise<Acknowledged> => {
  switch (command.type) {
    case 'CancelOrder': {
      const { orderId, reason } = command;
      return client.cancelOrder({ orderId, reason, requestId });
    }
    case 'CancelLine': {
      const { orderId, lineId, reason } = command;
      return client.cancelLine({ orderId, lineId, reason, requestId });
    }
    case 'ChangeAddress': {
      const { name, ...place } = command.address;
      return client.changeAddress({ orderId: command.orderId, shippingAddress: { recipient: name, ...place }, requestId });
    }
    case 'AcceptLine': {
      const { orderId, lineId } = command;
      return client.acceptLine({ orderId, lineId, requestId });
    }
    case 'RejectLine': {
      const { orderId, lineId, reason } = command;
      return client.rejectLine({ orderId, lineId, reason, requestId });
    }
    case 'DispatchShipment': {
      const { orderId, shipmentId, carrier, trackingNumber, lines } = command;
      return client.dispatchShipment({ orderId, shipmentId, carrier, trackingNumber, lines, requestId });
    }
    case 'ConfirmDelivery': {
      const { orderId, shipmentId } = command;
      return client.confirmDelivery({ orderId, shipmentId, requestId });
    }
    case 'ReportShipmentLost': {
      const { orderId, shipmentId, reason } = command;
      return client.reportShipmentLost({ orderId, shipmentId, reason, requestId });
    }
    case 'HoldOrder': {
      const { orderId, reason } = command;
      return client.holdOrder({ orderId, reason, requestId });
    }
    case 'ReleaseOrder': {
      const { orderId, reason } = command;
      return client.releaseOrder({ orderId, reason, requestId });
    }
    case 'ResolveTask': {
      const { orderId, taskId, reason } = command;
      return client.resolveTask({ orderId, taskId, reason, requestId });
    }
    case 'RequestReturn': {
      const { returnId, orderId, kind, lines, reason } = command;
      return client.requestReturn({ returnId, orderId, kind, lines, reason, requestId });
    }
    case 'ApproveReturn':
      return client.approveReturn({ returnId: command.returnId, requestId });
    case 'RejectReturn': {
      const { returnId, reason } = command;
      return client.rejectReturn({ returnId, reason, requestId });
    }
    case 'ReceiveReturn':
      return client.receiveReturn({ returnId: command.returnId, requestId });
    case 'InspectReturn': {
      const { returnId, reason } = command;
      const lines = command.lines.map(({ deductionMinor, ...found }) => ({ ...found, deduction: { amountMinor: deductionMinor, currency } }));
      return client.inspectReturn({ returnId, lines, reason, requestId });
    }
  }
};
