import {
  Offer_Status,
  type GetOfferRequest,
  type ListOffersRequest,
  type ListOffersResponse,
  type Offer,
} from '../contract/generated/orders/v1/offers.ts';
import { answered, refused, type Caller, type Method } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import type { OfferRow } from '../projections/offers.ts';
import { seesCost } from './access.ts';
import type { Consistency } from './consistency.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';

/** The offer queries as the proto names them. */
export type OfferQueries = {
  readonly getOffer: Method<GetOfferRequest, Offer>;
  readonly listOffers: Method<ListOffersRequest, ListOffersResponse>;
};

type OfferRead = OfferRow & { readonly stale: boolean };

/** Reads offers. What is for sale is open to every caller; what it cost is not. */
export const offerQueries = ({ pool, consistency }: { readonly pool: Pool; readonly consistency: Consistency }): OfferQueries => {
  const load = gather(offerLoader(pool), { maxBatch: 200, inFlight: 2 });

  return {
    async getOffer(request, call) {
      const offerId = request.offerId.toLowerCase();
      const unreached = await consistency.reached(call, ['offers'], () => parkedOffer(pool, offerId));
      if (unreached) return unreached;
      const row = await load(offerId);
      return row ? answered(viewOf(row, call.caller)) : refused('not_found', 'OFFER_NOT_FOUND', 'No such offer is known.');
    },

    async listOffers(request, call) {
      const filter = {
        ...(request.merchantId === '' ? {} : { merchant_id: request.merchantId.toLowerCase() }),
        ...(request.status === Offer_Status.STATUS_UNSPECIFIED ? {} : { status: request.status }),
      };
      const listing: Listing = { method: 'ListOffers', filter, caller: call.caller };
      const after = keyOfPage(listing, request.pageToken, [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, /^[0-9a-f-]{36}$/]);
      if (isRefusal(after)) return after;
      const unreached = await consistency.reached(call, ['offers']);
      if (unreached) return unreached;
      const pageSize = request.pageSize ?? defaultPageSize;
      const rows = await listOfferRows(pool, filter, after, pageSize + 1);
      const page = rows.slice(0, pageSize);
      const end = rows.length > pageSize ? page.at(-1) : undefined;
      return answered({
        offers: page.map((row) => viewOf(row, call.caller)),
        nextPageToken: end ? pageTokenAfter(listing, [end.published_at.toISOString(), end.offer_id]) : '',
      });
    },
  };
};

const columns = `
  offer_id, merchant_id, sku, title, grade, currency, unit_price_minor, purchase_price_minor, on_hand, vat_scheme,
  warranty_months, status, revision, published_at, updated_at,
  exists (select from subscriptions.parked p
           where p.subscription = (select subscription from read_models.live where name = 'offers')
             and p.group_key in (offer_id::text, 'offer-' || offer_id)) as stale`;

const offerLoader =
  (pool: Pool) =>
  async (offerIds: readonly string[]): Promise<readonly (OfferRead | undefined)[]> => {
    const { rows } = await pool.query<OfferRead>({
      name: 'get-offers',
      text: `select ${columns} from read_models.offers where offer_id = any($1::uuid[])`,
      values: [offerIds],
    });
    const found = new Map(rows.map((row) => [row.offer_id, row]));
    return offerIds.map((offerId) => found.get(offerId));
  };

const parkedOffer = async (pool: Pool, offerId: string): Promise<boolean> => {
  const { rows } = await pool.query({
    name: 'parked-offer',
    text: `select from subscriptions.parked
            where subscription = (select subscription from read_models.live where name = 'offers') and group_key in ($1, 'offer-' || $1) limit 1`,
    values: [offerId],
  });
  return rows.length > 0;
};

const listOfferRows = async (
  pool: Pool,
  filter: Readonly<Record<string, string>>,
  after: readonly string[] | undefined,
  limit: number,
): Promise<readonly OfferRead[]> => {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = Object.entries(filter).map(([column, value]) => `${column} = ${bind(value)}`);
  if (after) conditions.push(`(published_at, offer_id) < (${bind(after[0])}, ${bind(after[1])})`);
  const { rows } = await pool.query<OfferRead>({
    name: `list-offers-${Object.keys(filter).join('-')}${after ? '-after' : ''}`,
    text: `select ${columns} from read_models.offers ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`} order by published_at desc, offer_id desc limit ${bind(limit)}`,
    values,
  });
  return rows;
};

const viewOf = (row: OfferRead, caller: Caller): Offer => ({
  offerId: row.offer_id,
  merchantId: row.merchant_id,
  sku: row.sku,
  title: row.title,
  grade: row.grade,
  unitPrice: { amountMinor: BigInt(row.unit_price_minor), currency: row.currency },
  purchasePrice:
    row.purchase_price_minor !== null && seesCost(caller, row.merchant_id)
      ? { amountMinor: BigInt(row.purchase_price_minor), currency: row.currency }
      : undefined,
  available: row.status === 'PUBLISHED' ? row.on_hand : 0,
  vatScheme: row.vat_scheme,
  warrantyMonths: row.warranty_months,
  status: row.status,
  revision: BigInt(row.revision),
  publishedAt: row.published_at,
  updatedAt: row.updated_at,
  stale: row.stale,
});
