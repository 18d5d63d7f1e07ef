import { customerEvents, type CustomerEvent } from './customer.ts';
import { offerEvents, type OfferEvent } from './offer-events.ts';
import { orderEvents, type OrderEvent } from './order-events.ts';
import { paymentEvents, type PaymentEvent } from './payment-events.ts';
import { returnEvents, type ReturnEvent } from './return-events.ts';

/** Every event type of the platform. An aggregate's events are registered here, and nowhere else. */
export const catalogue = [...offerEvents, ...orderEvents, ...paymentEvents, ...returnEvents, ...customerEvents] as const;
export type DomainEvent = OfferEvent | OrderEvent | PaymentEvent | ReturnEvent | CustomerEvent;
