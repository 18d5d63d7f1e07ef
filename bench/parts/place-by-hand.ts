// PlaceOrder as one would write it for this one case: the same store, keys, domain and JSON, and nothing around them. No check of the
// fields, no idempotency key, no deadline, no line per stream, no metrics of calls, no limits, no errors but "no".
import { randomUUIDv7 } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { openStore } from '../../src/cli/open-store.ts';
import { offerStream, orderStream } from '../../src/domain/ids.ts';
import { offer } from '../../src/domain/offer.ts';
import { placeOrder } from '../../src/domain/order-placement.ts';
import { order } from '../../src/domain/order.ts';
import { standardTerms } from '../../src/domain/terms.ts';
import { encodeToken } from '../../src/eventstore/consistency-token.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { keyedHash, seal } from '../../src/privacy/sealing.ts';
import { openByHand } from '../by-hand.ts';
import { answerQuestions } from '../part.ts';

const { url, authenticate, keys, close } = await openByHand();
const store = openStore(url, { name: 'bench', logger: silent, metrics: createMetrics('bench') });
const { id: logId } = await store.identity();

type Body = {
  readonly customer: { readonly customer_id: string; readonly name: string; readonly email: string; readonly language: string };
  readonly shipping_address: Readonly<Record<'recipient' | 'line1' | 'line2' | 'postal_code' | 'city' | 'country_code', string>>;
  readonly lines: readonly {
    readonly offer_id: string;
    readonly quantity: number;
    readonly shown_unit_price: { readonly amount_minor: string; readonly currency: string };
  }[];
  readonly payment_method: string;
};

/** Offers as far as they were read. */
const offers = new Map<string, { state: typeof offer.initial; next: number }>();

const current = async (lines: Body['lines']): Promise<readonly (typeof offer.initial)[]> => {
  const known = lines.map(({ offer_id }) => {
    const stream = offerStream(offer_id);
    const cached = offers.get(stream) ?? { state: offer.initial, next: 0 };
    offers.set(stream, cached);
    return { stream, from: cached.next, cached };
  });
  const tails = await store.readTails(known);
  return known.map(({ cached }, index) => {
    for (const { revision, type, data } of tails[index]!) {
      if (revision !== cached.next) continue;
      cached.state = offer.evolve(cached.state, { type, data } as never);
      cached.next += 1;
    }
    return cached.state;
  });
};

const http = fastify();
http.post<{ Body: Body }>(
  '/v1/orders',
  {
    schema: {
      response: {
        201: { type: 'object', properties: { order_id: { type: 'string' }, revision: { type: 'string' }, consistency_token: { type: 'string' } } },
      },
    },
  },
  async ({ body, headers }, reply) => {
    const caller = await authenticate(headers.authorization);
    if ('kind' in caller || !caller.scopes.has('orders:place')) return reply.code(403).send();
    const { customer, shipping_address: address, lines, payment_method: paymentMethod } = body;
    const subject = customer.customer_id;
    const [key, states] = await Promise.all([keys.of(subject), current(lines)]);
    if (!key) return reply.code(409).send();
    const { recipient, line1, line2, postal_code: postalCode, city, country_code: countryCode } = address;
    const decision = placeOrder(
      {
        type: 'PlaceOrder',
        customerId: subject,
        contact: {
          name: seal(key, subject, 'name', customer.name),
          email: seal(key, subject, 'email', customer.email),
          language: customer.language,
        },
        shippingAddress: {
          address: seal(key, subject, 'shipping_address', JSON.stringify({ recipient, line1, line2, postalCode, city })),
          countryCode,
        },
        paymentMethod,
        lines: lines.map(({ offer_id: offerId, quantity, shown_unit_price: shown }, index) => ({
          lineId: randomUUIDv7(),
          offerId,
          quantity,
          shownPriceMinor: Number(shown.amount_minor),
          shownCurrency: shown.currency,
          offer: states[index]!,
        })),
        now: new Date().toISOString(),
        terms: standardTerms,
      },
      order.initial,
    );
    if (decision.kind === 'rejected') return reply.code(409).send();
    const { type, data } = decision.events[0]!;
    const orderId = randomUUIDv7();
    const meta = {
      commandId: randomUUIDv7(),
      commandHash: keyedHash(key, Buffer.from(JSON.stringify(body))),
      correlationId: randomUUIDv7(),
      actor: `user:${caller.subject}`,
    };
    const result = await store.append(orderStream(orderId), [{ id: randomUUIDv7(), type, schemaVersion: 1, data, meta }], 'none');
    if (result.kind !== 'appended') return reply.code(503).send();
    return reply.code(201).send({ order_id: orderId, revision: '0', consistency_token: encodeToken({ logId, position: result.position }) });
  },
);
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;

answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await store.close();
  await close();
});
