// Generated from proto/ by `npm run generate`. Do not edit.

import type { LegalHold_Kind } from './orders/v1/customers.ts';
import type { MerchantQueueEntry_Kind, SupportTask_Kind, SupportTask_Status } from './orders/v1/work.ts';
import type { Offer_Grade, Offer_Status, Offer_VatScheme } from './orders/v1/offers.ts';
import type { Order_Status } from './orders/v1/orders.ts';
import type { Payment_Status } from './orders/v1/payments.ts';
import type { Return_Kind, Return_Outcome, Return_Status } from './orders/v1/returns.ts';

export type GetCustomerRequestInput = {
  readonly customerId: string;
};

export type PlaceLegalHoldRequestInput = {
  readonly customerId: string;
  /** Chosen by the caller, or made from the idempotency key. */
  readonly holdId?: string | undefined;
  readonly kind: LegalHold_Kind;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type LiftLegalHoldRequestInput = {
  readonly customerId: string;
  readonly holdId: string;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type PublishOfferRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly offerId?: string | undefined;
  /** The caller's own merchant when left out; another only with scope tenants:any-merchant. */
  readonly merchantId?: string | undefined;
  /** The merchant's own name for the article. */
  readonly sku: string;
  readonly title: string;
  readonly grade: Offer_Grade;
  /** Above zero. */
  readonly unitPrice: MoneyInput;
  /** What the merchant paid, in the same currency. Required for MARGIN. */
  readonly purchasePrice?: MoneyInput | undefined;
  readonly quantity?: number | undefined;
  readonly vatScheme: Offer_VatScheme;
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

export type ChangePriceRequestInput = {
  readonly offerId: string;
  /** Above zero, in the offer's currency. */
  readonly unitPrice: MoneyInput;
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; `If-Match` in REST. */
  readonly etag?: string | undefined;
};

export type AdjustStockRequestInput = {
  readonly offerId: string;
  /** Pieces to add (or, below zero, to take away). */
  readonly difference?: number | undefined;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type WithdrawOfferRequestInput = {
  readonly offerId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type GetOfferRequestInput = {
  readonly offerId: string;
};

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

export type PlaceOrderRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly orderId?: string | undefined;
  readonly customer: PlaceOrderRequest_CustomerInput;
  readonly shippingAddress: PlaceOrderRequest_AddressInput;
  readonly lines: readonly PlaceOrderRequest_LineInput[];
  /** The provider's token for the customer's means of payment; never a card number. */
  readonly paymentMethod: string;
  /** Idempotency key; `Idempotency-Key` in REST. */
  readonly requestId?: string | undefined;
};

/** Who orders. */
export type PlaceOrderRequest_CustomerInput = {
  readonly customerId: string;
  readonly name: string;
  readonly email: string;
  /** BCP 47, such as `de` or `de-AT`. */
  readonly language: string;
};

/** Where the goods go. */
export type PlaceOrderRequest_AddressInput = {
  readonly recipient: string;
  readonly line1: string;
  readonly line2?: string | undefined;
  readonly postalCode: string;
  readonly city: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
};

/** What is ordered. */
export type PlaceOrderRequest_LineInput = {
  readonly offerId: string;
  readonly quantity: number;
  /** The price the customer saw; another one is refused (PRICE_CHANGED). */
  readonly shownUnitPrice: MoneyInput;
};

export type CancelOrderRequestInput = {
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  /** The revision the caller saw, or `*`; `If-Match` in REST. */
  readonly etag?: string | undefined;
};

export type CancelLineRequestInput = {
  readonly orderId: string;
  readonly lineId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type ChangeAddressRequestInput = {
  readonly orderId: string;
  /** The whole new address, in the same country. */
  readonly shippingAddress: PlaceOrderRequest_AddressInput;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type AcceptLineRequestInput = {
  readonly orderId: string;
  readonly lineId: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type RejectLineRequestInput = {
  readonly orderId: string;
  readonly lineId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type DispatchShipmentRequestInput = {
  readonly orderId: string;
  /** Chosen by the caller, or made from the idempotency key. */
  readonly shipmentId?: string | undefined;
  /** Whose parcel: the caller's own merchant when left out; another only with scope tenants:any-merchant. */
  readonly merchantId?: string | undefined;
  /** Who carries it, such as `DHL`. */
  readonly carrier: string;
  readonly trackingNumber: string;
  /** What is in it: accepted lines of this merchant, each at most once. */
  readonly lines: readonly DispatchShipmentRequest_LineInput[];
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

/** Pieces of one line. */
export type DispatchShipmentRequest_LineInput = {
  readonly lineId: string;
  readonly quantity: number;
};

export type ConfirmDeliveryRequestInput = {
  readonly orderId: string;
  readonly shipmentId: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type ReportShipmentLostRequestInput = {
  readonly orderId: string;
  readonly shipmentId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type HoldOrderRequestInput = {
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type ReleaseOrderRequestInput = {
  readonly orderId: string;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type ResolveTaskRequestInput = {
  readonly orderId: string;
  readonly taskId: string;
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type GetOrderRequestInput = {
  readonly orderId: string;
};

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

export type GetShipmentRequestInput = {
  readonly orderId: string;
  readonly shipmentId: string;
};

export type GetOrderHistoryRequestInput = {
  readonly orderId: string;
  /** 1 to 200; 50 when left out. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
};

export type GetOrderAtRequestInput = {
  readonly orderId: string;
  /** After the event with this revision, counted from 0. Either this or `time`. */
  readonly revision?: bigint | number | undefined;
  /** After the last event that was recorded by then. Either this or `revision`. */
  readonly time?: Date | undefined;
};

export type WatchOrderRequestInput = {
  readonly orderId: string;
  /** The revision that the caller has already: the first message is the order once it is past it. `Last-Event-ID` in REST. */
  readonly afterRevision?: bigint | number | undefined;
};

export type GetPaymentRequestInput = {
  readonly paymentId: string;
};

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

export type RefundPaymentRequestInput = {
  readonly paymentId: string;
  /** Above zero, in the payment's currency. */
  readonly amount: MoneyInput;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type RequestReturnRequestInput = {
  /** Chosen by the caller, or made from the idempotency key. */
  readonly returnId?: string | undefined;
  readonly orderId: string;
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
  readonly lineId: string;
  readonly quantity: number;
};

export type ApproveReturnRequestInput = {
  readonly returnId: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type RejectReturnRequestInput = {
  readonly returnId: string;
  /** Why, for people to read. */
  readonly reason: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type ReceiveReturnRequestInput = {
  readonly returnId: string;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

export type InspectReturnRequestInput = {
  readonly returnId: string;
  /** Every piece of the return, once. Of one line some can be on sale again and the others not; what did not come back is SCRAP, its amount deducted. */
  readonly lines: readonly InspectReturnRequest_LineInput[];
  /** Why, for people to read. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly etag?: string | undefined;
};

/** What was found of some pieces of a line. */
export type InspectReturnRequest_LineInput = {
  readonly lineId: string;
  readonly quantity: number;
  readonly outcome: Return_Outcome;
  /** Of RESTOCK: the grade they are in now; as they were sold when left out. */
  readonly grade?: Offer_Grade | undefined;
  /** Kept back of what was paid for these pieces, in the order's currency; none when left out. */
  readonly deduction?: MoneyInput | undefined;
};

export type GetReturnRequestInput = {
  readonly returnId: string;
};

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
