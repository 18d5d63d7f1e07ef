import { randomUUID } from 'node:crypto';
import type { Sealed } from '../../src/domain/event.ts';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import type { AnyProjection, Decoded } from '../../src/projections/projection.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import type { Pool } from '../../src/platform/database.ts';
import { appendTo, newEvent } from '../support/stand.ts';

const sealed = (field: string): Sealed => ({ subject: randomUUID(), field, sealed: `sealed ${field}` });

export type PlacedData = Extract<OrderEvent, { type: 'OrderPlaced' }>['data'];

export const orderLine = (changes: Partial<PlacedData['lines'][number]> = {}): PlacedData['lines'][number] => ({
  lineId: randomUUID(),
  offerId: randomUUID(),
  merchantId: randomUUID(),
  sku: 'IP13-128-B',
  title: 'Phone 13, 128 GB',
  grade: 'B',
  quantity: 1,
  unitPriceMinor: 39_900,
  vatScheme: 'STANDARD',
  vatRateBasisPoints: 1_900,
  warrantyMonths: 24,
  ...changes,
});

export const orderPlaced = (changes: Partial<PlacedData> = {}): NewEvent => {
  const data: PlacedData = {
    customerId: randomUUID(),
    contact: { name: sealed('name'), email: sealed('email'), language: 'de' },
    shippingAddress: { address: sealed('address'), countryCode: 'DE' },
    paymentMethod: 'pm_1',
    currency: 'EUR',
    lines: [orderLine()],
    ...changes,
  };
  return newEvent('OrderPlaced', data);
};

export const orderCancelled = (): NewEvent => newEvent('OrderCancelled', { customerId: randomUUID() });

export const offerPublished = (changes: Partial<Extract<OfferEvent, { type: 'OfferPublished' }>['data']> = {}): NewEvent =>
  newEvent('OfferPublished', {
    merchantId: randomUUID(),
    sku: 'S',
    title: 'T',
    grade: 'A',
    currency: 'EUR',
    unitPriceMinor: 10_000,
    onHand: 3,
    vatScheme: 'STANDARD',
    warrantyMonths: 12,
    ...changes,
  });

export const stockAdjusted = (onHand: number): NewEvent => newEvent('StockAdjusted', { merchantId: randomUUID(), difference: 1, onHand });
export const priceChanged = (unitPriceMinor: number): NewEvent =>
  newEvent('PriceChanged', { merchantId: randomUUID(), currency: 'EUR', unitPriceMinor });

/** A little market: orders that are placed and some cancelled, offers that change price and stock, mixed. */
export const market = async (store: EventStore, size: number): Promise<void> => {
  const offers = Array.from({ length: Math.ceil(size / 4) }, () => `offer-${randomUUID()}`);
  await Promise.all(offers.map((stream) => appendTo(store, stream, offerPublished())));
  await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const stream = `order-${randomUUID()}`;
      await appendTo(store, stream, orderPlaced({ lines: [orderLine(), orderLine({ quantity: 2 })] }));
      const offer = offers[index % offers.length]!;
      await appendTo(store, offer, index % 2 === 0 ? stockAdjusted(index) : priceChanged(1_000 + index));
      if (index % 3 === 0) await appendTo(store, stream, orderCancelled());
    }),
  );
};

/** A read model's rows as PostgreSQL has them, in the order of their keys. */
export const rowsOf = async (pool: Pool, projection: AnyProjection): Promise<readonly object[]> => {
  const { rows } = await pool.query<{ row: object }>(
    `select to_json(t) as row from read_models.${subscriptionOf(projection)} t order by ${projection.key.join(', ')}`,
  );
  return rows.map(({ row }) => row);
};

/** The rows that a fold of the whole log, event by event, leads to; as PostgreSQL would have them. */
export const expectedRows = async (
  store: EventStore,
  pool: Pool,
  projection: AnyProjection,
  skip: (event: { readonly id: string }) => boolean = () => false,
): Promise<readonly object[]> => {
  const groups = new Map<string, readonly object[]>();
  const types = new Set(projection.on.map(({ type }) => type));
  const head = await store.head();
  if (head !== store.start) {
    for await (const { events, progress } of store.subscribe({ after: store.start, signal: new AbortController().signal })) {
      for (const logged of events) {
        if (!types.has(logged.type) || skip(logged)) continue;
        const event = logged as typeof logged & Decoded;
        const group = projection.group(event);
        groups.set(group, projection.evolve(groups.get(group) ?? [], event));
      }
      if (progress.position >= head) break;
    }
  }
  const table = `read_models.${subscriptionOf(projection)}`;
  const { rows } = await pool.query<{ row: object }>(
    `select to_json(t) as row from json_populate_recordset(null::${table}, $1::json) t order by ${projection.key.join(', ')}`,
    [JSON.stringify([...groups.values()].flat())],
  );
  return rows.map(({ row }) => row);
};
