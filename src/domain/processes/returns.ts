import { idOf } from '../ids.ts';
import type { ReturnFact } from '../return-events.ts';
import type { Process, ProcessCommand } from './process.ts';

const on = [
  'ReturnRequested',
  'ReturnRegistered',
  'ReturnRejected',
  'ReturnInspected',
  'RestockRefused',
  'InspectionOverdue',
  'ReturnClosed',
  'PaymentRefunded',
  'RefundFailed',
] as const;

/** `paymentId` is where the money came from, known once the order has registered the return. */
type Memory = { readonly paymentId?: string; readonly isRejected?: true };

/** Returns: registered with the order, so that no piece comes back twice; what was inspected is refunded and goes back on sale. */
export const returning: Process<Memory, (typeof on)[number]> = {
  name: 'returns',
  version: 1,
  on,
  key: ({ data, stream }) => ('returnId' in data ? data.returnId : stream.startsWith('return-') ? idOf(stream) : undefined),
  initial: {},

  react(memory, { type, data, stream }) {
    switch (type) {
      case 'ReturnRequested': {
        const lines = data.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
        return { memory, commands: [{ to: 'order', id: data.orderId, command: { type: 'RegisterReturn', returnId: idOf(stream), lines } }] };
      }
      case 'ReturnRegistered':
        // Sent twice, it can be refused first and taken later.
        if (memory.isRejected) return { memory, commands: [unregister(idOf(stream), data.returnId)] };
        return { memory: { paymentId: data.paymentId }, commands: [{ to: 'return', id: data.returnId, command: { type: 'AdmitReturn' } }] };
      case 'ReturnRejected': {
        const commands = memory.paymentId === undefined ? [] : [unregister(data.orderId, idOf(stream))];
        return { memory: { ...memory, isRejected: true }, commands };
      }
      case 'ReturnInspected':
        return { memory, commands: [...settle(memory, idOf(stream), data), ...restock(idOf(stream), data)] };
      case 'RestockRefused': {
        const { orderId, merchantId, code } = data;
        const command = { type: 'RaiseTask', kind: 'RESTOCK_REFUSED', merchantId, returnId: idOf(stream), code } as const;
        return { memory, commands: [{ to: 'order', id: orderId, command }] };
      }
      case 'InspectionOverdue': {
        const { orderId, merchantId } = data;
        const command = { type: 'RaiseTask', kind: 'RETURN_NOT_INSPECTED', merchantId, returnId: idOf(stream) } as const;
        return { memory, commands: [{ to: 'order', id: orderId, command }] };
      }
      case 'ReturnClosed':
        return { memory, commands: data.cause === 'NOT_RECEIVED' ? [unregister(data.orderId, idOf(stream))] : [] };
      case 'PaymentRefunded':
        return { memory, commands: data.returnId === undefined ? [] : [close(data.returnId, 'REFUNDED')] };
      case 'RefundFailed':
        // Fulfilment tells support.
        return { memory, commands: data.returnId === undefined ? [] : [close(data.returnId, 'REFUND_FAILED')] };
    }
  },

  refused({ to, id, command }, code) {
    if (to === 'order' && command.type === 'RegisterReturn')
      return [{ to: 'return', id: command.returnId, command: { type: 'RefuseReturn', cause: code } }];
    if (to === 'offer' && command.type === 'RestockOffer') {
      const { returnId, lineId } = command;
      return [{ to: 'return', id: returnId, command: { type: 'MarkRestockRefused', lineId, offerId: id, code } }];
    }
    if (to === 'payment' && command.type === 'RequestRefund' && command.orderId !== undefined && command.returnId !== undefined) {
      const { orderId, returnId } = command;
      const raise = { type: 'RaiseTask', kind: 'REFUND_FAILED', returnId, paymentId: id, code } as const;
      return [close(returnId, 'REFUND_FAILED'), { to: 'order', id: orderId, command: raise }];
    }
    return [];
  },
};

const settle = ({ paymentId }: Memory, returnId: string, { orderId, refundMinor }: ReturnFact<'ReturnInspected'>): readonly ProcessCommand[] => {
  if (refundMinor === 0) return [close(returnId, 'NOTHING_TO_REFUND')];
  if (paymentId === undefined) throw new Error('a return was inspected that its order never registered');
  const command = { type: 'RequestRefund', cause: 'RETURN', orderId, returnId, amountMinor: refundMinor } as const;
  return [{ to: 'payment', id: paymentId, command }];
};

const restock = (returnId: string, { orderId, lines }: ReturnFact<'ReturnInspected'>): readonly ProcessCommand[] =>
  lines.flatMap(({ lineId, offerId, quantity, outcome, grade }): readonly ProcessCommand[] =>
    outcome === 'RESTOCK' && grade !== undefined
      ? [{ to: 'offer', id: offerId, command: { type: 'RestockOffer', orderId, lineId, returnId, quantity, grade } }]
      : [],
  );

const unregister = (orderId: string, returnId: string): ProcessCommand => ({
  to: 'order',
  id: orderId,
  command: { type: 'UnregisterReturn', returnId },
});

const close = (returnId: string, cause: 'REFUNDED' | 'NOTHING_TO_REFUND' | 'REFUND_FAILED'): ProcessCommand => ({
  to: 'return',
  id: returnId,
  command: { type: 'CloseReturn', cause },
});
