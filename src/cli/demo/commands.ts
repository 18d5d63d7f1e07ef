import type { Person } from './people.ts';

/** What customers, merchants and support do to an order or a return after it was placed. Amounts are euro cents. */
export type Command =
  | (OfOrder & { readonly type: 'CancelOrder'; readonly as: CustomerOf; readonly reason: string })
  | (OfLine & { readonly type: 'CancelLine'; readonly as: CustomerOf; readonly reason: string })
  | (OfOrder & { readonly type: 'ChangeAddress'; readonly as: CustomerOf; readonly address: Address })
  | (OfLine & { readonly type: 'AcceptLine'; readonly as: MerchantOf })
  | (OfLine & { readonly type: 'RejectLine'; readonly as: MerchantOf; readonly reason: string })
  | (OfOrder & {
      readonly type: 'DispatchShipment';
      readonly as: MerchantOf;
      readonly shipmentId: string;
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly lines: readonly Pieces[];
    })
  | (OfShipment & { readonly type: 'ConfirmDelivery'; readonly as: MerchantOf })
  | (OfShipment & { readonly type: 'ReportShipmentLost'; readonly as: 'support'; readonly reason: string })
  | (OfOrder & { readonly type: 'HoldOrder' | 'ReleaseOrder'; readonly as: 'support'; readonly reason: string })
  | (OfOrder & { readonly type: 'ResolveTask'; readonly as: 'support'; readonly taskId: string; readonly reason: string })
  | (OfOrder & {
      readonly type: 'RequestReturn';
      readonly as: CustomerOf;
      readonly returnId: string;
      readonly kind: 'WITHDRAWAL' | 'WARRANTY';
      readonly lines: readonly Pieces[];
      readonly reason: string;
    })
  | (OfReturn & { readonly type: 'ApproveReturn' | 'ReceiveReturn'; readonly as: MerchantOf })
  | (OfReturn & { readonly type: 'RejectReturn'; readonly as: MerchantOf; readonly reason: string })
  | (OfReturn & { readonly type: 'InspectReturn'; readonly as: MerchantOf; readonly lines: readonly Found[]; readonly reason: string });

export type CustomerOf = { readonly customerId: string };
export type MerchantOf = { readonly merchantId: string };
/** In whose name a command is sent. */
export type Actor = CustomerOf | MerchantOf | 'support';

type OfOrder = { readonly orderId: string };
type OfLine = OfOrder & { readonly lineId: string };
type OfShipment = OfOrder & { readonly shipmentId: string };
type OfReturn = { readonly returnId: string };
export type Pieces = { readonly lineId: string; readonly quantity: number };
export type Found = Pieces & {
  readonly outcome: 'RESTOCK' | 'SCRAP';
  /** With RESTOCK. */
  readonly grade?: 'A' | 'B' | 'C';
  readonly deductionMinor: number;
};
export type Address = Pick<Person, 'name' | 'line1' | 'postalCode' | 'city' | 'countryCode'>;
