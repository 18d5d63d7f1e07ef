// Generated from proto/ by `npm run generate`. Do not edit.

import * as orders_internal_v1_payments from './orders/internal/v1/payments.ts';
import * as orders_v1_common from './orders/v1/common.ts';
import * as orders_v1_customers from './orders/v1/customers.ts';
import * as orders_v1_offers from './orders/v1/offers.ts';
import * as orders_v1_work from './orders/v1/work.ts';
import * as orders_v1_orders from './orders/v1/orders.ts';
import * as orders_v1_payments from './orders/v1/payments.ts';
import * as orders_v1_returns from './orders/v1/returns.ts';

/** The codecs of every method's request and response, by service and method; `streams` where it answers with many. */
export const services = {
  'orders.internal.v1.PaymentRecordService': {
    recordAuthorised: { request: orders_internal_v1_payments.RecordAuthorisedRequest, response: orders_v1_common.CommandAnswer },
    recordDeclined: { request: orders_internal_v1_payments.RecordDeclinedRequest, response: orders_v1_common.CommandAnswer },
    recordCaptured: { request: orders_internal_v1_payments.RecordCapturedRequest, response: orders_v1_common.CommandAnswer },
    recordCaptureFailed: { request: orders_internal_v1_payments.RecordCaptureFailedRequest, response: orders_v1_common.CommandAnswer },
    recordVoided: { request: orders_internal_v1_payments.RecordVoidedRequest, response: orders_v1_common.CommandAnswer },
    recordRefunded: { request: orders_internal_v1_payments.RecordRefundedRequest, response: orders_v1_common.CommandAnswer },
    recordRefundFailed: { request: orders_internal_v1_payments.RecordRefundFailedRequest, response: orders_v1_common.CommandAnswer },
    recordOutcomeUnknown: { request: orders_internal_v1_payments.RecordOutcomeUnknownRequest, response: orders_v1_common.CommandAnswer },
  },
  'orders.v1.CustomerService': {
    getCustomer: { request: orders_v1_customers.GetCustomerRequest, response: orders_v1_customers.Customer },
    placeLegalHold: { request: orders_v1_customers.PlaceLegalHoldRequest, response: orders_v1_customers.PlaceLegalHoldResponse },
    liftLegalHold: { request: orders_v1_customers.LiftLegalHoldRequest, response: orders_v1_common.CommandAnswer },
  },
  'orders.v1.OfferService': {
    publishOffer: { request: orders_v1_offers.PublishOfferRequest, response: orders_v1_offers.PublishOfferResponse },
    changePrice: { request: orders_v1_offers.ChangePriceRequest, response: orders_v1_common.CommandAnswer },
    adjustStock: { request: orders_v1_offers.AdjustStockRequest, response: orders_v1_common.CommandAnswer },
    withdrawOffer: { request: orders_v1_offers.WithdrawOfferRequest, response: orders_v1_common.CommandAnswer },
    getOffer: { request: orders_v1_offers.GetOfferRequest, response: orders_v1_offers.Offer },
    listOffers: { request: orders_v1_offers.ListOffersRequest, response: orders_v1_offers.ListOffersResponse },
  },
  'orders.v1.WorkService': {
    listMerchantQueue: { request: orders_v1_work.ListMerchantQueueRequest, response: orders_v1_work.ListMerchantQueueResponse },
    listTasks: { request: orders_v1_work.ListTasksRequest, response: orders_v1_work.ListTasksResponse },
  },
  'orders.v1.OrderService': {
    placeOrder: { request: orders_v1_orders.PlaceOrderRequest, response: orders_v1_orders.PlaceOrderResponse },
    cancelOrder: { request: orders_v1_orders.CancelOrderRequest, response: orders_v1_common.CommandAnswer },
    cancelLine: { request: orders_v1_orders.CancelLineRequest, response: orders_v1_common.CommandAnswer },
    changeAddress: { request: orders_v1_orders.ChangeAddressRequest, response: orders_v1_common.CommandAnswer },
    acceptLine: { request: orders_v1_orders.AcceptLineRequest, response: orders_v1_common.CommandAnswer },
    rejectLine: { request: orders_v1_orders.RejectLineRequest, response: orders_v1_common.CommandAnswer },
    dispatchShipment: { request: orders_v1_orders.DispatchShipmentRequest, response: orders_v1_orders.DispatchShipmentResponse },
    confirmDelivery: { request: orders_v1_orders.ConfirmDeliveryRequest, response: orders_v1_common.CommandAnswer },
    reportShipmentLost: { request: orders_v1_orders.ReportShipmentLostRequest, response: orders_v1_common.CommandAnswer },
    holdOrder: { request: orders_v1_orders.HoldOrderRequest, response: orders_v1_common.CommandAnswer },
    releaseOrder: { request: orders_v1_orders.ReleaseOrderRequest, response: orders_v1_common.CommandAnswer },
    resolveTask: { request: orders_v1_orders.ResolveTaskRequest, response: orders_v1_common.CommandAnswer },
    getOrder: { request: orders_v1_orders.GetOrderRequest, response: orders_v1_orders.Order },
    listOrders: { request: orders_v1_orders.ListOrdersRequest, response: orders_v1_orders.ListOrdersResponse },
    getShipment: { request: orders_v1_orders.GetShipmentRequest, response: orders_v1_orders.Shipment },
    getOrderHistory: { request: orders_v1_orders.GetOrderHistoryRequest, response: orders_v1_orders.GetOrderHistoryResponse },
    getOrderAt: { request: orders_v1_orders.GetOrderAtRequest, response: orders_v1_orders.Order },
    watchOrder: { request: orders_v1_orders.WatchOrderRequest, response: orders_v1_orders.Order, streams: true },
  },
  'orders.v1.PaymentService': {
    getPayment: { request: orders_v1_payments.GetPaymentRequest, response: orders_v1_payments.Payment },
    listPayments: { request: orders_v1_payments.ListPaymentsRequest, response: orders_v1_payments.ListPaymentsResponse },
    refundPayment: { request: orders_v1_payments.RefundPaymentRequest, response: orders_v1_payments.RefundPaymentResponse },
  },
  'orders.v1.ReturnService': {
    requestReturn: { request: orders_v1_returns.RequestReturnRequest, response: orders_v1_returns.RequestReturnResponse },
    approveReturn: { request: orders_v1_returns.ApproveReturnRequest, response: orders_v1_common.CommandAnswer },
    rejectReturn: { request: orders_v1_returns.RejectReturnRequest, response: orders_v1_common.CommandAnswer },
    receiveReturn: { request: orders_v1_returns.ReceiveReturnRequest, response: orders_v1_common.CommandAnswer },
    inspectReturn: { request: orders_v1_returns.InspectReturnRequest, response: orders_v1_common.CommandAnswer },
    getReturn: { request: orders_v1_returns.GetReturnRequest, response: orders_v1_returns.Return },
    listReturns: { request: orders_v1_returns.ListReturnsRequest, response: orders_v1_returns.ListReturnsResponse },
  },
} as const;
