import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import { customerStream, orderStream, paymentStream, returnStream } from '../../src/domain/ids.ts';
import type { Who } from '../support/clients.ts';
import type { ChangeCase, Prepared } from './change-case.ts';
import { recordCases } from './record-cases.ts';

const scoped = (scope: string, tenant: Omit<Who, 'scopes' | 'role'> = {}): Who => ({ scopes: [scope], ...tenant });
const support: Who = { role: 'support' };

const ofCustomer = (customerId: string, scope: string): Pick<Prepared, 'who' | 'strangers'> => ({
  who: { role: 'customer', customerId },
  strangers: [{ role: 'customer', customerId: randomUUID() }, scoped(scope), scoped(scope, { merchantId: customerId })],
});
const ofMerchant = (merchantId: string, others: readonly string[], scope: string): Pick<Prepared, 'who' | 'strangers'> => ({
  who: { role: 'merchant', merchantId },
  strangers: [...others, randomUUID()]
    .map((other): Who => ({ role: 'merchant', merchantId: other }))
    .concat(scoped(scope), scoped(scope, { customerId: merchantId })),
});
/** Support acts for every customer: its scope alone, or for one customer, is not enough for another's. */
const ofSupport = (scope: string): Pick<Prepared, 'who' | 'strangers'> => ({
  who: support,
  strangers: [scoped(scope), scoped(scope, { customerId: randomUUID() }), scoped(scope, { merchantId: randomUUID() })],
});

const euros = (amountMinor: number): JsonObject => ({ amount_minor: String(amountMinor), currency: 'EUR' });
const address = { recipient: 'Ada Lovelace', line1: 'Unter den Linden 1', line2: '', postal_code: '10117', city: 'Berlin', country_code: 'DE' };

/** Every method of the contract that changes something, but PlaceOrder and those of offers, which tests of their own are about. */
export const changeCases: readonly ChangeCase[] = [
  {
    method: 'OrderService/CancelOrder',
    async prepare({ lives }) {
      const { orderId, customerId } = await lives.confirmed();
      return { request: { order_id: orderId, reason: 'found it cheaper' }, stream: orderStream(orderId), ...ofCustomer(customerId, 'orders:cancel') };
    },
    events: ['OrderCancelled'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/CancelLine',
    async prepare({ lives }) {
      const { orderId, customerId, lines } = await lives.confirmed();
      const request = { order_id: orderId, line_id: lines[0]!.lineId, reason: 'one is enough' };
      return { request, stream: orderStream(orderId), ...ofCustomer(customerId, 'orders:cancel') };
    },
    events: ['LineCancelled'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/ChangeAddress',
    async prepare({ lives }) {
      const { orderId, customerId } = await lives.placed();
      return { request: { order_id: orderId, shipping_address: address }, stream: orderStream(orderId), ...ofCustomer(customerId, 'orders:cancel') };
    },
    events: ['AddressChanged'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/AcceptLine',
    async prepare({ lives }) {
      const { orderId, lines } = await lives.confirmed();
      const [mine, others] = [lines[0]!, [lines[1]!.merchantId]];
      return {
        request: { order_id: orderId, line_id: mine.lineId },
        stream: orderStream(orderId),
        ...ofMerchant(mine.merchantId, others, 'fulfilment:write'),
      };
    },
    events: ['LineAccepted'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/RejectLine',
    async prepare({ lives }) {
      const { orderId, lines } = await lives.accepted();
      const [mine, others] = [lines[0]!, [lines[1]!.merchantId]];
      const request = { order_id: orderId, line_id: mine.lineId, reason: 'the display is broken' };
      return { request, stream: orderStream(orderId), ...ofMerchant(mine.merchantId, others, 'fulfilment:write') };
    },
    events: ['LineCancelled'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/DispatchShipment',
    async prepare({ lives }) {
      const { orderId, lines } = await lives.accepted();
      const { lineId, merchantId } = lines[0]!;
      const request = {
        order_id: orderId,
        merchant_id: merchantId,
        carrier: 'DHL',
        tracking_number: '00340434161094000000',
        lines: [{ line_id: lineId, quantity: 1 }],
      };
      return { request, stream: orderStream(orderId), ...ofMerchant(merchantId, [lines[1]!.merchantId], 'fulfilment:write') };
    },
    events: ['ShipmentDispatched'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/ConfirmDelivery',
    async prepare({ lives }) {
      const life = await lives.accepted();
      const { shipmentId } = await lives.dispatch(life);
      const [mine, other] = life.lines;
      const request = { order_id: life.orderId, shipment_id: shipmentId };
      return { request, stream: orderStream(life.orderId), ...ofMerchant(mine!.merchantId, [other!.merchantId], 'fulfilment:write') };
    },
    events: ['ShipmentDelivered'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/ReportShipmentLost',
    async prepare({ lives }) {
      const life = await lives.accepted();
      const { shipmentId } = await lives.dispatch(life);
      const request = { order_id: life.orderId, shipment_id: shipmentId, reason: 'the van burned' };
      return { request, stream: orderStream(life.orderId), ...ofSupport('orders:support') };
    },
    events: ['ShipmentLost'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/HoldOrder',
    async prepare({ lives }) {
      const { orderId } = await lives.confirmed();
      return { request: { order_id: orderId, reason: 'looks like fraud' }, stream: orderStream(orderId), ...ofSupport('orders:support') };
    },
    events: ['OrderHeld'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/ReleaseOrder',
    async prepare({ lives }) {
      const { orderId } = await lives.confirmed();
      await lives.hold(orderId);
      return { request: { order_id: orderId, reason: 'it was none' }, stream: orderStream(orderId), ...ofSupport('orders:support') };
    },
    events: ['HoldReleased'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'OrderService/ResolveTask',
    async prepare({ lives }) {
      const life = await lives.confirmed();
      const request = { order_id: life.orderId, task_id: await lives.raiseTask(life), reason: 'paid by bank transfer' };
      return { request, stream: orderStream(life.orderId), ...ofSupport('orders:support') };
    },
    events: ['SupportTaskResolved'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  {
    method: 'PaymentService/RefundPayment',
    async prepare({ lives }) {
      const life = await lives.delivered();
      const request = { payment_id: life.paymentId, amount: euros(1_000), reason: 'it came late' };
      return { request, stream: paymentStream(life.paymentId), ...ofSupport('payments:refund') };
    },
    events: ['RefundRequested'],
    unknown: ['payment_id', 'PAYMENT_NOT_FOUND'],
  },
  {
    method: 'ReturnService/RequestReturn',
    async prepare({ lives }) {
      const { orderId, customerId, lines } = await lives.delivered();
      const request = {
        order_id: orderId,
        kind: 'WARRANTY',
        lines: [{ line_id: lines[0]!.lineId, quantity: 1 }],
        reason: 'it does not switch on',
      };
      return { request, ...ofCustomer(customerId, 'returns:request') };
    },
    events: ['ReturnRequested'],
    unknown: ['order_id', 'ORDER_NOT_FOUND'],
  },
  ...(
    [
      ['ApproveReturn', 'ReturnApproved', {}],
      ['RejectReturn', 'ReturnRejected', { reason: 'it was dropped' }],
    ] as const
  ).map(([name, event, more]): ChangeCase => ({
    method: `ReturnService/${name}`,
    async prepare({ lives }) {
      const life = await lives.delivered();
      const returnId = await lives.askBack(life, 'WARRANTY');
      await lives.admit(life, returnId);
      const [mine, other] = life.lines;
      const request = { return_id: returnId, ...more };
      return { request, stream: returnStream(returnId), ...ofMerchant(mine!.merchantId, [other!.merchantId], 'returns:decide') };
    },
    events: [event],
    unknown: ['return_id', 'RETURN_NOT_FOUND'],
  })),
  {
    method: 'ReturnService/ReceiveReturn',
    async prepare({ lives }) {
      const life = await lives.delivered();
      const returnId = await lives.askBack(life, 'WITHDRAWAL');
      await lives.admit(life, returnId);
      const [mine, other] = life.lines;
      return {
        request: { return_id: returnId },
        stream: returnStream(returnId),
        ...ofMerchant(mine!.merchantId, [other!.merchantId], 'returns:decide'),
      };
    },
    events: ['ReturnReceived'],
    unknown: ['return_id', 'RETURN_NOT_FOUND'],
  },
  {
    method: 'ReturnService/InspectReturn',
    async prepare({ lives }) {
      const life = await lives.delivered();
      const returnId = await lives.received(life);
      const [mine, other] = life.lines;
      const request = {
        return_id: returnId,
        lines: [
          { line_id: mine!.lineId, quantity: 1, outcome: 'RESTOCK', grade: 'B', deduction: euros(5_000) },
          { line_id: mine!.lineId, quantity: 1, outcome: 'SCRAP' },
        ],
        reason: 'one has scratches, one is broken',
      };
      return { request, stream: returnStream(returnId), ...ofMerchant(mine!.merchantId, [other!.merchantId], 'returns:decide') };
    },
    events: ['ReturnInspected'],
    unknown: ['return_id', 'RETURN_NOT_FOUND'],
  },
  {
    method: 'CustomerService/PlaceLegalHold',
    async prepare({ lives }) {
      const customerId = randomUUID();
      await lives.placeLegalHold(customerId);
      const request = { customer_id: customerId, kind: 'AUTHORITY', reason: 'file 17/2026' };
      return { request, stream: customerStream(customerId), ...ofSupport('orders:support') };
    },
    events: ['LegalHoldPlaced'],
    unknown: ['customer_id', ''],
  },
  {
    method: 'CustomerService/LiftLegalHold',
    async prepare({ lives }) {
      const customerId = randomUUID();
      const request = { customer_id: customerId, hold_id: await lives.placeLegalHold(customerId), reason: 'settled' };
      return { request, stream: customerStream(customerId), ...ofSupport('orders:support') };
    },
    events: ['LegalHoldLifted'],
    unknown: ['hold_id', 'HOLD_NOT_FOUND'],
  },
  ...recordCases,
];
