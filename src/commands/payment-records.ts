import {
  RecordAuthorisedRequest,
  RecordCapturedRequest,
  RecordCaptureFailedRequest,
  RecordDeclinedRequest,
  RecordOutcomeUnknownRequest,
  RecordRefundedRequest,
  RecordRefundFailedRequest,
  RecordVoidedRequest,
} from '../contract/generated/orders/internal/v1/payments.ts';
import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import type { PaymentRecord } from '../domain/payment-commands.ts';
import { mayActOnPayment } from '../domain/payment.ts';
import type { Method } from '../platform/call.ts';
import { changes } from './changes.ts';
import type { Handle } from './handle.ts';
import { changedPayment } from './payment-commands.ts';
import { real } from './requests.ts';

/** What workers record of the payment provider, as the internal contract names it. */
export const paymentRecords = (
  handle: Handle,
): {
  readonly recordAuthorised: Method<RecordAuthorisedRequest, CommandAnswer>;
  readonly recordDeclined: Method<RecordDeclinedRequest, CommandAnswer>;
  readonly recordCaptured: Method<RecordCapturedRequest, CommandAnswer>;
  readonly recordCaptureFailed: Method<RecordCaptureFailedRequest, CommandAnswer>;
  readonly recordVoided: Method<RecordVoidedRequest, CommandAnswer>;
  readonly recordRefunded: Method<RecordRefundedRequest, CommandAnswer>;
  readonly recordRefundFailed: Method<RecordRefundFailedRequest, CommandAnswer>;
  readonly recordOutcomeUnknown: Method<RecordOutcomeUnknownRequest, CommandAnswer>;
} => {
  const { change } = changes(handle, changedPayment);
  const record = <Request extends { readonly paymentId: string; readonly requestId: string }>(
    method: string,
    codec: { encode(message: Request): { finish(): Uint8Array } },
    told: (request: Request) => PaymentRecord,
  ): Method<Request, CommandAnswer> => change({ method, codec, may: mayActOnPayment, command: told });

  return {
    recordAuthorised: record('RecordAuthorised', RecordAuthorisedRequest, ({ providerReference, captureBefore }) => ({
      type: 'RecordAuthorised',
      providerReference,
      captureBefore: captureBefore!.toISOString(),
    })),
    recordDeclined: record('RecordDeclined', RecordDeclinedRequest, ({ code }) => ({ type: 'RecordDeclined', code })),
    recordCaptured: record('RecordCaptured', RecordCapturedRequest, ({ captureId, providerReference }) => ({
      type: 'RecordCaptured',
      captureId,
      providerReference,
    })),
    recordCaptureFailed: record('RecordCaptureFailed', RecordCaptureFailedRequest, ({ captureId, code }) => ({
      type: 'RecordCaptureFailed',
      captureId,
      code,
    })),
    recordVoided: record('RecordVoided', RecordVoidedRequest, () => ({ type: 'RecordVoided' })),
    recordRefunded: record('RecordRefunded', RecordRefundedRequest, ({ refundId, providerReference }) => ({
      type: 'RecordRefunded',
      refundId,
      providerReference,
    })),
    recordRefundFailed: record('RecordRefundFailed', RecordRefundFailedRequest, ({ refundId, code }) => ({
      type: 'RecordRefundFailed',
      refundId,
      code,
    })),
    recordOutcomeUnknown: record('RecordOutcomeUnknown', RecordOutcomeUnknownRequest, ({ operation, operationId }) => ({
      type: 'RecordUnknown',
      operation: real(operation),
      ...(operationId === '' ? {} : { operationId }),
    })),
  };
};
