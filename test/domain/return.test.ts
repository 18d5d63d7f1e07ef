import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import type { Inspection, ReturnCommand } from '../../src/domain/return-commands.ts';
import { mayActOnReturn, mayDecideReturn, returns } from '../../src/domain/return.ts';
import { given } from '../support/given.ts';
import { at, customerId, lineId, merchantId, offerId, otherLineId, otherMerchantId, timed } from './examples.ts';
import {
  admitted,
  approved,
  back,
  claimRequested,
  closed,
  inspected,
  inspectionOverdue,
  received,
  restockRefused,
  returnRejected,
  returnRequested,
} from './return-examples.ts';

test('nothing can be done about a return that was never requested', () =>
  given(returns).when({ type: 'RejectReturn' }).expect(rejected('RETURN_NOT_FOUND', 'No such return has been requested.')));

test('nothing can happen to a return before it is requested', () =>
  assert.throws(() => returns.evolve(returns.initial, approved()), /ReturnApproved before ReturnRequested/));

const wasRejected = rejected('RETURN_REJECTED', 'The return was rejected.');
const claim = [claimRequested, admitted(at('7 d'))];

describe('a return that the order registered', () => {
  const admit: ReturnCommand = { type: 'AdmitReturn', ...timed() };

  test('is approved at once if it is a withdrawal', () => given(returns, returnRequested()).when(admit).expect(accepted(admitted(), approved())));
  test('waits for the merchant if it is a claim', () =>
    given(returns, claimRequested)
      .when(admit)
      .expect(accepted(admitted(at('7 d')))));
  test('again changes nothing', () =>
    given(returns, ...claim)
      .when(admit)
      .expect(accepted()));
  test('is refused once it was rejected', () => given(returns, claimRequested, returnRejected()).when(admit).expect(wasRejected));
});

describe('a return that the order did not register', () => {
  const refuse: ReturnCommand = { type: 'RefuseReturn', cause: 'RETURNED_TOO_MANY' };

  test('is rejected with the reason', () =>
    given(returns, returnRequested())
      .when(refuse)
      .expect(accepted(returnRejected('RETURNED_TOO_MANY'))));
  test('again changes nothing', () => given(returns, returnRequested(), returnRejected()).when(refuse).expect(accepted()));
  test('stays what it became if it was registered all the same', () =>
    given(returns, ...claim)
      .when(refuse)
      .expect(accepted()));
});

describe('the merchant’s decision', () => {
  const approve: ReturnCommand = { type: 'ApproveReturn', ...timed() };
  const reject: ReturnCommand = { type: 'RejectReturn' };
  const notYet = rejected('RETURN_NOT_ADMITTED', 'The order has yet to register the return; try again.');

  test('approves a claim', () =>
    given(returns, ...claim)
      .when(approve)
      .expect(accepted(approved())));
  test('rejects a claim', () =>
    given(returns, ...claim)
      .when(reject)
      .expect(accepted(returnRejected())));
  test('cannot be to refuse a withdrawal', () =>
    given(returns, returnRequested()).when(reject).expect(rejected('WITHDRAWAL_IS_A_RIGHT', 'A customer withdraws without anybody agreeing to it.')));
  test('comes too early before the order registered the return', () => {
    given(returns, claimRequested).when(approve).expect(notYet);
    given(returns, claimRequested).when(reject).expect(notYet);
  });
  test('made again changes nothing', () => {
    given(returns, ...claim, approved())
      .when(approve)
      .expect(accepted());
    given(returns, ...claim, returnRejected())
      .when(reject)
      .expect(accepted());
  });
  test('stands', () => {
    given(returns, ...claim, approved())
      .when(reject)
      .expect(rejected('RETURN_APPROVED', 'The return was approved.'));
    given(returns, ...claim, returnRejected())
      .when(approve)
      .expect(wasRejected);
  });
});

describe('goods that come back', () => {
  const receive: ReturnCommand = { type: 'ReceiveReturn', ...timed() };

  test('are to be inspected', () => given(returns, returnRequested(), admitted(), approved()).when(receive).expect(accepted(received())));
  test('again change nothing', () => {
    given(returns, ...back)
      .when(receive)
      .expect(accepted());
    given(returns, ...back, inspected(), closed())
      .when(receive)
      .expect(accepted());
  });
  test('are refused without approval', () => {
    given(returns, ...claim)
      .when(receive)
      .expect(rejected('RETURN_NOT_APPROVED', 'The return has not been approved.'));
    given(returns, ...claim, returnRejected())
      .when(receive)
      .expect(wasRejected);
  });
  test('are refused when they come too late', () =>
    given(returns, returnRequested(), admitted(), approved(), closed('NOT_RECEIVED'))
      .when(receive)
      .expect(rejected('RETURN_CLOSED', 'The goods did not come back in time; the return is closed.')));
});

describe('inspecting', () => {
  const inspect = (...lines: readonly Inspection[]): ReturnCommand => ({ type: 'InspectReturn', lines });
  const scrap: Inspection = { lineId, quantity: 2, outcome: 'SCRAP', deductionMinor: 0 };

  test('refunds what was paid', () =>
    given(returns, ...back)
      .when(inspect(scrap))
      .expect(accepted(inspected())));

  test('refunds less the deduction, down to nothing', () => {
    const found = (deductionMinor: number, refundMinor: number) =>
      given(returns, ...back)
        .when(inspect({ ...scrap, deductionMinor }))
        .expect(accepted(inspected([{ lineId, offerId, quantity: 2, outcome: 'SCRAP', deductionMinor, refundMinor }])));
    found(1, 79_799);
    found(79_800, 0);
  });

  test('tells pieces that go on sale again from those that do not', () =>
    given(returns, ...back)
      .when(
        inspect(
          { lineId, quantity: 1, outcome: 'RESTOCK', grade: 'B', deductionMinor: 5_000 },
          { lineId, quantity: 1, outcome: 'SCRAP', deductionMinor: 39_900 },
        ),
      )
      .expect(
        accepted(
          inspected([
            { lineId, offerId, quantity: 1, outcome: 'RESTOCK', grade: 'B', deductionMinor: 5_000, refundMinor: 34_900 },
            { lineId, offerId, quantity: 1, outcome: 'SCRAP', deductionMinor: 39_900, refundMinor: 0 },
          ]),
        ),
      ));

  test('takes pieces for as good as they were sold unless told otherwise', () =>
    given(returns, ...back)
      .when(inspect({ lineId, quantity: 2, outcome: 'RESTOCK', deductionMinor: 0 }))
      .expect(accepted(inspected([{ lineId, offerId, quantity: 2, outcome: 'RESTOCK', grade: 'A', deductionMinor: 0, refundMinor: 79_800 }]))));

  test('is refused for a deduction above what was paid', () =>
    given(returns, ...back)
      .when(inspect({ ...scrap, deductionMinor: 79_801 }))
      .expect(rejected('DEDUCTION_TOO_HIGH', 'lines[0]: more is deducted than was paid.')));

  test('is refused unless it covers all pieces', () => {
    const incomplete = (pieces: number) =>
      rejected('INSPECTION_INCOMPLETE', `2 pieces of line ${lineId} are in the return, ${pieces} were inspected.`);
    given(returns, ...back)
      .when(inspect({ ...scrap, quantity: 1 }))
      .expect(incomplete(1));
    given(returns, ...back)
      .when(inspect({ ...scrap, quantity: 3 }))
      .expect(incomplete(3));
    given(returns, ...back)
      .when(inspect())
      .expect(incomplete(0));
  });

  test('is refused for lines that are not there or named twice with one outcome', () => {
    given(returns, ...back)
      .when(inspect({ ...scrap, lineId: otherLineId }))
      .expect(rejected('LINE_NOT_FOUND', 'lines[0]: the return has no such line.'));
    const one = { ...scrap, quantity: 1 };
    given(returns, ...back)
      .when(inspect(one, one))
      .expect(rejected('LINE_REPEATED', 'lines[1]: pieces of a line with one outcome are named once.'));
  });

  test('again changes nothing, and with another outcome is refused', () => {
    given(returns, ...back, inspected())
      .when(inspect(scrap))
      .expect(accepted());
    const refusal = rejected('RETURN_INSPECTED', 'The return was inspected, with another outcome.');
    given(returns, ...back, inspected())
      .when(inspect({ ...scrap, deductionMinor: 1 }))
      .expect(refusal);
    given(returns, ...back, inspected())
      .when(inspect({ ...scrap, lineId: otherLineId }))
      .expect(refusal);
    given(returns, ...back, inspected(), closed())
      .when(inspect())
      .expect(refusal);
  });

  test('of several outcomes again is compared with each of them', () => {
    const found: readonly Inspection[] = [
      { lineId, quantity: 1, outcome: 'RESTOCK', deductionMinor: 0 },
      { lineId, quantity: 1, outcome: 'SCRAP', deductionMinor: 0 },
    ];
    const [restocked, scrapped] = found as [Inspection, Inspection];
    const before = inspected([
      { lineId, offerId, quantity: 1, outcome: 'RESTOCK', grade: 'A', deductionMinor: 0, refundMinor: 39_900 },
      { lineId, offerId, quantity: 1, outcome: 'SCRAP', deductionMinor: 0, refundMinor: 39_900 },
    ]);
    const refusal = rejected('RETURN_INSPECTED', 'The return was inspected, with another outcome.');
    given(returns, ...back, before)
      .when(inspect(scrapped, restocked))
      .expect(accepted());
    given(returns, ...back, before)
      .when(inspect(restocked, { ...scrapped, deductionMinor: 1 }))
      .expect(refusal);
    given(returns, ...back, before)
      .when(inspect(restocked, { ...scrapped, lineId: otherLineId }))
      .expect(refusal);
  });

  test('is refused before the goods are back', () => {
    given(returns, returnRequested(), admitted(), approved())
      .when(inspect(scrap))
      .expect(rejected('RETURN_NOT_RECEIVED', 'The goods have not come back.'));
    given(returns, ...claim, returnRejected())
      .when(inspect(scrap))
      .expect(wasRejected);
    given(returns, returnRequested(), admitted(), approved(), closed('NOT_RECEIVED'))
      .when(inspect(scrap))
      .expect(rejected('RETURN_CLOSED', 'The goods did not come back in time; the return is closed.'));
  });
});

describe('after the inspection', () => {
  const restock: ReturnCommand = { type: 'MarkRestockRefused', lineId, offerId, code: 'GRADE_LOWER' };
  const close = (cause: 'REFUNDED' | 'NOTHING_TO_REFUND' | 'REFUND_FAILED'): ReturnCommand => ({ type: 'CloseReturn', cause });
  const goesOn = rejected('RETURN_NOT_INSPECTED', 'The return goes on.');

  test('it is kept that an offer does not take pieces back', () =>
    given(returns, ...back, inspected())
      .when(restock)
      .expect(accepted(restockRefused)));
  test('that is kept once, and also of a return that is closed', () => {
    given(returns, ...back, inspected(), restockRefused)
      .when(restock)
      .expect(accepted());
    given(returns, ...back, inspected(), closed())
      .when(restock)
      .expect(accepted(restockRefused));
  });
  test('that cannot be before', () =>
    given(returns, ...back)
      .when(restock)
      .expect(rejected('RETURN_NOT_INSPECTED', 'Nothing of this return goes back on sale yet.')));

  test('the return is closed', () =>
    given(returns, ...back, inspected())
      .when(close('REFUNDED'))
      .expect(accepted(closed())));
  test('it is closed once', () => {
    given(returns, ...back, inspected(), closed())
      .when(close('REFUNDED'))
      .expect(accepted());
    given(returns, ...back, inspected(), closed())
      .when(close('REFUND_FAILED'))
      .expect(accepted());
    given(returns, ...back, inspected(), closed('REFUND_FAILED'))
      .when(close('REFUND_FAILED'))
      .expect(accepted());
  });
  test('it is closed once more when a refund that failed succeeds', () =>
    given(returns, ...back, inspected(), closed('REFUND_FAILED'))
      .when(close('REFUNDED'))
      .expect(accepted(closed())));
  test('it is not closed before', () => {
    given(returns, ...back)
      .when(close('REFUNDED'))
      .expect(goesOn);
    given(returns, returnRequested(), admitted(), approved(), closed('NOT_RECEIVED')).when(close('REFUNDED')).expect(goesOn);
  });
});

describe('deadlines of a return', () => {
  const undecided: ReturnCommand = { type: 'ApproveUndecided', decideBy: at('7 d'), ...timed() };
  const unreturned: ReturnCommand = { type: 'CloseUnreturned', returnBy: at('21 d') };
  const uninspected: ReturnCommand = { type: 'ReportUninspected', inspectBy: at('14 d') };
  const sent = [returnRequested(), admitted(), approved()];

  test('a claim that nobody decided on is approved', () =>
    given(returns, ...claim)
      .when(undecided)
      .expect(accepted(approved())));
  test('goods that do not come back close the return', () =>
    given(returns, ...sent)
      .when(unreturned)
      .expect(accepted(closed('NOT_RECEIVED'))));
  test('goods that nobody looks at are reported', () =>
    given(returns, ...back)
      .when(uninspected)
      .expect(accepted(inspectionOverdue)));
  test('goods that nobody looks at are reported once', () =>
    given(returns, ...back, inspectionOverdue)
      .when(uninspected)
      .expect(accepted()));
  test('goods may be inspected late', () =>
    given(returns, ...back, inspectionOverdue)
      .when({ type: 'InspectReturn', lines: [{ lineId, quantity: 2, outcome: 'SCRAP', deductionMinor: 0 }] })
      .expect(accepted(inspected())));

  test('that are met do nothing', () => {
    given(returns, ...claim, approved())
      .when(undecided)
      .expect(accepted());
    given(returns, ...back)
      .when(unreturned)
      .expect(accepted());
    given(returns, ...back, inspected())
      .when(uninspected)
      .expect(accepted());
  });
  test('that are other ones by now do nothing', () => {
    given(returns, claimRequested, admitted(at('8 d')))
      .when(undecided)
      .expect(accepted());
    given(returns, returnRequested(), admitted(), approved(at('22 d')))
      .when(unreturned)
      .expect(accepted());
    given(returns, ...sent, received(at('15 d')))
      .when(uninspected)
      .expect(accepted());
  });
});

describe('who may act on a return', () => {
  const state = returns.evolve(returns.initial, returnRequested());
  const nobody = { anyCustomer: false, anyMerchant: false };

  test('its customer follows it, its merchant decides', () => {
    assert.equal(mayActOnReturn({ ...nobody, customerId }, state), true);
    assert.equal(mayDecideReturn({ ...nobody, merchantId }, state), true);
  });
  test('no other customer, no other merchant', () => {
    assert.equal(mayActOnReturn({ ...nobody, customerId: 'another', anyMerchant: true, merchantId }, state), false);
    assert.equal(mayDecideReturn({ ...nobody, merchantId: otherMerchantId, anyCustomer: true, customerId }, state), false);
  });
  test('a return that does not exist lets everybody pass, to be told so', () => {
    assert.equal(mayActOnReturn(nobody, returns.initial), true);
    assert.equal(mayDecideReturn(nobody, returns.initial), true);
  });
});
