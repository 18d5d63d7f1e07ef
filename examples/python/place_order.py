"""Orders one piece of an offer, reads the order back, and follows it until nothing more happens to it.

Needs the generated code beside it or on PYTHONPATH (see README.md), the address of the gRPC API, and a token in ORDERS_TOKEN:

    ORDERS_TOKEN=$(npm run --silent token -- checkout) python3 place_order.py 127.0.0.1:9090
"""

import os
import random
import sys
import time
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2
from orders.v1 import offers_pb2, offers_pb2_grpc, orders_pb2, orders_pb2_grpc

DEADLINE_SECONDS = 10
MAX_TRIES = 4


def main(address: str, token: str) -> None:
    with grpc.insecure_channel(address) as channel:
        offers = offers_pb2_grpc.OfferServiceStub(channel)
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        who = (("authorization", f"Bearer {token}"),)

        page = call(offers.ListOffers, offers_pb2.ListOffersRequest(status="PUBLISHED", page_size=200), who)
        offer = next((each for each in page.offers if each.available > 0), None)
        if offer is None:
            sys.exit("Nothing is on offer: publish something first, or run the demo.")

        # The key makes sending the same order again harmless, so it is chosen before the first try.
        placed = call(orders.PlaceOrder, order_of(offer, request_id=str(uuid.uuid4())), who)
        print(f"placed {placed.order_id}", flush=True)

        # The read model may be a moment behind: with the token the answer waits for what was just written.
        order = call(orders.GetOrder, orders_pb2.GetOrderRequest(order_id=placed.order_id),
                     (*who, ("consistency-token", placed.consistency_token)))
        print(f"read {status_of(order)} {order.total.amount_minor} {order.total.currency}", flush=True)

        for order in watch(orders, placed.order_id, (*who, ("consistency-token", placed.consistency_token))):
            print(f"watched {order.revision} {status_of(order)}", flush=True)
        print("ended", flush=True)


def order_of(offer, request_id: str):
    """One piece, at the price that the customer was shown: another one is refused as PRICE_CHANGED."""
    request = orders_pb2.PlaceOrderRequest
    return request(
        request_id=request_id,
        customer=request.Customer(customer_id=str(uuid.uuid4()), name="Ada Example", email="ada@example.org", language="de"),
        shipping_address=request.Address(recipient="Ada Example", line1="Beispielweg 1", postal_code="10115", city="Berlin", country_code="DE"),
        lines=[request.Line(offer_id=offer.offer_id, quantity=1, shown_unit_price=offer.unit_price)],
        payment_method="pm_card",
    )


def call(method, request, metadata):
    """Calls with a deadline, and again where the platform says that one may (RetryInfo), and only there."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    for attempt in range(1, MAX_TRIES + 1):
        try:
            return method(request, metadata=metadata, timeout=deadline - time.monotonic())
        except grpc.RpcError as error:
            code, delay = why(error)
            if delay is None or attempt == MAX_TRIES or time.monotonic() + delay >= deadline:
                sys.exit(f"{error.code().name} {code}: {error.details()}")
            time.sleep(delay)


def watch(orders, order_id: str, metadata):
    """The order now and after each change, until it is final. Streams end after half an hour or when a server goes: then again, from there."""
    request = orders_pb2.WatchOrderRequest(order_id=order_id)
    attempt = 0
    while True:
        try:
            for order in orders.WatchOrder(request, metadata=metadata):
                attempt = 0
                request.after_revision = order.revision
                yield order
            return
        except grpc.RpcError as error:
            code, delay = why(error)
            attempt += 1
            if delay is None or attempt == MAX_TRIES:
                sys.exit(f"{error.code().name} {code}: {error.details()}")
            time.sleep(delay)


def why(error):
    """The error's code for programs, and the seconds to wait before another try; None: there is no point in one."""
    code, delay = "", None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    code = info.reason
                elif detail.Unpack(retry):
                    # A little longer than asked for, so that not everybody comes back at once.
                    delay = retry.retry_delay.ToTimedelta().total_seconds() * random.uniform(1, 1.5)
    return code, delay


def status_of(order) -> str:
    return orders_pb2.Order.Status.Name(order.status)


if __name__ == "__main__":
    if len(sys.argv) != 2 or "ORDERS_TOKEN" not in os.environ:
        sys.exit(__doc__)
    main(sys.argv[1], os.environ["ORDERS_TOKEN"])
