import type { ReturnEvent, ReturnFact } from '../../src/domain/return-events.ts';
import type { RequestReturn } from '../../src/domain/return-commands.ts';
import {
  arrived,
  at,
  confirmedOrder,
  customerId,
  delivered,
  dispatched,
  lineAccepted,
  lineId,
  merchantId,
  offerId,
  orderAfter,
  orderId,
  part,
  placedLine,
  timed,
} from './examples.ts';

const parties = { orderId, customerId, merchantId };

/** Two telephones at 399.00 EUR each. */
export const returnRequested = (change: Partial<ReturnFact<'ReturnRequested'>> = {}): ReturnEvent => ({
  type: 'ReturnRequested',
  data: { ...parties, kind: 'WITHDRAWAL', currency: 'EUR', lines: [{ lineId, offerId, quantity: 2, grade: 'A', amountMinor: 79_800 }], ...change },
});
export const claimRequested = returnRequested({ kind: 'WARRANTY' });
export const admitted = (decideBy?: string): ReturnEvent => ({
  type: 'ReturnAdmitted',
  data: { orderId, merchantId, ...(decideBy === undefined ? {} : { decideBy }) },
});
export const approved = (returnBy = at('21 d')): ReturnEvent => ({ type: 'ReturnApproved', data: { ...parties, returnBy } });
export const returnRejected = (cause = 'MERCHANT'): ReturnEvent => ({ type: 'ReturnRejected', data: { ...parties, cause } });
export const received = (inspectBy = at('14 d')): ReturnEvent => ({ type: 'ReturnReceived', data: { orderId, merchantId, inspectBy } });
export const inspectionOverdue: ReturnEvent = { type: 'InspectionOverdue', data: { orderId, merchantId } };
/** Both pieces are scrap unless told otherwise. */
export const inspected = (
  lines: ReturnFact<'ReturnInspected'>['lines'] = [{ lineId, offerId, quantity: 2, outcome: 'SCRAP', deductionMinor: 0, refundMinor: 79_800 }],
): ReturnEvent => ({
  type: 'ReturnInspected',
  data: { ...parties, currency: 'EUR', lines, refundMinor: lines.reduce((sum, { refundMinor }) => sum + refundMinor, 0) },
});
export const restockRefused: ReturnEvent = { type: 'RestockRefused', data: { orderId, merchantId, lineId, offerId, code: 'GRADE_LOWER' } };
export const closed = (cause: ReturnFact<'ReturnClosed'>['cause'] = 'REFUNDED'): ReturnEvent => ({
  type: 'ReturnClosed',
  data: { ...parties, cause },
});

/** What happens until the goods are back. */
export const back = [returnRequested(), admitted(), approved(), received()];

/** Two telephones on one line. */
export const twoOf = placedLine({ quantity: 2 });
/** Both in one parcel. */
export const twoParcel = dispatched({ lines: [part({ quantity: 2, amountMinor: 79_800 })] });
/** Two telephones with twelve months of warranty, which arrived after five days. */
const arrivedOrder = orderAfter(...confirmedOrder(twoOf), lineAccepted(), twoParcel, arrived('5 d'), delivered(at('20 d')));

/** The customer withdraws from both, the day after they came. */
export const askReturn = (change: Partial<RequestReturn> = {}): RequestReturn => ({
  ...{ type: 'RequestReturn', orderId, kind: 'WITHDRAWAL', order: arrivedOrder, lines: [{ lineId, quantity: 2 }] },
  ...timed('6 d'),
  ...change,
});
