import { actsForCustomer, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Decision, type Rejected } from './decider.ts';
import { sum } from './money.ts';
import type { PaymentEvent, PaymentFact } from './payment-events.ts';

type Requested = PaymentFact<'PaymentRequested'>;
type RefundAsked = PaymentFact<'RefundRequested'>;

export type PaymentCommand =
  | ({ readonly type: 'RequestPayment' } & Readonly<Requested>)
  /** `captureId` is the id of the command itself. A shipment is captured once, and once more after a failure. */
  | {
      readonly type: 'RequestCapture';
      readonly orderId: string;
      readonly captureId: string;
      readonly shipmentId: string;
      readonly amountMinor: number;
    }
  | { readonly type: 'RequestVoid' }
  /** `refundId` is the id of the command itself. */
  | {
      readonly type: 'RequestRefund';
      readonly refundId: string;
      readonly cause: RefundAsked['cause'];
      /** The order that a process asks for: a refusal finds its way back by it. */
      readonly orderId?: string;
      readonly returnId?: string;
      readonly shipmentId?: string;
      readonly amountMinor: number;
    }
  | PaymentRecord
  /** The deadline `captureBefore`. */
  | { readonly type: 'LapseAuthorisation'; readonly captureBefore: string };

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

/** An operation of which the provider did not say how it ended; `operationId` is the capture's or refund's. */
export type Unknown = { readonly operation: PaymentFact<'OutcomeUnknown'>['operation']; readonly operationId?: string };

export type Capture = {
  readonly captureId: string;
  readonly shipmentId: string;
  readonly amountMinor: number;
  readonly status: 'requested' | 'captured' | 'failed';
};

export type Refund = {
  readonly refundId: string;
  readonly cause: RefundAsked['cause'];
  readonly returnId?: string;
  readonly shipmentId?: string;
  readonly amountMinor: number;
  readonly status: 'requested' | 'refunded' | 'failed';
};

/**
 * A payment, plain JSON. `status` is the authorisation's: `voided` and `lapsed` end what was not captured, and change
 * nothing about what was. `voiding`: a void was requested and is not yet recorded.
 */
export type Payment =
  | { readonly status: 'unrequested' }
  | (Readonly<Requested> & {
      readonly status: 'requested' | 'authorised' | 'declined' | 'voided' | 'lapsed';
      /** What the last void asked for may cover: an authorisation recorded since is asked to be voided anew. */
      readonly voiding?: 'REQUESTED' | 'AUTHORISED_SINCE';
      readonly providerReference?: string;
      readonly captureBefore?: string;
      readonly declineCode?: string;
      readonly captures: readonly Capture[];
      readonly refunds: readonly Refund[];
      readonly unknown: readonly Unknown[];
    });

type Existing = Exclude<Payment, { readonly status: 'unrequested' }>;

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
