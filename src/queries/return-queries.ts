import type { Money } from '../contract/generated/orders/v1/common.ts';
import {
  Return_Ending,
  Return_Status,
  type GetReturnRequest,
  type ListReturnsRequest,
  type ListReturnsResponse,
  type Return,
} from '../contract/generated/orders/v1/returns.ts';
import { Offer_Grade } from '../contract/generated/orders/v1/offers.ts';
import { authorityOf } from '../domain/authority.ts';
import { returnStream } from '../domain/ids.ts';
import { answered, refused, type Call, type Method } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import type { ReturnRow } from '../projections/returns.ts';
import { boundToNobody, narrowed, notYours, seesPersonal, sightOf } from './access.ts';
import type { Consistency } from './consistency.ts';
import { dateOf } from './order-view.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { readPage, timeAndId } from './pages.ts';
import { isParked, staleColumn, unshowable, type Grouped } from './parked.ts';
import { personalText, type Open } from './personal-text.ts';

/** The return queries as the proto names them. */
export type ReturnQueries = {
  readonly getReturn: Method<GetReturnRequest, Return>;
  readonly listReturns: Method<ListReturnsRequest, ListReturnsResponse>;
};

type ReturnRead = ReturnRow & { readonly stale: boolean };

const returnGroups: Grouped = { name: 'returns', id: 'return_id', stream: 'return' };
const columns = `
  return_id, order_id, customer_id, merchant_id, status, pieces, revision, state, reason, waits_for, due_at, queue_at, requested_at,
  updated_at, ${staleColumn(returnGroups)}`;

/** Reads returns, for their customer, their merchant and the platform's staff. */
export const returnQueries = ({
  pool,
  consistency,
  open,
}: {
  readonly pool: Pool;
  readonly consistency: Consistency;
  readonly open: Open;
}): ReturnQueries => ({
  async getReturn(request, call) {
    if (boundToNobody(call.caller)) return notYours();
    const returnId = request.returnId.toLowerCase();
    const unreached = await consistency.reached(call, ['returns'], () => isParked(pool, returnGroups, returnId));
    if (unreached) return unreached;
    const { rows } = await pool.query<ReturnRead>({
      name: 'get-return',
      text: `select ${columns} from read_models.returns where return_id = $1`,
      values: [returnId],
    });
    if (rows.length === 0)
      return (await isParked(pool, returnGroups, returnId)) ? unshowable() : refused('not_found', 'RETURN_NOT_FOUND', 'No such return is known.');
    const [view] = await viewReturns(rows, call, open);
    return view ? answered(view) : notYours();
  },

  async listReturns({ orderId, customerId, merchantId, status, pageSize, pageToken }, call) {
    const tenant = narrowed(
      {
        ...(customerId === '' ? {} : { customerId: customerId.toLowerCase() }),
        ...(merchantId === '' ? {} : { merchantId: merchantId.toLowerCase() }),
      },
      call.caller,
    );
    if (!tenant) return notYours();
    const filter = {
      ...(orderId === '' ? {} : { order_id: orderId.toLowerCase() }),
      ...(tenant.customerId === undefined ? {} : { customer_id: tenant.customerId }),
      ...(tenant.merchantId === undefined ? {} : { merchant_id: tenant.merchantId }),
      ...(status === Return_Status.STATUS_UNSPECIFIED ? {} : { status }),
    };
    const listing: Listing = { method: 'ListReturns', filter, caller: call.caller };
    const after = keyOfPage(listing, pageToken, timeAndId);
    if (isRefusal(after)) return after;
    const unreached = await consistency.reached(call, ['returns']);
    if (unreached) return unreached;
    const { rows, last } = await readPage<ReturnRead>(pool, call.signal, {
      name: 'list-returns',
      columns,
      from: 'read_models.returns',
      conditions: filter,
      key: ['requested_at', 'return_id'],
      order: 'desc',
      after,
      pageSize,
    });
    const views = await viewReturns(rows, call, open);
    return answered({ returns: views.filter((view) => view !== undefined), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
  },
});

/** Returns as this caller may see them; undefined in the place of one that it may not see at all. Reasons are opened with one look-up. */
const viewReturns = async (rows: readonly ReturnRead[], call: Call, open: Open): Promise<readonly (Return | undefined)[]> => {
  const { caller } = call;
  const authority = authorityOf(caller);
  const sights = rows.map((row) => sightOf(authority, { customerId: row.customer_id, merchantIds: [row.merchant_id] }));
  const shown = rows.filter(({ reason }, index) => reason && sights[index]!.kind !== 'nothing' && seesPersonal(caller));
  const reasons = shown.map(({ reason }) => reason!);
  const resources = shown.map(({ return_id }) => returnStream(return_id));
  const opened = reasons.length === 0 ? [] : await open(reasons, call, resources);
  return rows.map((row, index): Return | undefined => {
    const sight = sights[index]!;
    if (sight.kind === 'nothing') return undefined;
    const { state, reason } = row;
    const money = (amountMinor: number): Money => ({ amountMinor: BigInt(amountMinor), currency: state.currency });
    return {
      returnId: row.return_id,
      orderId: row.order_id,
      customerId: sight.kind === 'whole' ? row.customer_id : '',
      merchantId: row.merchant_id,
      kind: state.kind,
      status: row.status,
      revision: BigInt(row.revision),
      lines: state.lines.map(({ lineId, offerId, quantity, grade, amountMinor }) => ({
        lineId,
        offerId,
        quantity,
        grade,
        amount: money(amountMinor),
      })),
      inspected: (state.inspected ?? []).map(({ lineId, offerId, quantity, outcome, grade, deductionMinor, refundMinor }) => ({
        lineId,
        offerId,
        quantity,
        outcome,
        grade: grade ?? Offer_Grade.GRADE_UNSPECIFIED,
        deduction: money(deductionMinor),
        refund: money(refundMinor),
      })),
      refund: state.refundMinor === undefined ? undefined : money(state.refundMinor),
      reason: reason ? personalText(opened[reasons.indexOf(reason)]) : undefined,
      decideBy: row.waits_for === 'DECIDE' ? dateOf(state.decideBy) : undefined,
      returnBy: dateOf(state.returnBy),
      inspectBy: dateOf(state.inspectBy),
      ending: endingOf(state),
      requestedAt: row.requested_at,
      updatedAt: row.updated_at,
      stale: row.stale,
    };
  });
};

const endingOf = ({ status, closing, rejection }: ReturnRow['state']): Return_Ending => {
  if (status === 'closed' && closing) return closing;
  if (status !== 'rejected') return Return_Ending.ENDING_UNSPECIFIED;
  if (rejection === 'MERCHANT') return Return_Ending.REFUSED_BY_MERCHANT;
  return rejection === 'RETURNED_TOO_MANY' ? Return_Ending.RETURNED_TOO_MANY : Return_Ending.REFUSED_BY_ORDER;
};
