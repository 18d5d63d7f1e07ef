import type { Services } from '../api/methods.ts';
import type { Handle } from '../commands/handle.ts';
import { offerCommands } from '../commands/offer-commands.ts';
import { orderCommands } from '../commands/order-commands.ts';
import { services as codecs } from '../contract/generated/services.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { refused } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import type { Consistency } from '../queries/consistency.ts';
import { offerQueries } from '../queries/offer-queries.ts';
import { orderQueries } from '../queries/order-queries.ts';
import type { Open } from '../queries/order-view.ts';

/** What the methods of the API are made from. */
export type ApiParts = {
  readonly handle: Handle;
  /** To the read models' database. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly consistency: Consistency;
  readonly open: Open;
};

/** The implementation of every method of the contract, by service. */
export const apiServices = ({ handle, pool, store, consistency, open }: ApiParts): Services => {
  const unserved = unservedMethods();
  return {
    ...unserved,
    'orders.v1.OfferService': { ...offerCommands(handle), ...offerQueries({ pool, consistency }) },
    'orders.v1.OrderService': {
      ...unserved['orders.v1.OrderService'],
      ...orderCommands(handle),
      ...orderQueries({ pool, store, consistency, open }),
    },
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
