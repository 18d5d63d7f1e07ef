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

/** Something that happens to an order, so many orders after it was placed: hundreds are under way at a time, as in a log that grew over weeks. */
type Step = { readonly after: number; readonly event: OrderEvent };

/** At the times of the log below these are minutes, hours, days. */
const ordersADay = 370;
const [anHour, aDay] = [ordersADay / 24, ordersADay].map(Math.round) as [number, number];
const later = (days: number): string => new Date(Date.UTC(2026, 2, 1 + days)).toISOString();

const reserved = (nth: number): OrderEvent => {
  const { lineId, offerId, quantity } = line(nth);
  return { type: 'LineReserved', data: { lineId, offerId, quantity } };
};
const accepted = (nth: number): OrderEvent => {
  const { lineId, offerId, merchantId } = line(nth);
  return { type: 'LineAccepted', data: { lineId, offerId, merchantId, dispatchBy: later(2) } };
};
const parcel = (nth: number) => ({ shipmentId: `00000000-0000-4000-8000-00000000003${nth}`, merchantId: line(nth).merchantId, customerId: anId });
const dispatched = (nth: number): OrderEvent => {
  const { lineId, offerId, quantity, unitPriceMinor: amountMinor } = line(nth);
  return {
    type: 'ShipmentDispatched',
    data: {
      ...parcel(nth),
      carrier: 'DHL',
      trackingNumber: 'JJD000390007827395519',
      lines: [{ lineId, offerId, quantity, amountMinor, vatMinor: 6_371 }],
      amountMinor,
      currency: 'EUR',
      deliveredBy: later(9),
    },
  };
};
const arrived = (nth: number): OrderEvent => ({ type: 'ShipmentDelivered', data: { ...parcel(nth), deliveredAt: later(3) } });

/** Nine orders in ten are delivered, by two merchants, and done when the term of withdrawal is over. */
const delivered: readonly Step[] = [
  { after: 0, event: { type: 'OrderPlaced', data: placedOrder } },
  { after: 1, event: reserved(1) },
  { after: 1, event: reserved(2) },
  {
    after: 2,
    event: { type: 'OrderConfirmed', data: { customerId: anId, paymentId: anId, amountMinor: 79_800, currency: 'EUR', acceptBy: later(1) } },
  },
  { after: 4 * anHour, event: accepted(1) },
  { after: 9 * anHour, event: accepted(2) },
  { after: aDay, event: dispatched(1) },
  { after: 2 * aDay, event: dispatched(2) },
  { after: 3 * aDay, event: arrived(1) },
  { after: 4 * aDay, event: arrived(2) },
  { after: 4 * aDay, event: { type: 'OrderDelivered', data: { customerId: anId, withdrawalEnds: later(18) } } },
  { after: 19 * aDay, event: { type: 'OrderCompleted', data: { customerId: anId } } },
];
/** The tenth changes its mind. */
const cancelled: readonly Step[] = [
  ...delivered.slice(0, 4),
  { after: 2 * anHour, event: { type: 'OrderCancelled', data: { customerId: anId, cause: 'CUSTOMER' } } },
];

/** Fills an empty log with the lives of orders. The owner of the log does it, without its indexes, which are made afterwards. */
export const fillLog = async (ownerUrl: string, events: number): Promise<void> => {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('alter table log.events drop constraint events_stream_revision_key, drop constraint events_pkey');
    const steps = [delivered, cancelled].flatMap((life, whose) =>
      life.map(({ after, event: { type, data } }, revision) => ({ cancelled: whose === 1, after, revision, type, data: JSON.stringify(data) })),
    );
    const ordersPerStatement = 20_000;
    for (let [filled, from] = [0, 0]; filled < events; from += ordersPerStatement) {
      const { rowCount } = await client.query(filling, [
        from,
        from + ordersPerStatement - 1,
        filled,
        events - filled,
        JSON.stringify(steps),
        JSON.stringify(meta),
        anId,
        86_400 / ordersADay,
      ]);
      filled += rowCount!;
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
  select p, revision, 1, octet_length(data) + octet_length(meta), timestamptz '2026-01-01' + moment * $8::float8 * interval '1 s',
         md5('event' || p)::uuid, 'order-' || md5('order' || nth)::uuid, type, data::json, meta::json
    from (select $3::bigint + row_number() over (order by moment, s.after, s.revision) as p, moment, nth, s.revision, s.type,
                 replace(s.data, $7, md5('customer' || nth % 100000)::uuid::text) as data,
                 replace($6, $7, md5('command' || nth || '-' || s.revision)::uuid::text) as meta
            from generate_series($1::bigint, $2::bigint) moment
           cross join json_to_recordset($5) s (cancelled boolean, after integer, revision integer, type text, data text)
           cross join lateral (select moment - s.after as nth) placed
           where nth >= 0 and s.cancelled = (nth % 10 = 9)) made
order by p
   limit $4`;
