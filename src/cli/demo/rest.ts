import {
  currency,
  deadlineMs,
  noAnswer,
  noConnection,
  type Acknowledged,
  type Api,
  type OfferRead,
  type OrderRead,
  type Reply,
  type Tokens,
} from './api.ts';
import { restRequest } from './rest-commands.ts';

/** The platform through REST, with nothing but fetch. */
export const restApi = (url: string, tokens: Tokens): Api => {
  const ask = <Answer>(request: Request, read: (body: never) => Answer): Promise<Reply<Answer>> => send(url, request, read);

  return {
    transport: 'REST',
    placeOrder: ({ person, lines, paymentMethod }, key) => {
      const { customerId, name, email, language, line1, postalCode, city, countryCode } = person;
      const body = {
        customer: { customer_id: customerId, name, email, language },
        shipping_address: { recipient: name, line1, postal_code: postalCode, city, country_code: countryCode },
        lines: lines.map(({ offerId, quantity, shownPriceMinor }) => ({ offer_id: offerId, quantity, shown_unit_price: euros(shownPriceMinor) })),
        payment_method: paymentMethod,
      };
      return ask({ path: '/v1/orders', token: tokens.checkout, key, body }, (answer: AcknowledgedJson & { order_id: string }) => ({
        ...acknowledged(answer),
        orderId: answer.order_id,
      }));
    },
    send: async (command, key) => ask({ ...restRequest(command), token: await tokens.of(command.as), key }, acknowledged),
    getOrder: (orderId, consistencyToken) =>
      ask({ path: `/v1/orders/${orderId}`, token: tokens.checkout, consistencyToken }, (order: OrderJson): OrderRead => ({
        status: order.status,
        totalMinor: Number(order.total.amount_minor),
        lines: order.lines.map(({ line_id, offer_id, merchant_id, title, grade, quantity, unit_price }) => ({
          lineId: line_id,
          offerId: offer_id,
          merchantId: merchant_id,
          title,
          grade,
          quantity,
          unitPriceMinor: Number(unit_price.amount_minor),
        })),
      })),
    getOrderHistory: async (orderId) =>
      ask({ path: `/v1/orders/${orderId}/history`, token: await tokens.of('support') }, ({ events }: { events: readonly { type: string }[] }) =>
        events.map(({ type }) => type),
      ),
    publishOffer: async ({ offerId, merchant, sku, title, grade, priceMinor, purchasePriceMinor, quantity, warrantyMonths }, key) => {
      const body = {
        offer_id: offerId,
        sku,
        title,
        grade,
        unit_price: euros(priceMinor),
        ...(purchasePriceMinor === undefined ? { vat_scheme: 'STANDARD' } : { vat_scheme: 'MARGIN', purchase_price: euros(purchasePriceMinor) }),
        quantity,
        warranty_months: warrantyMonths,
      };
      return ask({ path: '/v1/offers', token: await tokens.of(merchant), key, body }, acknowledged);
    },
    changePrice: async ({ offerId, merchant }, priceMinor, key) =>
      ask(
        { path: `/v1/offers/${offerId}:changePrice`, token: await tokens.of(merchant), key, body: { unit_price: euros(priceMinor) } },
        acknowledged,
      ),
    adjustStock: async ({ offerId, merchant }, difference, reason, key) =>
      ask({ path: `/v1/offers/${offerId}:adjustStock`, token: await tokens.of(merchant), key, body: { difference, reason } }, acknowledged),
    getOffer: ({ offerId }) => ask({ path: `/v1/offers/${offerId}`, token: tokens.checkout }, offerRead),
    listOffers: (merchantId) =>
      ask({ path: `/v1/offers?merchant_id=${merchantId}&page_size=200`, token: tokens.checkout }, ({ offers }: { offers: readonly OfferJson[] }) =>
        offers.map(offerRead),
      ),
    close: () => {},
  };
};

/** A POST where there is a body, a GET otherwise. */
type Request = {
  readonly path: string;
  readonly token: string;
  readonly key?: string;
  readonly consistencyToken?: string;
  readonly body?: object;
};

/** Amounts and revisions are 64-bit integers, which proto3 JSON writes as strings. */
type MoneyJson = { readonly amount_minor: string; readonly currency: string };
type AcknowledgedJson = { readonly revision: string; readonly consistency_token: string };
type OrderJson = {
  readonly status: string;
  readonly total: MoneyJson;
  readonly lines: readonly {
    readonly line_id: string;
    readonly offer_id: string;
    readonly merchant_id: string;
    readonly title: string;
    readonly grade: 'A' | 'B' | 'C';
    readonly quantity: number;
    readonly unit_price: MoneyJson;
  }[];
};
type OfferJson = {
  readonly offer_id: string;
  readonly unit_price: MoneyJson;
  readonly available: number;
  readonly status: string;
  readonly revision: string;
};

const send = async <Answer>(
  url: string,
  { path, token, key, consistencyToken, body }: Request,
  read: (body: never) => Answer,
): Promise<Reply<Answer>> => {
  try {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(consistencyToken === undefined ? {} : { 'consistency-token': consistencyToken }),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      signal: AbortSignal.timeout(deadlineMs),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return response.ok ? { kind: 'answered', answer: read(JSON.parse(text) as never) } : failure(response, text);
  } catch (error) {
    const { name, message, cause } = error as Error;
    return { kind: 'failed', code: name === 'TimeoutError' ? noAnswer : noConnection, because: cause instanceof Error ? cause.message : message };
  }
};

/** What a refusal says of itself: problem details (RFC 9457), and Retry-After where one may try again. */
const failure = ({ status, headers }: Response, text: string): Reply<never> => {
  const { code, detail } = problemOf(text);
  const retryAfter = headers.get('retry-after');
  if (retryAfter !== null)
    return { kind: 'failed', code: code ?? `HTTP ${status}`, because: detail ?? text, retryAfterMs: Number(retryAfter) * 1_000 };
  return { kind: status === 409 ? 'refused' : 'failed', code: code ?? `HTTP ${status}`, because: detail ?? text };
};

const problemOf = (text: string): { readonly code?: string; readonly detail?: string } => {
  try {
    return JSON.parse(text) as { readonly code?: string };
  } catch {
    return {};
  }
};

const euros = (amountMinor: number): MoneyJson => ({ amount_minor: String(amountMinor), currency });

const acknowledged = ({ revision, consistency_token }: AcknowledgedJson): Acknowledged => ({
  revision: BigInt(revision),
  consistencyToken: consistency_token,
});

const offerRead = ({ offer_id, unit_price, available, status, revision }: OfferJson): OfferRead => ({
  offerId: offer_id,
  priceMinor: Number(unit_price.amount_minor),
  available,
  isPublished: status === 'PUBLISHED',
  revision: BigInt(revision),
});
