import type { Money } from '../../contract/generated/orders/events/v1/events.ts';

/** An amount as messages carry it. */
export const money = (amountMinor: number, currency: string): Money => ({ amountMinor: BigInt(amountMinor), currency });
