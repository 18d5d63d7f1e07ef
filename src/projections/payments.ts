import { idOf } from '../domain/ids.ts';
import { paymentEvents, type PaymentEvent } from '../domain/payment-events.ts';
import { evolvePayment, type RequestedPayment } from '../domain/payment-state.ts';
import { documents } from './projection.ts';

/** One payment as queries need it: the domain's own state, and beside it what is searched. */
export type PaymentRow = {
  readonly payment_id: string;
  readonly order_id: string;
  readonly customer_id: string;
  readonly status: Uppercase<RequestedPayment['status']>;
  readonly revision: number;
  readonly state: RequestedPayment;
  /** Why captures and refunds failed, by their ids. */
  readonly failure_codes: Readonly<Record<string, string>>;
  readonly requested_at: Date;
  readonly updated_at: Date;
};

/** Payments, one row each. */
export const payments = documents<PaymentRow, PaymentEvent>({
  name: 'payments',
  version: 1,
  on: paymentEvents,
  create: (table) => `
    create table ${table} (
      payment_id    uuid        primary key,
      order_id      uuid        not null,
      customer_id   uuid        not null,
      status        text        not null,
      revision      integer     not null,
      state         json        not null,
      failure_codes json        not null,
      requested_at  timestamptz not null,
      updated_at    timestamptz not null
    );
  `,
  indexes: [
    '(order_id, requested_at, payment_id)',
    '(customer_id, requested_at, payment_id)',
    '(status, requested_at, payment_id)',
    '(requested_at, payment_id)',
  ],
  key: ['payment_id'],
  groupColumn: 'payment_id',
  group: ({ stream }) => idOf(stream),
  begins: ({ revision }) => revision === 0,

  evolve([row], event) {
    const state = evolvePayment(row?.state ?? { status: 'unrequested' }, event);
    if (state.status === 'unrequested') throw new Error(`${event.type} left the payment unrequested`);
    const { stream, revision, recordedAt } = event;
    return [
      {
        payment_id: idOf(stream),
        order_id: state.orderId,
        customer_id: state.customerId,
        status: state.status.toUpperCase() as PaymentRow['status'],
        revision,
        state,
        failure_codes: failureCodes(row?.failure_codes ?? {}, event),
        requested_at: row?.requested_at ?? recordedAt,
        updated_at: recordedAt,
      },
    ];
  },
});

const failureCodes = (known: PaymentRow['failure_codes'], { type, data }: PaymentEvent): PaymentRow['failure_codes'] => {
  if (type === 'CaptureFailed') return { ...known, [data.captureId]: data.code };
  if (type === 'RefundFailed') return { ...known, [data.refundId]: data.code };
  return known;
};
