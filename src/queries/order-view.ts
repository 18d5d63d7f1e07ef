import { PersonalText_Availability, type Money } from '../contract/generated/orders/v1/common.ts';
import {
  Order_CancelCause,
  type Contact,
  type Order,
  type OrderLine,
  type Shipment,
  type ShippingAddress,
} from '../contract/generated/orders/v1/orders.ts';
import type { SupportTask } from '../contract/generated/orders/v1/work.ts';
import { authorityOf } from '../domain/authority.ts';
import type { Sealed } from '../domain/event.ts';
import { orderStream } from '../domain/ids.ts';
import { sum, times, vatInside } from '../domain/money.ts';
import type { OrderLine as Line, PlacedOrder } from '../domain/order-state.ts';
import type { Call, Caller } from '../platform/call.ts';
import type { Opened } from '../privacy/sealing.ts';
import type { OrderRow } from '../projections/order-row.ts';
import { supportTasks, type SupportTaskRow } from '../projections/support-tasks.ts';
import { seesCost, seesPersonal, seesTasks, sightOf, type Sight } from './access.ts';
import type { Open } from './personal-text.ts';

/** An order as a query reads it; `stale`: some of what happened to it cannot be shown for now. */
export type OrderRead = OrderRow & { readonly stale: boolean };

/** What was opened of an order: its shipping address, then name and e-mail, as far as the caller may see them. */
type Personal = readonly Opened[];

/**
 * Orders as this caller may see them; undefined in the place of one that it may not see at all. Each is cut first, and only
 * what remains is opened, with one look-up for all.
 */
export const viewOrders = async (rows: readonly OrderRead[], call: Call, open: Open): Promise<readonly (Order | undefined)[]> => {
  const { caller } = call;
  const sights = rows.map((row) => sightOfOrder(row, caller));
  const sealed: Sealed[] = [];
  const resources: string[] = [];
  const ends = rows.map(({ order_id, state }, index) => {
    for (const value of seesPersonal(caller) ? sealedIn(state, sights[index]!) : []) {
      sealed.push(value);
      resources.push(orderStream(order_id));
    }
    return sealed.length;
  });
  const opened = sealed.length === 0 ? [] : await open(sealed, call, resources);
  return rows.map((row, index) => {
    const sight = sights[index]!;
    return sight.kind === 'nothing' ? undefined : viewOf(row, sight, opened.slice(ends[index - 1] ?? 0, ends[index]), caller);
  });
};

/** How much of an order a caller sees. */
export const sightOfOrder = ({ customer_id, state }: OrderRead, caller: Caller): Sight =>
  sightOf(authorityOf(caller), { customerId: customer_id, merchantIds: state.lines.map(({ merchantId }) => merchantId) });

/** What is sealed in an order and shown at this sight, in the order of {@link Personal}. */
const sealedIn = (state: PlacedOrder, sight: Sight): readonly Sealed[] => {
  const { contact, shippingAddress } = state;
  if (sight.kind === 'whole') return [shippingAddress.address, contact.name, contact.email];
  return shipsTo(sight, state) ? [shippingAddress.address] : [];
};

/** A merchant is told where to ship once it has accepted something, and as long as that is not cancelled. */
const shipsTo = (sight: Sight, { lines }: PlacedOrder): boolean =>
  sight.kind === 'lines' &&
  sight.merchantId !== undefined &&
  lines.some(({ merchantId, status, dispatchBy }) => merchantId === sight.merchantId && dispatchBy !== undefined && status !== 'cancelled');

const viewOf = (row: OrderRead, sight: Exclude<Sight, { readonly kind: 'nothing' }>, personal: Personal, caller: Caller): Order => {
  const { state } = row;
  const whole = sight.kind === 'whole';
  const shows = ({ merchantId }: { readonly merchantId: string }): boolean =>
    whole || sight.merchantId === undefined || merchantId === sight.merchantId;
  const lines = state.lines.filter(shows);
  const isShown = ({ lineId }: { readonly lineId: string }): boolean => lines.some((line) => line.lineId === lineId);
  const money = (amountMinor: number): Money => ({ amountMinor: BigInt(amountMinor), currency: row.currency });
  const isPlaced = state.status === 'placed';
  return {
    orderId: row.order_id,
    status: row.status,
    onHold: row.on_hold,
    revision: BigInt(row.revision),
    customerId: whole ? row.customer_id : '',
    lines: lines.map((line) => lineOf(line, money, caller)),
    total: money(sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity)))),
    placedAt: row.placed_at,
    updatedAt: row.updated_at,
    contact: whole ? contactOf(state, personal) : { availability: PersonalText_Availability.WITHHELD, name: '', email: '', language: '' },
    shippingAddress: addressOf(state, personal),
    paymentMethod: whole ? state.paymentMethod : '',
    stale: row.stale,
    paymentId: whole ? (state.paymentId ?? '') : '',
    shipments: state.shipments.filter(shows).map((shipment) => shipmentOf(shipment, money)),
    tasks: seesTasks(caller) ? supportTasks.rows(row).map((task) => taskOf(task as SupportTaskRow)) : [],
    returnIds: state.returns.filter((each) => each.lines.some(isShown)).map(({ returnId }) => returnId),
    reserveBy: isPlaced ? new Date(state.reserveBy) : undefined,
    payBy: isPlaced ? new Date(state.payBy) : undefined,
    acceptBy: dateOf(state.acceptBy),
    withdrawalEnds: dateOf(state.withdrawalEnds),
    hold: state.held && { cause: state.held.cause, until: new Date(state.held.holdUntil) },
    cancelCause: row.cancel_cause ?? Order_CancelCause.CANCEL_CAUSE_UNSPECIFIED,
  };
};

/** A time of the domain's as messages carry it. */
export const dateOf = (time: string | null | undefined): Date | undefined => (time === undefined || time === null ? undefined : new Date(time));

/** A MARGIN line shows no VAT: what is charged on the margin would tell the purchase price. */
const lineOf = (line: Line, money: (amountMinor: number) => Money, caller: Caller): OrderLine => ({
  lineId: line.lineId,
  offerId: line.offerId,
  merchantId: line.merchantId,
  sku: line.sku,
  title: line.title,
  grade: line.grade,
  quantity: line.quantity,
  unitPrice: money(line.unitPriceMinor),
  status: line.status.toUpperCase() as Uppercase<Line['status']>,
  vatScheme: line.vatScheme,
  vatRateBasisPoints: line.vatRateBasisPoints,
  vat: line.vatScheme === 'STANDARD' ? money(vatInside(times(line.unitPriceMinor, line.quantity), line.vatRateBasisPoints)) : undefined,
  warrantyMonths: line.warrantyMonths,
  purchasePrice: line.purchasePriceMinor !== undefined && seesCost(caller, line.merchantId) ? money(line.purchasePriceMinor) : undefined,
  openQuantity: line.open,
  cancelledQuantity: line.cancelled,
  shippedQuantity: line.shipped,
  deliveredQuantity: line.delivered,
  lostQuantity: line.lost,
  returningQuantity: line.returning,
  dispatchBy: dateOf(line.dispatchBy),
});

const shipmentOf = (shipment: PlacedOrder['shipments'][number], money: (amountMinor: number) => Money): Shipment => ({
  shipmentId: shipment.shipmentId,
  merchantId: shipment.merchantId,
  status: shipment.status.toUpperCase() as Uppercase<typeof shipment.status>,
  carrier: shipment.carrier,
  trackingNumber: shipment.trackingNumber,
  lines: shipment.lines.map(({ lineId, quantity, amountMinor, vatMinor }) => ({
    lineId,
    quantity,
    amount: money(amountMinor),
    vat: vatMinor === undefined ? undefined : money(vatMinor),
  })),
  amount: money(shipment.amountMinor),
  deliveredBy: new Date(shipment.deliveredBy),
  deliveredAt: dateOf(shipment.deliveredAt),
});

/** A support task as messages carry it. */
export const taskOf = (row: SupportTaskRow): SupportTask => ({
  taskId: row.task_id,
  orderId: row.order_id,
  kind: row.kind,
  status: row.status,
  merchantId: row.merchant_id ?? '',
  shipmentId: row.shipment_id ?? '',
  returnId: row.return_id ?? '',
  paymentId: row.payment_id ?? '',
  code: row.code ?? '',
  raisedAt: dateOf(row.raised_at),
  resolvedAt: dateOf(row.resolved_at),
});

const contactOf = ({ contact: { language } }: PlacedOrder, [, name, email]: Personal): Contact => {
  if (!name || !email) return { availability: PersonalText_Availability.WITHHELD, name: '', email: '', language };
  if (name.kind === 'erased' || email.kind === 'erased') return { availability: PersonalText_Availability.ERASED, name: '', email: '', language };
  return { availability: PersonalText_Availability.AVAILABLE, name: name.text, email: email.text, language };
};

const addressOf = ({ shippingAddress: { countryCode } }: PlacedOrder, [address]: Personal): ShippingAddress => {
  const nothing = { recipient: '', line1: '', line2: '', postalCode: '', city: '', countryCode };
  if (!address) return { ...nothing, availability: PersonalText_Availability.WITHHELD };
  if (address.kind === 'erased') return { ...nothing, availability: PersonalText_Availability.ERASED };
  const { recipient = '', line1 = '', line2 = '', postalCode = '', city = '' } = JSON.parse(address.text) as Partial<ShippingAddress>;
  return { recipient, line1, line2, postalCode, city, countryCode, availability: PersonalText_Availability.AVAILABLE };
};
