import { times, vatInside } from './money.ts';

/** Standard VAT rates in basis points by country (ISO 3166-1), with the day from which each holds. The countries listed are those we deliver to. */
const rates: Readonly<Record<string, readonly (readonly [from: string, basisPoints: number])[]>> = {
  AT: [['2016-01-01', 2_000]],
  BE: [['1996-01-01', 2_100]],
  BG: [['1999-01-01', 2_000]],
  CH: [
    ['2018-01-01', 770],
    ['2024-01-01', 810],
  ],
  CY: [['2014-01-13', 1_900]],
  CZ: [['2013-01-01', 2_100]],
  DE: [['2021-01-01', 1_900]],
  DK: [['1992-01-01', 2_500]],
  EE: [
    ['2024-01-01', 2_200],
    ['2025-07-01', 2_400],
  ],
  ES: [['2012-09-01', 2_100]],
  FI: [
    ['2013-01-01', 2_400],
    ['2024-09-01', 2_550],
  ],
  FR: [['2014-01-01', 2_000]],
  GB: [['2011-01-04', 2_000]],
  GR: [['2016-06-01', 2_400]],
  HR: [['2012-03-01', 2_500]],
  HU: [['2012-01-01', 2_700]],
  IE: [['2021-03-01', 2_300]],
  IT: [['2013-10-01', 2_200]],
  LT: [['2009-09-01', 2_100]],
  LU: [['2024-01-01', 1_700]],
  LV: [['2012-07-01', 2_100]],
  MT: [['2004-01-01', 1_800]],
  NL: [['2012-10-01', 2_100]],
  NO: [['2005-01-01', 2_500]],
  PL: [['2011-01-01', 2_300]],
  PT: [['2011-01-01', 2_300]],
  RO: [
    ['2017-01-01', 1_900],
    ['2025-08-01', 2_100],
  ],
  SE: [['1990-07-01', 2_500]],
  SI: [['2013-07-01', 2_200]],
  SK: [
    ['2011-01-01', 2_000],
    ['2025-01-01', 2_300],
  ],
};

/** The standard rate of the country that the goods go to, on a day (ISO 8601), in basis points; undefined where we do not deliver. */
export const vatRate = (countryCode: string, day: string): number | undefined => rates[countryCode]?.findLast(([from]) => from <= day)?.[1];

/** What the VAT of a line is worked out from; amounts in minor units, VAT included. */
export type Taxed = {
  readonly unitPriceMinor: number;
  readonly purchasePriceMinor?: number;
  readonly vatScheme: 'STANDARD' | 'MARGIN';
  readonly vatRateBasisPoints: number;
};

/** The VAT in a number of pieces of a line: inside the price, or inside what the merchant earns above what it paid. */
export const vatOf = ({ unitPriceMinor, purchasePriceMinor = 0, vatScheme, vatRateBasisPoints }: Taxed, pieces: number): number => {
  const base = vatScheme === 'MARGIN' ? Math.max(0, unitPriceMinor - purchasePriceMinor) : unitPriceMinor;
  return vatInside(times(base, pieces), vatRateBasisPoints);
};

/** The VAT in the next `pieces` of a line that has `open` pieces left. However a line is cut, its parts' VAT sums to {@link vatOf} the whole. */
export const vatOfPart = (line: Taxed, open: number, pieces: number): number => vatOf(line, open) - vatOf(line, open - pieces);
