import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '@bufbuild/protobuf';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { customerQueries } from '../../src/queries/customer-queries.ts';
import { followOrders } from '../../src/queries/order-changes.ts';
import { orderQueries } from '../../src/queries/order-queries.ts';
import { orderReader } from '../../src/queries/order-reader.ts';
import { paymentQueries } from '../../src/queries/payment-queries.ts';
import { returnQueries } from '../../src/queries/return-queries.ts';
import { shipmentQueries } from '../../src/queries/shipment-queries.ts';
import { orderWatches } from '../../src/queries/watch-order.ts';
import { workQueries } from '../../src/queries/work-queries.ts';
import { openLife } from '../projections/life.ts';
import { caughtUp, startProjector } from '../projections/projector.ts';
import { openerOf } from '../queries/asking.ts';
import { afterwards } from '../support/afterwards.ts';
import { contract, methodNamed, openTransports } from '../support/any-method.ts';
import { openClients, type Who } from '../support/clients.ts';
import { openStand } from '../support/stand.ts';
import { transportsOf } from './command-api.ts';
import { runningApi, services } from './running-api.ts';

// What a token is not bound to it does not see, by whichever method it asks: every query of the contract, tried over both transports.

const stand = await openStand();
afterwards(() => stand.close());
const projector = startProjector(stand);
afterwards(() => projector.stop());
const { pool, store } = stand;
const consistency = openConsistency({ pool, store, logger: silent });
const open = openerOf();
const orders = orderQueries({ pool, store, consistency, open });
const watches = orderWatches({
  reader: orderReader({ pool, consistency }),
  changes: followOrders({ pool, store, logger: silent }),
  open,
  metrics: createMetrics('test'),
});
const { api, keyFile } = await runningApi({
  services: services({
    'orders.v1.CustomerService': customerQueries({ store }),
    'orders.v1.OrderService': { ...orders, ...shipmentQueries(orders), ...watches },
    'orders.v1.PaymentService': paymentQueries({ pool, consistency }),
    'orders.v1.ReturnService': returnQueries({ pool, consistency, open }),
    'orders.v1.WorkService': workQueries({ pool, consistency }),
  }),
});
const addresses = { httpUrl: api.httpUrl, grpcAddress: `127.0.0.1:${api.grpcPort}` };
const transports = openTransports(addresses);
const clients = openClients({ ...addresses, keyFile });
afterwards(() => {
  transports.close();
  clients.close();
});

/** An order of one merchant that was delivered, and comes back; and a line that waits for the merchant. */
const life = openLife(store);
const [customerId, merchantId] = [randomUUID(), randomUUID()];
const { orderId, paymentId } = await life.delivered([{ merchantId }], customerId);
const { shipmentId } = life.state.order(orderId).shipments[0]!;
const returnId = await life.giveBack(orderId, 'WARRANTY', 'it hums');
await life.orders(orderId, { type: 'RaiseTask', taskId: randomUUID(), kind: 'NOT_DELIVERED' });
await life.confirm(await life.place([{ merchantId }], customerId));
await caughtUp(stand);

/** Whose it is, in the words of the documentation; support acts for everybody. */
type Owner = 'the customer' | 'the merchant' | 'support';
type Case = { readonly request: JsonObject; readonly owners: readonly Owner[] };

/** Every method that reads what belongs to somebody. Lists are asked for everything, and for what is the owner's by name. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  'CustomerService/GetCustomer': [{ request: { customer_id: customerId }, owners: ['the customer', 'support'] }],
  'OrderService/GetOrder': [{ request: { order_id: orderId }, owners: ['the customer', 'the merchant', 'support'] }],
  'OrderService/GetShipment': [{ request: { order_id: orderId, shipment_id: shipmentId }, owners: ['the customer', 'the merchant', 'support'] }],
  'OrderService/GetOrderHistory': [{ request: { order_id: orderId }, owners: ['the customer', 'support'] }],
  'OrderService/GetOrderAt': [{ request: { order_id: orderId, revision: '0' }, owners: ['the customer', 'support'] }],
  'OrderService/WatchOrder': [{ request: { order_id: orderId }, owners: [] }],
  'OrderService/ListOrders': [
    { request: {}, owners: ['the customer', 'the merchant', 'support'] },
    { request: { customer_id: customerId }, owners: ['the customer', 'support'] },
    { request: { merchant_id: merchantId }, owners: ['the customer', 'the merchant', 'support'] },
  ],
  'PaymentService/GetPayment': [{ request: { payment_id: paymentId }, owners: ['the customer', 'support'] }],
  'PaymentService/ListPayments': [
    { request: {}, owners: ['the customer', 'support'] },
    { request: { customer_id: customerId }, owners: ['the customer', 'support'] },
    { request: { order_id: orderId }, owners: ['the customer', 'support'] },
  ],
  'ReturnService/GetReturn': [{ request: { return_id: returnId }, owners: ['the customer', 'the merchant', 'support'] }],
  'ReturnService/ListReturns': [
    { request: {}, owners: ['the customer', 'the merchant', 'support'] },
    { request: { customer_id: customerId }, owners: ['the customer', 'support'] },
    { request: { merchant_id: merchantId }, owners: ['the customer', 'the merchant', 'support'] },
  ],
  'WorkService/ListMerchantQueue': [
    { request: {}, owners: ['the merchant'] },
    { request: { merchant_id: merchantId }, owners: ['the merchant', 'support'] },
  ],
  'WorkService/ListTasks': [{ request: { order_id: orderId }, owners: ['support'] }],
};

/** Offers are for sale to everybody; what they cost their merchant is cut, which tests of offers are about. */
const forEverybody = ['OfferService/GetOffer', 'OfferService/ListOffers'];

test('there is a case for every method that reads', () => {
  const reading = contract.methods
    .filter(({ routes }) => routes.some(({ verb }) => verb === 'GET'))
    .map(({ service, name }) => `${service.slice(service.lastIndexOf('.') + 1)}/${name}`);
  assert.deepEqual([...Object.keys(cases), ...forEverybody].toSorted(), reading.toSorted());
});

const tenantsOf: Readonly<Record<Owner, Omit<Who, 'role' | 'scopes'> & { readonly scopes?: readonly string[] }>> = {
  'the customer': { customerId },
  'the merchant': { merchantId },
  support: { scopes: ['tenants:any-customer', 'tenants:any-merchant'] },
};
/** Tokens with the scope that name somebody else, nobody, or the right id as what it is not. */
const strangers: Readonly<Record<string, Omit<Who, 'role' | 'scopes'>>> = {
  'another customer': { customerId: randomUUID() },
  'another merchant': { merchantId: randomUUID() },
  'a customer that has the id of the merchant': { customerId: merchantId },
  'a merchant that has the id of the customer': { merchantId: customerId },
  nobody: {},
};

for (const [method, tried] of Object.entries(cases)) {
  const description = methodNamed(method);
  for (const transport of transportsOf(method)) {
    const ask = async (who: Who, request: JsonObject) => {
      const scopes = [description.scope, 'orders:personal', ...(who.scopes ?? [])];
      return transports[transport](description, request, await clients.token({ ...who, scopes }));
    };

    test(`${method} over ${transport} shows strangers nothing`, async () => {
      for (const { request } of tried) {
        for (const [who, tenant] of Object.entries(strangers)) {
          const told = await ask(tenant, request);
          const said = `${who} asks ${JSON.stringify(request)}: ${JSON.stringify(told)}`;
          if ('code' in told) assert.ok(['FORBIDDEN', 'INVALID_REQUEST'].includes(told.code), said);
          else
            assert.ok(
              Object.values(told.message).every((value) => value === '' || (Array.isArray(value) && value.length === 0)),
              said,
            );
        }
      }
    });

    // What a watch tells its owners, tests of their own are about: it has no end to wait for.
    if (!description.streams)
      test(`${method} over ${transport} shows its owners what is theirs`, async () => {
        for (const { request, owners } of tried) {
          for (const owner of Object.keys(tenantsOf) as Owner[]) {
            const told = await ask(tenantsOf[owner], request);
            const shows = 'message' in told && /[0-9a-f]{8}-[0-9a-f]{4}/.test(JSON.stringify(told.message));
            assert.equal(shows, owners.includes(owner), `${owner} asks ${JSON.stringify(request)}: ${JSON.stringify(told)}`);
          }
        }
      });
  }
}
