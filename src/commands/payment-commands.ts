import { RefundPaymentRequest, type RefundPaymentResponse } from '../contract/generated/orders/v1/payments.ts';
import { paymentStream } from '../domain/ids.ts';
import type { Payment } from '../domain/payment-state.ts';
import { mayActOnPayment, payment } from '../domain/payment.ts';
import { refused, type Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import type { Handle } from './handle.ts';
import { invalid } from './requests.ts';

/** Payments, as the methods that change them share it. A reason is sealed for the customer who pays. */
export const changedPayment = {
  decider: payment,
  stream: paymentStream,
  id: 'paymentId',
  subject: (state: Payment): string | undefined => (state.status === 'unrequested' ? undefined : state.customerId),
} as const;

/** What support asks of payments, as the contract names it. */
export const paymentCommands = (handle: Handle): { readonly refundPayment: Method<RefundPaymentRequest, RefundPaymentResponse> } => {
  const { answering } = changes(handle, changedPayment);
  return {
    refundPayment: answering(
      {
        method: 'RefundPayment',
        codec: RefundPaymentRequest,
        may: mayActOnPayment,
        command({ amount }, { commandId }, state) {
          const { amountMinor, currency } = amount!;
          if (amountMinor <= 0n) return invalid({ field: 'amount.amount_minor', description: 'must be above zero' });
          if (state.status !== 'unrequested' && state.currency !== currency)
            return refused('precondition_failed', 'CURRENCY_MISMATCH', `The payment is in ${state.currency}.`);
          return { type: 'RequestRefund', refundId: commandId, cause: 'GOODWILL', amountMinor: Number(amountMinor) };
        },
      },
      (_, { commandId, revision, consistencyToken }) => ({ refundId: commandId, revision, consistencyToken }),
    ),
  };
};
