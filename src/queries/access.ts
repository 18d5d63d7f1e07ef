import { actsForCustomer, actsForMerchant, authorityOf, type Authority } from '../domain/authority.ts';
import type { Caller } from '../platform/call.ts';
import { refused, type Refusal } from '../platform/call.ts';

/** How much of an order a caller sees: all of it; lines only (of one merchant, or of all), without the customer; or nothing. */
export type Sight = { readonly kind: 'whole' } | { readonly kind: 'lines'; readonly merchantId?: string } | { readonly kind: 'nothing' };

/** What a caller sees of a customer's order with lines of these merchants. */
export const sightOf = (authority: Authority, order: { readonly customerId: string; readonly merchantIds: readonly string[] }): Sight => {
  if (actsForCustomer(authority, order.customerId)) return { kind: 'whole' };
  if (authority.anyMerchant) return { kind: 'lines' };
  if (authority.merchantId !== undefined && order.merchantIds.includes(authority.merchantId))
    return { kind: 'lines', merchantId: authority.merchantId };
  return { kind: 'nothing' };
};

/** A merchant's purchase price is its own business: shown to it, and to who may see costs. */
export const seesCost = (caller: Caller, merchantId: string): boolean => caller.scopes.has('orders:cost') || caller.merchantId === merchantId;

export const seesPersonal = (caller: Caller): boolean => caller.scopes.has('orders:personal');

/** Tasks are between the platform and its support. */
export const seesTasks = (caller: Caller): boolean => caller.scopes.has('orders:support');

/** A missing claim never widens: a token without tenants sees nothing that belongs to anybody. */
export const boundToNobody = ({ scopes, customerId, merchantId }: Caller): boolean =>
  customerId === undefined && merchantId === undefined && !scopes.has('tenants:any-customer') && !scopes.has('tenants:any-merchant');

/** A list's filter, ids in lower case and narrowed to what the caller may see; undefined when it asks for what belongs to others. */
export const narrowed = <Filter extends { readonly customerId?: string; readonly merchantId?: string }>(
  asked: Filter,
  caller: Caller,
): Filter | undefined => {
  const authority = authorityOf(caller);
  if (authority.anyCustomer) return asked;
  if (asked.customerId !== undefined) return actsForCustomer(authority, asked.customerId) ? asked : undefined;
  if (asked.merchantId !== undefined && actsForMerchant(authority, asked.merchantId)) return asked;
  if (authority.customerId !== undefined) return { ...asked, customerId: authority.customerId };
  if (asked.merchantId !== undefined) return undefined;
  if (authority.anyMerchant) return asked;
  return authority.merchantId === undefined ? undefined : { ...asked, merchantId: authority.merchantId };
};

/** The same for what exists and belongs to others, and for a token that is bound to nobody. */
export const notYours = (): Refusal => refused('forbidden', 'FORBIDDEN', 'This belongs to somebody else.');
