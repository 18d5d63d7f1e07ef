import type { Money } from '../contract/generated/orders/v1/common.ts';
import {
  Payment_Outcome,
  Payment_Status,
  type GetPaymentRequest,
  type ListPaymentsRequest,
  type ListPaymentsResponse,
  type Payment,
} from '../contract/generated/orders/v1/payments.ts';
import { authorityOf } from '../domain/authority.ts';
import { capturedOf, refundedOf } from '../domain/payment-state.ts';
import { answered, refused, type Caller, type Method } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import type { PaymentRow } from '../projections/payments.ts';
import { narrowed, notYours, sightOf } from './access.ts';
import type { Consistency } from './consistency.ts';
import { dateOf } from './order-view.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { readPage, timeAndId } from './pages.ts';
import { isParked, staleColumn, unshowable, type Grouped } from './parked.ts';

/** The payment queries as the proto names them. */
export type PaymentQueries = {
  readonly getPayment: Method<GetPaymentRequest, Payment>;
  readonly listPayments: Method<ListPaymentsRequest, ListPaymentsResponse>;
};

type PaymentRead = PaymentRow & { readonly stale: boolean };

const paymentGroups: Grouped = { name: 'payments', id: 'payment_id', stream: 'payment' };
const columns = `
  payment_id, order_id, customer_id, status, revision, state, failure_codes, requested_at, updated_at, ${staleColumn(paymentGroups)}`;

/** Reads payments, for the customer and the platform's staff; a merchant sees its amounts in orders and returns. */
export const paymentQueries = ({ pool, consistency }: { readonly pool: Pool; readonly consistency: Consistency }): PaymentQueries => ({
  async getPayment(request, call) {
    const paymentId = request.paymentId.toLowerCase();
    if (isMerchant(call.caller)) return notYours();
    const unreached = await consistency.reached(call, ['payments'], () => isParked(pool, paymentGroups, paymentId));
    if (unreached) return unreached;
    const { rows } = await pool.query<PaymentRead>({
      name: 'get-payment',
      text: `select ${columns} from read_models.payments where payment_id = $1`,
      values: [paymentId],
    });
    const [row] = rows;
    if (!row)
      return (await isParked(pool, paymentGroups, paymentId)) ? unshowable() : refused('not_found', 'PAYMENT_NOT_FOUND', 'No such payment is known.');
    const view = viewOf(row, call.caller);
    return view ? answered(view) : notYours();
  },

  async listPayments({ orderId, customerId, status, pageSize, pageToken }, call) {
    const asked = { ...(customerId === '' ? {} : { customerId: customerId.toLowerCase() }) };
    const tenant = isMerchant(call.caller) ? undefined : narrowed(asked, call.caller);
    if (!tenant) return notYours();
    const filter = {
      ...(orderId === '' ? {} : { order_id: orderId.toLowerCase() }),
      ...(tenant.customerId === undefined ? {} : { customer_id: tenant.customerId }),
      ...(status === Payment_Status.STATUS_UNSPECIFIED ? {} : { status }),
    };
    const listing: Listing = { method: 'ListPayments', filter, caller: call.caller };
    const after = keyOfPage(listing, pageToken, timeAndId);
    if (isRefusal(after)) return after;
    const unreached = await consistency.reached(call, ['payments']);
    if (unreached) return unreached;
    const { rows, last } = await readPage<PaymentRead>(pool, call.signal, {
      name: 'list-payments',
      columns,
      from: 'read_models.payments',
      conditions: filter,
      key: ['requested_at', 'payment_id'],
      order: 'desc',
      after,
      pageSize,
    });
    return answered({
      payments: rows.map((row) => viewOf(row, call.caller)).filter((view) => view !== undefined),
      nextPageToken: last ? pageTokenAfter(listing, last) : '',
    });
  },
});

/** Bound to a merchant or to nobody, and to no customer. */
const isMerchant = ({ customerId, scopes }: Caller): boolean =>
  customerId === undefined && !scopes.has('tenants:any-customer') && !scopes.has('tenants:any-merchant');

/** A payment as the caller may see it; undefined: not at all. */
const viewOf = (row: PaymentRead, caller: Caller): Payment | undefined => {
  const sight = sightOf(authorityOf(caller), { customerId: row.customer_id, merchantIds: [] });
  if (sight.kind === 'nothing') return undefined;
  const { state, failure_codes } = row;
  const money = (amountMinor: number): Money => ({ amountMinor: BigInt(amountMinor), currency: state.currency });
  return {
    paymentId: row.payment_id,
    orderId: row.order_id,
    customerId: sight.kind === 'whole' ? row.customer_id : '',
    status: row.status,
    revision: BigInt(row.revision),
    amount: money(state.amountMinor),
    captured: money(capturedOf(state)),
    refunded: money(refundedOf(state)),
    captures: state.captures.map(({ captureId, shipmentId, amountMinor, status }) => ({
      captureId,
      shipmentId,
      amount: money(amountMinor),
      outcome: outcomeOf(status),
      code: status === 'failed' ? (failure_codes[captureId] ?? '') : '',
    })),
    refunds: state.refunds.map(({ refundId, cause, returnId = '', shipmentId = '', amountMinor, status }) => ({
      refundId,
      cause,
      amount: money(amountMinor),
      outcome: outcomeOf(status),
      returnId,
      shipmentId,
      code: status === 'failed' ? (failure_codes[refundId] ?? '') : '',
    })),
    providerReference: state.providerReference ?? '',
    declineCode: state.declineCode ?? '',
    captureBefore: dateOf(state.captureBefore),
    requestedAt: row.requested_at,
    updatedAt: row.updated_at,
    stale: row.stale,
  };
};

const outcomeOf = (status: 'requested' | 'captured' | 'refunded' | 'failed'): Payment_Outcome => {
  switch (status) {
    case 'requested':
      return Payment_Outcome.PENDING;
    case 'captured':
    case 'refunded':
      return Payment_Outcome.SUCCEEDED;
    case 'failed':
      return Payment_Outcome.FAILED;
  }
};
