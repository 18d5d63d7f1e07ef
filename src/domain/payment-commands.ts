import type { PaymentFact } from './payment-events.ts';
import type { Unknown } from './payment-state.ts';

export type PaymentCommand =
  | ({ readonly type: 'RequestPayment' } & Readonly<PaymentFact<'PaymentRequested'>>)
  | RequestCapture
  | { readonly type: 'RequestVoid' }
  | RequestRefund
  | PaymentRecord
  /** The deadline `captureBefore`. */
  | { readonly type: 'LapseAuthorisation'; readonly captureBefore: string };

/** `captureId` is the id of the command itself. A shipment is captured once, and once more after a failure. */
export type RequestCapture = {
  readonly type: 'RequestCapture';
  readonly orderId: string;
  readonly captureId: string;
  readonly shipmentId: string;
  readonly amountMinor: number;
};

/** `refundId` is the id of the command itself. A return is refunded once, and once more after a failure; so is a lost shipment. */
export type RequestRefund = {
  readonly type: 'RequestRefund';
  readonly refundId: string;
  readonly cause: PaymentFact<'RefundRequested'>['cause'];
  /** The order that a process asks for: its refusal finds the way back by it. */
  readonly orderId?: string;
  readonly returnId?: string;
  readonly shipmentId?: string;
  readonly amountMinor: number;
};

/** What the worker, the sandbox or a notice of the provider tells: any of it may come twice, late, or before what it follows. */
export type PaymentRecord =
  | { readonly type: 'RecordAuthorised'; readonly providerReference: string; readonly captureBefore: string }
  | { readonly type: 'RecordDeclined'; readonly code: string }
  | { readonly type: 'RecordCaptured'; readonly captureId: string; readonly providerReference: string }
  | { readonly type: 'RecordCaptureFailed'; readonly captureId: string; readonly code: string }
  | { readonly type: 'RecordVoided' }
  | { readonly type: 'RecordRefunded'; readonly refundId: string; readonly providerReference: string }
  | { readonly type: 'RecordRefundFailed'; readonly refundId: string; readonly code: string }
  | ({ readonly type: 'RecordUnknown' } & Unknown);

/** Why a payment refuses. */
export type PaymentCode =
  | 'PAYMENT_NOT_FOUND'
  | 'PAYMENT_ALREADY_REQUESTED'
  | 'PAYMENT_OF_ANOTHER_ORDER'
  | 'PAYMENT_NOT_AUTHORISED'
  | 'PAYMENT_VOIDED'
  | 'PAYMENT_LAPSED'
  | 'CAPTURE_NOT_FOUND'
  | 'CAPTURE_TOO_HIGH'
  | 'REFUND_NOT_FOUND'
  | 'REFUND_TOO_HIGH';
