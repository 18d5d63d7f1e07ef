import { Type } from 'typebox';

/** The largest amount that is taken anywhere, in minor units. Sums and products stay far below 2^53. */
export const maxAmountMinor = 1e12;

/** An amount in minor units, as events carry it. */
export const AmountMinor = Type.Integer({ minimum: 0, maximum: maxAmountMinor });
/** A currency as events carry it; {@link exponentOf} tells whether it is one. */
export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });

/** Currencies of ISO 4217 by the number of digits after the decimal point. Funds, metals and test codes are left out. */
const currencies: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD ' +
    'GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN ' +
    'PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
};

const exponents: ReadonlyMap<string, number> = new Map(
  Object.entries(currencies).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)] as const)),
);

/** How many digits a currency has after the decimal point (EUR: 2, JPY: 0); undefined for what is no currency. */
export const exponentOf = (currency: string): number | undefined => exponents.get(currency);

/** An amount for people to read: `399.00 EUR`, `500 JPY`. */
export const amountText = (amountMinor: number, currency: string): string => {
  const digits = exponentOf(currency) ?? 0;
  const text = String(amountMinor).padStart(digits + 1, '0');
  return `${digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`} ${currency}`;
};

/** A price times a quantity, in minor units. Throws beyond 2^53, which the limits keep out. */
export const times = (amountMinor: number, quantity: number): number => exact(BigInt(amountMinor) * BigInt(quantity));

/** The sum of amounts of one currency, in minor units. */
export const sum = (amounts: readonly number[]): number => exact(amounts.reduce((total, amount) => total + BigInt(amount), 0n));

/** The VAT inside a gross amount: round half up of gross × rate / (10000 + rate), rate in basis points. */
export const vatInside = (grossMinor: number, rateBasisPoints: number): number => {
  const divisor = 10_000n + BigInt(rateBasisPoints);
  return exact((2n * BigInt(grossMinor) * BigInt(rateBasisPoints) + divisor) / (2n * divisor));
};

const exact = (value: bigint): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`an amount beyond 2^53: ${value}`);
  return number;
};
