import { randomUUID } from 'node:crypto';
import type { Clients, Who } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import type { KnownIds } from './drafts.ts';

/** What stands on the platform before it is fuzzed: offers and orders of two customers and two merchants. */
export type World = { readonly known: KnownIds; readonly callers: readonly Who[]; readonly consistencyTokens: readonly string[] };

/** Makes it, over REST. */
export const makeWorld = async ({ rest }: Clients): Promise<World> => {
  const merchants = [randomUUID(), randomUUID()];
  const customers = [randomUUID(), randomUUID()];
  const offers: string[] = [];
  const orders: string[] = [];
  const lines: string[] = [];
  const consistencyTokens: string[] = [];
  for (const merchantId of merchants) {
    for (const quantity of [1, 100_000]) {
      const { body } = await rest({ role: 'merchant', merchantId }, 'POST', '/v1/offers', anOffer(quantity));
      offers.push(body.offer_id);
      consistencyTokens.push(body.consistency_token);
    }
  }
  for (const customerId of customers) {
    for (const offerId of offers.filter((_, index) => index % 2 === 1)) {
      const { body } = await rest({ role: 'checkout' }, 'POST', '/v1/orders', anOrder(customerId, offerId));
      orders.push(body.order_id);
      consistencyTokens.push(body.consistency_token);
      await eventually('the order is there', async () => (await rest({ role: 'support' }, 'GET', `/v1/orders/${body.order_id}`)).status === 200);
      const order = await rest({ role: 'support' }, 'GET', `/v1/orders/${body.order_id}`);
      lines.push(...order.body.lines.map((line: { readonly line_id: string }) => line.line_id));
    }
  }
  return {
    known: {
      order_id: orders,
      offer_id: offers,
      line_id: lines,
      merchant_id: merchants,
      customer_id: customers,
      request_id: ['k1', 'k2'],
      etag: ['0', '1', '*'],
    },
    callers: [
      { role: 'support' },
      { role: 'checkout' },
      { role: 'worker' },
      { role: 'finance' },
      { role: 'analytics' },
      ...merchants.map((merchantId): Who => ({ role: 'merchant', merchantId })),
      ...customers.map((customerId): Who => ({ role: 'customer', customerId })),
      { scopes: ['offers:write', 'fulfilment:write', 'orders:place', 'orders:read', 'tenants:any-merchant', 'tenants:any-customer'] },
      { scopes: ['orders:read', 'orders:history', 'offers:write', 'fulfilment:write', 'orders:place'] },
    ],
    consistencyTokens,
  };
};

const price = { amount_minor: '39900', currency: 'EUR' };
const anOffer = (quantity: number) => ({
  sku: 'PHONE-13',
  title: 'Telephone 13',
  grade: 'A',
  unit_price: price,
  quantity,
  vat_scheme: 'STANDARD',
  warranty_months: 12,
});
const anOrder = (customerId: string, offerId: string) => ({
  customer: { customer_id: customerId, name: 'Ada Lovelace', email: 'ada@example.org', language: 'en' },
  shipping_address: { recipient: 'Ada Lovelace', line1: 'Kastanienallee 77', postal_code: '10435', city: 'Berlin', country_code: 'DE' },
  lines: [{ offer_id: offerId, quantity: 2, shown_unit_price: price }],
  payment_method: 'pm_card',
});
