import type { Customer, GetCustomerRequest, LegalHold } from '../contract/generated/orders/v1/customers.ts';
import { actsForCustomer, authorityOf } from '../domain/authority.ts';
import { catalogue } from '../domain/catalogue.ts';
import { customer, type CustomerEvent } from '../domain/customer.ts';
import { customerStream } from '../domain/ids.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { decoder } from '../eventstore/event-versions.ts';
import { answered, type Method } from '../platform/call.ts';
import { notYours } from './access.ts';

/** The customer queries as the proto names them. */
export type CustomerQueries = { readonly getCustomer: Method<GetCustomerRequest, Customer> };

const decode = decoder(catalogue);

/** Reads customers straight from the log: few ask, and what they are told must be true now. A customer without events has no holds. */
export const customerQueries = ({ store }: { readonly store: EventStore }): CustomerQueries => ({
  async getCustomer(request, { caller }) {
    const customerId = request.customerId.toLowerCase();
    if (!actsForCustomer(authorityOf(caller), customerId)) return notYours();
    let state = customer.initial;
    let revision = -1;
    const placedAt = new Map<string, Date>();
    for await (const recorded of store.read(customerStream(customerId))) {
      const event = decode(recorded) as CustomerEvent;
      state = customer.evolve(state, event);
      revision = recorded.revision;
      if (event.type === 'LegalHoldPlaced') placedAt.set(event.data.holdId, recorded.recordedAt);
    }
    const holds = state.holds.filter(({ status }) => status === 'placed');
    return answered({
      customerId,
      revision: BigInt(revision),
      legalHolds: holds.map(({ holdId, kind }): LegalHold => ({ holdId, kind, placedAt: placedAt.get(holdId) })),
    });
  },
});
