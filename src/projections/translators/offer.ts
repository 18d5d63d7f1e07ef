import type { OfferPriceChanged, OfferPublished, OfferStockAdjusted, OfferWithdrawn } from '../../contract/generated/orders/events/v1/events.ts';
import { idOf } from '../../domain/ids.ts';
import type { OfferEvent } from '../../domain/offer-events.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { IntegrationEvent } from '../integration-event.ts';
import { money } from './money.ts';

/**
 * What is told of an offer: terms, and pieces that come and go. Reservations come and go by the minute, and only the platform
 * can promise a piece: nobody is told of them.
 */
export const translateOffer = (
  { type, data }: OfferEvent,
  { stream, recordedAt }: Pick<Recorded, 'stream' | 'recordedAt'>,
): IntegrationEvent | undefined => {
  const offerId = idOf(stream);
  const { merchantId } = data;
  const about = { subject: `offers/${offerId}`, partitionKey: offerId };
  const stock = (onHand: number, cause: string, grade = ''): IntegrationEvent => {
    const adjusted: OfferStockAdjusted = { offerId, merchantId, onHand, adjustedAt: recordedAt, cause, grade };
    return { type: 'orders.offer-stock-adjusted.v1', ...about, data: adjusted };
  };
  switch (type) {
    case 'OfferPublished': {
      const { sku, title, grade, unitPriceMinor, currency, onHand } = data;
      const published: OfferPublished = {
        offerId,
        merchantId,
        sku,
        title,
        grade,
        unitPrice: money(unitPriceMinor, currency),
        quantity: onHand,
        publishedAt: recordedAt,
      };
      return { type: 'orders.offer-published.v1', ...about, data: published };
    }
    case 'PriceChanged': {
      const changed: OfferPriceChanged = { offerId, merchantId, unitPrice: money(data.unitPriceMinor, data.currency), changedAt: recordedAt };
      return { type: 'orders.offer-price-changed.v1', ...about, data: changed };
    }
    case 'OfferWithdrawn': {
      const withdrawn: OfferWithdrawn = { offerId, merchantId, withdrawnAt: recordedAt };
      return { type: 'orders.offer-withdrawn.v1', ...about, data: withdrawn };
    }
    case 'StockAdjusted':
      return stock(data.onHand, 'COUNTED');
    case 'StockDispatched':
      return stock(data.onHand, 'DISPATCHED');
    case 'StockRestocked':
      return stock(data.onHand, 'RESTOCKED', data.grade);
    case 'StockReserved':
    case 'ReservationConfirmed':
    case 'ReservationReleased':
      return undefined;
  }
};
