import { refused, type Call, type Refusal } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import { boundToNobody, notYours } from './access.ts';
import type { Consistency } from './consistency.ts';
import { orderGroups, orderLoader } from './order-rows.ts';
import type { OrderRead } from './order-view.ts';
import { isParked, unshowable } from './parked.ts';

/** Reads single orders from the read model. */
export type OrderReader = {
  /** The order as far as the call's consistency token asks; or why it cannot be had. Whether the caller may see it is not looked at. */
  readonly read: (orderId: string, call: Call) => Promise<OrderRead | Refusal>;
  /** The order as it stands in the read model; undefined: it is not there. */
  readonly load: (orderId: string) => Promise<OrderRead | undefined>;
};

/** Reads that come in together share a statement. */
export const orderReader = ({ pool, consistency }: { readonly pool: Pool; readonly consistency: Consistency }): OrderReader => {
  const load = gather(orderLoader(pool), { maxBatch: 200, inFlight: 2 });
  return {
    load,
    async read(orderId, call) {
      if (boundToNobody(call.caller)) return notYours();
      if (call.consistencyToken !== undefined) {
        const unreached = await consistency.reached(call, ['orders'], () => isParked(pool, orderGroups, orderId));
        if (unreached) return unreached;
      }
      const row = await load(orderId);
      if (row) return row;
      return (await isParked(pool, orderGroups, orderId)) ? unshowable() : refused('not_found', 'ORDER_NOT_FOUND', 'No such order is known.');
    },
  };
};
