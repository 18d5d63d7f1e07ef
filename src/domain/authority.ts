/** What a caller may act on: its own customer's or merchant's data, or everybody's. A missing id never widens. */
export type Authority = {
  readonly customerId?: string;
  readonly anyCustomer: boolean;
  readonly merchantId?: string;
  readonly anyMerchant: boolean;
};

export const actsForCustomer = (authority: Authority, customerId: string): boolean => authority.anyCustomer || authority.customerId === customerId;

export const actsForMerchant = (authority: Authority, merchantId: string): boolean => authority.anyMerchant || authority.merchantId === merchantId;
