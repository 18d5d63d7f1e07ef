import type { Services } from '../api/methods.ts';
import { customerCommands } from '../commands/customer-commands.ts';
import { fulfilmentCommands } from '../commands/fulfilment-commands.ts';
import type { Handle } from '../commands/handle.ts';
import { offerCommands } from '../commands/offer-commands.ts';
import { orderCommands } from '../commands/order-commands.ts';
import { paymentCommands } from '../commands/payment-commands.ts';
import { paymentRecords } from '../commands/payment-records.ts';
import { returnCommands } from '../commands/return-commands.ts';
import type { States } from '../commands/states.ts';
import type { Terms } from '../domain/terms.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Pool } from '../platform/database.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import type { Consistency } from '../queries/consistency.ts';
import { customerQueries } from '../queries/customer-queries.ts';
import { offerQueries } from '../queries/offer-queries.ts';
import { followOrders } from '../queries/order-changes.ts';
import { orderQueries } from '../queries/order-queries.ts';
import { orderReader } from '../queries/order-reader.ts';
import { paymentQueries } from '../queries/payment-queries.ts';
import type { Open } from '../queries/personal-text.ts';
import { returnQueries } from '../queries/return-queries.ts';
import { shipmentQueries } from '../queries/shipment-queries.ts';
import { orderWatches } from '../queries/watch-order.ts';
import { workQueries } from '../queries/work-queries.ts';

/** What the methods of the API are made from. */
export type ApiParts = {
  readonly handle: Handle;
  readonly states: Pick<States, 'fresh'>;
  readonly terms: Terms;
  /** To the read models' database. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly consistency: Consistency;
  readonly open: Open;
  readonly logger: Logger;
  readonly metrics: Registry;
};

/** The implementation of every method of the contract, by service. */
export const apiServices = ({ handle, states, terms, pool, store, consistency, open, logger, metrics }: ApiParts): Services => {
  const orders = orderQueries({ pool, store, consistency, open });
  const watches = orderWatches({ reader: orderReader({ pool, consistency }), changes: followOrders({ pool, store, logger }), open, metrics });
  return {
    'orders.internal.v1.PaymentRecordService': paymentRecords(handle),
    'orders.v1.CustomerService': { ...customerCommands(handle), ...customerQueries({ store }) },
    'orders.v1.OfferService': { ...offerCommands(handle), ...offerQueries({ pool, consistency }) },
    'orders.v1.OrderService': {
      ...orderCommands(handle, terms),
      ...fulfilmentCommands(handle, terms),
      ...orders,
      ...watches,
      ...shipmentQueries(orders),
    },
    'orders.v1.PaymentService': { ...paymentCommands(handle), ...paymentQueries({ pool, consistency }) },
    'orders.v1.ReturnService': { ...returnCommands(handle, states, terms), ...returnQueries({ pool, consistency, open }) },
    'orders.v1.WorkService': workQueries({ pool, consistency }),
  };
};
