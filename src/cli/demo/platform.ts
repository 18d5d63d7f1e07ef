import type { Client } from '../../../clients/typescript/src/client.ts';
import { ApiError } from '../../../clients/typescript/src/errors.ts';
import type { Offer } from '../../../clients/typescript/src/generated/orders/v1/offers.ts';
import type { Order } from '../../../clients/typescript/src/generated/orders/v1/orders.ts';
import type { MoneyInput } from '../../../clients/typescript/src/generated/requests.ts';
import { grpcClient } from '../../../clients/typescript/src/grpc.ts';
import { restClient } from '../../../clients/typescript/src/rest.ts';
import { currency, deadlineMs, noAnswer, noConnection, type Api, type OfferRead, type OrderRead, type Reply, type Tokens } from './api.ts';
import type { Actor } from './commands.ts';
import { sendCommand } from './send-command.ts';

/** Hears of every try that the client repeats because the platform says so. */
type Again = () => void;

/** The platform through gRPC, with the published client. */
export const grpcApi = (address: string, tokens: Tokens, again: Again): Api =>
  platformApi('gRPC', grpcClient({ address, plaintext: true, token: tokens.checkout, deadlineMs, onRetry: again }), tokens);

/** The platform through REST, with the published client. */
export const restApi = (url: string, tokens: Tokens, again: Again): Api =>
  platformApi('REST', restClient({ url, token: tokens.checkout, deadlineMs, onRetry: again }), tokens);

const platformApi = (transport: Api['transport'], client: Client, tokens: Tokens): Api => {
  /** Sessions that remember nothing: the demo brings its consistency tokens itself, to see that they hold. */
  const checkout = (): Client => client.session();
  const as = async (actor: Actor): Promise<Client> => client.session({ token: await tokens.of(actor) });

  return {
    transport,
    placeOrder: ({ person, lines, paymentMethod }, requestId) => {
      const { customerId, name, email, language, line1, postalCode, city, countryCode } = person;
      const request = {
        requestId,
        customer: { customerId, name, email, language },
        shippingAddress: { recipient: name, line1, postalCode, city, countryCode },
        lines: lines.map(({ offerId, quantity, shownPriceMinor }) => ({ offerId, quantity, shownUnitPrice: euros(shownPriceMinor) })),
        paymentMethod,
      };
      return replyOf(checkout().placeOrder(request));
    },
    send: async (command, requestId) => replyOf(sendCommand(await as(command.as), command, requestId)),
    getOrder: (orderId, consistencyToken) => replyOf(checkout().getOrder({ orderId }, { consistencyToken }).then(orderRead)),
    getOrderHistory: async (orderId) => {
      const support = await as('support');
      return replyOf(support.getOrderHistory({ orderId }).then(({ events }) => events.map(({ type }) => type)));
    },
    publishOffer: async ({ offerId, merchant, sku, title, grade, priceMinor, purchasePriceMinor, quantity, warrantyMonths }, requestId) => {
      const terms = { sku, title, grade, unitPrice: euros(priceMinor), quantity, warrantyMonths };
      const scheme =
        purchasePriceMinor === undefined
          ? ({ vatScheme: 'STANDARD' } as const)
          : ({ vatScheme: 'MARGIN', purchasePrice: euros(purchasePriceMinor) } as const);
      return replyOf((await as(merchant)).publishOffer({ offerId, requestId, ...terms, ...scheme }));
    },
    changePrice: async ({ offerId, merchant }, priceMinor, requestId) =>
      replyOf((await as(merchant)).changePrice({ offerId, requestId, unitPrice: euros(priceMinor) })),
    adjustStock: async ({ offerId, merchant }, difference, reason, requestId) =>
      replyOf((await as(merchant)).adjustStock({ offerId, requestId, difference, reason })),
    getOffer: ({ offerId }) => replyOf(checkout().getOffer({ offerId }).then(offerRead)),
    listOffers: (merchantId) =>
      replyOf(
        checkout()
          .listOffers({ merchantId, pageSize: 200 })
          .then(({ offers }) => offers.map(offerRead)),
      ),
    close: client.close,
  };
};

/** What came of a call, as a value. */
const replyOf = async <Answer>(calling: Promise<Answer>): Promise<Reply<Answer>> => {
  try {
    return { kind: 'answered', answer: await calling };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, code, message: because } = error;
    if (status === 'FAILED_PRECONDITION' || code === 'ID_TAKEN') return { kind: 'refused', code, because };
    return { kind: 'failed', code: withoutAnswer.get(code) ?? code, because };
  }
};

/** What the client says of itself. */
const withoutAnswer: ReadonlyMap<string, string> = new Map([
  ['CONNECTION_FAILED', noConnection],
  ['DEADLINE_EXCEEDED', noAnswer],
]);

const euros = (amountMinor: number): MoneyInput => ({ amountMinor, currency });

const offerRead = ({ offerId, unitPrice, available, status, revision }: Offer): OfferRead => ({
  offerId,
  priceMinor: Number(unitPrice?.amountMinor),
  available,
  isPublished: status === 'PUBLISHED',
  revision,
});

const orderRead = ({ status, total, lines }: Order): OrderRead => ({
  status,
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
