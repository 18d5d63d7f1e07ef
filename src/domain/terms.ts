/** How long each step of an order's life may take, in milliseconds. */
export type Terms = {
  /** From placement: stock is kept unpaid. Longer than `payMs`, so that who pays at the last moment still gets it. */
  readonly reserveMs: number;
  /** From placement: the order must be confirmed. */
  readonly payMs: number;
  /** From confirmation: a merchant must accept its lines. */
  readonly acceptMs: number;
  /** From acceptance: a line must leave. */
  readonly dispatchMs: number;
  /** From dispatch: a parcel must arrive. */
  readonly deliverMs: number;
  /** The longest hold. */
  readonly holdMs: number;
  /** From the delivery of the last good: the customer may withdraw. Frozen in each line of an order. */
  readonly withdrawalMs: number;
  /** From a warranty claim: the merchant must decide. */
  readonly decideMs: number;
  /** From approval: the goods must come back. */
  readonly returnMs: number;
  /** From receipt: the goods must be inspected. */
  readonly inspectMs: number;
};

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** The terms of trade. Withdrawal: fourteen days, the day of delivery not counted, in whatever time zone (Directive 2011/83/EU, article 9). */
export const standardTerms: Terms = {
  reserveMs: 20 * minute,
  payMs: 15 * minute,
  acceptMs: 2 * day,
  dispatchMs: 3 * day,
  deliverMs: 21 * day,
  holdMs: 30 * day,
  withdrawalMs: 15 * day,
  decideMs: 7 * day,
  returnMs: 21 * day,
  inspectMs: 14 * day,
};

/** Terms of seconds, so that whole lives of orders can be watched. For development only. */
export const briefTerms: Terms = {
  reserveMs: 15 * second,
  payMs: 10 * second,
  acceptMs: 20 * second,
  dispatchMs: 20 * second,
  deliverMs: 30 * second,
  holdMs: 30 * second,
  withdrawalMs: 15 * second,
  decideMs: 10 * second,
  returnMs: 20 * second,
  inspectMs: 20 * second,
};

/** What a command knows of time: when it is judged (ISO 8601, UTC) and by which terms. */
export type Timed = { readonly now: string; readonly terms: Terms };

/** The time so many milliseconds after another, as ISO 8601 in UTC. */
export const after = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();

/** Whether a time has come: the moment itself counts. */
export const hasPassed = (time: string, now: string): boolean => Date.parse(time) <= Date.parse(now);
