import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { availableOf, mayActOnOffer, offer, type OfferCommand } from '../../src/domain/offer.ts';
import { maxOnHand } from '../../src/domain/offer-events.ts';
import { given } from '../support/given.ts';
import { merchantId, offerAfter, priceChanged, published, stockAdjusted, withdrawn } from './examples.ts';

const publish = (change: Parameters<typeof published>[0] = {}): OfferCommand => ({ type: 'PublishOffer', ...published(change).data });
const changePrice = (unitPriceMinor: number, currency = 'EUR'): OfferCommand => ({ type: 'ChangePrice', unitPriceMinor, currency });
const adjust = (difference: number): OfferCommand => ({ type: 'AdjustStock', difference });
const withdraw: OfferCommand = { type: 'WithdrawOffer' };
const notFound = rejected('OFFER_NOT_FOUND', 'No such offer has been published.');
const gone = rejected('OFFER_WITHDRAWN', 'The offer has been withdrawn.');

describe('publishing an offer', () => {
  test('puts it up for sale with everything the merchant said', () => given(offer).when(publish()).expect(accepted(published())));

  test('works with nothing on hand yet', () =>
    given(offer)
      .when(publish({ onHand: 0 }))
      .expect(accepted(published({ onHand: 0 }))));

  test('is refused for an offer that is published already', () =>
    given(offer, published()).when(publish()).expect(rejected('OFFER_ALREADY_PUBLISHED', 'This offer has been published before.')));

  test('is refused for an offer that was withdrawn', () =>
    given(offer, published(), withdrawn).when(publish()).expect(rejected('OFFER_ALREADY_PUBLISHED', 'This offer has been published before.')));

  test('is refused in what is no currency', () =>
    given(offer)
      .when(publish({ currency: 'XTS' }))
      .expect(rejected('CURRENCY_UNKNOWN', 'XTS is no currency of ISO 4217.')));

  test('is refused at a price of zero', () =>
    given(offer)
      .when(publish({ unitPriceMinor: 0 }))
      .expect(rejected('PRICE_NOT_POSITIVE', 'A price is above zero.')));

  test('is refused with VAT on the margin and no purchase price', () => {
    const { purchasePriceMinor: _, ...data } = published().data;
    given(offer)
      .when({ type: 'PublishOffer', ...data })
      .expect(rejected('PURCHASE_PRICE_REQUIRED', 'VAT on the margin needs the purchase price.'));
  });

  test('needs no purchase price where VAT is on the whole price', () => {
    const { purchasePriceMinor: _, ...rest } = published().data;
    const data = { ...rest, vatScheme: 'STANDARD' } as const;
    given(offer)
      .when({ type: 'PublishOffer', ...data })
      .expect(accepted({ type: 'OfferPublished', data }));
  });
});

describe('changing the price', () => {
  test('holds from now on', () =>
    given(offer, published())
      .when(changePrice(34_900))
      .expect(accepted(priceChanged(34_900))));

  test('to what it is already changes nothing', () => given(offer, published(), priceChanged(34_900)).when(changePrice(34_900)).expect(accepted()));

  test('is refused for an offer that does not exist', () => given(offer).when(changePrice(34_900)).expect(notFound));

  test('is refused once the offer is withdrawn', () => given(offer, published(), withdrawn).when(changePrice(34_900)).expect(gone));

  test('is refused in another currency', () =>
    given(offer, published()).when(changePrice(34_900, 'CHF')).expect(rejected('CURRENCY_MISMATCH', 'The offer is in EUR.')));

  test('is refused at zero', () => given(offer, published()).when(changePrice(0)).expect(rejected('PRICE_NOT_POSITIVE', 'A price is above zero.')));
});

describe('adjusting stock', () => {
  test('adds pieces', () =>
    given(offer, published())
      .when(adjust(2))
      .expect(accepted(stockAdjusted(2, 5))));

  test('takes away the last piece', () =>
    given(offer, published(), stockAdjusted(-2, 1))
      .when(adjust(-1))
      .expect(accepted(stockAdjusted(-1, 0))));

  test('by nothing changes nothing', () => given(offer, published()).when(adjust(0)).expect(accepted()));

  test('is refused below zero', () =>
    given(offer, published()).when(adjust(-4)).expect(rejected('STOCK_BELOW_ZERO', '3 on hand; 4 cannot be taken away.')));

  test('fills the offer to what it may hold', () =>
    given(offer, published())
      .when(adjust(maxOnHand - 3))
      .expect(accepted(stockAdjusted(maxOnHand - 3, maxOnHand))));

  test('is refused above what an offer may hold', () =>
    given(offer, published())
      .when(adjust(maxOnHand - 2))
      .expect(rejected('STOCK_TOO_HIGH', 'An offer holds at most 1000000 pieces.')));

  test('is refused for an offer that does not exist', () => given(offer).when(adjust(1)).expect(notFound));

  test('is refused once the offer is withdrawn', () => given(offer, published(), withdrawn).when(adjust(1)).expect(gone));
});

describe('withdrawing an offer', () => {
  test('takes it off the market', () => given(offer, published()).when(withdraw).expect(accepted(withdrawn)));

  test('again changes nothing', () => given(offer, published(), withdrawn).when(withdraw).expect(accepted()));

  test('is refused for an offer that does not exist', () => given(offer).when(withdraw).expect(notFound));
});

test('what is available is what is on hand', () => assert.equal(availableOf(offerAfter(published(), stockAdjusted(2, 5))), 5));

test('nothing of a withdrawn offer is available', () => assert.equal(availableOf(offerAfter(published(), withdrawn)), 0));

test('nothing of an unpublished offer is available', () => assert.equal(availableOf(offer.initial), 0));

test('nothing can happen to an offer before it is published', () =>
  assert.throws(() => offer.evolve(offer.initial, withdrawn), /OfferWithdrawn before OfferPublished/));

describe('who may act on an offer', () => {
  const state = offerAfter(published());
  const nobody = { anyCustomer: false, anyMerchant: false };

  test('its merchant may', () => assert.equal(mayActOnOffer({ ...nobody, merchantId }, state), true));
  test('another merchant may not', () => assert.equal(mayActOnOffer({ ...nobody, merchantId: 'another' }, state), false));
  test('a caller bound to no merchant may not', () => assert.equal(mayActOnOffer({ ...nobody, anyCustomer: true }, state), false));
  test('a caller that acts for every merchant may', () => assert.equal(mayActOnOffer({ ...nobody, anyMerchant: true }, state), true));
  test('an offer that does not exist lets everybody pass, to be told so', () => assert.equal(mayActOnOffer(nobody, offer.initial), true));
});
