// Generated from proto/ by `npm run generate`. Do not edit.

import type { CallOptions, StreamOptions } from '../call-options.ts';
import type { Method } from '../method.ts';
import { AcceptLineRequest, CancelLineRequest, CancelOrderRequest, ChangeAddressRequest, ConfirmDeliveryRequest, DispatchShipmentRequest, DispatchShipmentResponse, GetOrderAtRequest, GetOrderHistoryRequest, GetOrderHistoryResponse, GetOrderRequest, GetShipmentRequest, HoldOrderRequest, ListOrdersRequest, ListOrdersResponse, Order, PlaceOrderRequest, PlaceOrderResponse, RejectLineRequest, ReleaseOrderRequest, ReportShipmentLostRequest, ResolveTaskRequest, Shipment, WatchOrderRequest } from './orders/v1/orders.ts';
import { AdjustStockRequest, ChangePriceRequest, GetOfferRequest, ListOffersRequest, ListOffersResponse, Offer, PublishOfferRequest, PublishOfferResponse, WithdrawOfferRequest } from './orders/v1/offers.ts';
import { ApproveReturnRequest, GetReturnRequest, InspectReturnRequest, ListReturnsRequest, ListReturnsResponse, ReceiveReturnRequest, RejectReturnRequest, RequestReturnRequest, RequestReturnResponse, Return } from './orders/v1/returns.ts';
import { CommandAnswer } from './orders/v1/common.ts';
import { Customer, GetCustomerRequest, LiftLegalHoldRequest, PlaceLegalHoldRequest, PlaceLegalHoldResponse } from './orders/v1/customers.ts';
import { GetPaymentRequest, ListPaymentsRequest, ListPaymentsResponse, Payment, RefundPaymentRequest, RefundPaymentResponse } from './orders/v1/payments.ts';
import { ListMerchantQueueRequest, ListMerchantQueueResponse, ListTasksRequest, ListTasksResponse } from './orders/v1/work.ts';
import type { AcceptLineRequestInput, AdjustStockRequestInput, ApproveReturnRequestInput, CancelLineRequestInput, CancelOrderRequestInput, ChangeAddressRequestInput, ChangePriceRequestInput, ConfirmDeliveryRequestInput, DispatchShipmentRequestInput, GetCustomerRequestInput, GetOfferRequestInput, GetOrderAtRequestInput, GetOrderHistoryRequestInput, GetOrderRequestInput, GetPaymentRequestInput, GetReturnRequestInput, GetShipmentRequestInput, HoldOrderRequestInput, InspectReturnRequestInput, LiftLegalHoldRequestInput, ListMerchantQueueRequestInput, ListOffersRequestInput, ListOrdersRequestInput, ListPaymentsRequestInput, ListReturnsRequestInput, ListTasksRequestInput, PlaceLegalHoldRequestInput, PlaceOrderRequestInput, PublishOfferRequestInput, ReceiveReturnRequestInput, RefundPaymentRequestInput, RejectLineRequestInput, RejectReturnRequestInput, ReleaseOrderRequestInput, ReportShipmentLostRequestInput, RequestReturnRequestInput, ResolveTaskRequestInput, WatchOrderRequestInput, WithdrawOfferRequestInput } from './requests.ts';

/** Every public method: where it is on both transports, and the codecs of its messages. */
export const methods: Readonly<Record<keyof Methods, Method>> = {
  getCustomer: {
    name: 'orders.v1.CustomerService/GetCustomer',
    answers: 'once',
    verb: 'GET',
    path: '/v1/customers/{customer_id}',
    request: GetCustomerRequest,
    response: Customer,
  },
  placeLegalHold: {
    name: 'orders.v1.CustomerService/PlaceLegalHold',
    answers: 'once',
    verb: 'POST',
    path: '/v1/customers/{customer_id}:placeLegalHold',
    request: PlaceLegalHoldRequest,
    response: PlaceLegalHoldResponse,
  },
  liftLegalHold: {
    name: 'orders.v1.CustomerService/LiftLegalHold',
    answers: 'once',
    verb: 'POST',
    path: '/v1/customers/{customer_id}:liftLegalHold',
    request: LiftLegalHoldRequest,
    response: CommandAnswer,
  },
  publishOffer: {
    name: 'orders.v1.OfferService/PublishOffer',
    answers: 'once',
    verb: 'POST',
    path: '/v1/offers',
    request: PublishOfferRequest,
    response: PublishOfferResponse,
  },
  changePrice: {
    name: 'orders.v1.OfferService/ChangePrice',
    answers: 'once',
    verb: 'POST',
    path: '/v1/offers/{offer_id}:changePrice',
    request: ChangePriceRequest,
    response: CommandAnswer,
  },
  adjustStock: {
    name: 'orders.v1.OfferService/AdjustStock',
    answers: 'once',
    verb: 'POST',
    path: '/v1/offers/{offer_id}:adjustStock',
    request: AdjustStockRequest,
    response: CommandAnswer,
  },
  withdrawOffer: {
    name: 'orders.v1.OfferService/WithdrawOffer',
    answers: 'once',
    verb: 'POST',
    path: '/v1/offers/{offer_id}:withdraw',
    request: WithdrawOfferRequest,
    response: CommandAnswer,
  },
  getOffer: {
    name: 'orders.v1.OfferService/GetOffer',
    answers: 'once',
    verb: 'GET',
    path: '/v1/offers/{offer_id}',
    request: GetOfferRequest,
    response: Offer,
  },
  listOffers: {
    name: 'orders.v1.OfferService/ListOffers',
    answers: 'once',
    verb: 'GET',
    path: '/v1/offers',
    request: ListOffersRequest,
    response: ListOffersResponse,
  },
  listMerchantQueue: {
    name: 'orders.v1.WorkService/ListMerchantQueue',
    answers: 'once',
    verb: 'GET',
    path: '/v1/merchantQueue',
    request: ListMerchantQueueRequest,
    response: ListMerchantQueueResponse,
  },
  listTasks: {
    name: 'orders.v1.WorkService/ListTasks',
    answers: 'once',
    verb: 'GET',
    path: '/v1/tasks',
    request: ListTasksRequest,
    response: ListTasksResponse,
  },
  placeOrder: {
    name: 'orders.v1.OrderService/PlaceOrder',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders',
    request: PlaceOrderRequest,
    response: PlaceOrderResponse,
  },
  cancelOrder: {
    name: 'orders.v1.OrderService/CancelOrder',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}:cancel',
    request: CancelOrderRequest,
    response: CommandAnswer,
  },
  cancelLine: {
    name: 'orders.v1.OrderService/CancelLine',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/lines/{line_id}:cancel',
    request: CancelLineRequest,
    response: CommandAnswer,
  },
  changeAddress: {
    name: 'orders.v1.OrderService/ChangeAddress',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}:changeAddress',
    request: ChangeAddressRequest,
    response: CommandAnswer,
  },
  acceptLine: {
    name: 'orders.v1.OrderService/AcceptLine',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/lines/{line_id}:accept',
    request: AcceptLineRequest,
    response: CommandAnswer,
  },
  rejectLine: {
    name: 'orders.v1.OrderService/RejectLine',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/lines/{line_id}:reject',
    request: RejectLineRequest,
    response: CommandAnswer,
  },
  dispatchShipment: {
    name: 'orders.v1.OrderService/DispatchShipment',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/shipments',
    request: DispatchShipmentRequest,
    response: DispatchShipmentResponse,
  },
  confirmDelivery: {
    name: 'orders.v1.OrderService/ConfirmDelivery',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/shipments/{shipment_id}:confirmDelivery',
    request: ConfirmDeliveryRequest,
    response: CommandAnswer,
  },
  reportShipmentLost: {
    name: 'orders.v1.OrderService/ReportShipmentLost',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/shipments/{shipment_id}:reportLost',
    request: ReportShipmentLostRequest,
    response: CommandAnswer,
  },
  holdOrder: {
    name: 'orders.v1.OrderService/HoldOrder',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}:hold',
    request: HoldOrderRequest,
    response: CommandAnswer,
  },
  releaseOrder: {
    name: 'orders.v1.OrderService/ReleaseOrder',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}:release',
    request: ReleaseOrderRequest,
    response: CommandAnswer,
  },
  resolveTask: {
    name: 'orders.v1.OrderService/ResolveTask',
    answers: 'once',
    verb: 'POST',
    path: '/v1/orders/{order_id}/tasks/{task_id}:resolve',
    request: ResolveTaskRequest,
    response: CommandAnswer,
  },
  getOrder: {
    name: 'orders.v1.OrderService/GetOrder',
    answers: 'once',
    verb: 'GET',
    path: '/v1/orders/{order_id}',
    request: GetOrderRequest,
    response: Order,
  },
  listOrders: {
    name: 'orders.v1.OrderService/ListOrders',
    answers: 'once',
    verb: 'GET',
    path: '/v1/orders',
    request: ListOrdersRequest,
    response: ListOrdersResponse,
  },
  getShipment: {
    name: 'orders.v1.OrderService/GetShipment',
    answers: 'once',
    verb: 'GET',
    path: '/v1/orders/{order_id}/shipments/{shipment_id}',
    request: GetShipmentRequest,
    response: Shipment,
  },
  getOrderHistory: {
    name: 'orders.v1.OrderService/GetOrderHistory',
    answers: 'once',
    verb: 'GET',
    path: '/v1/orders/{order_id}/history',
    request: GetOrderHistoryRequest,
    response: GetOrderHistoryResponse,
  },
  getOrderAt: {
    name: 'orders.v1.OrderService/GetOrderAt',
    answers: 'once',
    verb: 'GET',
    path: '/v1/orders/{order_id}:at',
    request: GetOrderAtRequest,
    response: Order,
  },
  watchOrder: {
    name: 'orders.v1.OrderService/WatchOrder',
    answers: 'stream',
    verb: 'GET',
    path: '/v1/orders/{order_id}:watch',
    request: WatchOrderRequest,
    response: Order,
  },
  getPayment: {
    name: 'orders.v1.PaymentService/GetPayment',
    answers: 'once',
    verb: 'GET',
    path: '/v1/payments/{payment_id}',
    request: GetPaymentRequest,
    response: Payment,
  },
  listPayments: {
    name: 'orders.v1.PaymentService/ListPayments',
    answers: 'once',
    verb: 'GET',
    path: '/v1/payments',
    request: ListPaymentsRequest,
    response: ListPaymentsResponse,
  },
  refundPayment: {
    name: 'orders.v1.PaymentService/RefundPayment',
    answers: 'once',
    verb: 'POST',
    path: '/v1/payments/{payment_id}:refund',
    request: RefundPaymentRequest,
    response: RefundPaymentResponse,
  },
  requestReturn: {
    name: 'orders.v1.ReturnService/RequestReturn',
    answers: 'once',
    verb: 'POST',
    path: '/v1/returns',
    request: RequestReturnRequest,
    response: RequestReturnResponse,
  },
  approveReturn: {
    name: 'orders.v1.ReturnService/ApproveReturn',
    answers: 'once',
    verb: 'POST',
    path: '/v1/returns/{return_id}:approve',
    request: ApproveReturnRequest,
    response: CommandAnswer,
  },
  rejectReturn: {
    name: 'orders.v1.ReturnService/RejectReturn',
    answers: 'once',
    verb: 'POST',
    path: '/v1/returns/{return_id}:reject',
    request: RejectReturnRequest,
    response: CommandAnswer,
  },
  receiveReturn: {
    name: 'orders.v1.ReturnService/ReceiveReturn',
    answers: 'once',
    verb: 'POST',
    path: '/v1/returns/{return_id}:receive',
    request: ReceiveReturnRequest,
    response: CommandAnswer,
  },
  inspectReturn: {
    name: 'orders.v1.ReturnService/InspectReturn',
    answers: 'once',
    verb: 'POST',
    path: '/v1/returns/{return_id}:inspect',
    request: InspectReturnRequest,
    response: CommandAnswer,
  },
  getReturn: {
    name: 'orders.v1.ReturnService/GetReturn',
    answers: 'once',
    verb: 'GET',
    path: '/v1/returns/{return_id}',
    request: GetReturnRequest,
    response: Return,
  },
  listReturns: {
    name: 'orders.v1.ReturnService/ListReturns',
    answers: 'once',
    verb: 'GET',
    path: '/v1/returns',
    request: ListReturnsRequest,
    response: ListReturnsResponse,
  },
};

/** The public methods as a client offers them. They reject with an `ApiError`. */
export type Methods = {
  /** One customer's legal holds, from the event store. Scope `orders:support`; `GET /v1/customers/{customer_id}` in REST. */
  readonly getCustomer: (request: GetCustomerRequestInput, options?: CallOptions) => Promise<Customer>;
  /** Keeps a customer's data from being erased, until the hold is lifted. Several can stand side by side. Scope `orders:support`; `POST /v1/customers/{customer_id}:placeLegalHold` in REST. */
  readonly placeLegalHold: (request: PlaceLegalHoldRequestInput, options?: CallOptions) => Promise<PlaceLegalHoldResponse>;
  /** Ends one legal hold. Lifting twice is nothing. Scope `orders:support`; `POST /v1/customers/{customer_id}:liftLegalHold` in REST. */
  readonly liftLegalHold: (request: LiftLegalHoldRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Puts graded stock up for sale. Scope `offers:write`; `POST /v1/offers` in REST. */
  readonly publishOffer: (request: PublishOfferRequestInput, options?: CallOptions) => Promise<PublishOfferResponse>;
  /** Changes the price from now on; placed orders keep theirs. Scope `offers:write`; `POST /v1/offers/{offer_id}:changePrice` in REST. */
  readonly changePrice: (request: ChangePriceRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Corrects how many pieces are on hand, by a difference. Scope `offers:write`; `POST /v1/offers/{offer_id}:adjustStock` in REST. */
  readonly adjustStock: (request: AdjustStockRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Takes the offer off the market for good. Scope `offers:write`; `POST /v1/offers/{offer_id}:withdraw` in REST. */
  readonly withdrawOffer: (request: WithdrawOfferRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** One offer. Scope `offers:read`; `GET /v1/offers/{offer_id}` in REST. */
  readonly getOffer: (request: GetOfferRequestInput, options?: CallOptions) => Promise<Offer>;
  /** Offers, newest first. Scope `offers:read`; `GET /v1/offers` in REST. */
  readonly listOffers: (request: ListOffersRequestInput, options?: CallOptions) => Promise<ListOffersResponse>;
  /** What waits for a merchant, most urgent first: lines to accept and to ship, returns to decide on, to receive and to inspect. Scope `fulfilment:write`; `GET /v1/merchantQueue` in REST. */
  readonly listMerchantQueue: (request: ListMerchantQueueRequestInput, options?: CallOptions) => Promise<ListMerchantQueueResponse>;
  /** What waits for a person of support, oldest first. Scope `orders:support`; `GET /v1/tasks` in REST. */
  readonly listTasks: (request: ListTasksRequestInput, options?: CallOptions) => Promise<ListTasksResponse>;
  /** Places an order. Prices, merchants and terms are taken from the offers at this moment; the shown prices are compared (PRICE_CHANGED). What the offers cannot serve is refused at once (OUT_OF_STOCK, OFFER_WITHDRAWN, OFFER_NOT_FOUND), and so are several currencies (CURRENCY_MISMATCH), countries without delivery (COUNTRY_NOT_SERVED) and erased customers (CUSTOMER_ERASED). Scope `orders:place`; `POST /v1/orders` in REST. */
  readonly placeOrder: (request: PlaceOrderRequestInput, options?: CallOptions) => Promise<PlaceOrderResponse>;
  /** Cancels an order as a whole. Refused once something of it has shipped (ALREADY_SHIPPED): cancel the open lines, or return what came. Cancelling twice is nothing. Scope `orders:cancel`; `POST /v1/orders/{order_id}:cancel` in REST. */
  readonly cancelOrder: (request: CancelOrderRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Cancels what has not shipped of one line. With the last open line of an order of which nothing shipped the order is cancelled. Scope `orders:cancel`; `POST /v1/orders/{order_id}/lines/{line_id}:cancel` in REST. */
  readonly cancelLine: (request: CancelLineRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Changes where the goods go, while nothing has shipped. Another country is refused (COUNTRY_CHANGED), since the VAT follows it. Scope `orders:cancel`; `POST /v1/orders/{order_id}:changeAddress` in REST. */
  readonly changeAddress: (request: ChangeAddressRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** The merchant takes a line of a confirmed order on and shows until when it ships. Lines that are not accepted in time are cancelled. Scope `fulfilment:write`; `POST /v1/orders/{order_id}/lines/{line_id}:accept` in REST. */
  readonly acceptLine: (request: AcceptLineRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** The merchant cannot deliver what has not shipped of a line: it is cancelled, and the customer does not pay for it. Scope `fulfilment:write`; `POST /v1/orders/{order_id}/lines/{line_id}:reject` in REST. */
  readonly rejectLine: (request: RejectLineRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** A merchant's parcel is on its way, with all or some of what it accepted. Its amount is captured from the payment. Nothing ships while the order is held (ORDER_ON_HOLD). Scope `fulfilment:write`; `POST /v1/orders/{order_id}/shipments` in REST. */
  readonly dispatchShipment: (request: DispatchShipmentRequestInput, options?: CallOptions) => Promise<DispatchShipmentResponse>;
  /** The parcel has arrived. When everything has, the customer's time to withdraw begins. Scope `fulfilment:write`; `POST /v1/orders/{order_id}/shipments/{shipment_id}:confirmDelivery` in REST. */
  readonly confirmDelivery: (request: ConfirmDeliveryRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** The parcel will not arrive: the customer gets its money back. Scope `orders:support`; `POST /v1/orders/{order_id}/shipments/{shipment_id}:reportLost` in REST. */
  readonly reportShipmentLost: (request: ReportShipmentLostRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Stops an order: nothing of it ships and its deadlines rest, until it is released or the hold lapses. Scope `orders:support`; `POST /v1/orders/{order_id}:hold` in REST. */
  readonly holdOrder: (request: HoldOrderRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** Ends a hold. Deadlines that rested begin anew. Scope `orders:support`; `POST /v1/orders/{order_id}:release` in REST. */
  readonly releaseOrder: (request: ReleaseOrderRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** A person has dealt with what a task is about. Resolving twice is nothing. Scope `orders:support`; `POST /v1/orders/{order_id}/tasks/{task_id}:resolve` in REST. */
  readonly resolveTask: (request: ResolveTaskRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** One order. A merchant sees its own lines and shipments and their subtotal, and the address once it accepted a line. Scope `orders:read`; `GET /v1/orders/{order_id}` in REST. */
  readonly getOrder: (request: GetOrderRequestInput, options?: CallOptions) => Promise<Order>;
  /** Orders, newest first. Scope `orders:read`; `GET /v1/orders` in REST. */
  readonly listOrders: (request: ListOrdersRequestInput, options?: CallOptions) => Promise<ListOrdersResponse>;
  /** One parcel of an order, as GetOrder shows it. Scope `orders:read`; `GET /v1/orders/{order_id}/shipments/{shipment_id}` in REST. */
  readonly getShipment: (request: GetShipmentRequestInput, options?: CallOptions) => Promise<Shipment>;
  /** Everything that happened to an order, from the event store: each event, the state after it, and what it changed. Scope `orders:history`; `GET /v1/orders/{order_id}/history` in REST. */
  readonly getOrderHistory: (request: GetOrderHistoryRequestInput, options?: CallOptions) => Promise<GetOrderHistoryResponse>;
  /** The order as it was after an event, or at a time: what GetOrder would have shown then, with the caller's sight of today. Scope `orders:history`; `GET /v1/orders/{order_id}:at` in REST. */
  readonly getOrderAt: (request: GetOrderAtRequestInput, options?: CallOptions) => Promise<Order>;
  /** Follows one order: what GetOrder shows now, then again after each change. Who reads slowly gets the newest state and may miss some in between. Ends with OK after the state COMPLETED, CANCELLED or EXPIRED; with UNAVAILABLE after 30 minutes or when the server shuts down: watch again; with UNAUTHENTICATED when the token expires. Scope `orders:read`; `GET /v1/orders/{order_id}:watch` in REST. */
  readonly watchOrder: (request: WatchOrderRequestInput, options?: StreamOptions) => AsyncIterable<Order>;
  /** One payment. For the order's customer and the platform's staff; merchants see amounts in their orders and returns. Scope `orders:read`; `GET /v1/payments/{payment_id}` in REST. */
  readonly getPayment: (request: GetPaymentRequestInput, options?: CallOptions) => Promise<Payment>;
  /** Payments, newest first. Scope `orders:read`; `GET /v1/payments` in REST. */
  readonly listPayments: (request: ListPaymentsRequestInput, options?: CallOptions) => Promise<ListPaymentsResponse>;
  /** Gives some of the captured money back as goodwill. What returns and lost parcels are due is refunded by itself. More than was captured and not yet refunded is refused (REFUND_TOO_HIGH). Scope `payments:refund`; `POST /v1/payments/{payment_id}:refund` in REST. */
  readonly refundPayment: (request: RefundPaymentRequestInput, options?: CallOptions) => Promise<RefundPaymentResponse>;
  /** A customer sends goods of one merchant back. A withdrawal needs no approval and is possible until the order's withdrawal_ends (WITHDRAWAL_OVER); a warranty claim until the months frozen with the line have passed (WARRANTY_OVER). Scope `returns:request`; `POST /v1/returns` in REST. */
  readonly requestReturn: (request: RequestReturnRequestInput, options?: CallOptions) => Promise<RequestReturnResponse>;
  /** The merchant takes a warranty claim on; the goods may come. Scope `returns:decide`; `POST /v1/returns/{return_id}:approve` in REST. */
  readonly approveReturn: (request: ApproveReturnRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** The merchant declines a warranty claim. A withdrawal cannot be rejected (WITHDRAWAL_IS_A_RIGHT). Scope `returns:decide`; `POST /v1/returns/{return_id}:reject` in REST. */
  readonly rejectReturn: (request: RejectReturnRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** The goods are with the merchant again. Scope `returns:decide`; `POST /v1/returns/{return_id}:receive` in REST. */
  readonly receiveReturn: (request: ReceiveReturnRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** What came back, piece by piece: on sale again or scrapped, and what is deducted. The rest is refunded. Scope `returns:decide`; `POST /v1/returns/{return_id}:inspect` in REST. */
  readonly inspectReturn: (request: InspectReturnRequestInput, options?: CallOptions) => Promise<CommandAnswer>;
  /** One return, for its customer, its merchant and the platform's staff. Scope `orders:read`; `GET /v1/returns/{return_id}` in REST. */
  readonly getReturn: (request: GetReturnRequestInput, options?: CallOptions) => Promise<Return>;
  /** Returns, newest first. Scope `orders:read`; `GET /v1/returns` in REST. */
  readonly listReturns: (request: ListReturnsRequestInput, options?: CallOptions) => Promise<ListReturnsResponse>;
};
