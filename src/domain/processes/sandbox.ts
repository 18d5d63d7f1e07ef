import { idOf } from '../ids.ts';
import type { PaymentRecord } from '../payment-commands.ts';
import { after } from '../terms.ts';
import type { Process } from './process.ts';

const on = ['PaymentRequested', 'CaptureRequested', 'VoidRequested', 'RefundRequested'] as const;

type Memory = { readonly paymentMethod: string };

const week = 7 * 24 * 3_600_000;

/**
 * The sandbox, for development: answers payments as a provider would, without money. `tok_decline…` is declined, `tok_silent…`
 * never answered; of `tok_capture_fails…` no capture succeeds and of `tok_refund_fails…` no refund; everything else does.
 */
export const sandbox: Process<Memory, (typeof on)[number]> = {
  name: 'sandbox',
  version: 1,
  on,
  key: ({ stream }) => idOf(stream),
  initial: { paymentMethod: '' },

  react(memory, { type, data, stream }) {
    const paymentId = idOf(stream);
    const answer = (command: PaymentRecord, next = memory) => ({ memory: next, commands: [{ to: 'payment', id: paymentId, command } as const] });
    switch (type) {
      case 'PaymentRequested': {
        const { paymentMethod, payBy } = data;
        if (paymentMethod.startsWith('tok_silent')) return { memory: { paymentMethod }, commands: [] };
        if (paymentMethod.startsWith('tok_decline')) return answer({ type: 'RecordDeclined', code: 'card_declined' }, { paymentMethod });
        const authorised = { type: 'RecordAuthorised', providerReference: `sandbox_${paymentId}`, captureBefore: after(payBy, week) } as const;
        return answer(authorised, { paymentMethod });
      }
      case 'CaptureRequested': {
        const { captureId } = data;
        if (memory.paymentMethod.startsWith('tok_capture_fails')) return answer({ type: 'RecordCaptureFailed', captureId, code: 'processing_error' });
        return answer({ type: 'RecordCaptured', captureId, providerReference: `sandbox_${captureId}` });
      }
      case 'VoidRequested':
        return answer({ type: 'RecordVoided' });
      case 'RefundRequested': {
        const { refundId } = data;
        if (memory.paymentMethod.startsWith('tok_refund_fails')) return answer({ type: 'RecordRefundFailed', refundId, code: 'processing_error' });
        return answer({ type: 'RecordRefunded', refundId, providerReference: `sandbox_${refundId}` });
      }
    }
  },

  refused: () => [],
};
