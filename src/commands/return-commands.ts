import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import { Offer_Grade } from '../contract/generated/orders/v1/offers.ts';
import {
  ApproveReturnRequest,
  InspectReturnRequest,
  ReceiveReturnRequest,
  RejectReturnRequest,
  RequestReturnRequest,
  type RequestReturnResponse,
} from '../contract/generated/orders/v1/returns.ts';
import { authorityOf } from '../domain/authority.ts';
import { orderStream, returnStream } from '../domain/ids.ts';
import { mayActOnOrder, order } from '../domain/order.ts';
import type { Inspection, ReturnCommand } from '../domain/return-commands.ts';
import type { Return } from '../domain/return-state.ts';
import { mayActOnReturn, mayDecideReturn, returns } from '../domain/return.ts';
import type { Terms } from '../domain/terms.ts';
import { answered, refused, type Method, type Refusal } from '../platform/call.ts';
import { changes } from './changes.ts';
import type { Handle } from './handle.ts';
import { timedBy } from './order-changes.ts';
import { real } from './requests.ts';
import type { States } from './states.ts';

/** What customers ask of returns and merchants decide about them, as the contract names it. */
export const returnCommands = (
  handle: Handle,
  states: Pick<States, 'fresh'>,
  terms: Terms,
): {
  readonly requestReturn: Method<RequestReturnRequest, RequestReturnResponse>;
  readonly approveReturn: Method<ApproveReturnRequest, CommandAnswer>;
  readonly rejectReturn: Method<RejectReturnRequest, CommandAnswer>;
  readonly receiveReturn: Method<ReceiveReturnRequest, CommandAnswer>;
  readonly inspectReturn: Method<InspectReturnRequest, CommandAnswer>;
} => {
  const timed = timedBy(terms);
  const { change } = changes(handle, {
    decider: returns,
    stream: returnStream,
    id: 'returnId',
    subject: (state: Return) => (state.status === 'unrequested' ? undefined : state.customerId),
  });

  return {
    async requestReturn(request, call) {
      const { orderId, lines, reason } = request;
      const [loaded] = await states.fresh([orderStream(orderId)], order);
      const ordered = loaded!.state;
      if (!mayActOnOrder(authorityOf(call.caller), ordered)) return refused('forbidden', 'FORBIDDEN', 'This belongs to somebody else.');
      const outcome = await handle(returns, {
        method: 'RequestReturn',
        call,
        requestId: request.requestId,
        bytes: RequestReturnRequest.encode({ ...request, requestId: '' }).finish(),
        id: request.returnId,
        creates: true,
        stream: returnStream,
        may: mayActOnReturn,
        subject: () => (reason !== '' && ordered.status !== 'unplaced' ? ordered.customerId : undefined),
        ...(reason === '' ? {} : { reason }),
        command: (at): ReturnCommand => ({ type: 'RequestReturn', orderId, kind: real(request.kind), order: ordered, lines, ...timed(at) }),
      });
      if (outcome.kind === 'refused') return outcome;
      const { id, revision, consistencyToken } = outcome.message;
      return answered({ returnId: id, revision, consistencyToken });
    },

    approveReturn: change({
      method: 'ApproveReturn',
      codec: ApproveReturnRequest,
      may: mayDecideReturn,
      command: (_, at) => ({ type: 'ApproveReturn', ...timed(at) }),
    }),

    rejectReturn: change({ method: 'RejectReturn', codec: RejectReturnRequest, may: mayDecideReturn, command: () => ({ type: 'RejectReturn' }) }),

    receiveReturn: change({
      method: 'ReceiveReturn',
      codec: ReceiveReturnRequest,
      may: mayDecideReturn,
      command: (_, at) => ({ type: 'ReceiveReturn', ...timed(at) }),
    }),

    inspectReturn: change({
      method: 'InspectReturn',
      codec: InspectReturnRequest,
      may: mayDecideReturn,
      command: (request, _, state) => refusalOfCurrency(request, state) ?? { type: 'InspectReturn', lines: request.lines.map(inspectionOf) },
    }),
  };
};

type InspectedLine = InspectReturnRequest['lines'][number];

/** Deductions are in the order's currency. */
const refusalOfCurrency = ({ lines }: InspectReturnRequest, state: Return): Refusal | undefined => {
  if (state.status === 'unrequested') return undefined;
  const index = lines.findIndex(({ deduction }) => deduction !== undefined && deduction.currency !== state.currency);
  return index < 0 ? undefined : refused('precondition_failed', 'CURRENCY_MISMATCH', `lines[${index}]: the order is in ${state.currency}.`);
};

const inspectionOf = ({ lineId, quantity, outcome, grade, deduction }: InspectedLine): Inspection => ({
  lineId,
  quantity,
  outcome: real(outcome),
  ...(grade === Offer_Grade.GRADE_UNSPECIFIED ? {} : { grade: real(grade) }),
  deductionMinor: Number(deduction?.amountMinor ?? 0n),
});
