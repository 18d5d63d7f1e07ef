// Loads servers with requests that were built beforehand.
import { randomUUID } from 'node:crypto';
import { PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { measuredFeed, type Extent } from '../load/feed.ts';
import { driveHttp1, http1Request } from '../load/http1.ts';
import { driveHttp2, grpcRequest } from '../load/http2.ts';
import { customerId, jsonOf, merchantId, offerCount, placeOrder, publishOffer } from '../market.ts';
import { answerQuestions, partOptions } from '../part.ts';
import type { Address } from '../platform.ts';

/** One in so many orders is a new customer's; the others' customers have ordered before. */
const newCustomerEvery = 5;
/** Requests that a gRPC connection has under way. */
const streamsPerConnection = 8;

export type LoadOptions = {
  readonly transport: 'rest' | 'grpc';
  readonly token: string;
  readonly merchantTokens?: Readonly<Record<string, string>>;
  readonly orderIds?: readonly string[];
};
export type LoadRound = { readonly what: 'place' | 'publish' | 'get'; readonly targets: readonly Address[]; readonly concurrency: number } & Extent;

const { transport, token, merchantTokens, orderIds } = await partOptions<LoadOptions>();

/** A request of a method, in this transport. */
const request = (
  method: { readonly verb?: string; readonly path: string; readonly grpc: string },
  message: object,
  bytes: Uint8Array,
  as = token,
): Buffer =>
  transport === 'rest'
    ? http1Request({ verb: method.verb ?? 'POST', path: method.path, token: as, ...(method.verb === 'GET' ? {} : { body: jsonOf(message) }) })
    : grpcRequest({ path: method.grpc, token: as, message: Buffer.from(bytes) });

type Placing = { readonly bytes: Buffer; readonly customerAt: number };
let orders: readonly Placing[] | undefined;
const place = (nth: number): Buffer => {
  orders ??= Array.from({ length: offerCount }, (_, of) => {
    const message = placeOrder(of);
    const bytes = request({ path: '/v1/orders', grpc: '/orders.v1.OrderService/PlaceOrder' }, message, PlaceOrderRequest.encode(message).finish());
    return { bytes, customerAt: bytes.indexOf(customerId(of)) };
  });
  const { bytes, customerAt } = orders[nth % orders.length]!;
  if (nth % newCustomerEvery === 0) bytes.write(randomUUID(), customerAt, 'latin1');
  return bytes;
};

const publish = (nth: number): Buffer => {
  const message = publishOffer(nth);
  return request(
    { path: '/v1/offers', grpc: '/orders.v1.OfferService/PublishOffer' },
    message,
    PublishOfferRequest.encode(message).finish(),
    merchantTokens![merchantId(nth)],
  );
};

let reads: readonly Buffer[] | undefined;
const get = (nth: number): Buffer => {
  reads ??= orderIds!.map((id) => request({ verb: 'GET', path: `/v1/orders/${id}`, grpc: '/orders.v1.OrderService/GetOrder' }, {}, new Uint8Array()));
  // A step that shares no factor with the number of orders visits all of them in no simple order.
  return reads[(nth * 7_919) % reads.length]!;
};

const requests = { place, publish, get };
/** Requests go on where the last round ended. */
const position = { place: 0, publish: 0, get: 0 };

answerQuestions({
  round: async ({ what, targets, concurrency, ...extent }: LoadRound) => {
    requests[what](0);
    const feed = measuredFeed(requests[what], extent, position[what]);
    const perConnection = transport === 'rest' ? 1 : Math.min(streamsPerConnection, concurrency);
    const connections = Math.ceil(concurrency / perConnection);
    await Promise.all(
      Array.from({ length: connections }, (_, nth) => {
        const target = targets[nth % targets.length]!;
        return transport === 'rest' ? driveHttp1(target, feed) : driveHttp2(target, perConnection, feed);
      }),
    );
    position[what] += feed.sent();
    return feed.sample();
  },
});
