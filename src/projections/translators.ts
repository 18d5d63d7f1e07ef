import type {
  Money,
  OfferPriceChanged,
  OfferPublished,
  OfferStockAdjusted,
  OfferWithdrawn,
  OrderCancelled,
  OrderPlaced,
} from '../contract/generated/orders/events/v1/events.ts';
import type { DomainEvent } from '../domain/catalogue.ts';
import { idOf } from '../domain/ids.ts';
import { sum, times } from '../domain/money.ts';
import type { OfferEvent } from '../domain/offer.ts';
import type { OrderEvent } from '../domain/order.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { IntegrationEvent } from './integration-event.ts';

type Place = Pick<Recorded, 'stream' | 'recordedAt'>;

/** What other teams' services are told of a domain event; undefined: nothing. Pure. No personal and no cost data passes here. */
export const translate = (event: DomainEvent, place: Place): IntegrationEvent | undefined => {
  switch (event.type) {
    case 'OrderPlaced':
    case 'OrderCancelled':
      return ofOrder(event, place);
    case 'OfferPublished':
    case 'PriceChanged':
    case 'StockAdjusted':
    case 'OfferWithdrawn':
      return ofOffer(event, place);
  }
};

const ofOrder = ({ type, data }: OrderEvent, { stream, recordedAt }: Place): IntegrationEvent => {
  const orderId = idOf(stream);
  const about = { subject: `orders/${orderId}`, partitionKey: orderId };
  switch (type) {
    case 'OrderPlaced': {
      const { customerId, currency, lines, shippingAddress } = data;
      const placed: OrderPlaced = {
        orderId,
        customerId,
        lines: lines.map(({ lineId, offerId, merchantId, sku, quantity, unitPriceMinor }) => ({
          lineId,
          offerId,
          merchantId,
          sku,
          quantity,
          unitPrice: money(unitPriceMinor, currency),
        })),
        total: money(sum(lines.map(({ unitPriceMinor, quantity }) => times(unitPriceMinor, quantity))), currency),
        countryCode: shippingAddress.countryCode,
        placedAt: recordedAt,
      };
      return { type: 'orders.order-placed.v1', ...about, data: placed };
    }
    case 'OrderCancelled': {
      const cancelled: OrderCancelled = { orderId, customerId: data.customerId, cancelledAt: recordedAt, cause: 'CUSTOMER' };
      return { type: 'orders.order-cancelled.v1', ...about, data: cancelled };
    }
  }
};

const ofOffer = ({ type, data }: OfferEvent, { stream, recordedAt }: Place): IntegrationEvent => {
  const offerId = idOf(stream);
  const { merchantId } = data;
  const about = { subject: `offers/${offerId}`, partitionKey: offerId };
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
    case 'StockAdjusted': {
      const adjusted: OfferStockAdjusted = { offerId, merchantId, onHand: data.onHand, adjustedAt: recordedAt, cause: 'COUNTED', grade: '' };
      return { type: 'orders.offer-stock-adjusted.v1', ...about, data: adjusted };
    }
    case 'OfferWithdrawn': {
      const withdrawn: OfferWithdrawn = { offerId, merchantId, withdrawnAt: recordedAt };
      return { type: 'orders.offer-withdrawn.v1', ...about, data: withdrawn };
    }
  }
};

const money = (amountMinor: number, currency: string): Money => ({ amountMinor: BigInt(amountMinor), currency });
