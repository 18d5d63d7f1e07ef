import { randomUUID } from 'node:crypto';
import type { OfferEvent } from '../../src/domain/offer-events.ts';
import type { OrderEvent } from '../../src/domain/order-events.ts';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import type { AnyProjection, Decoded } from '../../src/projections/projection.ts';
import { tablesOf } from '../../src/projections/projection.ts';
import type { Pool } from '../../src/platform/database.ts';
import { newEvent } from '../support/stand.ts';
import { liveAtRandom, openLife, sealed } from './life.ts';

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
  withdrawalMs: 15 * 24 * 3_600_000,
  ...changes,
});

export const orderPlaced = (changes: Partial<PlacedData> = {}): NewEvent => {
  const data: PlacedData = {
    customerId: randomUUID(),
    contact: { name: sealed('name'), email: sealed('email'), language: 'de' },
    shippingAddress: { address: sealed('address'), countryCode: 'DE' },
    paymentMethod: 'pm_1',
    currency: 'EUR',
    reserveBy: '2026-03-01T12:15:00.000Z',
    payBy: '2026-03-01T12:30:00.000Z',
    lines: [orderLine()],
    ...changes,
  };
  return newEvent('OrderPlaced', data);
};

export const orderCancelled = (): NewEvent => newEvent('OrderCancelled', { customerId: randomUUID(), cause: 'CUSTOMER' });

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

/** A little market: whole lives of so many orders, with their offers, payments and returns, side by side. */
export const market = async (store: EventStore, size: number): Promise<void> => {
  const life = openLife(store);
  await Promise.all(Array.from({ length: size }, () => liveAtRandom(life, 20)));
};

/** A read model's rows and its parts', as PostgreSQL has them, in the order of their keys; by view. */
export const rowsOf = async (pool: Pool, projection: AnyProjection): Promise<Readonly<Record<string, readonly object[]>>> => {
  const tables = tablesOf(projection).map(async ({ name, table }, index) => {
    const { rows } = await pool.query<{ row: object }>(`select to_json(t) as row from ${table} t order by ${keyOf(projection, index)}`);
    return [name, rows.map(({ row }) => row)] as const;
  });
  return Object.fromEntries(await Promise.all(tables));
};

const keyOf = ({ key, parts = [] }: AnyProjection, index: number): string => [{ key }, ...parts][index]!.key.join(', ');

/** The rows, and those of the parts, that a fold of the whole log, event by event, leads to; as PostgreSQL would have them. */
export const expectedRows = async (
  store: EventStore,
  pool: Pool,
  projection: AnyProjection,
  skip: (event: { readonly id: string }) => boolean = () => false,
): Promise<Readonly<Record<string, readonly object[]>>> => {
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
  const rows = [...groups.values()].flat();
  const all = [rows, ...(projection.parts ?? []).map((part) => rows.flatMap((row) => part.rows(row)))];
  const tables = tablesOf(projection).map(async ({ name, table }, index) => {
    const { rows: expected } = await pool.query<{ row: object }>(
      `select to_json(t) as row from json_populate_recordset(null::${table}, $1::json) t order by ${keyOf(projection, index)}`,
      [JSON.stringify(all[index])],
    );
    return [name, expected.map(({ row }) => row)] as const;
  });
  return Object.fromEntries(await Promise.all(tables));
};
