import type * as events from '../../contract/generated/orders/events/v1/events.ts';
import { idOf } from '../../domain/ids.ts';
import type { ReturnEvent } from '../../domain/return-events.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { IntegrationEvent } from '../integration-event.ts';
import { money } from './money.ts';

/** What is told of a return. */
export const translateReturn = (
  { type, data }: ReturnEvent,
  { stream, recordedAt }: Pick<Recorded, 'stream' | 'recordedAt'>,
): IntegrationEvent | undefined => {
  const returnId = idOf(stream);
  const { orderId } = data;
  const about = { subject: `returns/${returnId}`, partitionKey: orderId };
  switch (type) {
    case 'ReturnRequested': {
      const { customerId, merchantId, kind, currency, lines } = data;
      const requested: events.ReturnRequested = {
        returnId,
        orderId,
        customerId,
        merchantId,
        kind,
        lines: lines.map(({ lineId, offerId, quantity, amountMinor }) => ({ lineId, offerId, quantity, amount: money(amountMinor, currency) })),
        requestedAt: recordedAt,
      };
      return { type: 'orders.return-requested.v1', ...about, data: requested };
    }
    case 'ReturnAdmitted': {
      const decideBy = data.decideBy === undefined ? undefined : new Date(data.decideBy);
      const admitted: events.ReturnAdmitted = { returnId, orderId, decideBy, admittedAt: recordedAt };
      return { type: 'orders.return-admitted.v1', ...about, data: admitted };
    }
    case 'ReturnApproved': {
      const approved: events.ReturnApproved = { returnId, orderId, returnBy: new Date(data.returnBy), approvedAt: recordedAt };
      return { type: 'orders.return-approved.v1', ...about, data: approved };
    }
    case 'ReturnRejected': {
      const { merchantId, customerId, cause } = data;
      const declined: events.ReturnRejected = { returnId, orderId, merchantId, customerId, cause, rejectedAt: recordedAt };
      return { type: 'orders.return-rejected.v1', ...about, data: declined };
    }
    case 'ReturnReceived': {
      const { merchantId, inspectBy } = data;
      const received: events.ReturnReceived = { returnId, orderId, merchantId, inspectBy: new Date(inspectBy), receivedAt: recordedAt };
      return { type: 'orders.return-received.v1', ...about, data: received };
    }
    // Support's task tells of it.
    case 'InspectionOverdue':
      return undefined;
    case 'ReturnInspected': {
      const { merchantId, customerId, currency, lines, refundMinor } = data;
      const inspected: events.ReturnInspected = {
        returnId,
        orderId,
        merchantId,
        customerId,
        lines: lines.map(({ lineId, offerId, quantity, outcome, grade = '', deductionMinor, refundMinor: lineRefundMinor }) => ({
          lineId,
          offerId,
          quantity,
          outcome,
          grade,
          deduction: money(deductionMinor, currency),
          refund: money(lineRefundMinor, currency),
        })),
        refund: money(refundMinor, currency),
        inspectedAt: recordedAt,
      };
      return { type: 'orders.return-inspected.v1', ...about, data: inspected };
    }
    case 'RestockRefused': {
      const { lineId, offerId, code } = data;
      const refused: events.ReturnRestockRefused = { returnId, orderId, lineId, offerId, code, refusedAt: recordedAt };
      return { type: 'orders.return-restock-refused.v1', ...about, data: refused };
    }
    case 'ReturnClosed': {
      const { customerId, cause } = data;
      const closed: events.ReturnClosed = { returnId, orderId, customerId, cause, closedAt: recordedAt };
      return { type: 'orders.return-closed.v1', ...about, data: closed };
    }
  }
};
