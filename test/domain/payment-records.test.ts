import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { Check } from 'typebox/value';
import { paymentOrigins } from '../../infra/contract/event-origins.ts';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { derivedId } from '../../src/domain/ids.ts';
import type { PaymentCommand, PaymentRecord } from '../../src/domain/payment-commands.ts';
import { paymentEvents, type PaymentEvent } from '../../src/domain/payment-events.ts';
import { capturedOf, refundedOf, type Payment, type RequestedPayment } from '../../src/domain/payment-state.ts';
import { payment } from '../../src/domain/payment.ts';
import { given } from '../support/given.ts';
import { at, customerId, orderId } from './examples.ts';
import {
  authorised,
  captured,
  captureFailed,
  captureId,
  captureRequested,
  declined,
  lapsed,
  otherCaptureId,
  otherRefundId,
  outcomeUnknown,
  paymentRequested,
  refunded,
  refundFailed,
  refundId,
  refundRequested,
  voided,
  voidRequested,
} from './payment-examples.ts';

const history = [paymentRequested(), authorised];
const capturing = [...history, captureRequested()];
const refunding = [...capturing, captured(), refundRequested()];

describe('an authorisation', () => {
  const record: PaymentRecord = { type: 'RecordAuthorised', providerReference: 'pi_1', captureBefore: '2026-03-08T11:00:00+01:00' };
  const decline: PaymentRecord = { type: 'RecordDeclined', code: 'card_declined' };

  test('is recorded, its end in UTC', () => given(payment, paymentRequested()).when(record).expect(accepted(authorised)));
  test('told again changes nothing', () =>
    given(payment, ...history)
      .when(record)
      .expect(accepted()));
  test('outweighs a decline', () => given(payment, paymentRequested(), declined).when(record).expect(accepted(authorised)));
  test('that comes after a void was asked for is there, to be voided', () =>
    given(payment, paymentRequested(), voidRequested()).when(record).expect(accepted(authorised)));
  test('that is heard of after the void is old news', () => given(payment, paymentRequested(), voided).when(record).expect(accepted()));
  test('is declined', () => given(payment, paymentRequested()).when(decline).expect(accepted(declined)));
  test('is declined once', () => given(payment, paymentRequested(), declined).when(decline).expect(accepted()));
  test('stands, whatever decline is heard of later', () =>
    given(payment, ...history)
      .when(decline)
      .expect(accepted()));
});

describe('a capture', () => {
  const record: PaymentRecord = { type: 'RecordCaptured', captureId, providerReference: 'ch_1' };
  const fail: PaymentRecord = { type: 'RecordCaptureFailed', captureId, code: 'processing_error' };

  test('is recorded with what was asked for', () =>
    given(payment, ...capturing)
      .when(record)
      .expect(accepted(captured())));
  test('told again changes nothing', () =>
    given(payment, ...capturing, captured())
      .when(record)
      .expect(accepted()));
  test('is recorded after a void, and after the authorisation ran out', () => {
    given(payment, ...capturing, voidRequested(4_000), voided)
      .when(record)
      .expect(accepted(captured()));
    given(payment, ...capturing, lapsed)
      .when(record)
      .expect(accepted(captured()));
  });
  test('fails', () =>
    given(payment, ...capturing)
      .when(fail)
      .expect(accepted(captureFailed)));
  test('fails once', () =>
    given(payment, ...capturing, captureFailed)
      .when(fail)
      .expect(accepted()));
  test('outweighs its failure', () =>
    given(payment, ...capturing, captureFailed)
      .when(record)
      .expect(accepted(captured())));
  test('stands, whatever failure is heard of later', () =>
    given(payment, ...capturing, captured())
      .when(fail)
      .expect(accepted()));
  test('that nobody asked for is refused', () => {
    const refusal = rejected('CAPTURE_NOT_FOUND', 'No such capture has been requested.');
    given(payment, ...history)
      .when(record)
      .expect(refusal);
    given(payment, ...history)
      .when(fail)
      .expect(refusal);
  });
  test('beyond what was authorised is refused', () =>
    given(
      payment,
      ...capturing,
      captureFailed,
      captureRequested(6_000, { captureId: otherCaptureId }),
      captured(6_000, { captureId: otherCaptureId }),
    )
      .when(record)
      .expect(rejected('CAPTURE_TOO_HIGH', 'More would be captured than is authorised.')));
});

describe('a void', () => {
  const record: PaymentRecord = { type: 'RecordVoided' };

  test('is recorded', () =>
    given(payment, ...history, voidRequested())
      .when(record)
      .expect(accepted(voided)));
  test('told again changes nothing', () =>
    given(payment, ...history, voided)
      .when(record)
      .expect(accepted()));
  test('that we did not ask for is recorded', () =>
    given(payment, ...history)
      .when(record)
      .expect(accepted(voided)));
  test('is nothing once the authorisation has run out', () =>
    given(payment, ...history, lapsed)
      .when(record)
      .expect(accepted()));
});

describe('a refund', () => {
  const record: PaymentRecord = { type: 'RecordRefunded', refundId, providerReference: 're_1' };
  const fail: PaymentRecord = { type: 'RecordRefundFailed', refundId, code: 'processing_error' };

  test('is recorded with its return', () =>
    given(payment, ...refunding)
      .when(record)
      .expect(accepted(refunded())));
  test('told again changes nothing', () =>
    given(payment, ...refunding, refunded())
      .when(record)
      .expect(accepted()));
  test('fails', () =>
    given(payment, ...refunding)
      .when(fail)
      .expect(accepted(refundFailed)));
  test('fails once', () =>
    given(payment, ...refunding, refundFailed)
      .when(fail)
      .expect(accepted()));
  test('outweighs its failure', () =>
    given(payment, ...refunding, refundFailed)
      .when(record)
      .expect(accepted(refunded())));
  test('stands, whatever failure is heard of later', () =>
    given(payment, ...refunding, refunded())
      .when(fail)
      .expect(accepted()));
  test('that nobody asked for is refused', () => {
    const refusal = rejected('REFUND_NOT_FOUND', 'No such refund has been requested.');
    given(payment, ...capturing)
      .when(record)
      .expect(refusal);
    given(payment, ...capturing)
      .when(fail)
      .expect(refusal);
  });
  test('beyond what was captured is refused', () => {
    const whole = [...capturing, captured(), refundRequested(6_000)];
    const other: PaymentEvent = { ...refundRequested(6_000, { refundId: otherRefundId }) };
    const otherDone = payment.decide(
      { type: 'RecordRefunded', refundId: otherRefundId, providerReference: 're_2' },
      [...whole, refundFailed, other].reduce(payment.evolve, payment.initial),
    );
    assert.ok(otherDone.kind === 'accepted');
    given(payment, ...whole, refundFailed, other, ...otherDone.events)
      .when(record)
      .expect(rejected('REFUND_TOO_HIGH', 'More would be refunded than is captured.'));
  });
});

describe('an outcome that nobody knows', () => {
  const unknownOf = (state: Payment) => (state.status === 'unrequested' ? [] : state.unknown);
  const after = (...events: readonly PaymentEvent[]) => events.reduce(payment.evolve, payment.initial);

  for (const [name, before, command, event, settling] of [
    [
      'authorisation',
      [paymentRequested()],
      { type: 'RecordUnknown', operation: 'AUTHORISATION' },
      outcomeUnknown('AUTHORISATION'),
      [authorised, declined, voided],
    ],
    [
      'capture',
      capturing,
      { type: 'RecordUnknown', operation: 'CAPTURE', operationId: captureId },
      outcomeUnknown('CAPTURE', captureId),
      [captured(), captureFailed],
    ],
    ['void', [...history, voidRequested()], { type: 'RecordUnknown', operation: 'VOID' }, outcomeUnknown('VOID'), [voided]],
    [
      'refund',
      refunding,
      { type: 'RecordUnknown', operation: 'REFUND', operationId: refundId },
      outcomeUnknown('REFUND', refundId),
      [refunded(), refundFailed],
    ],
  ] as const satisfies readonly (readonly [string, readonly PaymentEvent[], PaymentRecord, PaymentEvent, readonly PaymentEvent[]])[]) {
    test(`of a ${name} is recorded once`, () => {
      given(payment, ...before)
        .when(command)
        .expect(accepted(event));
      given(payment, ...before, event)
        .when(command)
        .expect(accepted());
    });

    test(`of a ${name} is settled by whatever is heard later, and not unsettled again`, () => {
      for (const last of settling) {
        assert.deepEqual(unknownOf(after(...before, event, last)), []);
        given(payment, ...before, last)
          .when(command)
          .expect(accepted());
      }
    });
  }

  test('of what nobody asked for is refused', () => {
    given(payment, ...history)
      .when({ type: 'RecordUnknown', operation: 'CAPTURE', operationId: captureId })
      .expect(rejected('CAPTURE_NOT_FOUND', 'No such capture has been requested.'));
    given(payment, ...history)
      .when({ type: 'RecordUnknown', operation: 'REFUND', operationId: refundId })
      .expect(rejected('REFUND_NOT_FOUND', 'No such refund has been requested.'));
  });

  test('of one capture is not that of another', () => {
    const both = [...capturing, captureRequested(4_000, { captureId: otherCaptureId, shipmentId: otherRefundId })];
    given(payment, ...both, outcomeUnknown('CAPTURE', captureId))
      .when({ type: 'RecordUnknown', operation: 'CAPTURE', operationId: otherCaptureId })
      .expect(accepted(outcomeUnknown('CAPTURE', otherCaptureId)));
    const state = after(...both, outcomeUnknown('CAPTURE', captureId), outcomeUnknown('CAPTURE', otherCaptureId), captured());
    assert.deepEqual(unknownOf(state), [{ operation: 'CAPTURE', operationId: otherCaptureId }]);
  });
});

const ids = ['a', 'b', 'c'].map((name) => derivedId('example', name));
const id = fc.constantFrom(...ids);
const amount = fc.integer({ min: 1, max: 7_000 });
const record: Arbitrary<PaymentRecord> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'RecordAuthorised' as const, providerReference: 'pi_1', captureBefore: at('7 d') }) },
  { weight: 1, arbitrary: fc.constant({ type: 'RecordDeclined' as const, code: 'card_declined' }) },
  { weight: 1, arbitrary: fc.constant({ type: 'RecordVoided' as const }) },
  { weight: 6, arbitrary: id.map((captureId) => ({ type: 'RecordCaptured' as const, captureId, providerReference: 'ch_1' })) },
  { weight: 2, arbitrary: id.map((captureId) => ({ type: 'RecordCaptureFailed' as const, captureId, code: 'processing_error' })) },
  { weight: 4, arbitrary: id.map((refundId) => ({ type: 'RecordRefunded' as const, refundId, providerReference: 're_1' })) },
  { weight: 2, arbitrary: id.map((refundId) => ({ type: 'RecordRefundFailed' as const, refundId, code: 'processing_error' })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('AUTHORISATION' as const, 'VOID' as const).map((operation) => ({ type: 'RecordUnknown' as const, operation })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('CAPTURE' as const, 'REFUND' as const), id)
      .map(([operation, operationId]) => ({ type: 'RecordUnknown' as const, operation, operationId })),
  },
);
const command: Arbitrary<PaymentCommand> = fc.oneof(
  { weight: 3, arbitrary: record },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, id, amount)
      .map(([captureId, shipmentId, amountMinor]) => ({ type: 'RequestCapture' as const, orderId, captureId, shipmentId, amountMinor })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, fc.constantFrom('RETURN' as const, 'LOST' as const, 'GOODWILL' as const), id, amount)
      .map(([refundId, cause, returnId, amountMinor]) => ({ type: 'RequestRefund' as const, refundId, cause, returnId, amountMinor })),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'RequestVoid' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'LapseAuthorisation' as const, captureBefore: at('7 d') }) },
);

const request: PaymentCommand = {
  ...{ type: 'RequestPayment', orderId, customerId, amountMinor: 10_000, currency: 'EUR', paymentMethod: 'pm_card', payBy: at('30 min') },
};
const life = fc.array(command, { maxLength: 40, size: 'max' }).map((commands) => [request, ...commands]);

/** What a sequence of commands makes of a payment; every event is checked against its declared shape. */
const after = (commands: readonly PaymentCommand[], from: Payment = payment.initial): readonly RequestedPayment[] => {
  const states: Payment[] = [from];
  for (const next of commands) {
    const decision = payment.decide(next, states.at(-1)!);
    if (decision.kind === 'rejected') continue;
    for (const event of decision.events) {
      assert.ok(Check(paymentEvents.find(({ type }) => type === event.type)!.data, event.data), JSON.stringify(event));
      assert.ok(paymentOrigins[event.type].includes(next.type), `${event.type} by ${next.type}`);
    }
    states.push(decision.events.reduce(payment.evolve, states.at(-1)!));
  }
  return states.filter((state) => state.status !== 'unrequested');
};

describe('a payment, whatever is asked and told', () => {
  test('never has more captured than authorised, nor more refunded than captured', () =>
    fc.assert(
      fc.property(life, (commands) => {
        for (const state of after(commands)) {
          assert.ok(capturedOf(state) <= state.amountMinor);
          assert.ok(refundedOf(state) <= capturedOf(state));
        }
      }),
      { numRuns: 500 },
    ));

  test('changes nothing when it is asked or told the same twice at once', () =>
    fc.assert(
      fc.property(life, (commands) => {
        const twice = commands.flatMap((each) => [each, each]);
        assert.deepEqual(after(twice).at(-1), after(commands).at(-1));
      }),
    ));

  test('ends with the same money in whatever order, and however often, the same is told', () =>
    fc.assert(
      fc.property(
        fc.array(
          command.filter(({ type }) => !type.startsWith('Record')),
          { maxLength: 8 },
        ),
        fc
          .uniqueArray(record, { maxLength: 10, selector: (each) => JSON.stringify(each) })
          .chain((records) => fc.tuple(fc.constant(records), fc.shuffledSubarray([...records, ...records], { minLength: 2 * records.length }))),
        (requests, [inOrder, shuffled]) => {
          // Everything is asked for before anything is told; refunds need something captured.
          const first: PaymentRecord = { type: 'RecordAuthorised', providerReference: 'pi_1', captureBefore: at('7 d') };
          const captures = ids.map((captureId, index): readonly PaymentCommand[] => [
            { type: 'RequestCapture', orderId, captureId, shipmentId: ids[index]!, amountMinor: 3_000 },
          ]);
          const asked = after([
            request,
            first,
            ...captures.flat(),
            { type: 'RecordCaptured', captureId: ids[0]!, providerReference: 'ch_1' },
            ...requests.filter(({ type }) => type !== 'LapseAuthorisation'),
          ]).at(-1)!;
          const moneyOf = (records: readonly PaymentRecord[]): unknown => {
            const state = after(records, asked).at(-1)!;
            return { captured: capturedOf(state), refunded: refundedOf(state), isVoided: state.status === 'voided' };
          };
          assert.deepEqual(moneyOf(shuffled), moneyOf(inOrder));
        },
      ),
      { numRuns: 500 },
    ));
});
