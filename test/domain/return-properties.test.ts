import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { Check } from 'typebox/value';
import { returnOrigins } from '../../infra/contract/event-origins.ts';
import type { Inspection, ReturnCommand } from '../../src/domain/return-commands.ts';
import { returnEvents } from '../../src/domain/return-events.ts';
import type { Return } from '../../src/domain/return-state.ts';
import { returns } from '../../src/domain/return.ts';
import { at, lineId, offerId, timed } from './examples.ts';
import { askReturn } from './return-examples.ts';

const outcome = fc.constantFrom('RESTOCK' as const, 'SCRAP' as const);
const inspection: Arbitrary<Inspection> = fc.record({
  lineId: fc.constant(lineId),
  quantity: fc.integer({ min: 1, max: 2 }),
  outcome,
  deductionMinor: fc.integer({ min: 0, max: 80_000 }),
});
const command: Arbitrary<ReturnCommand> = fc.oneof(
  fc.constant({ type: 'AdmitReturn' as const, ...timed() }),
  fc.constant({ type: 'RefuseReturn' as const, cause: 'RETURNED_TOO_MANY' }),
  fc.constant({ type: 'ApproveReturn' as const, ...timed() }),
  fc.constant({ type: 'RejectReturn' as const }),
  fc.constant({ type: 'ReceiveReturn' as const, ...timed() }),
  fc.array(inspection, { minLength: 1, maxLength: 2 }).map((lines) => ({ type: 'InspectReturn' as const, lines })),
  fc.constant({ type: 'MarkRestockRefused' as const, lineId, offerId, code: 'GRADE_LOWER' }),
  fc
    .constantFrom('REFUNDED' as const, 'NOTHING_TO_REFUND' as const, 'REFUND_FAILED' as const)
    .map((cause) => ({ type: 'CloseReturn' as const, cause })),
  fc.constant({ type: 'ApproveUndecided' as const, decideBy: at('7 d'), ...timed() }),
  fc.constant({ type: 'CloseUnreturned' as const, returnBy: at('21 d') }),
  fc.constant({ type: 'ReportUninspected' as const, inspectBy: at('14 d') }),
);
const life = fc
  .tuple(fc.constantFrom('WITHDRAWAL' as const, 'WARRANTY' as const), fc.array(command, { maxLength: 25, size: 'max' }))
  .map(([kind, commands]): readonly ReturnCommand[] => [askReturn({ kind }), ...commands]);

const after = (commands: readonly ReturnCommand[]): Return =>
  commands.reduce<Return>((state, next) => {
    const decision = returns.decide(next, state);
    if (decision.kind === 'rejected') return state;
    for (const event of decision.events) {
      assert.ok(Check(returnEvents.find(({ type }) => type === event.type)!.data, event.data), JSON.stringify(event));
      assert.ok(returnOrigins[event.type].includes(next.type), `${event.type} by ${next.type}`);
    }
    return decision.events.reduce(returns.evolve, state);
  }, returns.initial);

describe('a return, whatever is asked of it', () => {
  test('refunds and deducts what was paid, every piece inspected once', () =>
    fc.assert(
      fc.property(life, (commands) => {
        const state = after(commands);
        if (state.status === 'unrequested' || state.inspected === undefined) return;
        const sumOf = (pick: (line: (typeof lines)[number]) => number): number => lines.reduce((total, line) => total + pick(line), 0);
        const lines = state.inspected;
        assert.equal(
          sumOf(({ quantity }) => quantity),
          2,
        );
        assert.equal(
          sumOf(({ refundMinor, deductionMinor }) => refundMinor + deductionMinor),
          79_800,
        );
        assert.equal(
          state.refundMinor,
          sumOf(({ refundMinor }) => refundMinor),
        );
        assert.ok(lines.every(({ refundMinor }) => refundMinor >= 0));
      }),
      { numRuns: 500 },
    ));

  test('changes nothing when it is asked the same twice at once', () =>
    fc.assert(
      fc.property(life, (commands) => assert.deepEqual(after([commands[0]!, ...commands.slice(1).flatMap((each) => [each, each])]), after(commands))),
    ));

  test('never rejects a withdrawal on the merchant’s word', () =>
    fc.assert(
      fc.property(life, (commands) => {
        const state = after(commands);
        assert.ok(state.status === 'unrequested' || state.kind === 'WARRANTY' || state.rejection !== 'MERCHANT');
      }),
    ));

  test('is inspected only after it came back, and came back only after it was approved', () =>
    fc.assert(
      fc.property(life, (commands) => {
        const state = after(commands);
        if (state.status === 'unrequested') return;
        assert.ok(state.inspected === undefined || state.inspectBy !== undefined);
        assert.ok(state.inspectBy === undefined || state.returnBy !== undefined);
        assert.ok(state.restockRefused.length === 0 || state.inspected !== undefined);
      }),
    ));

  test('plain JSON is what it is', () =>
    fc.assert(fc.property(life, (commands) => assert.deepEqual(JSON.parse(JSON.stringify(after(commands))), after(commands)))));
});
