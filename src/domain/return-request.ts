import { accepted, rejected, type Decision } from './decider.ts';
import { times } from './money.ts';
import type { OrderLine, PlacedOrder } from './order-state.ts';
import type { RequestReturn, ReturnCode } from './return-commands.ts';
import type { ReturnEvent, ReturnFact } from './return-events.ts';

type Line = ReturnFact<'ReturnRequested'>['lines'][number];

/** Judges a wish to give goods back on the order as it is now. The order has the last word when it registers the return. */
export const requestReturn = ({ orderId, kind, order, lines: asked, now }: RequestReturn): Decision<ReturnEvent, ReturnCode> => {
  if (order.status === 'unplaced') return rejected('ORDER_NOT_FOUND', 'No such order has been placed.');
  if (kind === 'WITHDRAWAL' && order.withdrawalEnds !== undefined && isAfter(now, order.withdrawalEnds))
    return rejected('WITHDRAWAL_OVER', `The order could be withdrawn from until ${order.withdrawalEnds}.`);
  const merchants = new Set<string>();
  const lines: Line[] = [];
  for (const [index, { lineId, quantity }] of asked.entries()) {
    const at = `lines[${index}]`;
    const line = order.lines.find((other) => other.lineId === lineId);
    if (!line) return rejected('LINE_NOT_FOUND', `${at}: the order has no such line.`);
    if (lines.some((other) => other.lineId === lineId)) return rejected('LINE_REPEATED', `${at}: the line is named twice.`);
    if (line.delivered === 0) return rejected('NOT_DELIVERED', `${at}: nothing of it has been delivered.`);
    const left = line.delivered - line.returning;
    if (quantity > left) return rejected('RETURNED_TOO_MANY', `${at}: ${left} can be returned, ${quantity} asked for.`);
    if (kind === 'WARRANTY') {
      const ends = warrantyEnds(order, line);
      if (isAfter(now, ends)) return rejected('WARRANTY_OVER', `${at}: the warranty ended at ${ends}.`);
    }
    merchants.add(line.merchantId);
    if (merchants.size > 1) return rejected('SEVERAL_MERCHANTS', `${at}: a return goes to one merchant.`);
    lines.push({ lineId, offerId: line.offerId, quantity, grade: line.grade, amountMinor: times(line.unitPriceMinor, quantity) });
  }
  const { customerId, currency } = order;
  return accepted({ type: 'ReturnRequested', data: { orderId, customerId, merchantId: [...merchants][0]!, kind, currency, lines } });
};

/** Counted from the delivery of the line's last piece. */
const warrantyEnds = ({ shipments }: PlacedOrder, { lineId, warrantyMonths }: OrderLine): string => {
  const delivered = shipments
    .filter(({ lines }) => lines.some((line) => line.lineId === lineId))
    .map(({ deliveredAt }) => deliveredAt ?? '')
    .reduce((latest, next) => (next > latest ? next : latest), '');
  return monthsAfter(delivered, warrantyMonths);
};

/** The same day and time so many months later; where that month is too short, on its last day. */
const monthsAfter = (time: string, months: number): string => {
  const date = new Date(time);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, daysInMonth));
  return date.toISOString();
};

const isAfter = (now: string, time: string): boolean => Date.parse(now) > Date.parse(time);
