import { PersonalText_Availability, type Money } from '../contract/generated/orders/v1/common.ts';
import {
  Order_CancelCause,
  Order_Status,
  OrderLine_Status,
  type Contact,
  type Order,
  type OrderLine,
  type ShippingAddress,
} from '../contract/generated/orders/v1/orders.ts';
import { sum, times, vatInside } from '../domain/money.ts';
import type { Sealed } from '../domain/event.ts';
import type { Caller } from '../platform/call.ts';
import type { Opened } from '../privacy/sealing.ts';
import type { OrderRow } from '../projections/orders.ts';
import { authorityOf } from '../domain/authority.ts';
import { seesCost, seesPersonal, sightOf } from './access.ts';

/** Opens sealed values, in order. */
export type Open = (values: readonly Sealed[]) => Promise<readonly Opened[]>;

/** An order as a query reads it; `stale`: some of what happened to it cannot be shown for now. */
export type OrderRead = OrderRow & { readonly stale: boolean };

/**
 * Orders as this caller may see them; undefined in the place of one that it may not see at all. Each is cut first, and only
 * what remains is opened, with one look-up for all.
 */
export const viewOrders = async (rows: readonly OrderRead[], caller: Caller, open: Open): Promise<readonly (Order | undefined)[]> => {
  const authority = authorityOf(caller);
  const sights = rows.map((row) => sightOf(authority, { customerId: row.customer_id, merchantIds: row.lines.map(({ merchantId }) => merchantId) }));
  const opening = seesPersonal(caller) ? rows.filter((_, index) => sights[index]!.kind === 'whole') : [];
  const opened =
    opening.length === 0
      ? []
      : await open(opening.flatMap(({ contact, shipping_address }) => [contact.name, contact.email, shipping_address.address]));
  const personal = new Map(opening.map((row, index) => [row, opened.slice(index * 3, index * 3 + 3)]));

  return rows.map((row, index) => {
    const sight = sights[index]!;
    if (sight.kind === 'nothing') return undefined;
    const whole = sight.kind === 'whole';
    const lines = row.lines.filter(({ merchantId }) => whole || sight.merchantId === undefined || merchantId === sight.merchantId);
    const money = (amountMinor: number): Money => ({ amountMinor: BigInt(amountMinor), currency: row.currency });
    return {
      orderId: row.order_id,
      status: Order_Status[row.status],
      onHold: row.on_hold,
      revision: BigInt(row.revision),
      customerId: whole ? row.customer_id : '',
      lines: lines.map((line) => lineOf(line, money, caller)),
      total: money(sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity)))),
      placedAt: row.placed_at,
      updatedAt: row.updated_at,
      contact: whole ? contactOf(row, personal.get(row)) : { availability: PersonalText_Availability.WITHHELD, name: '', email: '', language: '' },
      shippingAddress: addressOf(row, personal.get(row)),
      paymentMethod: whole ? row.payment_method : '',
      stale: row.stale,
      paymentId: '',
      shipments: [],
      tasks: [],
      returnIds: [],
      reserveBy: undefined,
      payBy: undefined,
      acceptBy: undefined,
      withdrawalEnds: undefined,
      hold: undefined,
      cancelCause: Order_CancelCause.CANCEL_CAUSE_UNSPECIFIED,
    };
  });
};

/** A MARGIN line shows no VAT: what is charged on the margin would tell the purchase price. */
const lineOf = (line: OrderRow['lines'][number], money: (amountMinor: number) => Money, caller: Caller): OrderLine => ({
  lineId: line.lineId,
  offerId: line.offerId,
  merchantId: line.merchantId,
  sku: line.sku,
  title: line.title,
  grade: line.grade,
  quantity: line.quantity,
  unitPrice: money(line.unitPriceMinor),
  status: line.status === 'open' ? OrderLine_Status.OPEN : OrderLine_Status.CANCELLED,
  vatScheme: line.vatScheme,
  vatRateBasisPoints: line.vatRateBasisPoints,
  vat: line.vatScheme === 'STANDARD' ? money(vatInside(times(line.unitPriceMinor, line.quantity), line.vatRateBasisPoints)) : undefined,
  warrantyMonths: line.warrantyMonths,
  purchasePrice: line.purchasePriceMinor !== undefined && seesCost(caller, line.merchantId) ? money(line.purchasePriceMinor) : undefined,
  openQuantity: line.status === 'open' ? line.quantity : 0,
  cancelledQuantity: line.status === 'open' ? 0 : line.quantity,
  shippedQuantity: 0,
  deliveredQuantity: 0,
  lostQuantity: 0,
  returningQuantity: 0,
  dispatchBy: undefined,
});

const contactOf = ({ contact: { language } }: OrderRead, opened: readonly Opened[] | undefined): Contact => {
  const [name, email] = opened ?? [];
  if (!name || !email) return { availability: PersonalText_Availability.WITHHELD, name: '', email: '', language };
  if (name.kind === 'erased' || email.kind === 'erased') return { availability: PersonalText_Availability.ERASED, name: '', email: '', language };
  return { availability: PersonalText_Availability.AVAILABLE, name: name.text, email: email.text, language };
};

const addressOf = ({ shipping_address: { countryCode } }: OrderRead, opened: readonly Opened[] | undefined): ShippingAddress => {
  const [, , address] = opened ?? [];
  const nothing = { recipient: '', line1: '', line2: '', postalCode: '', city: '', countryCode };
  if (!address) return { ...nothing, availability: PersonalText_Availability.WITHHELD };
  if (address.kind === 'erased') return { ...nothing, availability: PersonalText_Availability.ERASED };
  return { ...nothing, ...(JSON.parse(address.text) as Partial<ShippingAddress>), countryCode, availability: PersonalText_Availability.AVAILABLE };
};
