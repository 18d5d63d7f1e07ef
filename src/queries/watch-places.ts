import { authorityOf } from '../domain/authority.ts';
import { refused, type Caller, type Refusal } from '../platform/call.ts';

/** How many orders may be watched at once through one process: in all, by one caller that acts for others, and by those who are bound to one customer or merchant, together. */
export type WatchLimits = { readonly perProcess: number; readonly perCaller: number; readonly perTenant: number };

const defaultLimits: WatchLimits = { perProcess: 10_000, perCaller: 5_000, perTenant: 100 };

/** Takes a place for one watch, and gives the function that gives it back, once; or refuses: another process may have a place, or the caller has too many. */
export const watchPlaces = (limits: WatchLimits = defaultLimits): ((caller: Caller) => (() => void) | Refusal) => {
  const taken = new Map<string, number>();
  let inAll = 0;
  return (caller) => {
    const { holder, most } = holderOf(caller, limits);
    const held = taken.get(holder) ?? 0;
    if (held >= most)
      return refused('too_many', 'TOO_MANY_WATCHES', `At most ${most} orders can be watched at once; end another watch first.`, later);
    if (inAll >= limits.perProcess)
      return refused('unavailable', 'WATCHES_EXHAUSTED', 'This server has no room for another watch; try again.', later);
    taken.set(holder, held + 1);
    inAll += 1;
    return () => {
      const left = taken.get(holder)! - 1;
      if (left === 0) taken.delete(holder);
      else taken.set(holder, left);
      inAll -= 1;
    };
  };
};

const later = { retryAfterMs: 5_000 };

const holderOf = (caller: Caller, limits: WatchLimits): { readonly holder: string; readonly most: number } => {
  const { anyCustomer, anyMerchant, customerId, merchantId } = authorityOf(caller);
  if (anyCustomer || anyMerchant) return { holder: `caller ${caller.issuer} ${caller.subject}`, most: limits.perCaller };
  return { holder: customerId === undefined ? `merchant ${merchantId}` : `customer ${customerId}`, most: limits.perTenant };
};
