import type { PaymentRecord } from '../../../src/domain/payment-commands.ts';
import { idOf } from '../../../src/domain/ids.ts';
import type { PaymentEvent } from '../../../src/domain/payment-events.ts';
import type { Chance } from './chance.ts';
import type { Answer, LoggedEvent } from './log.ts';

export type PaymentRequest = Extract<PaymentEvent, { readonly type: 'PaymentRequested' | 'CaptureRequested' | 'VoidRequested' | 'RefundRequested' }>;

/** What a provider tells about a request, sooner or later; nothing: it never answers. */
export type Provider = (request: PaymentRequest) => readonly PaymentRecord[];

const later = (now: string, days: number): string => new Date(Date.parse(now) + days * 24 * 3_600_000).toISOString();

/** How a request ends well. */
export const success = (request: PaymentRequest, now: string, days = 7): PaymentRecord => {
  switch (request.type) {
    case 'PaymentRequested':
      return { type: 'RecordAuthorised', providerReference: 'pi', captureBefore: later(now, days) };
    case 'CaptureRequested':
      return { type: 'RecordCaptured', captureId: request.data.captureId, providerReference: 'ch' };
    case 'VoidRequested':
      return { type: 'RecordVoided' };
    case 'RefundRequested':
      return { type: 'RecordRefunded', refundId: request.data.refundId, providerReference: 're' };
  }
};

/** How a request fails, where it can: a void cannot. */
export const failure = (request: PaymentRequest): readonly PaymentRecord[] => {
  switch (request.type) {
    case 'PaymentRequested':
      return [{ type: 'RecordDeclined', code: 'card_declined' }];
    case 'CaptureRequested':
      return [{ type: 'RecordCaptureFailed', captureId: request.data.captureId, code: 'processing_error' }];
    case 'VoidRequested':
      return [];
    case 'RefundRequested':
      return [{ type: 'RecordRefundFailed', refundId: request.data.refundId, code: 'processing_error' }];
  }
};

/** How the worker says that it heard nothing. */
export const unknown = (request: PaymentRequest): PaymentRecord => {
  switch (request.type) {
    case 'PaymentRequested':
      return { type: 'RecordUnknown', operation: 'AUTHORISATION' };
    case 'CaptureRequested':
      return { type: 'RecordUnknown', operation: 'CAPTURE', operationId: request.data.captureId };
    case 'VoidRequested':
      return { type: 'RecordUnknown', operation: 'VOID' };
    case 'RefundRequested':
      return { type: 'RecordUnknown', operation: 'REFUND', operationId: request.data.refundId };
  }
};

/** A provider that mostly does what it is asked to: it also fails, contradicts itself, leaves things unknown, and falls silent. */
export const moody =
  (chance: Chance, now: () => string): Provider =>
  (request) => {
    const well = success(request, now(), chance.of([7, 7, 7, 7, 1]));
    // Asked to void what it has not authorised yet, a provider often has nothing to say.
    if (request.type === 'VoidRequested' && chance.percent(30)) return [];
    const mood = chance.below(100);
    if (mood < 75) return [well];
    if (mood < 83) return failure(request);
    if (mood < 90) return [...failure(request), well];
    if (mood < 94) return [unknown(request), well];
    if (mood < 97) return [unknown(request)];
    // A refund that nobody hears of again would be nobody's: the worker says at least that it does not know.
    return request.type === 'RefundRequested' ? [unknown(request)] : [];
  };

/** Stands in for the payments worker: takes requests from the log to a provider, and brings what it tells twice, late and in any order. */
export const runPayments = (options: {
  readonly events: readonly LoggedEvent[];
  readonly provider: Provider;
  readonly send: (paymentId: string, command: PaymentRecord) => Answer;
}) => {
  const { events, provider, send } = options;
  let read = 0;
  let notices: readonly { readonly paymentId: string; readonly command: PaymentRecord }[] = [];

  return {
    follow(chance: Chance): boolean {
      const upTo = Math.min(events.length, read + 1 + chance.below(4));
      if (upTo === read) return false;
      for (; read < upTo; read += 1) {
        const event = events[read]!;
        switch (event.type) {
          case 'PaymentRequested':
          case 'CaptureRequested':
          case 'VoidRequested':
          case 'RefundRequested':
            notices = [...notices, ...provider(event).map((command) => ({ paymentId: idOf(event.stream), command }))];
            break;
          default:
        }
      }
      return true;
    },

    /** Brings one of the notices. */
    send(chance: Chance): boolean {
      if (notices.length === 0) return false;
      const notice = chance.of(notices);
      send(notice.paymentId, notice.command);
      if (!chance.percent(20)) notices = notices.filter((other) => other !== notice);
      return true;
    },
  };
};
