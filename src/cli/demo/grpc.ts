import { credentials, Metadata, status, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '../../contract/generated/google/rpc/error_details.ts';
import { Status } from '../../contract/generated/google/rpc/status.ts';
import type { Money } from '../../contract/generated/orders/v1/common.ts';
import { Offer_Status, Offer_VatScheme, OfferServiceClient, type Offer, type Offer_Grade } from '../../contract/generated/orders/v1/offers.ts';
import { OrderServiceClient, type Order } from '../../contract/generated/orders/v1/orders.ts';
import { ReturnServiceClient } from '../../contract/generated/orders/v1/returns.ts';
import { currency, deadlineMs, noAnswer, noConnection, type Api, type OfferRead, type OrderRead, type Reply, type Tokens } from './api.ts';
import { grpcSend } from './grpc-commands.ts';

/** The platform through gRPC, with the clients generated from its contract. */
export const grpcApi = (address: string, tokens: Tokens): Api => {
  // A platform that comes back is found again within two seconds.
  const channel = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 };
  const orders = new OrderServiceClient(address, credentials.createInsecure(), channel);
  const offers = new OfferServiceClient(address, credentials.createInsecure(), channel);
  const returns = new ReturnServiceClient(address, credentials.createInsecure(), channel);

  return {
    transport: 'gRPC',
    placeOrder: ({ person, lines, paymentMethod }, requestId) => {
      const { customerId, name, email, language, line1, postalCode, city, countryCode } = person;
      const request = {
        orderId: '',
        requestId,
        customer: { customerId, name, email, language },
        shippingAddress: { recipient: name, line1, line2: '', postalCode, city, countryCode },
        lines: lines.map(({ offerId, quantity, shownPriceMinor }) => ({ offerId, quantity, shownUnitPrice: euros(shownPriceMinor) })),
        paymentMethod,
      };
      return ask(tokens.checkout, (metadata, options, done) => orders.placeOrder(request, metadata, options, done));
    },
    send: async (command, requestId) => ask(await tokens.of(command.as), grpcSend(orders, returns, command, requestId)),
    getOrder: async (orderId, consistencyToken) => {
      const reply = await ask(tokens.checkout, (metadata, options, done: Done<Order>) => {
        metadata.set('consistency-token', consistencyToken);
        return orders.getOrder({ orderId }, metadata, options, done);
      });
      return mapped(reply, orderRead);
    },
    getOrderHistory: async (orderId) => {
      const reply = await ask(await tokens.of('support'), (metadata, options, done: Done<{ events: { type: string }[] }>) =>
        orders.getOrderHistory({ orderId, pageSize: undefined, pageToken: '' }, metadata, options, done),
      );
      return mapped(reply, ({ events }) => events.map(({ type }) => type));
    },
    publishOffer: async ({ offerId, merchant, sku, title, grade, priceMinor, purchasePriceMinor, quantity, warrantyMonths }, requestId) => {
      const request = {
        offerId,
        merchantId: '',
        requestId,
        sku,
        title,
        grade: grade as Offer_Grade,
        unitPrice: euros(priceMinor),
        purchasePrice: purchasePriceMinor === undefined ? undefined : euros(purchasePriceMinor),
        quantity,
        vatScheme: purchasePriceMinor === undefined ? Offer_VatScheme.STANDARD : Offer_VatScheme.MARGIN,
        warrantyMonths,
      };
      return ask(await tokens.of(merchant), (metadata, options, done) => offers.publishOffer(request, metadata, options, done));
    },
    changePrice: async ({ offerId, merchant }, priceMinor, requestId) =>
      ask(await tokens.of(merchant), (metadata, options, done) =>
        offers.changePrice({ offerId, requestId, unitPrice: euros(priceMinor), etag: '' }, metadata, options, done),
      ),
    adjustStock: async ({ offerId, merchant }, difference, reason, requestId) =>
      ask(await tokens.of(merchant), (metadata, options, done) =>
        offers.adjustStock({ offerId, requestId, difference, reason, etag: '' }, metadata, options, done),
      ),
    getOffer: async ({ offerId }) =>
      mapped(await ask(tokens.checkout, (metadata, options, done: Done<Offer>) => offers.getOffer({ offerId }, metadata, options, done)), offerRead),
    listOffers: async (merchantId) => {
      const request = { merchantId, status: Offer_Status.STATUS_UNSPECIFIED, pageSize: 200, pageToken: '' };
      const reply = await ask(tokens.checkout, (metadata, options, done: Done<{ offers: Offer[] }>) =>
        offers.listOffers(request, metadata, options, done),
      );
      return mapped(reply, (page) => page.offers.map(offerRead));
    },
    close: () => {
      orders.close();
      offers.close();
      returns.close();
    },
  };
};

type Done<Answer> = (error: ServiceError | null, answer: Answer) => void;

const ask = <Answer>(token: string, send: (metadata: Metadata, options: CallOptions, done: Done<Answer>) => unknown): Promise<Reply<Answer>> =>
  new Promise((resolve) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    send(metadata, { deadline: Date.now() + deadlineMs }, (error, answer) => resolve(error ? failure(error) : { kind: 'answered', answer }));
  });

/** What an error says of itself: ErrorInfo and RetryInfo in the google.rpc.Status of `grpc-status-details-bin` (https://google.aip.dev/193). */
const failure = (error: ServiceError): Reply<never> => {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const details = bytes === undefined ? [] : Status.decode(bytes as Buffer).details;
  const value = (name: string): Uint8Array | undefined => details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${name}`))?.value;
  const info = value('ErrorInfo');
  if (!info) {
    const because = error.details.replace(/\.? Resolution note:.*$/s, '').replace('No connection established. Last error: Error: ', '');
    return { kind: 'failed', code: error.code === status.DEADLINE_EXCEEDED ? noAnswer : noConnection, because };
  }
  const code = ErrorInfo.decode(info).reason;
  const retry = value('RetryInfo');
  const delay = retry && RetryInfo.decode(retry).retryDelay;
  if (delay) return { kind: 'failed', code, because: error.details, retryAfterMs: Number(delay.seconds) * 1_000 + delay.nanos / 1e6 };
  return { kind: error.code === status.FAILED_PRECONDITION ? 'refused' : 'failed', code, because: error.details };
};

const mapped = <From, To>(reply: Reply<From>, map: (answer: From) => To): Reply<To> =>
  reply.kind === 'answered' ? { kind: 'answered', answer: map(reply.answer) } : reply;

const euros = (amountMinor: number): Money => ({ amountMinor: BigInt(amountMinor), currency });

const offerRead = ({ offerId, unitPrice, available, status: life, revision }: Offer): OfferRead => ({
  offerId,
  priceMinor: Number(unitPrice?.amountMinor),
  available,
  isPublished: life === Offer_Status.PUBLISHED,
  revision,
});

const orderRead = ({ status: life, total, lines }: Order): OrderRead => ({
  status: life,
  totalMinor: Number(total?.amountMinor),
  lines: lines.map(({ lineId, offerId, merchantId, title, grade, quantity, unitPrice }) => ({
    lineId,
    offerId,
    merchantId,
    title,
    grade: grade as 'A' | 'B' | 'C',
    quantity,
    unitPriceMinor: Number(unitPrice?.amountMinor),
  })),
});
