import { actsForCustomer, actsForMerchant, type Authority } from './authority.ts';
import { accepted, rejected, type Decider, type Decision } from './decider.ts';
import { sum } from './money.ts';
import type { Inspection, ReturnCode, ReturnCommand } from './return-commands.ts';
import type { ReturnEvent, ReturnFact } from './return-events.ts';
import { requestReturn } from './return-request.ts';
import { evolveReturn, type RequestedReturn, type Return } from './return-state.ts';
import { after, type Timed } from './terms.ts';

/** A return belongs to its customer, who may follow it. What does not exist passes, and is refused by `decide`. */
export const mayActOnReturn = (authority: Authority, state: Return): boolean =>
  state.status === 'unrequested' || actsForCustomer(authority, state.customerId);

/** The goods go back to their merchant, who decides. What does not exist passes, and is refused by `decide`. */
export const mayDecideReturn = (authority: Authority, state: Return): boolean =>
  state.status === 'unrequested' || actsForMerchant(authority, state.merchantId);

/** Goods of one order on their way back to one merchant. Always: refund = amount − deduction of every piece, each inspected once. */
export const returns: Decider<Return, ReturnCommand, ReturnEvent, ReturnCode> = {
  initial: { status: 'unrequested' },

  decide(command, state) {
    if (command.type === 'RequestReturn') {
      if (state.status !== 'unrequested') return rejected('RETURN_ALREADY_REQUESTED', 'This return has been requested before.');
      return requestReturn(command);
    }
    if (state.status === 'unrequested') return rejected('RETURN_NOT_FOUND', 'No such return has been requested.');
    switch (command.type) {
      case 'AdmitReturn':
        return admit(command, state);
      case 'RefuseReturn':
        return state.status === 'requested' ? accepted(rejection(state, command.cause)) : accepted();
      case 'ApproveReturn':
        return approve(command, state);
      case 'RejectReturn':
        return reject(state);
      case 'ReceiveReturn':
        return receive(command, state);
      case 'InspectReturn':
        return inspect(command.lines, state);
      case 'MarkRestockRefused': {
        const { lineId, offerId, code } = command;
        if (state.inspected === undefined) return rejected('RETURN_NOT_INSPECTED', 'Nothing of this return goes back on sale yet.');
        if (state.restockRefused.includes(lineId)) return accepted();
        return accepted({ type: 'RestockRefused', data: { orderId: state.orderId, merchantId: state.merchantId, lineId, offerId, code } });
      }
      case 'CloseReturn':
        return close(command.cause, state);
      case 'ApproveUndecided':
        return state.status === 'admitted' && state.decideBy === command.decideBy ? accepted(approval(command, state)) : accepted();
      case 'CloseUnreturned':
        return state.status === 'approved' && state.returnBy === command.returnBy ? accepted(closing(state, 'NOT_RECEIVED')) : accepted();
      case 'ReportUninspected': {
        if (state.status !== 'received' || state.inspectBy !== command.inspectBy || state.overdue) return accepted();
        return accepted({ type: 'InspectionOverdue', data: { orderId: state.orderId, merchantId: state.merchantId } });
      }
    }
  },

  evolve: evolveReturn,
};

type Outcome = Decision<ReturnEvent, ReturnCode>;

const wasRejected = () => rejected('RETURN_REJECTED', 'The return was rejected.');
const wasClosed = () => rejected('RETURN_CLOSED', 'The goods did not come back in time; the return is closed.');
const notAdmitted = () => rejected('RETURN_NOT_ADMITTED', 'The order has yet to register the return; try again.');

/** A withdrawal needs nobody's consent; a claim waits for the merchant's. */
const admit = (command: Timed, state: RequestedReturn): Outcome => {
  if (state.status === 'rejected') return wasRejected();
  if (state.status !== 'requested') return accepted();
  const { orderId, merchantId, kind } = state;
  if (kind === 'WITHDRAWAL') return accepted({ type: 'ReturnAdmitted', data: { orderId, merchantId } }, approval(command, state));
  const decideBy = after(command.now, command.terms.decideMs);
  return accepted({ type: 'ReturnAdmitted', data: { orderId, merchantId, decideBy } });
};

const approve = (command: Timed, state: RequestedReturn): Outcome => {
  if (state.status === 'requested') return notAdmitted();
  if (state.status === 'rejected') return wasRejected();
  return state.status === 'admitted' ? accepted(approval(command, state)) : accepted();
};

const reject = (state: RequestedReturn): Outcome => {
  if (state.kind === 'WITHDRAWAL') return rejected('WITHDRAWAL_IS_A_RIGHT', 'A customer withdraws without anybody agreeing to it.');
  switch (state.status) {
    case 'requested':
      return notAdmitted();
    case 'admitted':
      return accepted(rejection(state, 'MERCHANT'));
    case 'rejected':
      return accepted();
    case 'approved':
    case 'received':
    case 'inspected':
    case 'closed':
      return rejected('RETURN_APPROVED', 'The return was approved.');
  }
};

const receive = ({ now, terms }: Timed, state: RequestedReturn): Outcome => {
  const { orderId, merchantId } = state;
  switch (state.status) {
    case 'requested':
    case 'admitted':
      return rejected('RETURN_NOT_APPROVED', 'The return has not been approved.');
    case 'approved':
      return accepted({ type: 'ReturnReceived', data: { orderId, merchantId, inspectBy: after(now, terms.inspectMs) } });
    case 'rejected':
      return wasRejected();
    case 'received':
    case 'inspected':
      return accepted();
    case 'closed':
      return state.closing === 'NOT_RECEIVED' ? wasClosed() : accepted();
  }
};

const inspect = (found: readonly Inspection[], state: RequestedReturn): Outcome => {
  if (state.status === 'rejected') return wasRejected();
  if (state.closing === 'NOT_RECEIVED') return wasClosed();
  if (state.inspected) return isSame(found, state) ? accepted() : rejected('RETURN_INSPECTED', 'The return was inspected, with another outcome.');
  if (state.status !== 'received') return rejected('RETURN_NOT_RECEIVED', 'The goods have not come back.');
  const refusal = refusalOf(found, state);
  if (refusal) return refusal;
  const { orderId, merchantId, customerId, currency } = state;
  const lines = found.map((each) => judged(each, state));
  const refundMinor = sum(lines.map((line) => line.refundMinor));
  return accepted({ type: 'ReturnInspected', data: { orderId, merchantId, customerId, currency, lines, refundMinor } });
};

/** Why an inspection cannot stand, if it cannot. */
const refusalOf = (found: readonly Inspection[], state: RequestedReturn): Outcome | undefined => {
  const seen = new Set<string>();
  for (const [index, { lineId, quantity, outcome, deductionMinor }] of found.entries()) {
    const at = `lines[${index}]`;
    const line = state.lines.find((other) => other.lineId === lineId);
    if (!line) return rejected('LINE_NOT_FOUND', `${at}: the return has no such line.`);
    if (seen.has(`${lineId} ${outcome}`)) return rejected('LINE_REPEATED', `${at}: pieces of a line with one outcome are named once.`);
    seen.add(`${lineId} ${outcome}`);
    if (deductionMinor > amountOf(line, quantity)) return rejected('DEDUCTION_TOO_HIGH', `${at}: more is deducted than was paid.`);
  }
  for (const { lineId, quantity } of state.lines) {
    const pieces = sum(found.filter((each) => each.lineId === lineId).map((each) => each.quantity));
    if (pieces !== quantity)
      return rejected('INSPECTION_INCOMPLETE', `${quantity} pieces of line ${lineId} are in the return, ${pieces} were inspected.`);
  }
  return undefined;
};

const judged = (
  { lineId, quantity, outcome, grade, deductionMinor }: Inspection,
  state: RequestedReturn,
): ReturnFact<'ReturnInspected'>['lines'][number] => {
  const line = state.lines.find((other) => other.lineId === lineId)!;
  const refundMinor = amountOf(line, quantity) - deductionMinor;
  const resold = outcome === 'RESTOCK' ? { grade: grade ?? line.grade } : {};
  return { lineId, offerId: line.offerId, quantity, outcome, ...resold, deductionMinor, refundMinor };
};

/** What was paid for some pieces of a line: a whole number, as prices are. */
const amountOf = (line: RequestedReturn['lines'][number], quantity: number): number => (line.amountMinor / line.quantity) * quantity;

const isSame = (found: readonly Inspection[], state: RequestedReturn): boolean => {
  const keyOf = ({ lineId, quantity, outcome, grade, deductionMinor }: Inspection): string =>
    [lineId, quantity, outcome, grade, deductionMinor].join(' ');
  const known = new Set(state.lines.map(({ lineId }) => lineId));
  if (found.length !== state.inspected?.length || !found.every(({ lineId }) => known.has(lineId))) return false;
  const before = new Set(state.inspected.map(keyOf));
  return found.every((each) => before.has(keyOf(judged(each, state))));
};

/** Only a refund that failed may still come to a better end. */
const close = (cause: Exclude<ReturnFact<'ReturnClosed'>['cause'], 'NOT_RECEIVED'>, state: RequestedReturn): Outcome => {
  if (state.inspected === undefined) return rejected('RETURN_NOT_INSPECTED', 'The return goes on.');
  if (state.status === 'closed' && !(state.closing === 'REFUND_FAILED' && cause === 'REFUNDED')) return accepted();
  return accepted(closing(state, cause));
};

const approval = ({ now, terms }: Timed, { orderId, merchantId, customerId }: RequestedReturn): ReturnEvent => ({
  type: 'ReturnApproved',
  data: { orderId, merchantId, customerId, returnBy: after(now, terms.returnMs) },
});

const rejection = ({ orderId, merchantId, customerId }: RequestedReturn, cause: string): ReturnEvent => ({
  type: 'ReturnRejected',
  data: { orderId, merchantId, customerId, cause },
});

const closing = ({ orderId, merchantId, customerId }: RequestedReturn, cause: ReturnFact<'ReturnClosed'>['cause']): ReturnEvent => ({
  type: 'ReturnClosed',
  data: { orderId, merchantId, customerId, cause },
});
