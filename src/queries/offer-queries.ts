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
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { readPage, timeAndId } from './pages.ts';
import { isParked, staleColumn, type Grouped } from './parked.ts';

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
      const unreached = await consistency.reached(call, ['offers'], () => isParked(pool, offerGroups, offerId));
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
      const after = keyOfPage(listing, request.pageToken, timeAndId);
      if (isRefusal(after)) return after;
      const unreached = await consistency.reached(call, ['offers']);
      if (unreached) return unreached;
      const { rows, last } = await readPage<OfferRead>(pool, call.signal, {
        name: 'list-offers',
        columns,
        from: 'read_models.offers',
        conditions: filter,
        key: ['published_at', 'offer_id'],
        order: 'desc',
        after,
        pageSize: request.pageSize,
      });
      return answered({ offers: rows.map((row) => viewOf(row, call.caller)), nextPageToken: last ? pageTokenAfter(listing, last) : '' });
    },
  };
};

/** The read model of offers, for what waits for an operator. */
const offerGroups: Grouped = { name: 'offers', id: 'offer_id', stream: 'offer' };

const columns = `
  offer_id, merchant_id, sku, title, grade, currency, unit_price_minor, purchase_price_minor, on_hand, reserved, vat_scheme,
  warranty_months, status, revision, published_at, updated_at,
  ${staleColumn(offerGroups)}`;

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
  available: row.status === 'PUBLISHED' ? row.on_hand - row.reserved : 0,
  vatScheme: row.vat_scheme,
  warrantyMonths: row.warranty_months,
  status: row.status,
  revision: BigInt(row.revision),
  publishedAt: row.published_at,
  updatedAt: row.updated_at,
  stale: row.stale,
});
