import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { vatInside } from '../../src/domain/money.ts';
import { vatOf, vatOfPart } from '../../src/domain/vat.ts';

const line = fc.record({
  unitPriceMinor: fc.integer({ min: 0, max: 1e9 }),
  purchasePriceMinor: fc.integer({ min: 0, max: 2e9 }),
  vatScheme: fc.constantFrom('STANDARD' as const, 'MARGIN' as const),
  vatRateBasisPoints: fc.integer({ min: 0, max: 10_000 }),
});

describe('the VAT of a line', () => {
  const sold = { unitPriceMinor: 39_900, purchasePriceMinor: 25_000, vatRateBasisPoints: 1_900 };

  test('is inside the whole price under the standard scheme', () =>
    assert.equal(vatOf({ ...sold, vatScheme: 'STANDARD' }, 2), vatInside(79_800, 1_900)));

  test('is inside what the merchant earned under the margin scheme', () =>
    assert.equal(vatOf({ ...sold, vatScheme: 'MARGIN' }, 2), vatInside(29_800, 1_900)));

  test('is nothing when the merchant lost on it', () => assert.equal(vatOf({ ...sold, purchasePriceMinor: 40_000, vatScheme: 'MARGIN' }, 2), 0));

  test('is the same as that of its parts, however it is cut and rounded', () =>
    fc.assert(
      fc.property(line, fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20, size: 'max' }), (of, parts) => {
        const quantity = parts.reduce((sum, part) => sum + part, 0);
        let open = quantity;
        let vat = 0;
        for (const part of parts) {
          const share = vatOfPart(of, open, part);
          assert.ok(share >= 0);
          vat += share;
          open -= part;
        }
        assert.equal(vat, vatOf(of, quantity));
      }),
    ));
});
