/** What a caller may act on: its own customer's or merchant's data, or everybody's. A missing id never widens. */
export type Authority = {
  readonly customerId?: string;
  readonly anyCustomer: boolean;
  readonly merchantId?: string;
  readonly anyMerchant: boolean;
};

/** What the claims and scopes of a token let its bearer act on. */
export const authorityOf = (caller: {
  readonly scopes: ReadonlySet<string>;
  readonly customerId?: string;
  readonly merchantId?: string;
}): Authority => ({
  anyCustomer: caller.scopes.has('tenants:any-customer'),
  anyMerchant: caller.scopes.has('tenants:any-merchant'),
  ...(caller.customerId === undefined ? {} : { customerId: caller.customerId }),
  ...(caller.merchantId === undefined ? {} : { merchantId: caller.merchantId }),
});

export const actsForCustomer = (authority: Authority, customerId: string): boolean => authority.anyCustomer || authority.customerId === customerId;

export const actsForMerchant = (authority: Authority, merchantId: string): boolean => authority.anyMerchant || authority.merchantId === merchantId;
