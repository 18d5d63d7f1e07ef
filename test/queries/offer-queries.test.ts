import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Offer_Status, type ListOffersRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { silent } from '../../src/platform/logging.ts';
import type { Caller } from '../../src/platform/call.ts';
import { openConsistency } from '../../src/queries/consistency.ts';
import { offerQueries, type OfferQueries } from '../../src/queries/offer-queries.ts';
import { appendTo, newEvent, openStand, type Stand } from '../support/stand.ts';
import { offerPublished, priceChanged, stockAdjusted } from '../projections/histories.ts';
import { caughtUp, startProjector, type Projector } from '../projections/projector.ts';
import { callerWith, callOf, messageOf, refusalOf } from './asking.ts';

let stand: Stand;
let projector: Projector;
let queries: OfferQueries;
before(async () => {
  stand = await openStand();
  projector = startProjector(stand);
  const { pool, store } = stand;
  queries = offerQueries({ pool, consistency: openConsistency({ pool, store, logger: silent }) });
});
after(async () => {
  await projector.stop();
  await stand.close();
});

const shopper = callerWith(['offers:read'], { customerId: randomUUID() });

const publish = async (changes: Parameters<typeof offerPublished>[0] = {}, ...more: Parameters<typeof appendTo>[2][]): Promise<string> => {
  const offerId = randomUUID();
  await publishAs(offerId, changes, ...more);
  return offerId;
};
const publishAs = (offerId: string, ...[changes = {}, ...more]: Parameters<typeof publish>) =>
  appendTo(stand.store, `offer-${offerId}`, offerPublished(changes), ...more);
const get = async (offerId: string, caller: Caller = shopper) => {
  await caughtUp(stand);
  return queries.getOffer({ offerId }, callOf(caller));
};
const list = async (request: Partial<ListOffersRequest>, caller: Caller = shopper) =>
  queries.listOffers({ merchantId: '', status: Offer_Status.STATUS_UNSPECIFIED, pageToken: '', ...request }, callOf(caller));

test('an offer reads with its newest price and stock', async () => {
  const offerId = await publish({ title: 'Phone', warrantyMonths: 24 }, priceChanged(12_300), stockAdjusted(9));
  const offer = messageOf(await get(offerId));
  assert.deepEqual(
    [offer.title, offer.unitPrice, offer.available, offer.status, offer.revision, offer.warrantyMonths],
    ['Phone', { amountMinor: 12_300n, currency: 'EUR' }, 9, 'PUBLISHED', 2n, 24],
  );
});

test('of a withdrawn offer nothing is available', async () => {
  const offerId = await publish({}, newEvent('OfferWithdrawn', { merchantId: randomUUID() }));
  const offer = messageOf(await get(offerId));
  assert.deepEqual([offer.status, offer.available], ['WITHDRAWN', 0]);
});

test('the purchase price is shown to its merchant and with orders:cost only', async () => {
  const merchantId = randomUUID();
  const offerId = await publish({ merchantId, purchasePriceMinor: 7_000 });
  const cost = async (caller: Caller) => messageOf(await get(offerId, caller)).purchasePrice?.amountMinor;
  assert.equal(await cost(shopper), undefined);
  assert.equal(await cost(callerWith(['offers:read'], { merchantId: randomUUID() })), undefined);
  assert.equal(await cost(callerWith(['offers:read'], { merchantId })), 7_000n);
  assert.equal(await cost(callerWith(['offers:read', 'orders:cost'])), 7_000n);
});

test('an unknown offer is not found', async () => {
  assert.deepEqual(refusalOf(await get(randomUUID())), { status: 'not_found', code: 'OFFER_NOT_FOUND' });
});

test('offers are listed by merchant and status, newest first, page by page', async () => {
  const merchantId = randomUUID();
  // Of one millisecond the higher id counts as the newer.
  const published = Array.from({ length: 5 }, () => randomUUID()).toSorted();
  for (const offerId of published) await publishAs(offerId, { merchantId });
  await publish({ merchantId }, newEvent('OfferWithdrawn', { merchantId }));
  await caughtUp(stand);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = messageOf(await list({ merchantId, status: Offer_Status.PUBLISHED, pageSize: 2, pageToken }));
    seen.push(...page.offers.map(({ offerId }) => offerId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.deepEqual(seen, published.toReversed());
});

test('pages hold every offer once while others are published and these change', async () => {
  const merchantId = randomUUID();
  const published: string[] = Array.from({ length: 12 }, () => randomUUID()).toSorted();
  for (const offerId of published) await publishAs(offerId, { merchantId });
  await caughtUp(stand);
  let isRead = false;
  const writing = (async () => {
    for (let price = 1; !isRead; price += 1) {
      await publish({ merchantId });
      await appendTo(stand.store, `offer-${published[price % published.length]}`, priceChanged(price));
    }
  })();
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = messageOf(await list({ merchantId, pageSize: 2, pageToken }));
    seen.push(...page.offers.map(({ offerId }) => offerId));
    pageToken = page.nextPageToken;
    await caughtUp(stand);
  } while (pageToken !== '');
  isRead = true;
  await writing;
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(
    seen.filter((offerId) => published.includes(offerId)),
    published.toReversed(),
  );
});
