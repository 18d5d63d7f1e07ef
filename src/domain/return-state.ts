import type { ReturnEvent, ReturnFact } from './return-events.ts';

/** A return after `ReturnRequested`. Plain JSON. */
export type RequestedReturn = Readonly<ReturnFact<'ReturnRequested'>> & {
  readonly status: 'requested' | 'admitted' | 'approved' | 'rejected' | 'received' | 'inspected' | 'closed';
  readonly decideBy?: string;
  readonly returnBy?: string;
  readonly inspectBy?: string;
  /** Support was told that `inspectBy` has passed. */
  readonly overdue?: true;
  /** Why it was rejected. */
  readonly rejection?: string;
  /** What the merchant found. */
  readonly inspected?: ReturnFact<'ReturnInspected'>['lines'];
  readonly refundMinor?: number;
  /** Lines that their offers did not take back. */
  readonly restockRefused: readonly string[];
  /** How it ended. */
  readonly closing?: ReturnFact<'ReturnClosed'>['cause'];
};

export type Return = { readonly status: 'unrequested' } | RequestedReturn;

/** A return after one more event. */
export const evolveReturn = (state: Return, { type, data }: ReturnEvent): Return => {
  if (type === 'ReturnRequested') return { status: 'requested', ...data, restockRefused: [] };
  if (state.status === 'unrequested') throw new Error(`${type} before ReturnRequested`);
  switch (type) {
    case 'ReturnAdmitted':
      return { ...state, status: 'admitted', ...(data.decideBy === undefined ? {} : { decideBy: data.decideBy }) };
    case 'ReturnApproved':
      return { ...state, status: 'approved', returnBy: data.returnBy };
    case 'ReturnRejected':
      return { ...state, status: 'rejected', rejection: data.cause };
    case 'ReturnReceived':
      return { ...state, status: 'received', inspectBy: data.inspectBy };
    case 'InspectionOverdue':
      return { ...state, overdue: true };
    case 'ReturnInspected':
      return { ...state, status: 'inspected', inspected: data.lines, refundMinor: data.refundMinor };
    case 'RestockRefused':
      return { ...state, restockRefused: [...state.restockRefused, data.lineId] };
    case 'ReturnClosed':
      return { ...state, status: 'closed', closing: data.cause };
  }
};
