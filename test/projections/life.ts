import { randomInt, randomUUID } from 'node:crypto';
import type { Decider } from '../../src/domain/decider.ts';
import type { Sealed } from '../../src/domain/event.ts';
import type { PublishedOffer } from '../../src/domain/offer-events.ts';
import { offer, type Offer, type OfferCommand } from '../../src/domain/offer.ts';
import type { OrderCommand } from '../../src/domain/order-commands.ts';
import type { Order, PlacedOrder } from '../../src/domain/order-state.ts';
import { order } from '../../src/domain/order.ts';
import type { PaymentCommand } from '../../src/domain/payment-commands.ts';
import type { Payment } from '../../src/domain/payment-state.ts';
import { payment } from '../../src/domain/payment.ts';
import type { ReturnCommand } from '../../src/domain/return-commands.ts';
import type { Return } from '../../src/domain/return-state.ts';
import { returns } from '../../src/domain/return.ts';
import { after, standardTerms, type Timed } from '../../src/domain/terms.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { appendTo, newEvent } from '../support/stand.ts';

/** What is done at one time has one time. */
export const noon = '2026-03-01T12:00:00.000Z';
const timed = { now: noon, terms: standardTerms };

export const sealed = (field: string): Sealed => ({ subject: randomUUID(), field, sealed: `sealed ${field}` });

/** A command without its time, which is added. */
type Untimed<Command> = Command extends unknown ? Omit<Command, keyof Timed> : never;

type Meta = { readonly reason?: Sealed; readonly actor?: string; readonly causationId?: string };
type Wanted = Partial<PublishedOffer> & { readonly ordered?: number };
type Outcome = 'done' | (string & {});

export type Life = ReturnType<typeof openLife>;

/** Lives of aggregates, lived by their deciders and written to the log: what is refused is not written. */
export const openLife = (store: EventStore) => {
  const states = new Map<string, unknown>();

  const live =
    <State, Command, Event extends { readonly type: string; readonly data: unknown }, Code extends string>(
      prefix: string,
      decider: Decider<State, Command, Event, Code>,
    ) =>
    async (id: string, command: unknown, meta: Meta = {}): Promise<Outcome> => {
      const stream = `${prefix}-${id}`;
      const state = (states.get(stream) as State | undefined) ?? decider.initial;
      const decision = decider.decide({ ...timed, ...(command as object) } as Command, state);
      if (decision.kind === 'rejected') return decision.code;
      states.set(stream, decision.events.reduce(decider.evolve, state));
      const events = decision.events.map(({ type, data }) => newEvent(type, data));
      if (events.length > 0) await appendTo(store, stream, ...events.map((event) => ({ ...event, meta: { ...event.meta, ...meta } })));
      return 'done';
    };

  const offers: (id: string, command: Untimed<OfferCommand>, meta?: Meta) => Promise<Outcome> = live('offer', offer);
  const orders: (id: string, command: Untimed<OrderCommand>, meta?: Meta) => Promise<Outcome> = live('order', order);
  const payments: (id: string, command: PaymentCommand, meta?: Meta) => Promise<Outcome> = live('payment', payment);
  const returned: (id: string, command: Untimed<ReturnCommand>, meta?: Meta) => Promise<Outcome> = live('return', returns);

  const state = {
    offer: (id: string): Offer => states.get(`offer-${id}`) as Offer,
    order: (id: string): PlacedOrder => states.get(`order-${id}`) as PlacedOrder,
    payment: (id: string): Payment => (states.get(`payment-${id}`) ?? payment.initial) as Payment,
    return: (id: string): Return => (states.get(`return-${id}`) ?? { status: 'unrequested' }) as Return,
  };

  /** The ids of all aggregates whose streams begin so. */
  const idsOf = (prefix: 'offer' | 'order' | 'payment' | 'return'): readonly string[] =>
    [...states.keys()].flatMap((stream) => (stream.startsWith(`${prefix}-`) ? [stream.slice(prefix.length + 1)] : []));

  const publish = async (changes: Partial<PublishedOffer> = {}): Promise<string> => {
    const offerId = randomUUID();
    await offers(offerId, {
      type: 'PublishOffer',
      merchantId: randomUUID(),
      sku: 'IP13-128-B',
      title: 'Phone 13, 128 GB',
      grade: 'B',
      currency: 'EUR',
      unitPriceMinor: 39_900,
      onHand: 100,
      vatScheme: 'STANDARD',
      warrantyMonths: 24,
      ...changes,
    });
    return offerId;
  };

  /** Orders one new offer for each line. */
  const place = async (lines: readonly Wanted[] = [{}], customerId: string = randomUUID()): Promise<string> => {
    const orderId = randomUUID();
    const requested = await Promise.all(
      lines.map(async ({ ordered: quantity = 1, ...changes }) => {
        const offerId = await publish(changes);
        const published = state.offer(offerId) as Extract<Offer, { readonly unitPriceMinor: number }>;
        return {
          lineId: randomUUID(),
          offerId,
          quantity,
          shownPriceMinor: published.unitPriceMinor,
          shownCurrency: published.currency,
          offer: published,
        };
      }),
    );
    const outcome = await orders(orderId, {
      type: 'PlaceOrder',
      customerId,
      contact: { name: sealed('name'), email: sealed('email'), language: 'de' },
      shippingAddress: { address: sealed('address'), countryCode: 'DE' },
      paymentMethod: 'pm_1',
      lines: requested,
    });
    if (outcome !== 'done') throw new Error(`not placed: ${outcome}`);
    return orderId;
  };

  /** Reserves every line and confirms the order; answers its payment's id. */
  const confirm = async (orderId: string): Promise<string> => {
    const paymentId = randomUUID();
    const { customerId, lines, currency, paymentMethod, payBy } = state.order(orderId);
    const amountMinor = lines.reduce((total, { unitPriceMinor, quantity }) => total + unitPriceMinor * quantity, 0);
    await payments(paymentId, { type: 'RequestPayment', orderId, customerId, amountMinor, currency, paymentMethod, payBy });
    for (const { lineId } of lines) await orders(orderId, { type: 'MarkLineReserved', lineId });
    await payments(paymentId, { type: 'RecordAuthorised', providerReference: 'pi_1', captureBefore: after(noon, 7 * 24 * 3_600_000) });
    await orders(orderId, { type: 'ConfirmOrder', paymentId });
    return paymentId;
  };

  /** Accepts what is reserved, and sends all that is accepted and open of a merchant (of everybody); answers the parcels. */
  const dispatch = async (orderId: string, merchantId?: string): Promise<readonly string[]> => {
    const lines = state.order(orderId).lines.filter((line) => merchantId === undefined || line.merchantId === merchantId);
    for (const { lineId, status } of lines) if (status === 'reserved') await orders(orderId, { type: 'AcceptLine', lineId });
    const parcels: string[] = [];
    for (const [of, theirs] of Map.groupBy(lines, (line) => line.merchantId)) {
      const shipmentId = randomUUID();
      const pieces = theirs.filter(({ open }) => open > 0).map(({ lineId, open }) => ({ lineId, quantity: open }));
      if (pieces.length === 0) continue;
      const parcel = { shipmentId, merchantId: of, carrier: 'DHL', trackingNumber: `T-${shipmentId}`, lines: pieces };
      if ((await orders(orderId, { type: 'DispatchShipment', ...parcel })) === 'done') parcels.push(shipmentId);
    }
    return parcels;
  };

  const deliver = async (orderId: string): Promise<void> => {
    for (const { shipmentId } of state.order(orderId).shipments) await orders(orderId, { type: 'ConfirmDelivery', shipmentId });
  };

  /** From confirmation to delivery. */
  const delivered = async (lines?: readonly Wanted[], customerId?: string): Promise<{ readonly orderId: string; readonly paymentId: string }> => {
    const orderId = await place(lines, customerId);
    const paymentId = await confirm(orderId);
    await dispatch(orderId);
    await deliver(orderId);
    return { orderId, paymentId };
  };

  /** Requests a return of one piece of a line (the first), and registers it; answers its id. */
  const giveBack = async (orderId: string, kind: 'WITHDRAWAL' | 'WARRANTY', reason: string, lineIndex = 0): Promise<string> => {
    const returnId = randomUUID();
    const lines = [{ lineId: state.order(orderId).lines[lineIndex]!.lineId, quantity: 1 }];
    const meta = { reason: { subject: state.order(orderId).customerId, field: 'reason', sealed: reason } };
    const outcome = await returned(returnId, { type: 'RequestReturn', orderId, kind, order: state.order(orderId) as Order, lines }, meta);
    if (outcome !== 'done') throw new Error(`not requested: ${outcome}`);
    await orders(orderId, { type: 'RegisterReturn', returnId, lines });
    await returned(returnId, { type: 'AdmitReturn' });
    return returnId;
  };

  return { offers, orders, payments, returned, state, idsOf, publish, place, confirm, dispatch, deliver, delivered, giveBack };
};

const oneOf = <Item>(items: readonly Item[]): Item | undefined => (items.length === 0 ? undefined : items[randomInt(items.length)]);

/** An order, its payment, its offers and its returns do whatever comes to mind, `steps` times; what is not allowed does not happen. */
export const liveAtRandom = async (life: Life, steps: number): Promise<void> => {
  const merchants = [randomUUID(), randomUUID()];
  const orderId = await life.place(
    Array.from({ length: 1 + randomInt(3) }, () => ({ merchantId: oneOf(merchants)!, ordered: 1 + randomInt(3), onHand: 3 + randomInt(4) })),
  );
  const paymentId = randomInt(6) > 0 ? await life.confirm(orderId) : undefined;
  const returnIds: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    const { lines, shipments, tasks, reserveBy, payBy, acceptBy, withdrawalEnds, held } = life.state.order(orderId);
    const line = oneOf(lines)!;
    const shipment = oneOf(shipments);
    const reservation = { orderId, lineId: line.lineId, quantity: line.quantity };
    const chosen = oneOf<() => Promise<unknown>>([
      () => life.orders(orderId, { type: 'MarkLineReserved', lineId: line.lineId }),
      () => life.orders(orderId, { type: 'AcceptLine', lineId: line.lineId }),
      () => life.orders(orderId, { type: 'AcceptLine', lineId: line.lineId }),
      () => life.dispatch(orderId, line.merchantId),
      () => life.dispatch(orderId, line.merchantId),
      () =>
        life.orders(orderId, {
          type: 'DispatchShipment',
          shipmentId: randomUUID(),
          merchantId: line.merchantId,
          carrier: 'DHL',
          trackingNumber: 'T',
          lines: [{ lineId: line.lineId, quantity: 1 }],
        }),
      () => (shipment ? life.orders(orderId, { type: 'ConfirmDelivery', shipmentId: shipment.shipmentId }) : Promise.resolve()),
      () => life.deliver(orderId),
      () =>
        shipment && randomInt(3) === 0 ? life.orders(orderId, { type: 'ReportShipmentLost', shipmentId: shipment.shipmentId }) : Promise.resolve(),
      () => (randomInt(3) === 0 ? life.orders(orderId, { type: 'CancelLine', lineId: line.lineId, cause: 'CUSTOMER' }) : Promise.resolve()),
      () => (randomInt(3) === 0 ? life.orders(orderId, { type: 'RejectLine', lineId: line.lineId }) : Promise.resolve()),
      () => (randomInt(5) === 0 ? life.orders(orderId, { type: 'CancelOrder', cause: 'CUSTOMER' }) : Promise.resolve()),
      () => (randomInt(5) === 0 ? life.orders(orderId, { type: 'ExpireOrder', payBy }) : Promise.resolve()),
      () => (acceptBy && randomInt(5) === 0 ? life.orders(orderId, { type: 'CancelUnaccepted', acceptBy }) : Promise.resolve()),
      () => (withdrawalEnds && randomInt(3) === 0 ? life.orders(orderId, { type: 'CompleteOrder', withdrawalEnds }) : Promise.resolve()),
      () => life.orders(orderId, held ? { type: 'ReleaseOrder' } : { type: 'HoldOrder', cause: 'SUPPORT' }),
      () => life.orders(orderId, { type: 'ChangeAddress', shippingAddress: { address: sealed('address'), countryCode: 'DE' } }),
      () => life.orders(orderId, { type: 'RaiseTask', taskId: randomUUID(), kind: 'NOT_DELIVERED' }),
      () => life.orders(orderId, { type: 'ResolveTask', taskId: oneOf(tasks)?.taskId ?? randomUUID() }),
      () => life.offers(line.offerId, { type: 'ReserveStock', ...reservation, reserveBy }),
      () => life.offers(line.offerId, { type: 'ReserveStock', ...reservation, lineId: randomUUID(), reserveBy }),
      () => life.offers(line.offerId, { type: 'ConfirmReservation', orderId, lineId: line.lineId }),
      () => life.offers(line.offerId, { type: 'DispatchStock', orderId, lineId: line.lineId, quantity: 1 }),
      () => life.offers(line.offerId, { type: 'ReleaseReservation', orderId, lineId: line.lineId, cause: 'ORDER' }),
      () => life.offers(line.offerId, { type: 'AdjustStock', difference: randomInt(4) - 1 }),
      () => life.offers(line.offerId, { type: 'ChangePrice', unitPriceMinor: 1_000 + randomInt(9_000), currency: 'EUR' }),
      () =>
        life.offers(line.offerId, {
          type: 'RestockOffer',
          orderId,
          lineId: line.lineId,
          returnId: randomUUID(),
          quantity: 1,
          grade: oneOf(['A', 'B', 'C'])!,
        }),
      async () => {
        if (paymentId && shipment)
          await life.payments(paymentId, {
            type: 'RequestCapture',
            orderId,
            captureId: randomUUID(),
            shipmentId: shipment.shipmentId,
            amountMinor: shipment.amountMinor,
          });
      },
      async () => {
        const state = paymentId === undefined ? undefined : life.state.payment(paymentId);
        if (paymentId === undefined || state === undefined || state.status === 'unrequested') return;
        const capture = oneOf(state.captures);
        if (capture) {
          const { captureId } = capture;
          const record =
            randomInt(4) === 0
              ? { type: 'RecordCaptureFailed' as const, captureId, code: 'insufficient_funds' }
              : { type: 'RecordCaptured' as const, captureId, providerReference: 'c' };
          await life.payments(paymentId, record);
          await life.payments(paymentId, { type: 'RequestRefund', refundId: randomUUID(), cause: 'GOODWILL', amountMinor: 1 + randomInt(100) });
        }
        const refund = oneOf(state.refunds);
        if (refund) await life.payments(paymentId, { type: 'RecordRefunded', refundId: refund.refundId, providerReference: 'r' });
        if (randomInt(9) === 0) await life.payments(paymentId, { type: 'RequestVoid' });
        if (randomInt(9) === 0) await life.payments(paymentId, { type: 'RecordVoided' });
      },
      async () => {
        const kind = randomInt(2) === 0 ? 'WITHDRAWAL' : 'WARRANTY';
        if (line.delivered > line.returning)
          returnIds.push(await life.giveBack(orderId, kind, 'scratched', lines.indexOf(line)).catch(() => randomUUID()));
      },
      async () => {
        const returnId = oneOf(returnIds);
        const state = returnId === undefined ? undefined : life.state.return(returnId);
        if (returnId === undefined || state === undefined || state.status === 'unrequested') return;
        await life.returned(returnId, randomInt(4) === 0 ? { type: 'RejectReturn' } : { type: 'ApproveReturn' });
        await life.returned(returnId, { type: 'ReceiveReturn' });
        const inspection = state.lines.map(({ lineId, quantity }) => ({ lineId, quantity, outcome: 'SCRAP' as const, deductionMinor: 100 }));
        if (randomInt(2) === 0) await life.returned(returnId, { type: 'InspectReturn', lines: inspection });
        if (randomInt(2) === 0) await life.returned(returnId, { type: 'CloseReturn', cause: 'REFUNDED' });
      },
    ])!;
    await chosen();
  }
};
