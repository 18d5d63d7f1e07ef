import type { DomainEvent } from '../domain/catalogue.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { IntegrationEvent } from './integration-event.ts';
import { translateOffer } from './translators/offer.ts';
import { translateOrder } from './translators/order.ts';
import { translatePayment } from './translators/payment.ts';
import { translateReturn } from './translators/return.ts';

/**
 * What other teams' services are told of a domain event; undefined: nothing. Pure. No personal and no cost data passes here: nor
 * does the VAT of goods sold on the margin, which tells what the merchant paid. All of an order, its payment and its returns has
 * the order's key, so that it arrives in order.
 */
export const translate = (event: DomainEvent, place: Pick<Recorded, 'stream' | 'recordedAt'>): IntegrationEvent | undefined => {
  switch (event.type) {
    case 'OfferPublished':
    case 'PriceChanged':
    case 'OfferWithdrawn':
    case 'StockAdjusted':
    case 'StockReserved':
    case 'ReservationConfirmed':
    case 'ReservationReleased':
    case 'StockDispatched':
    case 'StockRestocked':
      return translateOffer(event, place);
    case 'OrderPlaced':
    case 'LineReserved':
    case 'LineRefused':
    case 'OrderConfirmed':
    case 'LineAccepted':
    case 'LineCancelled':
    case 'AddressChanged':
    case 'ShipmentDispatched':
    case 'ShipmentDelivered':
    case 'ShipmentLost':
    case 'OrderDelivered':
    case 'OrderHeld':
    case 'HoldReleased':
    case 'OrderCancelled':
    case 'OrderExpired':
    case 'OrderCompleted':
    case 'ReturnRegistered':
    case 'ReturnUnregistered':
    case 'SupportTaskRaised':
    case 'SupportTaskResolved':
      return translateOrder(event, place);
    case 'PaymentRequested':
    case 'PaymentAuthorised':
    case 'PaymentDeclined':
    case 'CaptureRequested':
    case 'PaymentCaptured':
    case 'CaptureFailed':
    case 'VoidRequested':
    case 'PaymentVoided':
    case 'RefundRequested':
    case 'PaymentRefunded':
    case 'RefundFailed':
    case 'OutcomeUnknown':
    case 'AuthorisationLapsed':
      return translatePayment(event, place);
    case 'ReturnRequested':
    case 'ReturnAdmitted':
    case 'ReturnApproved':
    case 'ReturnRejected':
    case 'ReturnReceived':
    case 'InspectionOverdue':
    case 'ReturnInspected':
    case 'RestockRefused':
    case 'ReturnClosed':
      return translateReturn(event, place);
    // That somebody is in a dispute is nobody's business.
    case 'LegalHoldPlaced':
    case 'LegalHoldLifted':
      return undefined;
  }
};
