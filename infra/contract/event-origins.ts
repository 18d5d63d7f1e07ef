import type { CustomerCommand, CustomerEvent } from '../../src/domain/customer.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import type { OfferCommand } from '../../src/domain/offer.ts';
import type { OrderCommand } from '../../src/domain/order-commands.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import type { PaymentCommand } from '../../src/domain/payment-commands.ts';
import type { PaymentEvent } from '../../src/domain/payment-events.ts';
import type { ReturnCommand } from '../../src/domain/return-commands.ts';
import type { ReturnEvent } from '../../src/domain/return-events.ts';

/** Which commands make which event. The type sees that every event is named; property tests see that no other command makes it. */
type Origins<Event extends { readonly type: string }, Command extends { readonly type: string }> = Readonly<
  Record<Event['type'], readonly Command['type'][]>
>;

export const offerOrigins: Origins<OfferEvent, OfferCommand> = {
  OfferPublished: ['PublishOffer'],
  PriceChanged: ['ChangePrice'],
  StockAdjusted: ['AdjustStock'],
  OfferWithdrawn: ['WithdrawOffer'],
  StockReserved: ['ReserveStock'],
  ReservationConfirmed: ['ConfirmReservation'],
  ReservationReleased: ['ReleaseReservation', 'ExpireReservation'],
  StockDispatched: ['DispatchStock'],
  StockRestocked: ['RestockOffer'],
};

/** What cancels lines. */
const cancelling = ['CancelLine', 'RejectLine', 'CancelOpenLines', 'CancelUnaccepted', 'CancelUndispatched'] as const;

export const orderOrigins: Origins<OrderEvent, OrderCommand> = {
  OrderPlaced: ['PlaceOrder'],
  LineReserved: ['MarkLineReserved'],
  LineRefused: ['MarkLineRefused'],
  OrderConfirmed: ['ConfirmOrder'],
  LineAccepted: ['AcceptLine'],
  LineCancelled: cancelling,
  AddressChanged: ['ChangeAddress'],
  ShipmentDispatched: ['DispatchShipment'],
  ShipmentDelivered: ['ConfirmDelivery'],
  ShipmentLost: ['ReportShipmentLost'],
  OrderDelivered: ['ConfirmDelivery', 'ReportShipmentLost', ...cancelling],
  OrderHeld: ['HoldOrder'],
  HoldReleased: ['ReleaseOrder', 'LapseHold'],
  OrderCancelled: ['CancelOrder', 'MarkLineRefused', ...cancelling],
  OrderExpired: ['ExpireOrder'],
  OrderCompleted: ['CompleteOrder', 'ReportShipmentLost', ...cancelling],
  ReturnRegistered: ['RegisterReturn'],
  ReturnUnregistered: ['UnregisterReturn'],
  SupportTaskRaised: ['RaiseTask', 'ReportOverdue'],
  SupportTaskResolved: ['ResolveTask', 'ConfirmDelivery', 'ReportShipmentLost'],
};

export const paymentOrigins: Origins<PaymentEvent, PaymentCommand> = {
  PaymentRequested: ['RequestPayment'],
  PaymentAuthorised: ['RecordAuthorised'],
  PaymentDeclined: ['RecordDeclined'],
  CaptureRequested: ['RequestCapture'],
  PaymentCaptured: ['RecordCaptured'],
  CaptureFailed: ['RecordCaptureFailed'],
  VoidRequested: ['RequestVoid'],
  PaymentVoided: ['RecordVoided'],
  RefundRequested: ['RequestRefund'],
  PaymentRefunded: ['RecordRefunded'],
  RefundFailed: ['RecordRefundFailed'],
  OutcomeUnknown: ['RecordUnknown'],
  AuthorisationLapsed: ['LapseAuthorisation'],
};

export const returnOrigins: Origins<ReturnEvent, ReturnCommand> = {
  ReturnRequested: ['RequestReturn'],
  ReturnAdmitted: ['AdmitReturn'],
  ReturnApproved: ['AdmitReturn', 'ApproveReturn', 'ApproveUndecided'],
  ReturnRejected: ['RejectReturn', 'RefuseReturn'],
  ReturnReceived: ['ReceiveReturn'],
  InspectionOverdue: ['ReportUninspected'],
  ReturnInspected: ['InspectReturn'],
  RestockRefused: ['MarkRestockRefused'],
  ReturnClosed: ['CloseReturn', 'CloseUnreturned'],
};

export const customerOrigins: Origins<CustomerEvent, CustomerCommand> = {
  LegalHoldPlaced: ['PlaceLegalHold'],
  LegalHoldLifted: ['LiftLegalHold'],
};
