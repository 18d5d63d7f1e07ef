// Generated from proto/ by `npm run generate`. Do not edit.

import type { LegalHold_Kind } from './orders/v1/customers.ts';
import type { MerchantQueueEntry_Kind, SupportTask_Kind, SupportTask_Status } from './orders/v1/work.ts';
import type { Offer_Grade, Offer_Status, Offer_VatScheme } from './orders/v1/offers.ts';
import type { Order_Status } from './orders/v1/orders.ts';
import type { Payment_Status } from './orders/v1/payments.ts';
import type { Return_Kind, Return_Outcome, Return_Status } from './orders/v1/returns.ts';

/** Which customer to read. */
export type GetCustomerRequestInput = {
  /** The customer. */
  readonly customerId: string;
};

/** A legal hold to place, and why. */
export type PlaceLegalHoldRequestInput = {
  /** The customer. */
  readonly customerId: string;
  /** Chosen by the caller, or made from the idempotency key. */
  readonly holdId?: string | undefined;
  /** What the data is needed for. */
  readonly kind: LegalHold_Kind;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which legal hold to lift, and why. */
export type LiftLegalHoldRequestInput = {
  /** The customer. */
  readonly customerId: string;
  /** The legal hold. */
  readonly holdId: string;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** An offer to publish. */
export type PublishOfferRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly offerId?: string | undefined;
  /** The caller's own merchant when left out; another only with scope tenants:any-merchant. */
  readonly merchantId?: string | undefined;
  /** The merchant's own name for the article. */
  readonly sku: string;
  /** What is sold, as customers read it. */
  readonly title: string;
  /** The cosmetic condition. */
  readonly grade: Offer_Grade;
  /** Above zero. */
  readonly unitPrice: MoneyInput;
  /** What the merchant paid, in the same currency. Required for MARGIN. */
  readonly purchasePrice?: MoneyInput | undefined;
  /** How many pieces there are. */
  readonly quantity?: number | undefined;
  /** How VAT is charged. */
  readonly vatScheme: Offer_VatScheme;
  /** So many months after delivery the merchant answers for defects. */
  readonly warrantyMonths?: number | undefined;
  /** Idempotency key; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
};

/** An amount of money in the currency's minor unit (cents), VAT included. */
export type MoneyInput = {
  /** In minor units; at most 10^12. */
  readonly amountMinor?: bigint | number | undefined;
  /** ISO 4217 code. */
  readonly currency: string;
};

/** A new price of an offer. */
export type ChangePriceRequestInput = {
  /** The offer. */
  readonly offerId: string;
  /** Above zero, in the offer's currency. */
  readonly unitPrice: MoneyInput;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** A correction of how many pieces of an offer there are. */
export type AdjustStockRequestInput = {
  /** The offer. */
  readonly offerId: string;
  /** Pieces to add (or, below zero, to take away). */
  readonly difference?: number | undefined;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which offer to take off the market, and why. */
export type WithdrawOfferRequestInput = {
  /** The offer. */
  readonly offerId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which offer to read. */
export type GetOfferRequestInput = {
  /** The offer. */
  readonly offerId: string;
};

/** Which offers to list; filters that are left out let everything pass. */
export type ListOffersRequestInput = {
  /** Only this merchant's. */
  readonly merchantId?: string | undefined;
  /** Only in this status. */
  readonly status?: Offer_Status | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** Whose queue to list, and what of it. */
export type ListMerchantQueueRequestInput = {
  /** Whose queue: the caller's own merchant when left out; another only with scope tenants:any-merchant. */
  readonly merchantId?: string | undefined;
  /** Only of this kind. */
  readonly kind?: MerchantQueueEntry_Kind | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** Which tasks to list; filters that are left out let everything pass. */
export type ListTasksRequestInput = {
  /** Only in this status. */
  readonly status?: SupportTask_Status | undefined;
  /** Only of this kind. */
  readonly kind?: SupportTask_Kind | undefined;
  /** Only of this order. */
  readonly orderId?: string | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** An order to place. */
export type PlaceOrderRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly orderId?: string | undefined;
  /** Who orders. */
  readonly customer: PlaceOrderRequest_CustomerInput;
  /** Where the goods go. */
  readonly shippingAddress: PlaceOrderRequest_AddressInput;
  /** What is ordered, of one or several merchants. */
  readonly lines: readonly PlaceOrderRequest_LineInput[];
  /** The provider's token for the customer's means of payment; never a card number. */
  readonly paymentMethod: string;
  /** Idempotency key; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
};

/** Who orders. */
export type PlaceOrderRequest_CustomerInput = {
  /** Who orders; a caller that is bound to a customer orders for that one only. */
  readonly customerId: string;
  /** The customer's name. */
  readonly name: string;
  /** Where mail about the order goes. */
  readonly email: string;
  /** BCP 47, such as `de` or `de-AT`. */
  readonly language: string;
};

/** Where the goods go. */
export type PlaceOrderRequest_AddressInput = {
  /** Who receives the parcel. */
  readonly recipient: string;
  /** Street and number, or what stands for them. */
  readonly line1: string;
  /** What else a carrier has to know. */
  readonly line2?: string | undefined;
  /** The postal code. */
  readonly postalCode: string;
  /** The town. */
  readonly city: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
};

/** What is ordered. */
export type PlaceOrderRequest_LineInput = {
  /** The offer. */
  readonly offerId: string;
  /** How many pieces. */
  readonly quantity: number;
  /** The price the customer saw; another one is refused (PRICE_CHANGED). */
  readonly shownUnitPrice: MoneyInput;
};

/** Which order to cancel, and why. */
export type CancelOrderRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which line of an order to cancel, and why. */
export type CancelLineRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The line of the order. */
  readonly lineId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Where an order goes instead. */
export type ChangeAddressRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The whole new address, in the same country. */
  readonly shippingAddress: PlaceOrderRequest_AddressInput;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which line of an order the merchant accepts. */
export type AcceptLineRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The line of the order. */
  readonly lineId: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which line of an order the merchant rejects, and why. */
export type RejectLineRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The line of the order. */
  readonly lineId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** A parcel that is on its way. */
export type DispatchShipmentRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** Chosen by the caller, or made from the idempotency key. */
  readonly shipmentId?: string | undefined;
  /** Whose parcel: the caller's own merchant when left out; another only with scope tenants:any-merchant. */
  readonly merchantId?: string | undefined;
  /** Who carries it, such as `DHL`. */
  readonly carrier: string;
  /** The carrier's own name for the parcel. */
  readonly trackingNumber: string;
  /** What is in it: accepted lines of this merchant, each at most once. */
  readonly lines: readonly DispatchShipmentRequest_LineInput[];
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Pieces of one line. */
export type DispatchShipmentRequest_LineInput = {
  /** The line of the order. */
  readonly lineId: string;
  /** How many pieces. */
  readonly quantity: number;
};

/** Which parcel has arrived. */
export type ConfirmDeliveryRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The shipment. */
  readonly shipmentId: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which parcel is lost, and why that is assumed. */
export type ReportShipmentLostRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The shipment. */
  readonly shipmentId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which order to hold, and why. */
export type HoldOrderRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which order to release, and why. */
export type ReleaseOrderRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which task is settled, and how. */
export type ResolveTaskRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The task. */
  readonly taskId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which order to read. */
export type GetOrderRequestInput = {
  /** The order. */
  readonly orderId: string;
};

/** Which orders to list; filters that are left out let everything pass. */
export type ListOrdersRequestInput = {
  /** Only this customer's. */
  readonly customerId?: string | undefined;
  /** Only with lines of this merchant. */
  readonly merchantId?: string | undefined;
  /** Only in this status. */
  readonly status?: Order_Status | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** Which shipment to read. */
export type GetShipmentRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The shipment. */
  readonly shipmentId: string;
};

/** Whose history to read. */
export type GetOrderHistoryRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** 1 to 200; 50 when left out. A page of large orders may have fewer entries. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** Which order to read, and as of when. */
export type GetOrderAtRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** After the event with this revision, counted from 0. Either this or `time`. */
  readonly revision?: bigint | number | undefined;
  /** After the last event that was recorded by then. Either this or `revision`. */
  readonly time?: Date | undefined;
};

/** Which order to follow, and from where on. */
export type WatchOrderRequestInput = {
  /** The order. */
  readonly orderId: string;
  /** The revision that the caller has already: the first message is the order once it is past it. `Last-Event-ID` in REST. */
  readonly afterRevision?: bigint | number | undefined;
};

/** Which payment to read. */
export type GetPaymentRequestInput = {
  /** The payment. */
  readonly paymentId: string;
};

/** Which payments to list; filters that are left out let everything pass. */
export type ListPaymentsRequestInput = {
  /** Only of this order. */
  readonly orderId?: string | undefined;
  /** Only this customer's. */
  readonly customerId?: string | undefined;
  /** Only in this status. */
  readonly status?: Payment_Status | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

/** How much of a payment to give back, and why. */
export type RefundPaymentRequestInput = {
  /** The payment. */
  readonly paymentId: string;
  /** Above zero, in the payment's currency. */
  readonly amount: MoneyInput;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which goods to send back, and why. */
export type RequestReturnRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly returnId?: string | undefined;
  /** The order that the goods came with. */
  readonly orderId: string;
  /** Why the goods may go back. */
  readonly kind: Return_Kind;
  /** Lines of one merchant, each at most once. */
  readonly lines: readonly RequestReturnRequest_LineInput[];
  /** Why, for the merchant to read. A withdrawal needs none. */
  readonly reason?: string | undefined;
  /** Idempotency key; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
};

/** Pieces of one line. */
export type RequestReturnRequest_LineInput = {
  /** The line of the order. */
  readonly lineId: string;
  /** How many pieces. */
  readonly quantity: number;
};

/** Which return to approve. */
export type ApproveReturnRequestInput = {
  /** The return. */
  readonly returnId: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which return to reject, and why. */
export type RejectReturnRequestInput = {
  /** The return. */
  readonly returnId: string;
  /** Why, for people to read. */
  readonly reason: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** Which return has arrived. */
export type ReceiveReturnRequestInput = {
  /** The return. */
  readonly returnId: string;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** What was found of a return that has arrived. */
export type InspectReturnRequestInput = {
  /** The return. */
  readonly returnId: string;
  /** Every piece of the return, once. Of one line some can be on sale again and the others not; what did not come back is SCRAP, its amount deducted. */
  readonly lines: readonly InspectReturnRequest_LineInput[];
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  /** Idempotency key: sent again with the same key, the request does nothing more and gets the first answer; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; another one is refused (ETAG_MISMATCH). `If-Match` in REST. */
  readonly etag?: string | undefined;
};

/** What was found of some pieces of a line. */
export type InspectReturnRequest_LineInput = {
  /** The line of the order. */
  readonly lineId: string;
  /** How many pieces. */
  readonly quantity: number;
  /** What becomes of these pieces. */
  readonly outcome: Return_Outcome;
  /** Of RESTOCK: the grade they are in now; as they were sold when left out. */
  readonly grade?: Offer_Grade | undefined;
  /** Kept back of what was paid for these pieces, in the order's currency; none when left out. */
  readonly deduction?: MoneyInput | undefined;
};

/** Which return to read. */
export type GetReturnRequestInput = {
  /** The return. */
  readonly returnId: string;
};

/** Which returns to list; filters that are left out let everything pass. */
export type ListReturnsRequestInput = {
  /** Only of this order. */
  readonly orderId?: string | undefined;
  /** Only this customer's. */
  readonly customerId?: string | undefined;
  /** Only this merchant's. */
  readonly merchantId?: string | undefined;
  /** Only in this status. */
  readonly status?: Return_Status | undefined;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};
