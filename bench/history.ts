import type { Sealed } from '../src/domain/event.ts';
import type { OrderEvent } from '../src/domain/order-events.ts';
import pg from 'pg';

// Long logs in little time: rows are made by PostgreSQL itself, as many appends would have left them.

type PlacedData = Extract<OrderEvent, { type: 'OrderPlaced' }>['data'];

const anId = '00000000-0000-4000-8000-000000000000';
/** As long as what is really sealed. */
const sealed = (field: string, length: number): Sealed => ({ subject: anId, field, sealed: 'k'.repeat(length) });
const line = (nth: number): PlacedData['lines'][number] => ({
  lineId: `00000000-0000-4000-8000-00000000000${nth}`,
  offerId: `00000000-0000-4000-8000-00000000001${nth}`,
  merchantId: `00000000-0000-4000-8000-00000000002${nth}`,
  sku: 'PHONE-13-128-B',
  title: 'Telephone 13, 128 GB, midnight',
  grade: 'B',
  quantity: 1,
  unitPriceMinor: 39_900,
  vatScheme: 'STANDARD',
  vatRateBasisPoints: 1_900,
  warrantyMonths: 24,
  withdrawalMs: 15 * 24 * 3_600_000,
});

/** An order of two lines, sealed values as long as real ones. In a filled log its nil ids become different ones in each. */
export const placedOrder: PlacedData = {
  customerId: anId,
  contact: { name: sealed('name', 72), email: sealed('email', 76), language: 'de' },
  shippingAddress: { address: sealed('shipping_address', 216), countryCode: 'DE' },
  paymentMethod: 'pm_card_visa',
  currency: 'EUR',
  reserveBy: '2026-03-01T10:15:00.000Z',
  payBy: '2026-03-01T10:30:00.000Z',
  lines: [line(1), line(2)],
};
const meta = { commandId: anId, commandHash: 'uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek', correlationId: anId, actor: 'user:checkout@development' };

/** Cancelled orders are cancelled so many blocks of four events after they were placed. */
const cancelledAfter = 100;

/**
 * Fills an empty log with orders: of four events three place an order and one cancels an earlier one. The owner of the log does it, without
 * its indexes, which are made afterwards.
 */
export const fillLog = async (ownerUrl: string, events: number): Promise<void> => {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('alter table log.events drop constraint events_stream_revision_key, drop constraint events_pkey');
    const perStatement = 250_000;
    for (let from = 0; from < events; from += perStatement) {
      await client.query(filling, [
        from + 1,
        Math.min(events, from + perStatement),
        JSON.stringify(placedOrder),
        JSON.stringify({ customerId: anId, cause: 'CUSTOMER' }),
        JSON.stringify(meta),
        anId,
        cancelledAfter,
      ]);
    }
    await client.query(`set maintenance_work_mem = '512MB'`);
    await client.query('alter table log.events add primary key (position), add unique (stream, revision)');
    await client.query('vacuum (analyze, freeze) log.events');
    await client.query('checkpoint').catch(() => {});
  } finally {
    await client.end();
  }
};

const filling = `
  insert into log.events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select p, (type = 'OrderCancelled')::integer, 1, octet_length(data) + octet_length(meta), timestamptz '2026-01-01' + p * interval '1 ms', md5('event' || p)::uuid, 'order-' || order_id, type, data::json, meta::json
    from (select p, type, order_id, replace($5, $6, md5('command' || p)::uuid::text) as meta,
                 replace(case type when 'OrderPlaced' then $3 else $4 end, $6, md5('customer' || nth % 100000)::uuid::text) as data
            from (select p, nth, md5('order' || nth)::uuid as order_id,
                         case when (p - 1) % 4 = 3 and (p - 1) / 4 >= $7::bigint then 'OrderCancelled' else 'OrderPlaced' end as type
                    from generate_series($1::bigint, $2::bigint) p
                   cross join lateral (
                         select case when (p - 1) % 4 < 3 then (p - 1) / 4 * 3 + (p - 1) % 4
                                     when (p - 1) / 4 >= $7::bigint then ((p - 1) / 4 - $7::bigint) * 3
                                     else -1 - (p - 1) / 4 end as nth) numbered) named) made`;
