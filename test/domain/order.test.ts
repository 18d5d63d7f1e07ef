import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted, rejected } from '../../src/domain/decider.ts';
import { maxAmountMinor } from '../../src/domain/money.ts';
import { mayActOnOrder, order, type OrderCommand } from '../../src/domain/order.ts';
import { given } from '../support/given.ts';
import {
  cancelled,
  customerId,
  offerAfter,
  orderAfter,
  otherLineId,
  otherOfferId,
  placed,
  placedLine,
  placeOrder,
  priceChanged,
  published,
  requestedLine,
  sealed,
  stockAdjusted,
  withdrawn,
} from './examples.ts';

const cancel: OrderCommand = { type: 'CancelOrder' };

describe('placing an order', () => {
  test('freezes prices, merchants and terms from the offers', () => given(order).when(placeOrder()).expect(accepted(placed())));

  test('keeps no purchase price where VAT is on the whole price', () => {
    const { purchasePriceMinor: _, ...line } = placedLine({ vatScheme: 'STANDARD' });
    const offer = offerAfter(published({ vatScheme: 'STANDARD' }));
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer })] }))
      .expect(accepted(placed({ lines: [line] })));
  });

  test('takes the VAT rate of the country that the goods go to', () => {
    const shippingAddress = { address: sealed('shipping_address'), countryCode: 'AT' };
    given(order)
      .when(placeOrder({ shippingAddress }))
      .expect(accepted(placed({ shippingAddress, lines: [placedLine({ vatRateBasisPoints: 2_000 })] })));
  });

  test('takes the VAT rate of the day', () => {
    const shippingAddress = { address: sealed('shipping_address'), countryCode: 'EE' };
    const rateOn = (day: string, vatRateBasisPoints: number): void =>
      given(order)
        .when(placeOrder({ day, shippingAddress }))
        .expect(accepted(placed({ shippingAddress, lines: [placedLine({ vatRateBasisPoints })] })));
    rateOn('2025-06-30', 2_200);
    rateOn('2025-07-01', 2_400);
  });

  test('takes lines of several offers', () => {
    const second = { lineId: otherLineId, offerId: otherOfferId };
    given(order)
      .when(placeOrder({ lines: [requestedLine(), requestedLine({ ...second, quantity: 3 })] }))
      .expect(accepted(placed({ lines: [placedLine(), placedLine({ ...second, quantity: 3 })] })));
  });

  test('takes two lines of one offer that are in stock together', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ quantity: 1 }), requestedLine({ lineId: otherLineId, quantity: 2 })] }))
      .expect(accepted(placed({ lines: [placedLine({ quantity: 1 }), placedLine({ lineId: otherLineId, quantity: 2 })] }))));

  test('is refused for two lines of one offer that are not in stock together', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ quantity: 2 }), requestedLine({ lineId: otherLineId, quantity: 2 })] }))
      .expect(rejected('OUT_OF_STOCK', 'lines[1]: 3 left, 4 asked for.')));

  test('is refused beyond what is in stock', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), stockAdjusted(-3, 0)) })] }))
      .expect(rejected('OUT_OF_STOCK', 'lines[0]: 0 left, 1 asked for.')));

  test('is refused at another price than the one shown', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), priceChanged(34_900)) })] }))
      .expect(rejected('PRICE_CHANGED', 'lines[0]: the price is 349.00 EUR now.')));

  test('is refused in another currency than the offer has', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ shownCurrency: 'CHF' })] }))
      .expect(rejected('CURRENCY_MISMATCH', 'lines[0]: the offer is in EUR.')));

  test('is refused for lines in two currencies', () =>
    given(order)
      .when(
        placeOrder({
          lines: [requestedLine(), requestedLine({ offerId: otherOfferId, shownCurrency: 'CHF', offer: offerAfter(published({ currency: 'CHF' })) })],
        }),
      )
      .expect(rejected('CURRENCY_MISMATCH', 'lines[1]: an order has one currency, and this one began in EUR.')));

  test('is refused for an offer that does not exist', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter() })] }))
      .expect(rejected('OFFER_NOT_FOUND', 'lines[0]: no such offer has been published.')));

  test('is refused for an offer that was withdrawn', () =>
    given(order)
      .when(placeOrder({ lines: [requestedLine({ offer: offerAfter(published(), withdrawn) })] }))
      .expect(rejected('OFFER_WITHDRAWN', 'lines[0]: the offer has been withdrawn.')));

  test('is refused to a country that we do not deliver to', () =>
    given(order)
      .when(placeOrder({ shippingAddress: { address: sealed('shipping_address'), countryCode: 'US' } }))
      .expect(rejected('COUNTRY_NOT_SERVED', 'We do not deliver to US.')));

  test('is refused above the highest total', () => {
    const dear = requestedLine({
      shownPriceMinor: maxAmountMinor / 2 + 1,
      quantity: 2,
      offer: offerAfter(published({ unitPriceMinor: maxAmountMinor / 2 + 1 })),
    });
    given(order)
      .when(placeOrder({ lines: [dear] }))
      .expect(rejected('TOTAL_TOO_HIGH', `lines[0]: an order's total is at most 10000000000.00 EUR.`));
  });

  test('is refused, and is no bug, at a total beyond every safe integer', () => {
    const dearest = requestedLine({
      shownPriceMinor: maxAmountMinor,
      quantity: 1_000,
      offer: offerAfter(published({ unitPriceMinor: maxAmountMinor, onHand: 1_000_000 })),
    });
    given(order)
      .when(placeOrder({ lines: Array.from({ length: 100 }, () => dearest) }))
      .expect(rejected('TOTAL_TOO_HIGH', `lines[0]: an order's total is at most 10000000000.00 EUR.`));
  });

  test('is refused for an order that is placed already', () =>
    given(order, placed()).when(placeOrder()).expect(rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.')));

  test('is refused for an order that was cancelled', () =>
    given(order, placed(), cancelled).when(placeOrder()).expect(rejected('ORDER_ALREADY_PLACED', 'This order has been placed before.')));
});

describe('cancelling an order', () => {
  test('cancels it as a whole', () => given(order, placed()).when(cancel).expect(accepted(cancelled)));

  test('cancels every line of it', () => {
    const state = orderAfter(placed({ lines: [placedLine(), placedLine({ lineId: otherLineId })] }), cancelled);
    assert.ok(state.status === 'cancelled' && state.lines.every(({ status }) => status === 'cancelled'));
  });

  test('again changes nothing', () => given(order, placed(), cancelled).when(cancel).expect(accepted()));

  test('is refused for an order that does not exist', () =>
    given(order).when(cancel).expect(rejected('ORDER_NOT_FOUND', 'No such order has been placed.')));
});

test('nothing can happen to an order before it is placed', () =>
  assert.throws(() => order.evolve(order.initial, cancelled), /OrderCancelled before OrderPlaced/));

describe('who may act on an order', () => {
  const state = orderAfter(placed());
  const nobody = { anyCustomer: false, anyMerchant: false };

  test('its customer may', () => assert.equal(mayActOnOrder({ ...nobody, customerId }, state), true));
  test('another customer may not', () => assert.equal(mayActOnOrder({ ...nobody, customerId: 'another' }, state), false));
  test('a caller bound to no customer may not', () => assert.equal(mayActOnOrder({ ...nobody, anyMerchant: true }, state), false));
  test('a caller that acts for every customer may', () => assert.equal(mayActOnOrder({ ...nobody, anyCustomer: true }, state), true));
  test('an order that does not exist lets everybody pass, to be told so', () => assert.equal(mayActOnOrder(nobody, order.initial), true));
});
