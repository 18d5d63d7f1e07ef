import type { OrderLine, PlacedOrder } from '../../../src/domain/order-state.ts';
import type { RequestedReturn } from '../../../src/domain/return-state.ts';
import { sealed } from '../examples.ts';
import type { Answer } from './log.ts';
import type { Simulation } from './simulation.ts';

type Lines = readonly { readonly offerId: string; readonly quantity: number }[];

/** What customers, merchants and support do, at a platform where it may be refused. */
export const people = (simulation: Simulation) => {
  const { log, ask, nextId } = simulation;
  const toOrder = (id: string, command: Extract<Parameters<Simulation['ask']>[0], { to: 'order' }>['command']): Answer =>
    ask({ to: 'order', id, command });
  const placed = (id: string): PlacedOrder => {
    const order = log.order(id);
    if (order.status === 'unplaced') throw new Error('no such order');
    return order;
  };

  return {
    publish(merchantId: string, onHand: number, unitPriceMinor = 39_900): string {
      const id = nextId();
      const about = { sku: 'PHONE', title: 'Telephone', grade: 'A', currency: 'EUR', vatScheme: 'STANDARD', warrantyMonths: 12 } as const;
      ask({ to: 'offer', id, command: { type: 'PublishOffer', merchantId, ...about, unitPriceMinor, onHand } });
      return id;
    },

    /** Orders pieces of offers as they are; refused: no such order comes into being. */
    place(customerId: string, lines: Lines): string {
      const id = nextId();
      const requested = lines.map(({ offerId, quantity }) => {
        const offer = log.offer(offerId);
        const shownPriceMinor = offer.status === 'unpublished' ? 0 : offer.unitPriceMinor;
        return { lineId: nextId(), offerId, quantity, shownPriceMinor, shownCurrency: 'EUR', offer };
      });
      const contact = { name: sealed('name'), email: sealed('email'), language: 'de' };
      const shippingAddress = { address: sealed('shipping_address'), countryCode: 'DE' };
      toOrder(id, { type: 'PlaceOrder', customerId, contact, shippingAddress, paymentMethod: 'pm_card', lines: requested });
      return id;
    },

    cancel: (id: string): Answer => toOrder(id, { type: 'CancelOrder', cause: 'CUSTOMER' }),
    cancelLine: (id: string, { lineId }: OrderLine): Answer => toOrder(id, { type: 'CancelLine', lineId, cause: 'CUSTOMER' }),
    rejectLine: (id: string, { lineId }: OrderLine): Answer => toOrder(id, { type: 'RejectLine', lineId }),
    hold: (id: string): Answer => toOrder(id, { type: 'HoldOrder', cause: 'SUPPORT' }),
    release: (id: string): Answer => toOrder(id, { type: 'ReleaseOrder' }),
    resolve: (id: string, taskId: string): Answer => toOrder(id, { type: 'ResolveTask', taskId }),
    deliver: (id: string, shipmentId: string): Answer => toOrder(id, { type: 'ConfirmDelivery', shipmentId }),
    lose: (id: string, shipmentId: string): Answer => toOrder(id, { type: 'ReportShipmentLost', shipmentId }),
    move: (id: string): Answer =>
      toOrder(id, { type: 'ChangeAddress', shippingAddress: { address: sealed(`shipping_address ${nextId()}`), countryCode: 'DE' } }),

    /** The merchants accept every line. */
    accept(id: string): void {
      for (const { lineId } of placed(id).lines) toOrder(id, { type: 'AcceptLine', lineId });
    },

    /** A merchant sends pieces of its lines, at most so many of each. */
    dispatch(id: string, merchantId: string, atMost = 1_000): string {
      const shipmentId = nextId();
      const lines = placed(id)
        .lines.filter((line) => line.merchantId === merchantId && line.open > 0 && line.dispatchBy !== undefined)
        .map(({ lineId, open }) => ({ lineId, quantity: Math.min(open, atMost) }));
      if (lines.length > 0) toOrder(id, { type: 'DispatchShipment', shipmentId, merchantId, carrier: 'DHL', trackingNumber: '1', lines });
      return shipmentId;
    },

    requestReturn(
      orderId: string,
      lines: readonly { readonly lineId: string; readonly quantity: number }[],
      kind: RequestedReturn['kind'] = 'WITHDRAWAL',
    ): string {
      const id = nextId();
      ask({ to: 'return', id, command: { type: 'RequestReturn', orderId, kind, order: log.order(orderId), lines } });
      return id;
    },
    approveReturn: (id: string): Answer => ask({ to: 'return', id, command: { type: 'ApproveReturn' } }),
    rejectReturn: (id: string): Answer => ask({ to: 'return', id, command: { type: 'RejectReturn' } }),
    receiveReturn: (id: string): Answer => ask({ to: 'return', id, command: { type: 'ReceiveReturn' } }),

    /** All pieces of a return have one outcome. */
    inspectReturn(
      id: string,
      outcome: 'RESTOCK' | 'SCRAP',
      change: { readonly grade?: 'A' | 'B' | 'C'; readonly deductionMinor?: number } = {},
    ): Answer {
      const state = log.return(id);
      const { deductionMinor = 0, ...graded } = outcome === 'RESTOCK' ? change : { deductionMinor: change.deductionMinor ?? 0 };
      const lines =
        state.status === 'unrequested' ? [] : state.lines.map(({ lineId, quantity }) => ({ lineId, quantity, outcome, deductionMinor, ...graded }));
      return ask({ to: 'return', id, command: { type: 'InspectReturn', lines } });
    },

    goodwill: (paymentId: string, amountMinor: number): Answer =>
      ask({ to: 'payment', id: paymentId, command: { type: 'RequestRefund', refundId: nextId(), cause: 'GOODWILL', amountMinor } }),
  };
};

export type People = ReturnType<typeof people>;
