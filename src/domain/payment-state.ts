import { sum } from './money.ts';
import type { PaymentEvent, PaymentFact } from './payment-events.ts';

type Requested = PaymentFact<'PaymentRequested'>;
type RefundAsked = PaymentFact<'RefundRequested'>;

/** An operation of which the provider did not say how it ended; `operationId` is the capture's or refund's. */
export type Unknown = Readonly<Omit<PaymentFact<'OutcomeUnknown'>, 'orderId'>>;

export type Capture = Readonly<Omit<PaymentFact<'CaptureRequested'>, 'orderId' | 'currency'>> & {
  readonly status: 'requested' | 'captured' | 'failed';
};

export type Refund = Readonly<Omit<RefundAsked, 'orderId' | 'currency'>> & { readonly status: 'requested' | 'refunded' | 'failed' };

/** A payment after `PaymentRequested`. Plain JSON. */
export type RequestedPayment = Readonly<Requested> & {
  /** The authorisation's: `voided` and `lapsed` end what was not captured, and change nothing about what was. */
  readonly status: 'requested' | 'authorised' | 'declined' | 'voided' | 'lapsed';
  /** A void was requested and is not yet recorded; `AUTHORISED_SINCE`: what it asked for was authorised only later. */
  readonly voiding?: 'REQUESTED' | 'AUTHORISED_SINCE';
  readonly providerReference?: string;
  readonly captureBefore?: string;
  readonly declineCode?: string;
  readonly captures: readonly Capture[];
  readonly refunds: readonly Refund[];
  /** What the provider is being asked about. */
  readonly unknown: readonly Unknown[];
};

export type Payment = { readonly status: 'unrequested' } | RequestedPayment;

/** The sum of captures or refunds that are not failed, requests that are still open among them; in minor units. */
export const committed = (operations: readonly (Capture | Refund)[]): number =>
  sum(operations.filter(({ status }) => status !== 'failed').map(({ amountMinor }) => amountMinor));

/** What the provider took, in minor units. */
export const capturedOf = ({ captures }: RequestedPayment): number =>
  sum(captures.filter(({ status }) => status === 'captured').map(({ amountMinor }) => amountMinor));

/** What the provider gave back, in minor units. */
export const refundedOf = ({ refunds }: RequestedPayment): number =>
  sum(refunds.filter(({ status }) => status === 'refunded').map(({ amountMinor }) => amountMinor));

/** A payment after one more event. */
export const evolvePayment = (state: Payment, { type, data }: PaymentEvent): Payment => {
  if (type === 'PaymentRequested') return { status: 'requested', ...data, captures: [], refunds: [], unknown: [] };
  if (state.status === 'unrequested') throw new Error(`${type} before PaymentRequested`);
  switch (type) {
    case 'PaymentAuthorised': {
      const { providerReference, captureBefore } = data;
      const authorised = { ...settled(state, 'AUTHORISATION'), status: 'authorised' as const, providerReference, captureBefore };
      return state.voiding ? { ...authorised, voiding: 'AUTHORISED_SINCE' } : authorised;
    }
    case 'PaymentDeclined':
      return { ...settled(state, 'AUTHORISATION'), status: 'declined', declineCode: data.code };
    case 'CaptureRequested': {
      const { orderId: _, currency: __, ...asked } = data;
      return { ...state, captures: [...state.captures, { ...asked, status: 'requested' }] };
    }
    case 'PaymentCaptured':
      return captureIs(state, data.captureId, 'captured');
    case 'CaptureFailed':
      return captureIs(state, data.captureId, 'failed');
    case 'VoidRequested':
      return { ...state, voiding: 'REQUESTED' };
    case 'PaymentVoided': {
      const { voiding: _, ...rest } = settled(settled(state, 'VOID'), 'AUTHORISATION');
      return { ...rest, status: 'voided' };
    }
    case 'RefundRequested': {
      const { orderId: _, currency: __, ...asked } = data;
      return { ...state, refunds: [...state.refunds, { ...asked, status: 'requested' }] };
    }
    case 'PaymentRefunded':
      return refundIs(state, data.refundId, 'refunded');
    case 'RefundFailed':
      return refundIs(state, data.refundId, 'failed');
    case 'OutcomeUnknown': {
      const { orderId: _, ...unknown } = data;
      return { ...state, unknown: [...state.unknown, unknown] };
    }
    case 'AuthorisationLapsed':
      return { ...state, status: 'lapsed' };
  }
};

const captureIs = (state: RequestedPayment, captureId: string, status: Capture['status']): Payment => ({
  ...settled(state, 'CAPTURE', captureId),
  captures: state.captures.map((capture) => (capture.captureId === captureId ? { ...capture, status } : capture)),
});

const refundIs = (state: RequestedPayment, refundId: string, status: Refund['status']): Payment => ({
  ...settled(state, 'REFUND', refundId),
  refunds: state.refunds.map((refund) => (refund.refundId === refundId ? { ...refund, status } : refund)),
});

/** Without the question how an operation ended. */
const settled = (state: RequestedPayment, operation: Unknown['operation'], operationId?: string): RequestedPayment => ({
  ...state,
  unknown: state.unknown.filter((unknown) => unknown.operation !== operation || unknown.operationId !== operationId),
});
