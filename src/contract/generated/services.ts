// Generated from proto/ by `npm run generate`. Do not edit.

import * as orders_v1_offers from './orders/v1/offers.ts';
import * as orders_v1_common from './orders/v1/common.ts';
import * as orders_v1_orders from './orders/v1/orders.ts';

/** The codecs of every method's request and response, by service and method. */
export const services = {
  'orders.v1.OfferService': {
    publishOffer: { request: orders_v1_offers.PublishOfferRequest, response: orders_v1_offers.PublishOfferResponse },
    changePrice: { request: orders_v1_offers.ChangePriceRequest, response: orders_v1_common.CommandAnswer },
    adjustStock: { request: orders_v1_offers.AdjustStockRequest, response: orders_v1_common.CommandAnswer },
    withdrawOffer: { request: orders_v1_offers.WithdrawOfferRequest, response: orders_v1_common.CommandAnswer },
    getOffer: { request: orders_v1_offers.GetOfferRequest, response: orders_v1_offers.Offer },
    listOffers: { request: orders_v1_offers.ListOffersRequest, response: orders_v1_offers.ListOffersResponse },
  },
  'orders.v1.OrderService': {
    placeOrder: { request: orders_v1_orders.PlaceOrderRequest, response: orders_v1_orders.PlaceOrderResponse },
    cancelOrder: { request: orders_v1_orders.CancelOrderRequest, response: orders_v1_common.CommandAnswer },
    getOrder: { request: orders_v1_orders.GetOrderRequest, response: orders_v1_orders.Order },
    listOrders: { request: orders_v1_orders.ListOrdersRequest, response: orders_v1_orders.ListOrdersResponse },
    getOrderHistory: { request: orders_v1_orders.GetOrderHistoryRequest, response: orders_v1_orders.GetOrderHistoryResponse },
  },
} as const;
