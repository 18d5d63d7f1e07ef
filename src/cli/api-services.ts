import type { Services } from '../api/methods.ts';
import { customerCommands } from '../commands/customer-commands.ts';
import { fulfilmentCommands } from '../commands/fulfilment-commands.ts';
import type { Handle } from '../commands/handle.ts';
import { offerCommands } from '../commands/offer-commands.ts';
import { orderCommands } from '../commands/order-commands.ts';
import { paymentCommands } from '../commands/payment-commands.ts';
import { paymentRecords } from '../commands/payment-records.ts';
import { services as codecs } from '../contract/generated/services.ts';
import type { Terms } from '../domain/terms.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { refused } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import type { Consistency } from '../queries/consistency.ts';
import { offerQueries } from '../queries/offer-queries.ts';
import { orderQueries } from '../queries/order-queries.ts';

/** What the methods of the API are made from. */
export type ApiParts = {
  readonly handle: Handle;
  readonly terms: Terms;
  /** To the read models' database. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly consistency: Consistency;
  readonly open: Parameters<typeof orderQueries>[0]['open'];
};

/** The implementation of every method of the contract, by service. */
export const apiServices = ({ handle, terms, pool, store, consistency, open }: ApiParts): Services => {
  const unserved = unservedMethods();
  return {
    ...unserved,
    'orders.internal.v1.PaymentRecordService': paymentRecords(handle),
    'orders.v1.CustomerService': { ...unserved['orders.v1.CustomerService'], ...customerCommands(handle) },
    'orders.v1.OfferService': { ...offerCommands(handle), ...offerQueries({ pool, consistency }) },
    'orders.v1.OrderService': {
      ...orderCommands(handle, terms),
      ...fulfilmentCommands(handle, terms),
      ...orderQueries({ pool, store, consistency, open }),
    },
    'orders.v1.PaymentService': { ...unserved['orders.v1.PaymentService'], ...paymentCommands(handle) },
  };
};

/** Methods of the contract that nobody implements yet. */
const unservedMethods = (): Services => {
  const unserved = () => Promise.resolve(refused('unavailable', 'NOT_SERVED', 'This is not served yet.'));
  const services = Object.entries(codecs).map(([service, methods]) => [
    service,
    Object.fromEntries(Object.keys(methods).map((name) => [name, unserved])),
  ]);
  return Object.fromEntries(services) as Services;
};
