import type { Sealed } from '../domain/event.ts';
import { idOf } from '../domain/ids.ts';
import { returnEvents, type ReturnEvent } from '../domain/return-events.ts';
import { evolveReturn, type RequestedReturn } from '../domain/return-state.ts';
import { queueEnd } from './order-lines.ts';
import { documents } from './projection.ts';

/** One return as queries need it: the domain's own state, and beside it what is searched. */
export type ReturnRow = {
  readonly return_id: string;
  readonly order_id: string;
  readonly customer_id: string;
  readonly merchant_id: string;
  readonly status: 'REQUESTED' | 'APPROVED' | 'REJECTED' | 'RECEIVED' | 'INSPECTED' | 'CLOSED';
  readonly pieces: number;
  readonly revision: number;
  readonly state: RequestedReturn;
  /** Why the goods go back, in the customer's words. */
  readonly reason: Sealed | null;
  /** What the merchant has to do now. */
  readonly waits_for: 'DECIDE' | 'RECEIVE' | 'INSPECT' | null;
  readonly due_at: string | null;
  /** The return's place in the queue. */
  readonly queue_at: string | null;
  readonly requested_at: Date;
  readonly updated_at: Date;
};

/** Returns, one row each. */
export const returns = documents<ReturnRow, ReturnEvent>({
  name: 'returns',
  version: 1,
  on: returnEvents,
  create: (table) => `
    create table ${table} (
      return_id    uuid        primary key,
      order_id     uuid        not null,
      customer_id  uuid        not null,
      merchant_id  uuid        not null,
      status       text        not null,
      pieces       integer     not null,
      revision     integer     not null,
      state        json        not null,
      reason       json,
      waits_for    text,
      due_at       timestamptz,
      queue_at     timestamptz,
      requested_at timestamptz not null,
      updated_at   timestamptz not null
    );
  `,
  indexes: [
    '(order_id, requested_at, return_id)',
    '(customer_id, requested_at, return_id)',
    '(merchant_id, requested_at, return_id)',
    '(merchant_id, queue_at, return_id) where waits_for is not null',
    '(status, requested_at, return_id)',
    '(requested_at, return_id)',
  ],
  key: ['return_id'],
  groupColumn: 'return_id',
  group: ({ stream }) => idOf(stream),
  begins: ({ revision }) => revision === 0,

  evolve([row], event) {
    const state = evolveReturn(row?.state ?? { status: 'unrequested' }, event);
    if (state.status === 'unrequested') throw new Error(`${event.type} left the return unrequested`);
    const { stream, revision, recordedAt, meta } = event;
    const waiting = waitsFor(state);
    return [
      {
        return_id: idOf(stream),
        order_id: state.orderId,
        customer_id: state.customerId,
        merchant_id: state.merchantId,
        status: state.status === 'admitted' ? 'REQUESTED' : (state.status.toUpperCase() as ReturnRow['status']),
        pieces: state.lines.reduce((pieces, { quantity }) => pieces + quantity, 0),
        revision,
        state,
        reason: row ? row.reason : (meta.reason ?? null),
        waits_for: waiting?.kind ?? null,
        due_at: waiting?.due ?? null,
        queue_at: waiting ? (waiting.due ?? queueEnd) : null,
        requested_at: row?.requested_at ?? recordedAt,
        updated_at: recordedAt,
      },
    ];
  },
});

/** What the merchant has to do about a return. */
const waitsFor = (state: RequestedReturn): { readonly kind: NonNullable<ReturnRow['waits_for']>; readonly due: string | undefined } | undefined => {
  switch (state.status) {
    case 'admitted':
      return { kind: 'DECIDE', due: state.decideBy };
    case 'approved':
      return { kind: 'RECEIVE', due: state.returnBy };
    case 'received':
      return { kind: 'INSPECT', due: state.inspectBy };
    case 'requested':
    case 'rejected':
    case 'inspected':
    case 'closed':
      return undefined;
  }
};
