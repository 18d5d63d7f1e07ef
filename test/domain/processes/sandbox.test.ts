import { describe, test } from 'node:test';
import type { PaymentRecord } from '../../../src/domain/payment-commands.ts';
import type { ProcessCommand } from '../../../src/domain/processes/process.ts';
import { sandbox } from '../../../src/domain/processes/sandbox.ts';
import { after } from '../../../src/domain/terms.ts';
import { at, paymentId } from '../examples.ts';
import { captureId, captureRequested, paymentRequested, refundId, refundRequested, voidRequested } from '../payment-examples.ts';
import { ofPayment, told } from './told.ts';

const record = (command: PaymentRecord): ProcessCommand => ({ to: 'payment', id: paymentId, command });
const requested = (paymentMethod: string) => ofPayment(paymentRequested({ paymentMethod }));

describe('the sandbox', () => {
  test('authorises, captures, voids and refunds whatever it is asked for', () => {
    const captureBefore = after(at('30 min'), 7 * 24 * 3_600_000);
    told(sandbox, requested('tok_visa')).expect(record({ type: 'RecordAuthorised', providerReference: `sandbox_${paymentId}`, captureBefore }));
    told(sandbox, requested('tok_visa'), ofPayment(captureRequested())).expect(
      record({ type: 'RecordCaptured', captureId, providerReference: `sandbox_${captureId}` }),
    );
    told(sandbox, requested('tok_visa'), ofPayment(voidRequested())).expect(record({ type: 'RecordVoided' }));
    told(sandbox, requested('tok_visa'), ofPayment(refundRequested())).expect(
      record({ type: 'RecordRefunded', refundId, providerReference: `sandbox_${refundId}` }),
    );
  });

  test('declines cards that are there to be declined', () =>
    told(sandbox, requested('tok_decline_funds')).expect(record({ type: 'RecordDeclined', code: 'card_declined' })));

  test('never answers cards that are there to keep everybody waiting', () => told(sandbox, requested('tok_silent')).expect());

  test('fails captures and refunds of cards that are there for it', () => {
    told(sandbox, requested('tok_capture_fails'), ofPayment(captureRequested())).expect(
      record({ type: 'RecordCaptureFailed', captureId, code: 'processing_error' }),
    );
    told(sandbox, requested('tok_refund_fails'), ofPayment(refundRequested())).expect(
      record({ type: 'RecordRefundFailed', refundId, code: 'processing_error' }),
    );
  });
});
