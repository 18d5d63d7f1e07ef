import { offerEvents, type OfferEvent } from './offer.ts';
import { orderEvents, type OrderEvent } from './order.ts';

/** Every event type of the platform. An aggregate's events are registered here, and nowhere else. */
export const catalogue = [...offerEvents, ...orderEvents] as const;
export type DomainEvent = OfferEvent | OrderEvent;
