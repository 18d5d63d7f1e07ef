import { describe, test } from 'node:test';
import { customer, type CustomerEvent } from '../../src/domain/customer.ts';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { given } from '../support/given.ts';

const holdId = '0192f0a0-0000-7000-8000-000000000091';
const otherHoldId = '0192f0a0-0000-7000-8000-000000000092';
const placed: CustomerEvent = { type: 'LegalHoldPlaced', data: { holdId, kind: 'DISPUTE' } };
const lifted: CustomerEvent = { type: 'LegalHoldLifted', data: { holdId } };

describe('placing a legal hold', () => {
  const place = { type: 'PlaceLegalHold', holdId, kind: 'DISPUTE' } as const;

  test('keeps the data of a customer nobody has heard of before', () => given(customer).when(place).expect(accepted(placed)));
  test('beside another keeps both', () =>
    given(customer, placed)
      .when({ ...place, holdId: otherHoldId, kind: 'AUTHORITY' })
      .expect(accepted({ type: 'LegalHoldPlaced', data: { holdId: otherHoldId, kind: 'AUTHORITY' } })));
  test('again changes nothing', () => given(customer, placed).when(place).expect(accepted()));
  test('is refused as another kind than it was placed', () =>
    given(customer, placed)
      .when({ ...place, kind: 'CLAIM' })
      .expect(rejected('HOLD_ALREADY_PLACED', 'This hold was placed as DISPUTE.')));
  test('is refused once it was lifted', () =>
    given(customer, placed, lifted).when(place).expect(rejected('HOLD_LIFTED', 'This hold was lifted; place a new one.')));
});

describe('lifting a legal hold', () => {
  const lift = { type: 'LiftLegalHold', holdId } as const;

  test('ends it', () => given(customer, placed).when(lift).expect(accepted(lifted)));
  test('again changes nothing', () => given(customer, placed, lifted).when(lift).expect(accepted()));
  test('leaves the others', () =>
    given(customer, placed, { type: 'LegalHoldPlaced', data: { holdId: otherHoldId, kind: 'CLAIM' } }, lifted)
      .when({ type: 'LiftLegalHold', holdId: otherHoldId })
      .expect(accepted({ type: 'LegalHoldLifted', data: { holdId: otherHoldId } })));
  test('is refused for a hold that was never placed', () =>
    given(customer).when(lift).expect(rejected('HOLD_NOT_FOUND', 'No such hold has been placed.')));
});
