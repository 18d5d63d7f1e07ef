import type { Decision } from './decider.ts';
import type { Offer } from './offer.ts';
import type { HoldCause, LineCancellation, OrderCancellation, OrderEvent, OrderEventData, TaskKind } from './order-events.ts';
import type { Timed } from './terms.ts';

/** A line as the customer asked for it, beside the offer as it is now. */
export type RequestedLine = {
  readonly lineId: string;
  readonly offerId: string;
  readonly quantity: number;
  readonly shownPriceMinor: number;
  readonly shownCurrency: string;
  readonly offer: Offer;
};

/** What is asked of an order. Each command knows the time it is judged at. */
export type OrderCommand = Timed & (FromCaller | FromProcess | FromDeadline);

/** One type of an order's commands. */
export type OrderCommandOf<Type extends OrderCommand['type']> = Extract<OrderCommand, { readonly type: Type }>;

/** What an order makes of a command. */
export type OrderDecision = Decision<OrderEvent, OrderCode>;

/** Commands that have a method of the API. */
type FromCaller =
  | ({ readonly type: 'PlaceOrder'; readonly lines: readonly RequestedLine[] } & Pick<
      OrderEventData<'OrderPlaced'>,
      'customerId' | 'contact' | 'shippingAddress' | 'paymentMethod'
    >)
  | { readonly type: 'CancelOrder'; readonly cause: Exclude<OrderCancellation, 'OUT_OF_STOCK' | 'LINES_CANCELLED'> }
  | { readonly type: 'CancelLine'; readonly lineId: string; readonly cause: 'CUSTOMER' | 'SUPPORT' }
  | { readonly type: 'AcceptLine'; readonly lineId: string }
  | { readonly type: 'RejectLine'; readonly lineId: string }
  | ({
      readonly type: 'DispatchShipment';
      readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
    } & Pick<OrderEventData<'ShipmentDispatched'>, 'shipmentId' | 'merchantId' | 'carrier' | 'trackingNumber'>)
  | { readonly type: 'ConfirmDelivery'; readonly shipmentId: string }
  | { readonly type: 'ReportShipmentLost'; readonly shipmentId: string }
  | { readonly type: 'ChangeAddress'; readonly shippingAddress: OrderEventData<'AddressChanged'>['shippingAddress'] }
  | { readonly type: 'HoldOrder'; readonly cause: HoldCause }
  | { readonly type: 'ReleaseOrder' }
  | { readonly type: 'ResolveTask'; readonly taskId: string };

/** Commands that only processes send, beside `CancelOrder` and `HoldOrder`. */
type FromProcess =
  | { readonly type: 'MarkLineReserved'; readonly lineId: string }
  | { readonly type: 'MarkLineRefused'; readonly lineId: string; readonly code: string }
  | { readonly type: 'ConfirmOrder'; readonly paymentId: string }
  | { readonly type: 'CancelOpenLines'; readonly cause: LineCancellation }
  | ({ readonly type: 'RaiseTask'; readonly kind: TaskKind } & OrderEventData<'SupportTaskRaised'>)
  | { readonly type: 'RegisterReturn'; readonly returnId: string; readonly lines: readonly { readonly lineId: string; readonly quantity: number }[] }
  | { readonly type: 'UnregisterReturn'; readonly returnId: string };

/** Commands of deadlines: each names the fact it acts on, and does nothing once another stands there. */
type FromDeadline =
  | { readonly type: 'ExpireOrder'; readonly payBy: string }
  | { readonly type: 'CancelUnaccepted'; readonly acceptBy: string }
  | { readonly type: 'CancelUndispatched'; readonly lineId: string; readonly dispatchBy: string }
  | { readonly type: 'ReportOverdue'; readonly shipmentId: string; readonly deliveredBy: string }
  | { readonly type: 'LapseHold'; readonly holdUntil: string }
  | { readonly type: 'CompleteOrder'; readonly withdrawalEnds: string };

/** Why an order refuses. */
export type OrderCode =
  | 'ORDER_NOT_FOUND'
  | 'ORDER_ALREADY_PLACED'
  | 'ORDER_ALREADY_CONFIRMED'
  | 'OFFER_NOT_FOUND'
  | 'OFFER_WITHDRAWN'
  | 'PRICE_CHANGED'
  | 'CURRENCY_MISMATCH'
  | 'OUT_OF_STOCK'
  | 'COUNTRY_NOT_SERVED'
  | 'TOTAL_TOO_HIGH'
  | 'ORDER_NOT_CONFIRMED'
  | 'ORDER_CANCELLED'
  | 'ORDER_ENDED'
  | 'ORDER_ON_HOLD'
  | 'ALREADY_SHIPPED'
  | 'ALREADY_DELIVERED'
  | 'SHIPMENT_LOST'
  | 'LINE_NOT_FOUND'
  | 'LINE_REPEATED'
  | 'LINE_NOT_RESERVED'
  | 'LINE_NOT_ACCEPTED'
  | 'LINE_CANCELLED'
  | 'QUANTITY_TOO_HIGH'
  | 'SHIPMENT_NOT_FOUND'
  | 'COUNTRY_CHANGED'
  | 'NOT_DELIVERED'
  | 'RETURNED_TOO_MANY'
  | 'SEVERAL_MERCHANTS'
  | 'TASK_NOT_FOUND';
