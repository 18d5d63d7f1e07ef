import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { amountText, exponentOf, maxAmountMinor, sum, times, vatInside } from '../../src/domain/money.ts';
import { vatRate } from '../../src/domain/vat.ts';

const amount = fc.integer({ min: 0, max: maxAmountMinor });
const rate = fc.integer({ min: 0, max: 10_000 });

describe('the VAT inside a price', () => {
  test('is what the tax office works out by hand', () => {
    assert.equal(vatInside(11_900, 1_900), 1_900);
    assert.equal(vatInside(39_900, 1_900), 6_371); // 6,370.59
    assert.equal(vatInside(10_810, 810), 810);
    assert.equal(vatInside(0, 1_900), 0);
    assert.equal(vatInside(39_900, 0), 0);
  });

  test('rounds half up', () => {
    assert.equal(vatInside(1, 10_000), 1); // 0.5
    assert.equal(vatInside(3, 10_000), 2); // 1.5
    assert.equal(vatInside(2, 2_500), 0); // 0.4
    assert.equal(vatInside(3, 2_500), 1); // 0.6
  });

  test('is nothing below zero and never more than the price', () =>
    fc.assert(
      fc.property(amount, rate, (gross, basisPoints) => {
        const vat = vatInside(gross, basisPoints);
        assert.ok(vat >= 0 && vat <= gross);
      }),
    ));

  test('is within half a unit of the exact value', () =>
    fc.assert(
      fc.property(amount, rate, (gross, basisPoints) => {
        const divisor = 10_000n + BigInt(basisPoints);
        const twiceOff = 2n * (BigInt(vatInside(gross, basisPoints)) * divisor - BigInt(gross) * BigInt(basisPoints));
        assert.ok(twiceOff > -divisor && twiceOff <= divisor);
      }),
    ));

  test('of parts, each the VAT before less the VAT after, sums to that of the whole', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 20 }), rate, (parts, basisPoints) => {
        let left = sum(parts);
        const whole = vatInside(left, basisPoints);
        const vats = parts.map((part) => {
          const before = vatInside(left, basisPoints);
          left -= part;
          return before - vatInside(left, basisPoints);
        });
        assert.ok(vats.every((vat) => vat >= 0));
        assert.equal(sum(vats), whole);
      }),
    ));
});

describe('amounts', () => {
  test('multiply and add up exactly', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, fc.integer({ min: 1, max: 1_000 })), { maxLength: 9 }), (lines) => {
        const exact = lines.reduce((total, [price, quantity]) => total + BigInt(price) * BigInt(quantity), 0n);
        assert.equal(BigInt(sum(lines.map(([price, quantity]) => times(price, quantity)))), exact);
      }),
    ));

  test('beyond every safe integer are a bug', () => {
    assert.throws(() => times(maxAmountMinor, 10_000), /beyond 2\^53/);
    assert.throws(() => sum([Number.MAX_SAFE_INTEGER, 1]), /beyond 2\^53/);
  });
});

describe('currencies', () => {
  test('have the exponents of ISO 4217', () => assert.deepEqual(['EUR', 'JPY', 'KWD'].map(exponentOf), [2, 0, 3]));

  test('are three capitals that ISO 4217 knows', () => {
    for (const code of ['eur', 'EU', 'XTS', 'XAU', 'constructor', '']) assert.equal(exponentOf(code), undefined, code);
  });
});

describe('VAT rates', () => {
  test('hold from their day on', () => {
    assert.equal(vatRate('SK', '2024-12-31'), 2_000);
    assert.equal(vatRate('SK', '2025-01-01'), 2_300);
    assert.equal(vatRate('SK', '2031-07-01'), 2_300);
  });

  test('are unknown where we do not deliver', () => assert.equal(vatRate('US', '2026-01-01'), undefined));

  test('are unknown before the table begins', () => assert.equal(vatRate('DE', '1968-01-01'), undefined));
});

test('an amount reads with the digits of its currency', () => {
  assert.equal(amountText(39_900, 'EUR'), '399.00 EUR');
  assert.equal(amountText(5, 'EUR'), '0.05 EUR');
  assert.equal(amountText(0, 'EUR'), '0.00 EUR');
  assert.equal(amountText(500, 'JPY'), '500 JPY');
  assert.equal(amountText(1_234, 'KWD'), '1.234 KWD');
});
