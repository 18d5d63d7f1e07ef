import { actsForCustomer, actsForMerchant, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Decision } from './decider.ts';
import { sum } from './money.ts';
import type { Order } from './order-state.ts';
import type { ReturnEvent, ReturnFact } from './return-events.ts';
import { after, type Timed } from './terms.ts';

type Requested = ReturnFact<'ReturnRequested'>;
type Inspected = ReturnFact<'ReturnInspected'>;

/** What the merchant found of a line: of each line's pieces some may go on sale again and the others not. */
export type Inspection = Readonly<Pick<Inspected['lines'][number], 'lineId' | 'quantity' | 'outcome' | 'grade' | 'deductionMinor'>>;

export type ReturnCommand =
  | ({
      readonly type: 'RequestReturn';
      readonly orderId: string;
      readonly kind: Requested['kind'];
      /** The order as it is now. */
      readonly order: Order;
      readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
    } & Timed)
  | ({ readonly type: 'AdmitReturn' } & Timed)
  /** The order did not register it; `cause` is the code of its refusal. */
  | { readonly type: 'RefuseReturn'; readonly cause: string }
  | ({ readonly type: 'ApproveReturn' } & Timed)
  | { readonly type: 'RejectReturn' }
  | ({ readonly type: 'ReceiveReturn' } & Timed)
  | { readonly type: 'InspectReturn'; readonly lines: readonly Inspection[] }
  | { readonly type: 'MarkRestockRefused'; readonly lineId: string; readonly offerId: string; readonly code: string }
  | { readonly type: 'CloseReturn'; readonly cause: Exclude<ReturnFact<'ReturnClosed'>['cause'], 'NOT_RECEIVED'> }
  /** The deadlines; each does nothing unless its fact still stands. */
  | ({ readonly type: 'ApproveUndecided'; readonly decideBy: string } & Timed)
  | { readonly type: 'CloseUnreturned'; readonly returnBy: string }
  | { readonly type: 'ReportUninspected'; readonly inspectBy: string };

/** A return, plain JSON. */
export type Return =
  | { readonly status: 'unrequested' }
  | (Readonly<Requested> & {
      readonly status: 'requested' | 'admitted' | 'approved' | 'rejected' | 'received' | 'inspected' | 'closed';
      readonly decideBy?: string;
      readonly returnBy?: string;
      readonly inspectBy?: string;
      readonly rejection?: string;
      readonly inspection?: Inspected['lines'];
      readonly refundMinor?: number;
      readonly restockRefused: readonly string[];
      readonly closing?: ReturnFact<'ReturnClosed'>['cause'];
    });

type Existing = Exclude<Return, { readonly status: 'unrequested' }>;

export type ReturnCode =
  | 'RETURN_NOT_FOUND'
  | 'RETURN_ALREADY_REQUESTED'
  | 'ORDER_NOT_FOUND'
  | 'LINE_NOT_FOUND'
  | 'NOT_DELIVERED'
  | 'WITHDRAWAL_OVER'
  | 'WARRANTY_OVER'
  | 'RETURNED_TOO_MANY'
  | 'SEVERAL_MERCHANTS'
  | 'WITHDRAWAL_IS_A_RIGHT'
  | 'RETURN_NOT_ADMITTED'
  | 'RETURN_NOT_APPROVED'
  | 'RETURN_NOT_RECEIVED'
  | 'RETURN_NOT_INSPECTED'
  | 'RETURN_REJECTED'
  | 'RETURN_APPROVED'
  | 'RETURN_CLOSED'
  | 'INSPECTION_INCOMPLETE'
  | 'DEDUCTION_TOO_HIGH';
