import type { Order } from './order-state.ts';
import type { ReturnFact } from './return-events.ts';
import type { Timed } from './terms.ts';

/** What is asked of a return. */
export type ReturnCommand =
  | RequestReturn
  | ({ readonly type: 'AdmitReturn' } & Timed)
  /** The order did not register it; `cause` is the code of its refusal. */
  | { readonly type: 'RefuseReturn'; readonly cause: string }
  | ({ readonly type: 'ApproveReturn' } & Timed)
  | { readonly type: 'RejectReturn' }
  | ({ readonly type: 'ReceiveReturn' } & Timed)
  | { readonly type: 'InspectReturn'; readonly lines: readonly Inspection[] }
  | { readonly type: 'MarkRestockRefused'; readonly lineId: string; readonly offerId: string; readonly code: string }
  | { readonly type: 'CloseReturn'; readonly cause: Exclude<ReturnFact<'ReturnClosed'>['cause'], 'NOT_RECEIVED'> }
  /** Of deadlines: each does nothing unless its fact still stands. */
  | ({ readonly type: 'ApproveUndecided'; readonly decideBy: string } & Timed)
  | { readonly type: 'CloseUnreturned'; readonly returnBy: string }
  | { readonly type: 'ReportUninspected'; readonly inspectBy: string };

export type RequestReturn = {
  readonly type: 'RequestReturn';
  readonly orderId: string;
  readonly kind: ReturnFact<'ReturnRequested'>['kind'];
  /** The order as it is now. */
  readonly order: Order;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
} & Timed;

/**
 * What the merchant found of some pieces of a line. Together they cover what was to come back: what did not is scrap, with its whole
 * amount deducted. Without a grade the pieces are as good as when they were sold.
 */
export type Inspection = Readonly<
  Pick<ReturnFact<'ReturnInspected'>['lines'][number], 'lineId' | 'quantity' | 'outcome' | 'grade' | 'deductionMinor'>
>;

/** Why a return refuses. */
export type ReturnCode =
  | 'RETURN_NOT_FOUND'
  | 'RETURN_ALREADY_REQUESTED'
  | 'ORDER_NOT_FOUND'
  | 'LINE_NOT_FOUND'
  | 'LINE_REPEATED'
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
  | 'RETURN_INSPECTED'
  | 'RETURN_CLOSED'
  | 'INSPECTION_INCOMPLETE'
  | 'DEDUCTION_TOO_HIGH';
